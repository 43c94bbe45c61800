"""Arguments and options shared by several commands, and the parsing of their values."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from crawler.processes.child import die_with_parent

STDOUT = Path("-")
UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}  # of a time before now, as in 30d


def _date(text: str) -> str:
    """The date as it was written; a time before now, such as 30d, as a moment in ISO 8601 (UTC)."""
    if ago := re.fullmatch(r"(\d{1,5})([hdw])", text):
        try:
            return (datetime.now(UTC) - int(ago[1]) * UNITS[ago[2]]).isoformat(timespec="seconds")
        except OverflowError:
            pass
    try:
        datetime.fromisoformat(text or "2026-01-31")
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is not a date: use the form 2026-01-31, or 30d for the last 30 days"
        ) from None
    return text


def _relative(text: str) -> str:
    """The date as it was written, also a time before now: it is the same at each call of a command that is repeated."""
    _date(text)
    return text


def moment(text: str) -> datetime | None:
    """The moment (UTC) of such a date; None if it is empty."""
    from crawler.text import as_utc

    return as_utc(_date(text))


def _end_with(parent: int) -> int:
    if parent:
        die_with_parent(parent)
    return parent


Cluster = Annotated[
    str,
    typer.Option(
        metavar="local-cluster|ray://HOST",
        help="Extract pages on a Ray cluster (arshif[ray]) instead of in processes of this machine.",
    ),
]
WorkerCount = Annotated[
    int | None, typer.Option("--workers", min=1, max=256, help="Worker processes; by default one per CPU.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Out = Annotated[Path, typer.Option(help="File to create; - for standard output.")]
Limit = Annotated[int, typer.Option(min=1, max=1_000_000, help="Number of entries to list.")]
Parent = Annotated[
    int, typer.Option("--parent", hidden=True, callback=_end_with)
]  # a pid: of the daemon that started this command

ArticleArgument = Annotated[str, typer.Argument(help="Id or URL of an article.")]
ArticlesArgument = Annotated[list[str], typer.Argument(metavar="ARTICLE...", help="Ids or URLs of articles.")]
CollectionArgument = Annotated[str, typer.Argument(help="Id or name of a collection.")]
SiteArgument = Annotated[str, typer.Argument(help="Id of a site, which is its file's name.")]
SitesArgument = Annotated[list[str] | None, typer.Argument(help="Ids of sites; by default, all enabled sites.")]
SiteOption = Annotated[str, typer.Option("--site", help="Only this site (its id).")]
Since = Annotated[
    str,
    typer.Option(
        callback=_date, help="Also fetch older articles, back to this date (2026-01-31, or 30d: since 30 days ago)."
    ),
]
SeenSince = Annotated[
    str,
    typer.Option("--since", callback=_date, help="Only from this date on (2026-01-31, or 30d: since 30 days ago)."),
]
FetchedUntil = Annotated[
    str,
    typer.Option(
        "--until",
        callback=_relative,
        help="Only pages fetched before this date (2026-01-31, or 30d: until 30 days ago).",
    ),
]
FetchedSince = Annotated[
    str,
    typer.Option(
        "--since",
        callback=_relative,
        help="Only pages fetched since this date (2026-01-31, or 30d: since 30 days ago).",
    ),
]
