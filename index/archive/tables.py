"""All tables of the archive. `migrations/` brings a file to this schema; a test verifies that the two agree."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)

from index.archive.column_types import Instant, Instants, MessageJson, Zoned

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Key = BigInteger().with_variant(Integer, "sqlite")  # SQLite assigns row ids only if the type is INTEGER
MAX_KEY = 2**63 - 1  # of a row (https://www.sqlite.org/autoinc.html); neither database can be asked for a larger one
Json = JSON(none_as_null=True)
ZERO = text("0")


def is_key(number: int) -> bool:
    """Whether a row can have this number."""
    return 0 < number <= MAX_KEY


# --- what is crawled -----------------------------------------------------------------------------------------------

sites = Table(  # the state of a site; the site itself is described in a YAML file, or below
    "sites",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", Text),
    Column("homepage", Text),
    Column("country", String),
    Column("languages", Json),
    Column("words", Text),  # name, id, homepage and country, folded: to be found by, in the order of names
    Column("enabled", Boolean, nullable=False, server_default=true()),
    Column("verdict", String),  # of the last run, such as "failing"; None: nothing wrong
    Column("detail", MessageJson),  # why
    Column("failures", Integer, nullable=False, server_default=ZERO),  # failed runs in a row
    Column("last_run", Instant),
    Column("last_success", Instant),
    Column("horizon", Instant),  # candidates older than this are not fetched
    Column("looked", Float, nullable=False, server_default=ZERO),  # revisits, with older ones decaying
    Column("changed", Float, nullable=False, server_default=ZERO),  # those that found a changed text
    Column("rendered", Instant),  # since when its pages are known to need a browser; None: they do not
    Column("plain", Instant),  # when that was last checked
    Column("revisit", Json),  # the ages, in seconds, by which its pages were last given dates; None: the default ones
)

site_documents = Table(  # descriptions of sites that lie in the archive instead of in files
    "site_documents",
    metadata,
    Column("site", String, primary_key=True),
    Column("text", Text, nullable=False),  # YAML, as it would be in the site's file
    Column("digest", String, nullable=False),  # of the text: by which whoever has read it sees that it has changed
    Column("stored", Instant, nullable=False),
)

turns = Table(  # when each site that is crawled is crawled next
    "turns",
    metadata,
    Column("site", String, primary_key=True),
    Column("at", Instant),  # None: not computed yet
    Column("why", MessageJson),
    Column("look", Instant, nullable=False, index=True),  # when it is to be computed again: `at`, or long ago if marked
    Column("marks", Integer, nullable=False, server_default=ZERO),  # times that something happened that it depends on
    Column("basis", String, nullable=False, server_default=text("''")),  # the schedule by which it was computed
    Column("made", Instant, index=True),  # when it was computed
)

hosts = Table(  # robots.txt and Retry-After by origin: https://step.example, with any non-default port
    "hosts",
    metadata,
    Column("origin", String, primary_key=True),
    Column("robots", LargeBinary),  # the last robots.txt received; empty if there is none
    Column("answered", Instant),  # when that was
    Column("silent", Instant),  # since when robots.txt cannot be fetched; None: it can
    Column("not_before", Instant),  # when its Retry-After ends
    Index(
        "ix_hosts_waiting",
        "not_before",
        sqlite_where=text("not_before IS NOT NULL"),
        postgresql_where=text("not_before IS NOT NULL"),
    ),
)

sources = Table(
    "sources",
    metadata,
    Column("site", String, primary_key=True),
    Column("url", Text, primary_key=True),
    Column("kind", String),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("body_hash", String),
    Column("modified", Instant),  # the date that a sitemap index gave for it
    Column("polled", Instant),  # last response, 304 included
    Column("changed", Instant),  # last response with a different body
    Column("status", Integer),
    Column("found", Integer),  # candidates in the last complete response
    Column("failures", Integer, nullable=False, server_default=ZERO),  # in a row
    Column("reason", String),  # the code of `problem`, if the poll failed
    Column("problem", MessageJson),
    Column("retry_at", Instant),
    Column("asked", Instant),  # when it was last polled, answered or not
    Column("strikes", Float, nullable=False, server_default=ZERO),  # total weight of the failures in a row
    Column("forced", Instant),  # last response to a request without validators
    Column("habit", Json),  # when it publishes
    Column("said", Json),  # what it states about how often to poll it
)

trust = Table(  # whether a site's validators and dates, which save reading a page, have turned out to be true
    "trust",
    metadata,
    Column("site", String, primary_key=True),
    Column("what", String, primary_key=True),  # "validators", "source validators", "dates" or "child dates"
    Column("wrong", Integer, nullable=False, server_default=ZERO),  # times in a row, since it was last right
    Column("right", Integer, nullable=False, server_default=ZERO),  # times in a row, since it was last wrong
    Column("since", Instant),  # since when it is not trusted; None: trusted
    Column("how", MessageJson),  # how it was last wrong
    Column("example", Text),  # the URL at which it was
    Column("seen", Instant),
)

frontier = Table(  # one row per candidate, with the fetch state of its page
    "frontier",
    metadata,
    Column("id", Key, primary_key=True),
    Column("site", String, nullable=False),
    Column("url", Text, nullable=False),
    Column("source", Text),  # the one that offered it first
    Column("title", Text),
    Column("published", Zoned),
    Column("modified", Zoned),
    Column("language", String),
    Column("newest", Instant, nullable=False),  # published, else modified, else discovered: the order of fetching
    Column("discovered", Instant, nullable=False),
    Column("moved", Instant),  # when the source last gave a later `modified`
    Column("carried", Instant),  # the candidate's `modified` when its page was last fetched
    Column("state", String, nullable=False),
    Column("reason", String),  # a code; None: the state needs no reason
    Column("detail", MessageJson),  # the reason with its parameters, if it has any
    Column("article", String, ForeignKey("articles.id")),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("body_hash", String),
    Column("fetched", Instant),
    Column("turned", Instant),  # when its page was last found changed, or first read
    Column("status", Integer),
    Column("visits", Integer, nullable=False, server_default=ZERO),
    Column("tries", Integer, nullable=False, server_default=ZERO),  # failures in a row
    Column("due", Instant),  # None: not until something happens
    Column("missing", Instant),  # since when its page lacks the article, by one look so far; None: it has it
    Column("guid", Text),  # by which its source identifies the article, whatever its URL
    UniqueConstraint("site", "url"),
    Index(None, "site", "guid"),
    Index(None, "site", "due"),
    Index(
        "ix_frontier_due_newest",
        *("site", "newest", "id", "due"),  # as fetched
        sqlite_where=text("due IS NOT NULL"),
        postgresql_where=text("due IS NOT NULL"),
    ),
    Index(None, "site", "state"),
    Index(None, "article"),
)

fetches = Table(  # the last requests for a page and their outcomes
    "fetches",
    metadata,
    Column("page", Key, ForeignKey("frontier.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),  # 1 is the first
    Column("at", Instant, nullable=False),
    Column("status", Integer),  # None: no response, or none that was accepted
    Column("came", Text, nullable=False),  # the code of an outcome, or of a reason
    Column("detail", MessageJson),  # the same with its parameters, if it has any
    sqlite_with_rowid=False,
)

# --- what is stored ------------------------------------------------------------------------------------------------

articles = Table(
    "articles",
    metadata,
    Column("id", String, primary_key=True),
    Column("site", String, nullable=False),
    Column("url", Text, nullable=False),
    Column("number", Integer, nullable=False),  # of its newest version
    Column("revision", Integer, nullable=False),  # document version: grows with each change that an index must see
    Column("content_hash", String, nullable=False),
    Column("mergeable", Boolean, nullable=False),  # long enough and not a template: equal text is evidence of a copy
    Column("published", Instant),
    Column("modified", Instant),
    Column("first_seen", Instant, nullable=False),
    Column("sort_date", Instant, nullable=False),
    Column("story", String, ForeignKey("stories.id")),
    Column("lead", Boolean, nullable=False, server_default=true()),
    Column("gone_since", Instant),
    Column("gone_until", Instant),  # when it was last seen to be gone
    # When this row was written, by our clock, which never changes; of archives from before 0031, when it was first seen
    Column("stored", Instant, nullable=False, default=lambda: datetime.now(UTC), server_default=ZERO),
    UniqueConstraint("site", "url"),
    Index(None, "site", "content_hash"),
    Index(None, "content_hash"),
    Index(None, "story"),
    Index(None, "sort_date"),
    Index(None, "url"),
    Index(None, "stored"),
)


article_counts = Table(  # so that nobody need count them
    "article_counts",
    metadata,
    Column("site", String, primary_key=True),
    Column("articles", Integer, nullable=False),
)


def _reading() -> list[Column[Any]]:
    """The columns of what was read from a page, which a version's first reading and its further ones have in common."""
    return [
        Column("extractor", String, nullable=False),
        Column("state", String),  # the rules and learned blocks it was read with; None: read before 0004
        Column("content_hash", String, nullable=False, index=True),
        Column("headline", Text, nullable=False),
        Column("alternative_headline", Text),
        Column("description", Text),
        Column("body", Text, nullable=False),
        Column("section", Text),
        Column("keywords", Json, nullable=False),
        Column("authors", Json, nullable=False),
        Column("published", Zoned),
        Column("modified", Zoned),
        Column("language", String),
        Column("country", String, nullable=False),
        Column("canonical_url", Text),
        Column("images", Json, nullable=False),
        Column("paywalled", Boolean),
        Column("template", Boolean, nullable=False, server_default=false()),
        Column("signature", LargeBinary),
        Column("origins", Json, nullable=False),
    ]


