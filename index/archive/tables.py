"""The tables of the archive, all in one place. `migrations/` brings a file to this shape; a test holds them equal."""

from __future__ import annotations

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

from index.archive.column_types import Instant, MessageJson, Zoned

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Key = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only where the type is INTEGER
Json = JSON(none_as_null=True)
ZERO = text("0")

# --- what is crawled -----------------------------------------------------------------------------------------------

sites = Table(  # what crawler knows of a site and the page shows; the site itself is a YAML file
    "sites",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", Text),
    Column("homepage", Text),
    Column("country", String),
    Column("languages", Json),
    Column("enabled", Boolean, nullable=False, server_default=true()),
    Column("verdict", String),  # of the last run, such as "failing"; None: nothing to say
    Column("detail", MessageJson),  # why
    Column("failures", Integer, nullable=False, server_default=ZERO),  # failed runs in a row
    Column("last_run", Instant),
    Column("last_success", Instant),
    Column("next_run", Instant),
    Column("next_why", MessageJson),
    Column("horizon", Instant),  # candidates older than this are not fetched
    Column("looked", Float, nullable=False, server_default=ZERO),  # revisits, older ones fading
    Column("changed", Float, nullable=False, server_default=ZERO),  # those of them that found another text
    Column("rendered", Instant),  # since then its pages are known to need a browser; None: they do not
    Column("plain", Instant),  # when that was last looked at
)

hosts = Table(  # what a host has asked of us, by origin: https://step.example, with a port where it is an unusual one
    "hosts",
    metadata,
    Column("origin", String, primary_key=True),
    Column("robots", LargeBinary),  # the last robots.txt that came; empty where there is none
    Column("answered", Instant),  # when that was
    Column("silent", Instant),  # since then robots.txt cannot be had; None: it can
    Column("not_before", Instant),  # it asked not to be asked again before then
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
    Column("polled", Instant),  # last answer, 304 included
    Column("changed", Instant),  # last answer with another body
    Column("status", Integer),
    Column("found", Integer),  # candidates in the last full answer
    Column("failures", Integer, nullable=False, server_default=ZERO),  # in a row
    Column("reason", String),  # the code of `problem`, of a failure
    Column("problem", MessageJson),
    Column("retry_at", Instant),
    Column("asked", Instant),  # when its last turn was, answered or not
    Column("strikes", Float, nullable=False, server_default=ZERO),  # failures in a row by their weight
    Column("forced", Instant),  # last answer to a request without validators
    Column("habit", Json),  # when it publishes
    Column("said", Json),  # what it says of how often to ask
)

trust = Table(  # what a site says of itself without a page being read, and whether that was true
    "trust",
    metadata,
    Column("site", String, primary_key=True),
    Column("what", String, primary_key=True),  # "validators", "source validators" or "dates"
    Column("wrong", Integer, nullable=False, server_default=ZERO),  # in a row, since it was last found right
    Column("right", Integer, nullable=False, server_default=ZERO),  # in a row, since it was last found wrong
    Column("since", Instant),  # not believed since then; None: believed
    Column("how", MessageJson),  # the last lie
    Column("example", Text),  # the address that told it
    Column("seen", Instant),
)

frontier = Table(  # one row a candidate, and the fetch state of its page
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
    Column("reason", String),  # a code; None: it came to what its state says
    Column("detail", MessageJson),  # the reason with its parameters, where it has some
    Column("article", String, ForeignKey("articles.id")),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("body_hash", String),
    Column("fetched", Instant),
    Column("turned", Instant),  # when its page was last found to say something else, or first read
    Column("status", Integer),
    Column("visits", Integer, nullable=False, server_default=ZERO),
    Column("tries", Integer, nullable=False, server_default=ZERO),  # failed in a row
    Column("due", Instant),  # None: not until something happens
    Column("missing", Instant),  # since then its page no longer has the article, as far as one look tells; None: it has
    UniqueConstraint("site", "url"),
    Index(None, "site", "due"),
    Index(None, "site", "state"),
    Index(None, "article"),
)

