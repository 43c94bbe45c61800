"""init, run, crawl, extract, and the children that the daemon starts."""

from __future__ import annotations

import logging
import signal
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from textwrap import shorten
from threading import Event
from typing import TYPE_CHECKING

from crawler.boilerplate.repeated_blocks import NO_REPEATS, RepeatedBlocks
from crawler.cli.extract_report import explained, told_all_the_same
from crawler.config import load, write_starter
from crawler.console import print_error, print_json, say, set_up_log
from crawler.errors import ArshifError, Busy, ConfigError, Refused, Unreadable
from crawler.models import Page
from crawler.monitoring import notifications
from crawler.processes import crawl_process
from crawler.session.source_stats import excluding, repeated
from crawler.site_config import Site
from crawler.storage import archive_file, open_archive, open_index
from crawler.urls.canonical import canonical
from index.archive import Archive, articles, erasure, repeated_blocks
from index.archive import runs as records
from index.export.schema_org import named
from index.locale import FALLBACK, plain, translate
from index.model.codes import RunCause, RunDetail, RunStatus
from index.model.message import Message
from index.search import indexer

if TYPE_CHECKING:
    from crawler.extract.draft import Extraction


WEB = ("http://", "https://")
EXCERPT_CHARS = 90  # characters of a piece that was taken off a page
FIELDS = {  # schema.org's names where ours differ, by which the origins go
    "alternativeHeadline": "alternative_headline", "articleSection": "section", "author": "authors",
    "datePublished": "published", "dateModified": "modified", "inLanguage": "language",
    "isAccessibleForFree": "paywalled", "mainEntityOfPage": "canonical_url",
}  # fmt: skip


def init(directory: Path, json: bool) -> None:
    target = write_starter(directory)
    if json:
        print_json({"config": target})
        return
    say(f"Wrote {target}: settings in arshif.yaml, sites in sites/, your own in sites.local/.")
    say(f"Next: write your contact into arshif.yaml, then  cd {directory} && arshif doctor && arshif run")


def run(web: bool) -> None:
    from crawler.processes.daemon import Daemon
    from index.web.bind import resolve_bind

    config = load()
    set_up_log(form=config.settings.log)
    for warning in config.warnings:
        print_error(f"note: {warning}")
    try:
        notifications.known(config)
    except ConfigError as error:  # no reason not to crawl
        print_error(f"note: {error}: nobody is told there")
    say(f"Crawling {len(config.enabled)} sites into {config.settings.data}; end it with Ctrl-C.")
    if web:
        page = config.settings.web
        resolve_bind(
            page.host, page.port, page.token.get_secret_value()
        )  # better told now than by a child again and again
        say(f"Search page: {page.address}")
    with open_archive(config) as archive:
        Daemon(config, archive, web).run()


def crawl(sites: list[str], since: str, json: bool) -> int:
    config = load()
    set_up_log(form=config.settings.log)
    chosen = config.choose(",".join(sites))
    with open_archive(config) as archive, open_index(config) as engine:
        chosen = _not_forgotten(archive, chosen)
        run = crawl_process.start(config, archive, chosen, since, why=RunCause.REQUESTED)
        signal.signal(signal.SIGTERM, lambda *_: run.stop(RunStatus.STOPPED))
        signal.signal(signal.SIGINT, lambda *_: run.stop(RunStatus.STOPPED))
        while not run.watch(time.monotonic()):
            time.sleep(0.1)
        status = crawl_process.finish(archive, run)
        try:
            indexer.index_pending(archive, engine)
        except Busy:
            pass  # the daemon's shipper brings it to the index
        except ArshifError as error:
            print_error(f"stored, but not searchable yet: {error}")
        with archive.read() as conn:
            record = next(record for record in records.recent(conn, 50) if record.id == run.number)
    _report(record, status, json)
    if status == RunStatus.OK:
        return int(any(site.status != RunStatus.OK for site in record.sites))
    code = run.child.wait()
    return code if code in crawl_process.EXIT_CODES.values() else ArshifError.exit_code


def _not_forgotten(archive: Archive, chosen: tuple[Site, ...]) -> tuple[Site, ...]:
    with archive.read() as conn:
        barred = erasure.sites(conn)
    for site in chosen:
        if site.id in barred:
            print_error(f"{site.id}: was forgotten on demand, and is not crawled")
    left = tuple(site for site in chosen if site.id not in barred)
    if chosen and not left:
        raise ArshifError("nothing is left to crawl")
    return left


