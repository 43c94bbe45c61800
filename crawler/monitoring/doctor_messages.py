"""Message codes of the findings of `arshif doctor`."""

from __future__ import annotations

from enum import StrEnum


class DoctorMessage(StrEnum):
    """Codes, each with its parameters.

    Durations are seconds, sizes bytes; `sites`, `urls`, `files`, `privileges` and `settings` are messages that list
    names.
    """

    CONFIGURATION = "doctor.configuration"  # folder
    FILE_ERROR = "doctor.file_error"  # file, error
    CONTACT = "doctor.contact"  # user_agent
    NO_CONTACT = "doctor.no_contact"
    SITES = "doctor.sites"  # files, n: enabled
    SITES_UNVERIFIED = "doctor.sites_unverified"  # files, n, sites
    NO_SITES = "doctor.no_sites"  # files
    ZONES = "doctor.zones"  # n
    NO_ZONE = "doctor.no_zone"  # error
    CLOCK = "doctor.clock"  # now
    CLOCK_PAST = "doctor.clock_past"  # now
    CLOCK_BEHIND = "doctor.clock_behind"  # now, ahead
    RECIPIENTS = "doctor.recipients"  # n
    NO_RECIPIENTS = "doctor.no_recipients"
    WRITABLE = "doctor.writable"  # folder
    DISK = "doctor.disk"  # free, least
    TORN = "doctor.torn"  # copies: a message, files
    RECORDS_DAMAGED = "doctor.records_damaged"  # copies: a message, n, versions
    MONTH_TOO_LARGE = "doctor.month_too_large"  # copies
    MANIFESTS = "doctor.manifests"  # n, day: of the newest
    NO_MANIFEST = "doctor.no_manifest"
    MANIFEST_LATE = "doctor.manifest_late"  # day
    MANIFEST_NOT_STAMPED = "doctor.manifest_not_stamped"  # n, day
    ARCHIVE = "doctor.archive"  # file, n: articles, size
    ARCHIVE_NOT_READ = "doctor.archive_not_read"  # file, n, size, limit
    DAMAGED = "doctor.damaged"  # file, error
    SERVER = "doctor.server"  # name, n: articles, size, version: of PostgreSQL
    SERVER_UNSAFE = "doctor.server_unsafe"  # server: a message, settings
    INDEX = "doctor.index"  # engine, n: documents
    NO_INDEX = "doctor.no_index"  # engine
    INDEX_MAPPING = "doctor.index_mapping"  # engine
    INDEX_PRIVILEGES = "doctor.index_privileges"  # engine, privileges
    OUTBOX = "doctor.outbox"  # n, age
    OUTBOX_LATE = "doctor.outbox_late"  # n, age
    OUTBOX_EMPTY = "doctor.outbox_empty"
    OUTBOX_REFUSED = "doctor.outbox_refused"  # outbox: a message, n
    BROWSER = "doctor.browser"  # file
    NO_BROWSER = "doctor.no_browser"
    BROWSER_NEEDED = "doctor.browser_needed"  # sites
    BROWSER_BROKEN = "doctor.browser_broken"  # file, why
    BROWSER_ERROR = "doctor.browser_error"  # error
    BROWSER_TIMEOUT = "doctor.browser_timeout"  # limit
    SOURCES = "doctor.sources"
    SOURCES_FAILING = "doctor.sources_failing"  # n, times, urls
    SITES_UNWELL = "doctor.sites_unwell"  # sites
    BOTH = "doctor.both"  # first, second
    LEASES = "doctor.leases"  # n
    STALE_LEASES = "doctor.stale_leases"  # n, sites
    NAMES = "doctor.names"  # names
    NAMES_AND_MORE = "doctor.names_and_more"  # names, n
