"""What the archive knows of one address, in the order of the path: why it is stored as it is, or why it is not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from textwrap import shorten

from sqlalchemy import Connection

from crawler.config import Config
from crawler.errors import ArshifError, Refused, Unreadable
from crawler.fetch.robots.policy import RobotsRules
from crawler.replay import reread
from crawler.session.source_stats import excluding, repeated
from crawler.settings_model import PRODUCT
from crawler.site_config import Site
from crawler.storage import find_article, raw_folder
from crawler.urls.article_filter import may_be_article
from crawler.urls.canonical import canonical
from index.archive import documents, frontier, hosts, outbox, repeated_blocks, warc_records
from index.archive.frontier import Fetch, FrontierRow
from index.model.article import IndexDocument
from index.warc.store import WarcStore

STAGES = ("address", "discover", "fetch", "extract", "clean", "store", "index")
EXCERPT_CHARS = 100  # characters of a block that was taken off


@dataclass(frozen=True, slots=True)
class Step:
    """What is known of one stage, in a sentence; `at` is when it happened (UTC), if at one time."""

    stage: str
    told: str
    at: datetime | None = None


def explain(conn: Connection, config: Config, address: str) -> list[Step]:
    """What the archive knows of this address (or of the article with this id), stage by stage."""
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
        steps += [*_stored(conn, document, url), *_cleaned(conn, config, site, document), *_indexed(conn, document)]
    return sorted(steps, key=lambda step: STAGES.index(step.stage))


def _met(conn: Connection, document: IndexDocument | None, site: str, url: str) -> Iterator[Step]:
    """Where the address was found and how it was fetched; and the article's other addresses."""
    urls = [url]
    if document is not None:
        urls += [document.article.url, *(alias.url for alias in documents.aliases(conn, document.article.id))]
    met = False
    for one in dict.fromkeys(urls):
        if row := frontier.row(conn, site, one):
            met = True
            if one != url:
                yield Step("discover", f"also at {one}")
                yield Step("fetch", f"at {one}:")
            yield from (*_discovered(row), *_fetched(row, frontier.fetches_of(conn, site, one)))
    if not met:
        yield Step("discover", "no source has offered it")


def _address(conn: Connection, config: Config, site: Site, url: str) -> Iterator[Step]:
    known = f"site {site.id}" + ("" if site.enabled else ", which is not enabled")
    yield Step("address", f"{url}: {known if site.id in config.sites else 'of no site that a file describes'}")
    rules = site.rules_on(datetime.now(UTC).date())
    if reason := may_be_article(url, rules.allow, rules.deny):
        yield Step("address", f"never an article by its address: {reason}")
    host = hosts.state(conn, hosts.origin(url))
    if host.robots is not None:
        allowed = RobotsRules(host.robots, PRODUCT).allow(url)
        yield Step("address", f"robots.txt {'allows' if allowed else 'forbids'} it", host.answered)
    if host.silent:
        yield Step("address", "robots.txt cannot be had, so nothing is asked of its host", host.silent)
    if host.not_before and host.not_before > datetime.now(UTC):
        yield Step("address", "its host asked to be left alone until then", host.not_before)


def _discovered(row: FrontierRow) -> Iterator[Step]:
    said = [f"“{row.title}”"] if row.title else []
    said += [f"{name} {date.isoformat()}" for name in ("published", "modified") if (date := getattr(row, name))]
    yield Step(
        "discover", f"offered by {row.source or 'a person'}" + (f": {', '.join(said)}" if said else ""), row.discovered
    )


def _fetched(row: FrontierRow, fetches: Sequence[Fetch]) -> Iterator[Step]:
    for fetch in fetches:
        yield Step("fetch", f"{fetch.status}: {fetch.outcome}" if fetch.status else fetch.outcome, fetch.at)
    if row.fetched is None:
        yield Step("fetch", "never answered")
    else:
        yield Step("fetch", f"{row.visits} times, last with {row.status}", row.fetched)
    if row.tries:
        yield Step("fetch", f"failed {row.tries} times in a row")
    yield Step("fetch", "; ".join(filter(None, (f"state {row.state}", row.reason, row.detail))))
    yield Step("fetch", "looked at again" if row.due else "not looked at again by itself", row.due)


def _stored(conn: Connection, document: IndexDocument, url: str) -> Iterator[Step]:
    article = document.article
    origins = ", ".join(f"{name} from {origin}" for name, origin in article.origins.items())
    yield Step("extract", f"by {article.extractor}: {origins}")
    yield Step("store", f"article {article.id}: {article.headline}", document.first_seen)
    if article.url != url:
        yield Step("store", f"its own address is {article.url}")
    for alias in documents.aliases(conn, article.id):
        yield Step("store", f"also {alias.url}: {alias.reason}", alias.seen)
    for version in documents.versions(conn, article.id):
        yield Step("store", f"version {version.number}: {version.article.headline}", version.seen)
    raw = documents.raw_of(conn, article.id)
    yield Step("store", f"raw copy: {raw[0].file} at {raw[0].offset}" if raw else "no raw copy")
    if document.story:
        count = documents.others(conn, [document.story]).get(document.story, 0)
        place = "leads" if document.lead else "is a copy within"
        yield Step("store", f"{place} a story with {count} other{'s' * (count != 1)}")
    if document.gone:
        yield Step("store", "gone from its site, and kept")


def _cleaned(conn: Connection, config: Config, site: Site, document: IndexDocument) -> Iterator[Step]:
    """What today's rules take off the page as it was when it last became a version."""
    record = warc_records.newest(conn, document.article.id)
    if record is None:
        return
    learned = excluding(repeated(conn, site.id), repeated_blocks.of(conn, document.article.id))
    try:
        with WarcStore(raw_folder(config)) as warc:
            removed = reread(warc, record, site, learned).removed
    except (Refused, Unreadable) as problem:
        yield Step("clean", f"its raw copy gives nothing today: {problem}")
        return
    for block in removed:
        yield Step("clean", f"{block.layer}, {block.reason}: {shorten(block.text, EXCERPT_CHARS, placeholder='…')}")


def _indexed(conn: Connection, document: IndexDocument) -> Iterator[Step]:
    identifier = document.article.id
    refused = {bad.target: bad for bad in outbox.quarantined(conn) if bad.article == identifier}
    targets = outbox.all_targets(conn)
    for target in targets:
        if bad := refused.get(target.name):
            yield Step("index", f"{target.name} refused it: {bad.reason}", bad.last)
        elif identifier in outbox.waiting(conn, target.name):
            yield Step("index", f"{target.name} is still to get it")
        else:
            yield Step("index", f"{target.name} has it ({target.state})")
    if not targets:
        yield Step("index", "there is no index yet")
