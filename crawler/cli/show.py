"""arshif show: one article, with its versions and URLs, or the text with a hash."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from crawler.cli.archive import get_article, open_existing_archive
from crawler.cli.options import Json
from crawler.console import print_json, say
from crawler.errors import ArshifError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index.archive.documents import Alias
    from index.archive.readings import Reading
    from index.model.article import Annotations, Article, IndexDocument, Version

app = typer.Typer()


@app.command()
def show(
    article: Annotated[str, typer.Argument(help="URL or id of the article.")] = "",
    content_hash: Annotated[
        str, typer.Option("--hash", help="Show the text with this content hash, as cited, instead of an article.")
    ] = "",
    json: Json = False,
) -> None:
    """Show an article, its versions and its other URLs, or any text that was ever cited by its hash."""
    from crawler.config import load
    from index.archive import documents, notes, readings

    if bool(article) == bool(content_hash):
        raise typer.BadParameter("name an article, or a hash with --hash: one of the two")
    with open_existing_archive(load(only=())) as archive, archive.read() as conn:
        if content_hash:
            _show_readings(readings.with_hash(conn, content_hash.strip().lower()), content_hash, json)
            return
        document = get_article(conn, article)
        versions = documents.versions(conn, document.article.id)
        aliases = documents.aliases(conn, document.article.id)
        (document,) = notes.annotated(conn, [document])
    if json:
        print_json(_as_json(document, versions, aliases))
    else:
        _print(document.article, versions, aliases)
        _print_annotations(document.annotations)


def _show_readings(found: Sequence[Reading], content_hash: str, json: bool) -> None:
    from index.export.schema_org import schema_org_fields

    if not found:
        raise ArshifError(f"the archive has no text with the hash {content_hash}: see `arshif show URL --json`")
    if json:
        names = ("version", "number", "at", "reason", "state", "shown")
        told = [{name: getattr(one, name) for name in names} | schema_org_fields(one.article) for one in found]
        print_json(told)
        return
    for one in found:
        say(one.article.headline, "bold")
        shown = "shown now" if one.shown else "another reading of the version is shown now"
        made = f"made {one.at.astimezone():%Y-%m-%d %H:%M}"
        say(f"{one.article.site}, version {one.version}, reading {one.number}, {made}; {shown}", "dim")
        say(f"{one.article.url}\n", "dim")
        say(one.article.body)


def _as_json(document: IndexDocument, versions: Sequence[Version], aliases: Sequence[Alias]) -> dict[str, object]:
    from index.export.schema_org import annotation_fields, schema_org_fields

    return {
        **schema_org_fields(document.article),
        **annotation_fields(document.annotations),
        "versions": [
            {
                **{name: getattr(v, name) for name in ("number", "seen", "reading", "read", "reason")},
                "headline": v.article.headline,
                "contentHash": v.article.content_hash,
            }
            for v in versions
        ],
        "aliases": [asdict(alias) for alias in aliases],
        "firstSeen": document.first_seen,
        "edited": document.edited,
        "gone": document.gone,
        "removed": document.removed,
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
        which = f", reading {version.reading}" if version.reading > 1 else ""
        say(f"version {version.number}, seen {version.seen.astimezone():%Y-%m-%d %H:%M}{which}", "dim")
    say(f"content hash {article.content_hash}", "dim")


def _print_annotations(own: Annotations) -> None:
    for name, values in (("tags", own.tags), ("collections", own.collections)):
        if values:
            say(f"{name}: {', '.join(values)}", "dim")
    if own.note:
        say(f"note: {own.note}", "dim")
