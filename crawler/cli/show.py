"""arshif show: one article, with its versions and URLs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from crawler.cli.archive import get_article, open_existing_archive
from crawler.cli.options import ArticleArgument, Json
from crawler.console import print_json, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index.archive.documents import Alias
    from index.model.article import Article, IndexDocument, Version

app = typer.Typer()


@app.command()
def show(article: ArticleArgument, json: Json = False) -> None:
    """Show an article, its versions and its other URLs."""
    from crawler.config import load
    from index.archive import documents

    with open_existing_archive(load()) as archive, archive.read() as conn:
        document = get_article(conn, article)
        versions = documents.versions(conn, document.article.id)
        aliases = documents.aliases(conn, document.article.id)
    if json:
        print_json(_as_json(document, versions, aliases))
    else:
        _print(document.article, versions, aliases)


def _as_json(document: IndexDocument, versions: Sequence[Version], aliases: Sequence[Alias]) -> dict[str, object]:
    from index.export.schema_org import schema_org_fields

    return {
        **schema_org_fields(document.article),
        "versions": [{"number": v.number, "seen": v.seen, "headline": v.article.headline} for v in versions],
        "aliases": [asdict(alias) for alias in aliases],
        "firstSeen": document.first_seen,
        "gone": document.gone,
    }


def _print(article: Article, versions: Sequence[Version], aliases: Sequence[Alias]) -> None:
    if article.section:
        say(article.section, "dim")
    say(article.headline, "bold")
    dated = (("published", article.published), ("modified", article.modified))
    dates = ", ".join(f"{word} {moment.isoformat()}" for word, moment in dated if moment)
    say("  ".join(filter(None, (article.site, ", ".join(article.authors), dates))), "dim")
    say()
    say(article.body)
    for image in article.images:
        say(f"\n[image] {image.caption or image.url}" + (f" ({image.credit})" if image.credit else ""))
    say(f"\n{article.url}", "dim")
    for alias in aliases:
        say(f"{alias.url} ({alias.reason})", "dim")
    for version in versions:
        say(f"version {version.number}, seen {version.seen.astimezone():%Y-%m-%d %H:%M}", "dim")
