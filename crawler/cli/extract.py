"""arshif extract: what is extracted from one page, without storing it."""

from __future__ import annotations

import logging
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Annotated

import typer

from crawler.cli.extract_report import print_report, print_said_by_refused
from crawler.cli.messages import CommandMessage
from crawler.cli.options import Json
from crawler.cli.progress import progress
from crawler.console import print_json, say
from crawler.errors import ArshifError, Refused, Unreadable
from crawler.logging_setup import set_up_log
from index.model.message import Message

if TYPE_CHECKING:
    from crawler.boilerplate.repeated_blocks import RepeatedBlocks
    from crawler.extract.draft import Extraction

app = typer.Typer()

WEB = ("http://", "https://")
EXCERPT_CHARS = 90  # characters shown of a removed block
FIELDS = {  # schema.org's name -> ours, where they differ
    "alternativeHeadline": "alternative_headline", "articleSection": "section", "author": "authors",
    "datePublished": "published", "dateModified": "modified", "inLanguage": "language",
    "isAccessibleForFree": "paywalled", "mainEntityOfPage": "canonical_url",
}  # fmt: skip


@app.command()
def extract(
    page: Annotated[str, typer.Argument(help="URL or file of a page.")],
    explain: Annotated[
        bool, typer.Option("--explain", help="Show each field's origin and rejected values, and every removed block.")
    ] = False,
    url: Annotated[str, typer.Option(help="URL that the file was saved from, to apply its site's rules.")] = "",
    json: Json = False,
) -> None:
    """Show what is extracted from a page, without storing it."""
    set_up_log(logging.ERROR)
    online = page.startswith(WEB)
    if url and (online or not url.startswith(WEB)):
        raise ArshifError(Message(CommandMessage.URL_OF_FILE, {"url": url}))
    site, learned = _learned_blocks(page if online else url)
    try:
        extraction = _from_address(page, learned) if online else _from_file(page, url, learned)
    except (Refused, Unreadable) as problem:
        if explain and isinstance(problem, Refused):
            print_said_by_refused(problem, json)
        raise ArshifError(Message(CommandMessage.NOT_ARTICLE, {"page": page, "why": problem.message})) from None
    if json:
        report = {"learned": {"site": site, "articles": learned.articles, "blocks": len(learned.counts)}}
        print_json(_as_json(extraction) | ({"others": _others(extraction), **report} if explain else {}))
    elif explain:
        print_report(extraction)
        if learned.articles:
            say(f"known to repeat on {site}: {len(learned.counts)} blocks, learned from {learned.articles} articles")
    else:
        _print(extraction)


def _as_json(extraction: Extraction) -> dict[str, object]:
    from index.export.schema_org import schema_org_fields
    from index.locale import plain

    return {**schema_org_fields(extraction.article), "removed": plain(extraction.removed)}


def _others(extraction: Extraction) -> list[dict[str, object]]:
    return [asdict(said) for said in extraction.others]


def _print(extraction: Extraction) -> None:
    from index.export.schema_org import schema_org_fields
    from index.locale import FALLBACK, translate

    article = extraction.article
    for label, value in schema_org_fields(article).items():
        if label not in ("articleBody", "archive", "image"):
            text = ", ".join(map(str, value)) if isinstance(value, list) else value
            origin = article.origins.get(FIELDS.get(label, label))
            say(f"{label}{f' ({origin})' if origin else ''}: {text}")
    for image in article.images:
        say(f"image: {image.url}" + (f"\n  caption: {image.caption}" if image.caption else ""))
    say(f"\n{article.body}\n")
    for removed in extraction.removed:
        excerpt = shorten(removed.text, EXCERPT_CHARS, placeholder="…")
        say(f"removed ({removed.layer}, {translate(removed.reason, FALLBACK)}): {excerpt}", "dim")


def _from_file(name: str, url: str, learned: RepeatedBlocks) -> Extraction:
    from crawler import stages
    from crawler.config import load
    from crawler.models import Page
    from crawler.urls.canonical import canonical

    file = Path(name)
    if not file.is_file():
        raise ArshifError(Message(CommandMessage.NO_FILE, {"file": name}))
    body = file.read_bytes()
    if b"<" not in body:
        raise ArshifError(Message(CommandMessage.NOT_HTML, {"file": name}))
    saved = url or file.absolute().as_uri().replace("file://", "http://localhost", 1)
    page = Page(canonical(saved) or saved, saved, body, datetime.now(UTC))
    return stages.article(page, load().site_of(saved), learned)


def _from_address(url: str, learned: RepeatedBlocks) -> Extraction:
    from crawler.onboarding.probe import fetch

    with progress() as shown:
        shown.begin("extract", "pages", 1)
        return fetch(url, learned)


def _learned_blocks(url: str) -> tuple[str, RepeatedBlocks]:
    """The id of the site that this URL belongs to, and the blocks that the archive has learned to be repeated there.

    "" and none if there is no URL; none if there is no archive."""
    from crawler.archive_place import database
    from crawler.boilerplate.repeated_blocks import NO_REPEATS
    from crawler.config import load
    from crawler.session.source_stats import excluding, repeated
    from crawler.storage import open_archive
    from crawler.urls.canonical import canonical
    from index.archive import documents, repeated_blocks

    if not url:
        return "", NO_REPEATS
    config = load()
    site = config.site_of(url).id
    if not database(config.settings).exists():
        return site, NO_REPEATS
    with open_archive(config) as archive, archive.read() as conn:
        known = documents.by_url(conn, canonical(url) or url)
        own = repeated_blocks.of(conn, known) if known else frozenset()
        return site, excluding(repeated(conn, site), own)
