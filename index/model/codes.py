"""Codes that the archive stores and decides by. Their texts in each language are in the catalogues.

A reason is the code of a `Message` (index.model.message); the comment beside it names its parameters, the decisive ones
first.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum


class PageState(StrEnum):
    """The state of a candidate's page. Each is in exactly one state, so that the counts add up to all discovered."""

    PENDING = "pending"  # never fetched
    STORED = "stored"  # the page of an article
    DUPLICATE = "duplicate"  # another page of an article
    REFUSED = "refused"  # not an article
    FAILED = "failed"  # could not be fetched or read yet
    GONE = "gone"  # answered 404 or 410, or no longer has its article
    OLD = "old"  # older than the site's horizon, and not fetched


class FetchOutcome(StrEnum):
    """The outcome of a request for a page that is or was an article's."""

    NEW = "outcome.new"
    CHANGED = "outcome.changed"
    SAME = "outcome.same"  # the page was read and is unchanged
    COPY = "outcome.copy"  # another URL of an article
    NOT_MODIFIED = "outcome.not_modified"  # 304
    SAME_BYTES = "outcome.same_bytes"
    GONE = "outcome.gone"
    REDIRECTED = "outcome.redirected"  # outcome, url


class MachineState(StrEnum):
    """How a machine that crawls is doing."""

    AT_WORK = "machine.at_work"
    DRAINING = "machine.draining"  # it takes no more sites, and ends what it has
    DRAINED = "machine.drained"  # it has none, and takes none until it is resumed
    ENDED = "machine.ended"
    SILENT = "machine.silent"  # it died, or cannot reach the database


class FetchReason(StrEnum):
    """Why a page or a source could not be fetched, or was not requested."""

    HTTP_STATUS = "fetch.http_status"  # status
    DNS = "fetch.dns"
    TIMEOUT = "fetch.timeout"
    CONNECTION_REFUSED = "fetch.connection_refused"
    CONNECTION_FAILED = "fetch.connection_failed"  # error
    CONNECTION_LOST = "fetch.connection_lost"  # error
    FAILED = "fetch.failed"  # error
    NO_ANSWER = "fetch.no_answer"  # for an unknown reason
    TOO_LARGE = "fetch.too_large"  # bytes, if known
    PRIVATE_ADDRESS = "fetch.private_address"  # host
    NOT_REQUESTED = "fetch.not_requested"  # error: Scrapy's own refusals, such as too many redirects
    ROBOTS_DISALLOWED = "fetch.robots_disallowed"  # origin
    ROBOTS_UNREACHABLE = "fetch.robots_unreachable"  # why: a message of this kind; origin
    HOST_SILENT = "fetch.host_silent"  # host, n: requests in a row
    HOST_BLOCKS = "fetch.host_blocks"  # host
    HOST_TAKEN = "fetch.host_taken"  # host
    BUDGET_REQUESTS = "fetch.budget_requests"  # host, n
    BUDGET_BYTES = "fetch.budget_bytes"  # host, megabytes
    BUDGET_SECONDS = "fetch.budget_seconds"  # host, seconds
    TRAP = "fetch.trap"  # shape, n: pages of it
    RETRY_AFTER = "fetch.retry_after"  # host, until
    CRAWL_ENDED = "fetch.crawl_ended"


class ParseReason(StrEnum):
    """Why bytes could not be parsed, or the result could not be stored."""

    TOO_SLOW = "parse.too_slow"  # seconds
    STUCK = "parse.stuck"  # seconds of wall time, with hardly any CPU time
    CRASHED = "parse.crashed"  # exit_code
    OUT_OF_MEMORY = "parse.out_of_memory"
    TOO_DEEP = "parse.too_deep"  # most
    DAMAGED_COPY = "parse.damaged_copy"  # error: of a raw response
    INTERNAL_ERROR = "parse.internal_error"  # error