fetches = Table(  # the last requests for a page, and what came of each
    "fetches",
    metadata,
    Column("page", Key, ForeignKey("frontier.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),  # 1 is the first
    Column("at", Instant, nullable=False),
    Column("status", Integer),  # None: no answer, or none that was taken
    Column("came", Text, nullable=False),  # the code of an outcome, or of a reason
    Column("detail", MessageJson),  # the same with its parameters, where it has some
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
    Column("revision", Integer, nullable=False),  # of its document: grows with each change that an index must see
    Column("content_hash", String, nullable=False),
    Column("mergeable", Boolean, nullable=False),  # long enough, and no template: its text may tell that it is a copy
    Column("published", Instant),
    Column("modified", Instant),
    Column("first_seen", Instant, nullable=False),
    Column("sort_date", Instant, nullable=False),
    Column("story", String, ForeignKey("stories.id")),
    Column("lead", Boolean, nullable=False, server_default=true()),
    Column("gone_since", Instant),
    Column("gone_until", Instant),  # last time that it was still gone
    UniqueConstraint("site", "url"),
    Index(None, "site", "content_hash"),
    Index(None, "content_hash"),
    Index(None, "story"),
    Index(None, "sort_date"),
    Index(None, "url"),
)

versions = Table(
    "versions",
    metadata,
    Column("article", String, ForeignKey("articles.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("seen", Instant, nullable=False),
    Column("url", Text, nullable=False),  # the page that it was taken from; may be an alias
    Column("corrected", Instant),  # last time that we read the same page better
    Column("body_hash", String),
    Column("raw", Key, ForeignKey("raws.id")),
    Column("run", Key, ForeignKey("runs.id")),
    Column("extractor", String, nullable=False),
    Column("content_hash", String, nullable=False),
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
    Index(None, "raw"),
)

aliases = Table(  # another URL of an article of the same site
    "aliases",
    metadata,
    Column("site", String, primary_key=True),
    Column("url", Text, primary_key=True),
    Column("article", String, ForeignKey("articles.id"), nullable=False),
    Column("reason", String, nullable=False),  # "moved", "redirect", "canonical", "spelling" or "same text"
    Column("seen", Instant, nullable=False),
    Index(None, "article"),
    Index(None, "url"),
)

stories = Table(  # the same text on different sites
    "stories",
    metadata,
    Column("id", String, primary_key=True),  # the content hash that founded it
    Column("lead", String, nullable=False),
)

raws = Table(  # where the bytes of a page lie
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
    UniqueConstraint("file", "offset"),
    Index(None, "site", "fetched"),
)

absences = Table(  # when an article was gone from its site and came back; since when it is gone now is in `articles`
    "absences",
    metadata,
    Column("article", String, ForeignKey("articles.id"), primary_key=True),
    Column("since", Instant, primary_key=True),
    Column("until", Instant, nullable=False),
    Column("back", Instant, nullable=False),
)

forgotten = Table(  # what is not to be crawled again: digests of addresses and texts, or a whole site
    "forgotten",
    metadata,
    Column("site", String, primary_key=True),
    Column("mark", String, primary_key=True),
    Column("since", Instant, nullable=False),
)

repeats = Table(  # blocks of text by article: what a site repeats from one to the next
    "repeats",
    metadata,
    Column("site", String, primary_key=True),
    Column("block", String, primary_key=True),
    Column("article", String, ForeignKey("articles.id"), primary_key=True),
    Index(None, "article"),
    sqlite_with_rowid=False,
)

learned = Table(  # texts of blocks that were taken off an article for being repeated
    "learned",
    metadata,
    Column("site", String, primary_key=True),
    Column("block", String, primary_key=True),
    Column("text", Text, nullable=False),
    Column("since", Instant, nullable=False),
)

signatures = Table(  # by which articles near-duplicates are found, the newest text of each
    "signatures",
    metadata,
    Column("number", Key, primary_key=True),
    Column("article", String, ForeignKey("articles.id"), nullable=False),
    Column("signature", LargeBinary, nullable=False),
    UniqueConstraint("article"),
)

bands = Table(  # signatures, cut into bands; without a foreign key, which would be looked up 32 times an article
    "bands",
    metadata,
    Column("hash", BigInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # of the signature
    sqlite_with_rowid=False,
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
)

COUNTS = (  # what a run tells of a site; the first is the sum of the next six
    *("discovered", "stored", "unchanged", "duplicate", "refused", "quarantined", "pending"),
    *("changed", "failed"),  # of these: stored as a new version; pending because it could not be had
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
    Column("more", Json),  # what is counted beside, by name
    Index(None, "site", "run"),
)

leases = Table(  # who crawls a site now; a row stays when it is released, so that its fence only grows
    "leases",
    metadata,
    Column("site", String, primary_key=True),
    Column("owner", String),  # None: free
    Column("pid", Integer),
    Column("born", String),  # start of that process, in clock ticks: tells a reused pid
    Column("boot", String),  # boot of the machine, and its process namespace
    Column("fence", BigInteger, nullable=False),
    Column("taken", Instant),
)

# --- how the sites are doing ---------------------------------------------------------------------------------------

health = Table(  # what was concluded of a site
    "health",
    metadata,
    Column("site", String, primary_key=True),
    Column("verdict", String),  # such as "quiet"; None: all is as usual
    Column("detail", MessageJson),  # why
    Column("example", Text),  # an address that shows it
    Column("since", Instant),  # when it began
    Column("suspect", String),  # a verdict that is not sure yet; "" for "as usual"
    Column("suspected", Instant),
    Column("turns", Json),  # when the verdict changed, of the last days
)

alerts = Table(  # changes of health that somebody is to be told
    "alerts",
    metadata,
    Column("id", Key, primary_key=True),
    Column("site", String, nullable=False),
    Column("verdict", String),
    Column("detail", MessageJson),
    Column("example", Text),
    Column("at", Instant, nullable=False),
    Column("sent", Instant),  # when the last of those who were to be told was
    Column("waiting", Json),  # the addresses that are still to be told, as digests; None: nobody is
)

# --- what somebody wants to hear of --------------------------------------------------------------------------------

searches = Table(  # saved ones
    "searches",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", Text, nullable=False),
    Column("query", Text, nullable=False),  # in the query language
    Column("created", Instant, nullable=False),
    Column("looked", Instant, nullable=False),  # new articles were held against it up to then
)

found = Table(  # what was new to a saved search
    "found",
    metadata,
    Column("search", Key, ForeignKey("searches.id"), primary_key=True, autoincrement=False),
    Column("article", String, ForeignKey("articles.id"), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("waiting", Json),  # as in alerts
)

# --- what the indexes lack -----------------------------------------------------------------------------------------

targets = Table(  # an index, or one that is being built to replace it
    "targets",
    metadata,
    Column("name", String, primary_key=True),
    Column("engine", String, nullable=False),
    Column("state", String, nullable=False),  # "building" or "current"
    Column("created", Instant, nullable=False),
    Index("uq_targets_engine_state", "engine", "state", unique=True),  # one current, one building
)

outbox = Table(  # what a target has not acknowledged; the latest wins
    "outbox",
    metadata,
    Column("target", String, ForeignKey("targets.name"), primary_key=True),
    Column("article", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("op", String, nullable=False),  # "upsert" or "delete"
    Column("added", Instant, nullable=False),
    Index(None, "target", "added"),
)

quarantine = Table(  # documents that an index refused for good
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
