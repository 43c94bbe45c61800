"""Everything the archive knows about one URL, stage by stage: why it is stored as it is, or why it is not stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from textwrap import shorten

from sqlalchemy import Connection

from crawler.config import Config
from crawler.errors import ArshifError, Refused, Unreadable
from crawler.explain_messages import ExplainMessage as M
from crawler.fetch.robots.policy import RobotsRules
from crawler.replay import reread
from crawler.session.source_stats import excluding, repeated
from crawler.settings_model import PRODUCT
from crawler.site_config import Site
from crawler.storage import find_article
from crawler.urls.article_filter import may_be_article
from crawler.urls.canonical import canonical
from index.archive import documents, frontier, hosts, outbox, repeated_blocks, warc_records
from index.archive.frontier import Fetch, FrontierRow
from index.locale import label
from index.model.article import IndexDocument
from index.model.message import Given, Message, Value
from index.warc.store import WarcStore

STAGES = ("address", "discover", "fetch", "extract", "clean", "store", "index")
EXCERPT_CHARS = 100  # shown of a removed block


@dataclass(frozen=True, slots=True)
class Step:
    """One fact about a stage; `at` is when it happened (UTC), if at a particular time."""

    stage: str
    told: Message
    at: datetime | None = None


def _step(stage: str, code: M, at: datetime | None = None, **params: Given) -> Step:
    return Step(stage, Message(code, params), at)


def explain(conn: Connection, config: Config, raw: WarcStore, address: str) -> list[Step]:
    """Everything the archive knows about this URL, or about the article with this id, in the order of the stages.

    :raises ArshifError: when `address` is neither a URL nor the id of an article.
    """
    found = find_article(conn, address)
    document = documents.document(conn, found) if found else None
    if document is None and "://" not in address:
        raise ArshifError(f"{address} is no address, and no id of an article: give one that begins with https://")
    url = document.article.url if document and address == found else canonical(address) or address
    offered = frontier.sites_of(conn, url)
    named = document.article.site if document else offered[0] if offered else config.site_of(url).id
    site = config.sites.get(named) or config.site_of(url)
    steps = [*_address(conn, config, site, url), *_met(conn, document, named, url)]
    if document is not None:
        steps += [*_stored(conn, document, url), *_cleaned(conn, raw, site, document), *_indexed(conn, document)]
    return sorted(steps, key=lambda step: STAGES.index(step.stage))


def _met(conn: Connection, document: IndexDocument | None, site: str, url: str) -> Iterator[Step]:
    """Where the URL was found and how it was fetched, and the same for the article's other URLs."""
    urls = [url]
    if document is not None:
        urls += [document.article.url, *(alias.url for alias in documents.aliases(conn, document.article.id))]
    met = False
    for one in dict.fromkeys(urls):
        if row := frontier.row(conn, site, one):
            met = True
            if one != url:
                yield _step("discover", M.ALSO_AT, url=one)
                yield _step("fetch", M.AT, url=one)
            yield from (*_discovered(row), *_fetched(row, frontier.fetches_of(conn, site, one)))
    if not met:
        yield _step("discover", M.NOT_OFFERED)


def _address(conn: Connection, config: Config, site: Site, url: str) -> Iterator[Step]:
    known = M.OF_SITE if site.enabled else M.OF_DISABLED_SITE
    yield _step("address", known if site.id in config.sites else M.OF_NO_SITE, url=url, site=site.id)
    rules = site.rules_on(datetime.now(UTC).date())
    if reason := may_be_article(url, rules.allow, rules.deny):
        yield _step("address", M.NEVER_AN_ARTICLE, reason=Message(reason))
    host = hosts.state(conn, hosts.origin(url))
    if host.robots is not None:
        allowed = RobotsRules(host.robots, PRODUCT).allow(url)
        yield _step("address", M.ROBOTS_ALLOW if allowed else M.ROBOTS_DISALLOW, host.answered)
    if host.silent:
        yield _step("address", M.ROBOTS_UNREACHABLE, host.silent)
    if host.not_before and host.not_before > datetime.now(UTC):
        yield _step("address", M.RETRY_AFTER, host.not_before)