class PageReason(StrEnum):
    """Why a fetched page is not an article."""

    WALL = "page.wall"
    CONSENT = "page.consent"
    NOT_FOUND = "page.not_found"  # with status 200
    REDIRECTED_HOME = "page.redirected_home"  # url
    LEADS_ON = "page.leads_on"  # url: where a page that holds nothing leads at once
    FURTHER_PAGE = "page.further_page"  # url: of the first page of the article that goes on here
    HOME = "page.home"
    LISTING = "page.listing"
    VIDEO = "page.video"
    NOT_HTML = "page.not_html"  # media_type: None if its first bytes show it
    EMPTY = "page.empty"  # no bytes
    NO_TEXT = "page.no_text"
    NO_HEADLINE = "page.no_headline"
    NEEDS_BROWSER = "page.needs_browser"  # its scripts would fill in the text
    EMPTIED = "page.emptied"  # an article's page without its text
    FORGOTTEN = "page.forgotten"  # erased on request


class SourceReason(StrEnum):
    """What is wrong with a source that answered, or why part of it was left out."""

    EMPTY = "source.empty"
    BOT_WALL = "source.bot_wall"  # phrase
    WEB_PAGE = "source.web_page"  # expected: a kind of source
    WEB_PAGE_WITH_FEEDS = "source.web_page_with_feeds"  # expected, feeds: URLs
    UNEXPECTED = "source.unexpected"  # expected, found: the actual content
    BROKEN_FEED = "source.broken_feed"  # error
    BROKEN_SITEMAP = "source.broken_sitemap"
    BROKEN_JSON = "source.broken_json"  # error
    BROKEN_GZIP = "source.broken_gzip"  # error
    TOO_MANY_REFERENCES = "source.too_many_references"  # most
    NO_URLS = "source.no_urls"
    API_REFUSES = "source.api_refuses"  # answer
    NO_API = "source.no_api"
    BAD_SELECTOR = "source.bad_selector"  # selector
    SELECTOR_FINDS_NOTHING = "source.selector_finds_nothing"  # selector
    NO_LINKS = "source.no_links"
    CUT_SHORT = "source.cut_short"  # left: longer than the limit
    TOO_MANY = "source.too_many"  # left: n, most
    SOME_ELSEWHERE = "source.some_elsewhere"  # left: n, on other domains than the site's; domain: of most of them
    ALL_ELSEWHERE = "source.all_elsewhere"  # n, domain: nothing it lists is the site's
    OF_URL = "source.of_url"  # url, why: which source of a site it is


Reason = FetchReason | ParseReason | PageReason | SourceReason


class AliasReason(StrEnum):
    """Why a URL is another address of an article."""

    REDIRECT = "redirect"
    CANONICAL = "canonical"  # named by the page
    SPELLING = "spelling"  # a variant of its URL
    MOVED = "moved"  # where the article's own URL redirects to
    FURTHER_PAGE = "further page"  # of an article in several
    SAME_TEXT = "same text"


class ReadingReason(StrEnum):
    """Why a page that is stored was read."""

    FIRST = "reading.first"  # when it was fetched
    COMPARED = "reading.compared"  # to compare it with a later page by the same rules
    LEARNED = "reading.learned"  # without blocks that its site was found to repeat
    SAME_BYTES = "reading.same_bytes"  # the same page was fetched again, and is read better now
    REEXTRACTED = "reading.reextracted"  # all stored pages were read again with current rules


class PartKind(StrEnum):
    """What a copy of a version that looks like the page did is made of."""

    IMAGE = "image"  # one of the article's, as its server sent it
    PICTURE = "picture"  # of the whole page
    PAGE = "page"  # with all that it loaded, in one MHTML file
    THUMBNAIL = "thumbnail"  # of the first image, or of the top of the picture


class FacsimileReason(StrEnum):
    """Why a copy that looks like the page lacks something. The last three may have `lost`, the parts that can never be
    had: kind, number and why of each."""

    NO_BROWSER = "facsimile.no_browser"
    NOT_IMAGE = "facsimile.not_image"  # what an image's address answers is none that is kept
    TOO_LARGE = "facsimile.too_large"  # most: megabytes
    CHANGED = "facsimile.changed"  # the browser was shown another text than the version's
    IMAGES = "facsimile.images"  # n of the article's are missing; why: a message, of the first of them
    PICTURE = "facsimile.picture"  # why: a message
    PAGE = "facsimile.page"  # why: a message


class RecordProblem(StrEnum):
    """What is wrong with a stored raw response."""

    MISSING = "record.missing"  # its file is not there, or ends before it
    DAMAGED = "record.damaged"  # it is not as it was written


