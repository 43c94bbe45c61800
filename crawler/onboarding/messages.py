"""The codes of the messages in a site proposal."""

from __future__ import annotations

from enum import StrEnum


class DeskMessage(StrEnum):
    """Codes of what keeps a site from being added or changed on the page."""

    NOT_ADDRESS = "site.error.not_address"  # url
    PRIVATE = "site.error.private"  # host
    CONFIGURED = "site.error.configured"  # host, site
    THERE = "site.error.there"  # site
    UNKNOWN = "site.error.unknown"  # site
    BAD_ID = "site.error.bad_id"  # given
    BAD_CRON = "site.error.bad_cron"  # given
    BAD_MINUTES = "site.error.bad_minutes"  # least, most
    MISTAKE = "site.error.mistake"  # error: a message with file, line, key and what to do
    BROKEN = "site.error.broken"  # error: the same, of a file that is there
    BY_HAND = "site.error.by_hand"  # file
    NOT_WRITTEN = "site.error.not_written"  # file, error
    PACKAGED = "site.error.packaged"


class ProposalMessage(StrEnum):
    """Codes of a proposal's messages. Durations are in seconds."""

    SCHEDULE = "proposal.schedule"  # fastest, slowest, first, why: a message
    SCHEDULE_FASTER = "proposal.schedule_faster"  # the same, with minutes and reach: how far back its sources go
    SCHEDULE_FIXED = "proposal.schedule_fixed"  # interval: from the settings, for all sites
    LEFT_OLD = "proposal.left_old"  # date
    LEFT_REPEATS = "proposal.left_repeats"
    LEFT_ONE_IS_ENOUGH = "proposal.left_one_is_enough"  # kind: a message
    DENY = "proposal.deny"  # n: pages, folder
    STRIP_TEXT = "proposal.strip_text"  # n, of, text
    NO_COUNTRY = "proposal.no_country"
    NO_TIME_ZONE = "proposal.no_time_zone"
    NOTHING_READ = "proposal.nothing_read"  # n, why: a message
    BROWSER = "proposal.browser"
    NO_BROWSER = "proposal.no_browser"
    NO_ARTICLE = "proposal.no_article"  # url, why: a message
    HOME_STATUS = "proposal.home_status"  # url, status
    NOTHING_LISTED = "proposal.nothing_listed"  # url
    REQUEST = "proposal.request"  # n: the request's number, url
    NOT_REQUESTED = "proposal.not_requested"  # url, why: a message
    NOT_FETCHED = "proposal.not_fetched"  # url, why: a message
    FIELD_MISSING = "proposal.field_missing"  # field, n: articles


class OpmlMessage(StrEnum):
    """Codes of what is wrong with a list of feeds."""

    TOO_LARGE = "opml.too_large"  # most: bytes
    NOT_XML = "opml.not_xml"  # line, error
    DOCTYPE = "opml.doctype"
    NOT_OPML = "opml.not_opml"  # tag
    NO_FEED = "opml.no_feed"