def _discovered(row: FrontierRow) -> Iterator[Step]:
    said: list[Value] = [Message(M.TITLE, {"title": row.title})] if row.title else []
    dates = ((M.PUBLISHED, row.published), (M.MODIFIED, row.modified))
    said += [Message(code, {"date": date}) for code, date in dates if date]
    if row.source:
        yield _step("discover", M.OFFERED_AS if said else M.OFFERED, row.discovered, source=row.source, said=said)
    else:
        yield _step("discover", M.REQUESTED_AS if said else M.REQUESTED, row.discovered, said=said)


def _fetched(row: FrontierRow, fetches: Sequence[Fetch]) -> Iterator[Step]:
    for fetch in fetches:
        outcome = Message(M.OUTCOME, {"status": fetch.status, "outcome": fetch.outcome})
        yield Step("fetch", outcome if fetch.status else fetch.outcome, fetch.at)
    if not row.visits:
        yield _step("fetch", M.NEVER_ANSWERED)
    elif row.status is not None:
        yield _step("fetch", M.ANSWERED, row.fetched, n=row.visits, status=row.status)
    if row.tries:
        yield _step("fetch", M.FAILED, n=row.tries)
    yield _step("fetch", M.STATE_BECAUSE if row.why else M.STATE, state=row.state, why=row.why)
    yield _step("fetch", M.DUE if row.due else M.NOT_DUE, row.due)


def _stored(conn: Connection, document: IndexDocument, url: str) -> Iterator[Step]:
    article = document.article
    origins = ", ".join(f"{name} from {origin}" for name, origin in article.origins.items())
    yield _step("extract", M.EXTRACTED, extractor=article.extractor, origins=origins)
    yield _step("store", M.STORED, document.first_seen, article=article.id, headline=article.headline)
    if article.url != url:
        yield _step("store", M.OWN_ADDRESS, url=article.url)
    for alias in documents.aliases(conn, article.id):
        yield _step("store", M.ALIAS, alias.seen, url=alias.url, reason=Message(label("alias", alias.reason)))
    for version in documents.versions(conn, article.id):
        yield _step("store", M.VERSION, version.seen, number=version.number, headline=version.article.headline)
    raw = documents.raw_of(conn, article.id)
    if raw:
        yield _step("store", M.RAW_COPY, file=raw[0].file, offset=raw[0].offset)
    else:
        yield _step("store", M.NO_RAW_COPY)
    if document.story:
        count = documents.others(conn, [document.story]).get(document.story, 0)
        yield _step("store", M.LEADS_STORY if document.lead else M.COPY_IN_STORY, n=count)
    if document.gone:
        yield _step("store", M.GONE)


def _cleaned(conn: Connection, raw: WarcStore, site: Site, document: IndexDocument) -> Iterator[Step]:
    """What today's rules remove from the page as it was when it last became a version."""
    record = warc_records.newest(conn, document.article.id)
    if record is None:
        return
    learned = excluding(repeated(conn, site.id), repeated_blocks.of(conn, document.article.id))
    try:
        removed = reread(raw, record, site, learned).removed
    except (Refused, Unreadable) as problem:
        yield _step("clean", M.UNREADABLE_COPY, error=str(problem))
        return
    for block in removed:
        text = shorten(block.text, EXCERPT_CHARS, placeholder="…")
        yield _step("clean", M.REMOVED, layer=block.layer, reason=block.reason, text=text)


def _indexed(conn: Connection, document: IndexDocument) -> Iterator[Step]:
    identifier = document.article.id
    refused = {bad.target: bad for bad in outbox.quarantined(conn) if bad.article == identifier}
    targets = outbox.all_targets(conn)
    for target in targets:
        if bad := refused.get(target.name):
            yield _step("index", M.INDEX_REFUSED, bad.last, target=target.name, why=bad.reason)
        elif identifier in outbox.waiting(conn, target.name):
            yield _step("index", M.INDEX_PENDING, target=target.name)
        else:
            yield _step("index", M.INDEXED, target=target.name, state=target.state)
    if not targets:
        yield _step("index", M.NO_INDEX)