class RunStatus(StrEnum):
    """The status of a run, or of a site's part of one."""

    RUNNING = "running"
    OK = "ok"
    FAILED = "failed"
    BUSY = "busy"  # another run had its sites
    HOST_BUSY = "host busy"  # another machine was asking all of its hosts that were to be asked
    OFFLINE = "offline"  # nothing answered: no network
    KILLED = "killed"
    STOPPED = "stopped"  # on request
    TIMED_OUT = "timed out"
    DISK_FULL = "disk full"
    LEASE_LOST = "lease lost"  # a newer run took its sites over
    ARCHIVE_ERROR = "archive error"


class RunCause(StrEnum):
    """Why a run was started."""

    SCHEDULED = "run.scheduled"
    REQUESTED = "run.requested"
    ADDRESSES = "run.addresses"  # n: only these, which people asked for
    PREVIEW = "run.preview"  # url: of a site that a person wants to add


class Digest(StrEnum):
    """How often people are told of what is new to a saved search, other than at once."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


class RequestWay(StrEnum):
    """How a person asked for an address to be fetched now."""

    COMMAND = "command"
    PAGE = "page"
    API = "api"


class RequestState(StrEnum):
    """How far something is that people asked for: an address, or a look at a site."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"

    @classmethod
    def of(cls, run: int | None, ended: datetime | None) -> RequestState:
        """The state of what this run has claimed (None: none has) and was done at this time (None: it is not)."""
        if ended is not None:
            return cls.DONE
        return cls.WAITING if run is None else cls.RUNNING


class RequestResult(StrEnum):
    """What came of a requested address."""

    NEW = "new"  # article
    CHANGED = "changed"  # a further version
    UNCHANGED = "unchanged"
    COPY = "copy"  # another address of a stored article
    GONE = "gone"  # no longer there; what is stored stays
    REFUSED = "refused"  # not archived


class RequestReason(StrEnum):
    """Why an address is not fetched on request."""

    NOT_ADDRESS = "request.not_address"  # url
    PRIVATE = "request.private"  # host
    TOO_MANY = "request.too_many"  # n: in an hour
    QUEUE_FULL = "request.queue_full"  # n


class RunDetail(StrEnum):
    """How a run ended, in addition to its status."""

    EXIT_CODE = "run.exit_code"  # n
    SIGNAL = "run.signal"  # n
    PROCESS_DIED = "run.process_died"
    NOT_STARTED = "run.not_started"  # why
    BUSY = "run.busy"
    WALLS = "run.walls"  # n, of
    KILLS_RUNS = "run.kills_runs"  # n: runs in a row that died with it, the last one with it alone
    NO_ANSWER = "run.no_answer"
    NO_NETWORK = "run.no_network"  # no site answered
    OLDER = "run.older"  # n: articles left out, age: that of the oldest fetched (seconds), since: what takes all


class Verdict(StrEnum):
    """What is wrong with a site, or with its last run."""

    BLOCKED = "blocked"
    ROBOTS_CLOSED = "robots closed"
    MOVED = "moved"
    DOWN = "down"
    FEED_DEAD = "feed dead"
    LAYOUT_CHANGED = "layout changed"
    DATES_BROKEN = "dates broken"
    QUIET = "quiet"
    FAILING = "failing"
    PARTLY_FAILING = "partly failing"
    NEARLY_FULL = "nearly full"  # the disk


class TrustReason(StrEnum):
    """How a site's validators or dates were found to be wrong."""

    SAME_VALIDATORS_OTHER_TEXT = "trust.same_validators_other_text"
    SAME_VALIDATORS_OTHER_ARTICLES = "trust.same_validators_other_articles"
    SENT_AGAIN = "trust.sent_again"  # although the request sent its validators
    DATE_MOVED_ALONE = "trust.date_moved_alone"
    TEXT_CHANGED_ALONE = "trust.text_changed_alone"
    SAME_DATE_OTHER_ARTICLES = "trust.same_date_other_articles"  # of a child sitemap, in its index


class IndexReason(StrEnum):
    """Why an index rejected a document for good."""

    BAD_ID = "index.bad_id"  # most: bytes
    BAD_VERSION = "index.bad_version"  # version
    SURROGATE = "index.surrogate"  # a lone surrogate in its text
    SERVER = "index.server"  # answer