def _report(record: records.Run, status: RunStatus, json: bool) -> None:
    if json:
        print_json(plain(record))
        return
    say(f"run {record.id}: {status}; {crawl_process.summary(record.sites)}")
    for site in record.sites:
        if site.detail or site.status != RunStatus.OK:
            detail = site.detail or Message(RunDetail.NO_ANSWER)
            print_error(f"{site.site}: {site.status}: {translate(detail, FALLBACK)}")
    if record.sites and all(site.status == RunStatus.OFFLINE for site in record.sites):
        print_error(crawl_process.OFFLINE)


def extract(name: str, url: str, explain: bool, json: bool) -> None:
    set_up_log(logging.ERROR)
    online = name.startswith(WEB)
    if url and (online or not url.startswith(WEB)):
        raise ArshifError(f"--url {url}: give it with a file, the address that this was saved from (https://…)")
    address = name if online else url
    site, learned = _learned_of(address) if address else ("", NO_REPEATS)
    try:
        extraction = _from_address(name, learned) if online else _from_file(name, url, learned)
    except (Refused, Unreadable) as problem:
        if explain and isinstance(problem, Refused):
            told_all_the_same(problem, json)
        raise ArshifError(f"{name} is no article: {problem}") from None
    article = extraction.article
    if json:
        taken_off = [asdict(removed) for removed in extraction.removed]
        others = {"others": [asdict(said) for said in extraction.others]} if explain else {}
        known = {"learned": {"site": site, "articles": learned.articles, "blocks": len(learned.counts)}}
        print_json({**named(article), "removed": taken_off, **others, **(known if explain else {})})
        return
    if explain:
        explained(extraction)
        if learned.articles:
            say(f"known of {site}: {len(learned.counts)} blocks that it repeats, from {learned.articles} articles")
        return
    for label, value in named(article).items():
        if label not in ("articleBody", "archive", "image"):
            text = ", ".join(map(str, value)) if isinstance(value, list) else value
            origin = article.origins.get(FIELDS.get(label, label))
            say(f"{label}{f' ({origin})' if origin else ''}: {text}")
    for image in article.images:
        say(f"image: {image.url}" + (f"\n  caption: {image.caption}" if image.caption else ""))
    say(f"\n{article.body}\n")
    for removed in extraction.removed:
        say(
            f"taken off ({removed.layer}, {removed.reason}): {shorten(removed.text, EXCERPT_CHARS, placeholder='…')}",
            "dim",
        )


def _from_file(name: str, url: str, learned: RepeatedBlocks) -> Extraction:
    from crawler import stages

    file = Path(name)
    if not file.is_file():
        raise ArshifError(f"{name}: there is no such file; an address begins with https:// or http://")
    body = file.read_bytes()
    if b"<" not in body:
        raise ArshifError(f"{name} has no markup: give a page as its server sent it (HTML)")
    saved = url or file.absolute().as_uri().replace("file://", "http://localhost", 1)
    page = Page(canonical(saved) or saved, saved, body, datetime.now(UTC))
    return stages.article(page, load().site_of(saved), learned)


def _learned_of(url: str) -> tuple[str, RepeatedBlocks]:
    """The site whose address this is, and what the archive, where there is one, has learned that it repeats."""
    config = load()
    site = config.site_of(url).id
    if not archive_file(config).exists():
        return site, NO_REPEATS
    with open_archive(config) as archive, archive.read() as conn:
        known = articles.by_url(conn, canonical(url) or url)
        own = repeated_blocks.of(conn, known) if known else frozenset()
        return site, excluding(repeated(conn, site), own)


def _from_address(url: str, learned: RepeatedBlocks) -> Extraction:
    from crawler.onboarding.probe import fetch

    return fetch(url, learned)


# --- children of the daemon ------------------------------------------------------------------------------------------


def child_crawl(sites: str, run: str, since: str) -> int:
    set_up_log(form=load().settings.log)
    return crawl_process.crawl(sites, run, since)


def child_ship() -> None:
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    config = load()
    set_up_log(form=config.settings.log)
    with open_archive(config) as archive, open_index(config) as engine:
        while not stop.is_set():
            try:
                indexer.run(archive, engine, stop)
            except Busy:  # an `arshif crawl` ships what it stored, or the one before us is not yet gone
                stop.wait(indexer.POLL)
        try:
            indexer.index_pending(archive, engine)  # what was stored before we were asked to end
        except ArshifError as error:
            print_error(f"the outbox keeps what was not shipped: {error}")