_UNCOVERED = text("entry IS NULL")


def _kept(table: str) -> list[Column[Any] | Index]:
    """The columns of what manifests cover, and the index of what none covers yet."""
    return [
        Column("stored", Instant, default=lambda: datetime.now(UTC)),  # by our clock; None: before 0012
        Column("entry", Key),  # the id of its hash in `manifest_entries`; None: no manifest has it yet
        Index(f"ix_{table}_uncovered", "stored", sqlite_where=_UNCOVERED, postgresql_where=_UNCOVERED),
    ]


versions = Table(  # with its first reading, which never changes
    "versions",
    metadata,
    Column("article", String, ForeignKey("articles.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("seen", Instant, nullable=False),
    Column("url", Text, nullable=False),  # the page it was extracted from; may be an alias
    Column("reading", Integer, nullable=False, server_default=text("1")),  # the one shown; 1 is the first
    Column("corrected", Instant),  # when a further reading was last chosen to be shown
    Column("confirmed", String),  # the state by which the raw copy last gave the reading shown
    Column("stored_as", String),  # the id of its article then, which was merged into this one since; None: this one
    Column("beside", Boolean, nullable=False, server_default=false()),  # shown while the one before it was, elsewhere
    Column("body_hash", String),
    Column("raw", Key, ForeignKey("raws.id")),
    Column("run", Key, ForeignKey("runs.id")),
    *_reading(),
    *_kept("versions"),
    Index(None, "raw"),
    Index(None, "run"),
    Index(None, "canonical_url"),
)

readings = Table(  # a version's further readings: the same page, read by other rules or with more learned blocks
    "readings",
    metadata,
    Column("article", String, ForeignKey("articles.id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 2 on: the first is in `versions`
    Column("at", Instant, nullable=False),
    Column("reason", String, nullable=False),
    *_reading(),
    *_kept("readings"),
)

further_pages = Table(  # the raw responses of a version in several pages, apart from the first, which is in `versions`
    "further_pages",
    metadata,
    Column("article", String, ForeignKey("articles.id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 2 on
    Column("raw", Key, ForeignKey("raws.id"), nullable=False),
    Index(None, "raw"),
)

aliases = Table(  # another URL of an article of the same site
    "aliases",
    metadata,
    Column("site", String, primary_key=True),
    Column("url", Text, primary_key=True),
    Column("article", String, ForeignKey("articles.id"), nullable=False),
    Column("reason", String, nullable=False),  # AliasReason
    Column("seen", Instant, nullable=False),
    Index(None, "article"),
    Index(None, "url"),
)

merged = Table(  # articles that turned out to be another one, and were merged into it
    "merged",
    metadata,
    Column("id", String, primary_key=True),  # of the one that is no more
    Column("article", String, ForeignKey("articles.id"), nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "article"),
)

stories = Table(  # the same text on different sites
    "stories",
    metadata,
    Column("id", String, primary_key=True),  # the content hash that founded it
    Column("lead", String, nullable=False),
)

raws = Table(  # where raw responses are stored, and what belongs to facsimiles
    "raws",
    metadata,
    Column("id", Key, primary_key=True),
    Column("site", String, nullable=False),
    Column("url", Text, nullable=False),  # as in the record: after redirects
    Column("fetched", Instant, nullable=False),
    Column("body_hash", String),
    Column("file", String, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("length", BigInteger, nullable=False),
    Column("checked", Instant),  # when it was last checked against its digests; None: not since it was written
    Column("problem", String),  # what was wrong with it then
    *_kept("raws"),
    Column("digest", String),  # SHA-256 of its bytes in a file that others wrote, of which `file` is the address
    UniqueConstraint("file", "offset"),
    Index(None, "site", "fetched"),
)

facsimiles = Table(  # copies of versions that look like the page did: its images, a picture, one file with all of it
    "facsimiles",
    metadata,
    Column("article", String, ForeignKey("articles.id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("tried", Instant, nullable=False),  # when it was last made, or tried
    Column("problem", MessageJson),  # what it lacks, and why; None: nothing
)

facsimile_parts = Table(
    "facsimile_parts",
    metadata,
    Column("article", String, ForeignKey("articles.id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("kind", String, primary_key=True),  # PartKind
    Column("number", Integer, primary_key=True, autoincrement=False),  # of an image among the article's, from 1; else 1
    Column("url", Text, nullable=False),  # of the image, or of the page
    Column("made", Instant, nullable=False),
    Column("raw", Key, ForeignKey("raws.id"), nullable=False),  # its record; an image's may be that of others, too
    Column("hash", String, nullable=False),  # of its bytes
    Index(None, "raw"),
    Index(None, "hash"),
)

discarded_files = Table(  # WARC files to be deleted: nothing refers to them any more, or not yet
    "discarded_files",
    metadata,
    Column("file", String, primary_key=True),
)

redirects = Table(  # raw responses that led to an article's page, which is in another one
    "redirects",
    metadata,
    Column("raw", Key, ForeignKey("raws.id"), primary_key=True, autoincrement=False),
    Column("article", String, ForeignKey("articles.id"), nullable=False),
    Index(None, "article"),
)

notices = Table(  # what a page had in place of its article, once that was gone from its site
    "notices",
    metadata,
    Column("article", String, ForeignKey("articles.id"), primary_key=True),
    Column("seen", Instant, primary_key=True),
    Column("url", Text, nullable=False),  # after redirects
    Column("text", Text, nullable=False),  # "": none could be read
    Column("raw", Key, ForeignKey("raws.id")),
    Index(None, "raw"),
)

manifest_entries = Table(  # the hashes of readings and records, in the order of the manifests' trees; they stay
    "manifest_entries",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=False),  # counts without a gap
    Column("hash", LargeBinary, nullable=False),
    Column("record", Key),  # of a reading: the entry of the record it was read from
)

manifests = Table(  # what was stored on a day: its entries, and once the day has ended its text
    "manifests",
    metadata,
    Column("number", Key, primary_key=True, autoincrement=False),  # counts without a gap
    Column("day", String, nullable=False),  # UTC, such as 2026-11-28
    Column("first", Key, nullable=False),  # the id of its first entry
    Column("text", Text),  # None: the day has not ended yet
    Column("signature", Text),
    Column("key", Text),  # the public key of the signature
    Column("stamp", LargeBinary),  # of an RFC 3161 authority
)

absences = Table(  # past periods in which an article was gone from its site; a current one is in `articles`
    "absences",
    metadata,
    Column("article", String, ForeignKey("articles.id"), primary_key=True),
    Column("since", Instant, primary_key=True),
    Column("until", Instant, nullable=False),
    Column("back", Instant, nullable=False),
)

edits = Table(  # what sites changed and removed, to be listed: a row for each kind of a change, or of a removal
    "edits",
    metadata,
    Column("article", String, ForeignKey("articles.id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),  # 0: the article was gone from its site
    Column("at", Instant, primary_key=True),  # when the version was first seen, or the article missing
    Column("kind", String, primary_key=True),  # "": a version from before 0011 that is yet to be compared
    Column("place", Integer, nullable=False),  # of the kind among `kinds`: 0 is the most obvious one
    Column("site", String, nullable=False),
    Column("kinds", Json, nullable=False),  # all of them
    Column("removed", Integer, nullable=False, server_default=ZERO),  # words
    Column("added", Integer, nullable=False, server_default=ZERO),
    Index(None, "place", "at", "article", "version"),  # by each of these, the newest are found without a look at others
    Index(None, "place", "site", "at", "article", "version"),
    Index(None, "kind", "at", "article", "version"),
    Index(None, "kind", "site", "at", "article", "version"),
)

forgotten = Table(  # what must not be crawled again: digests of URLs and texts, or a whole site
    "forgotten",
    metadata,
    Column("site", String, primary_key=True),
    Column("mark", String, primary_key=True),
    Column("since", Instant, nullable=False),
)

repeats = Table(  # blocks of text by article, to find those that a site repeats
    "repeats",
    metadata,
    Column("site", String, primary_key=True),
    Column("block", String, primary_key=True),
    Column("article", String, ForeignKey("articles.id"), primary_key=True),
    Column("above", Integer),  # paragraphs above it; None: counted before 0005
    Column("below", Integer),
    Column("apart", Boolean),  # whether it stands in another element than the article's paragraphs
    Index(None, "article"),
    sqlite_with_rowid=False,
)

learned = Table(  # blocks that were found to be their site's own
    "learned",
    metadata,
    Column("site", String, primary_key=True),
    Column("block", String, primary_key=True),
    Column("text", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("ground", String),  # why
)

signatures = Table(  # of each article's newest text, to find near-duplicates
    "signatures",
    metadata,
    Column("number", Key, primary_key=True),
    Column("article", String, ForeignKey("articles.id"), nullable=False),
    # The article's (`near_window.py`), under which its bands are
    Column("month", Integer, nullable=False, server_default=ZERO),
    Column("signature", LargeBinary, nullable=False),
    UniqueConstraint("article"),
    Index(None, "month"),
)

bands = Table(  # signatures cut into bands; without a foreign key, which would be checked 32 times per article
    "bands",
    metadata,
    Column("month", Integer, primary_key=True, autoincrement=False),  # of the article: what is looked up is near
    Column("hash", BigInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # of the signature
    sqlite_with_rowid=False,
    postgresql_partition_by="LIST (month)",
)

# --- what people add to articles -----------------------------------------------------------------------------------

notes = Table(
    "notes",
    metadata,
    Column("article", String, ForeignKey("articles.id"), primary_key=True),
    Column("text", Text, nullable=False),
    Column("changed", Instant, nullable=False),
)

tags = Table(
    "tags",
    metadata,
    Column("article", String, ForeignKey("articles.id"), primary_key=True),
    Column("tag", Text, primary_key=True),
    Index(None, "tag"),
)

collections = Table(
    "collections",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created", Instant, nullable=False),
    UniqueConstraint("name"),
)

collected = Table(  # the articles of collections
    "collected",
    metadata,
    Column("collection", Key, ForeignKey("collections.id"), primary_key=True, autoincrement=False),
    Column("article", String, ForeignKey("articles.id"), primary_key=True),
    Column("added", Instant, nullable=False),
    Index(None, "article"),
)

# --- who crawls ----------------------------------------------------------------------------------------------------

runs = Table(
    "runs",
    metadata,
    Column("id", Key, primary_key=True),
    Column("started", Instant, nullable=False),
    Column("ended", Instant),
    Column("status", String, nullable=False),  # "running", then how it ended
    Column("detail", MessageJson),
    Column("why", MessageJson),
    Column("owner", String),
    Column("pid", Integer),
    Column("born", String),  # as in leases
    Column("boot", String),
    Index(None, "started"),
    Index("ix_runs_open", "id", sqlite_where=text("ended IS NULL"), postgresql_where=text("ended IS NULL")),
)

COUNTS = (  # what a run counts for each site; the first is the sum of the next six
    *("discovered", "stored", "unchanged", "duplicate", "refused", "quarantined", "pending"),
    *("changed", "failed"),  # included above: stored as a new version; pending because it could not be fetched
    *("requests", "bytes"),
)

run_sites = Table(
    "run_sites",
    metadata,
    Column("run", Key, ForeignKey("runs.id"), primary_key=True),
    Column("site", String, primary_key=True),
    Column("status", String, nullable=False, server_default="ok"),
    Column("detail", MessageJson),
    *(Column(name, BigInteger, nullable=False, server_default=ZERO) for name in COUNTS),
    Column("more", Json),  # any other counts, by name
    Index(None, "site", "run"),
)

leases = Table(  # who crawls a site now; a released lease keeps its row, so that its fence only grows
    "leases",
    metadata,
    Column("site", String, primary_key=True),
    Column("owner", String),  # None: free
    Column("pid", Integer),
    Column("born", String),  # start time of the process, in clock ticks: reveals a reused pid
    Column("boot", String),  # boot id of the machine, and its process namespace
    Column("fence", BigInteger, nullable=False),
    Column("taken", Instant),
)

jobs = Table(  # how far a large job is that has not ended
    "jobs",
    metadata,
    Column("name", String, primary_key=True),
    Column("what", String, primary_key=True),  # a digest of the pages and rules that it is of
    Column("at", Json, nullable=False),
    Column("report", Json, nullable=False),
    Column("noted", Instant),  # when it was last there
)

processes = Table(  # who is alive, in PostgreSQL; with SQLite, `liveness.py` has lock files
    "processes",
    metadata,
    Column("boot", String, primary_key=True),  # as in leases
    Column("pid", Integer, primary_key=True, autoincrement=False),
    Column("born", String, primary_key=True),
    Column("expires", Instant, nullable=False),  # by the database's clock
)

machines = Table(  # who crawls into an archive in PostgreSQL; none with SQLite
    "machines",
    metadata,
    Column("name", String, primary_key=True),
    Column("process", String, nullable=False),  # its daemon: the pid and the host
    Column("version", String, nullable=False),  # of Arshif
    Column("runs", Integer, nullable=False),  # at most at once
    Column("running", Integer, nullable=False),  # of them
    Column("started", Instant, nullable=False),  # by the database's clock, as all here
    Column("heard", Instant, nullable=False),
    Column("ended", Instant),
    Column("drained", Instant),  # since when it is to take no sites; None: it takes them
)

host_turns = Table(  # who may ask a host, where several machines crawl; none with SQLite
    "host_turns",
    metadata,
    Column("host", String, primary_key=True),
    Column("number", BigInteger, nullable=False),  # of its turns so far
    Column("until", Instant, nullable=False),  # when the next may begin, by the database's clock
    Column("asked", Instant),  # when somebody else than who had the last one wanted the next; None: nobody since then
    Column("run", Integer),  # that had the last one; None: one from before this was told
)

data_folder = Table(  # the folder of an archive in PostgreSQL, where its WARC files are: one row, and none with SQLite
    "data_folder",
    metadata,
    Column("id", String, primary_key=True),  # as in the folder's `database.id`
    Column("host", String, nullable=False),  # where it was last used
    Column("path", Text, nullable=False),
    Column("raw", Text),  # its `raw.place`, if the raw copies are elsewhere: then other folders may join; "": no more
)

requests = Table(  # addresses that people asked to have fetched now
    "requests",
    metadata,
    Column("id", Key, primary_key=True),
    Column("url", Text, nullable=False),  # in canonical form
    Column("site", String, nullable=False),
    Column("way", String, nullable=False),  # RequestWay
    Column("facsimile", Boolean, nullable=False, server_default=false()),  # whether one was asked for
    Column("asked", Instant, nullable=False),
    Column("run", Key, ForeignKey("runs.id")),  # that fetches it; None: waiting
    Column("ended", Instant),
    Column("outcome", MessageJson),  # a FetchOutcome, or why there is none
    Column("article", String, ForeignKey("articles.id")),
    Column("number", Integer),  # of the article's newest version then
    Index(None, "asked"),
    Index(None, "run"),
    Index(None, "article"),
    Index("ix_requests_open", "id", sqlite_where=text("ended IS NULL"), postgresql_where=text("ended IS NULL")),
)

site_previews = Table(  # sites that people want to add, and what a look at each has found
    "site_previews",
    metadata,
    Column("id", Key, primary_key=True),
    Column("url", Text, nullable=False),  # in canonical form
    Column("asked", Instant, nullable=False),
    Column("run", Key, ForeignKey("runs.id")),  # that looks at it; None: waiting
    Column("ended", Instant),
    Column("step", MessageJson),  # how far it is
    Column("problem", MessageJson),
    Column("found", Json),
    Column("file", Text),  # the site's file, as proposed
    Index(None, "run"),
)

# --- how the sites are doing ---------------------------------------------------------------------------------------

health = Table(  # the last conclusion about a site
    "health",
    metadata,
    Column("site", String, primary_key=True),
    Column("verdict", String),  # such as "quiet"; None: as usual
    Column("detail", MessageJson),  # why
    Column("example", Text),  # a URL that shows it
    Column("since", Instant),  # when it began
    Column("suspect", String),  # a verdict not yet confirmed; "" for "as usual"
    Column("suspected", Instant),
    Column("turns", Json),  # when the verdict changed during the last days
)

alerts = Table(  # changes of health to notify people of
    "alerts",
    metadata,
    Column("id", Key, primary_key=True),
    Column("site", String, nullable=False),
    Column("verdict", String),
    Column("detail", MessageJson),
    Column("example", Text),
    Column("at", Instant, nullable=False),
    Column("sent", Instant),  # when the last recipient was notified
    Column("waiting", Json),  # digests of the addresses still to be notified; None: none
)

# --- saved searches ------------------------------------------------------------------------------------------------

searches = Table(
    "searches",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", Text, nullable=False),
    Column("query", Text, nullable=False),  # in the query language
    Column("created", Instant, nullable=False),
    Column("looked", Instant, nullable=False),  # up to when new articles have been matched against it
    Column("digest", String),  # Digest; None: people are told at once
)

found = Table(  # articles new to a saved search
    "found",
    metadata,
    Column("search", Key, ForeignKey("searches.id"), primary_key=True, autoincrement=False),
    Column("article", String, ForeignKey("articles.id"), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("waiting", Json),  # as in alerts
)

# --- what the indexes lack -----------------------------------------------------------------------------------------

targets = Table(  # an index, or one being built to replace it
    "targets",
    metadata,
    Column("name", String, primary_key=True),
    Column("engine", String, nullable=False),
    Column("state", String, nullable=False),  # "building" or "current"
    Column("created", Instant, nullable=False),
    Column("parts", Instants),  # when its further parts begin, in order
    Column("filled", Instant),  # articles stored later are not in its outbox yet; None: all that are due are
    Index("uq_targets_engine_state", "engine", "state", unique=True),  # one current, one building
)

outbox = Table(  # changes that a target has not acknowledged; the latest wins
    "outbox",
    metadata,
    Column("target", String, ForeignKey("targets.name"), primary_key=True),
    Column("article", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("op", String, nullable=False),  # "upsert" or "delete"
    Column("added", Instant, nullable=False),
    Index(None, "target", "added"),
)

quarantine = Table(  # documents that an index rejected for good
    "quarantine",
    metadata,
    Column("target", String, primary_key=True),
    Column("article", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("reason", MessageJson, nullable=False),
    Column("count", Integer, nullable=False),
    Column("first", Instant, nullable=False),
    Column("last", Instant, nullable=False),
    ForeignKeyConstraint(["target"], ["targets.name"]),
)
