"""arshif history: the changes of one article over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from crawler.cli.archive import get_article, open_existing_archive
from crawler.cli.options import ArticleArgument, Json
from crawler.console import cell, print_json, print_table

if TYPE_CHECKING:
    from index.archive.history import Event

app = typer.Typer()


@app.command()
def history(article: ArticleArgument, json: Json = False) -> None:
    """Show an article's edits, moves and removals over time."""
    from crawler.config import load
    from index.archive.history import history as events_of

    with open_existing_archive(load(only=())) as archive, archive.read() as conn:
        identifier = get_article(conn, article).article.id
        events = events_of(conn, identifier)
    if json:
        print_json({"article": identifier, "events": [event.fields() for event in events]})
        return
    print_table(
        ("seen", "version", "headline", "event"),
        ((event.at, event.number, event.headline, _in_words(event)) for event in events),
    )


def _in_words(event: Event) -> str:
    if event.what == "changed":
        told = str(event.change) or "nothing visible to readers"
        return f"{told}; may be ours (see `arshif diff`)" if event.maybe_ours else told
    if event.what == "moved":
        return f"moved to {event.url}"
    if event.what == "gone":
        return f"gone, last checked {cell(event.until)}"
    if event.what == "notice":
        return f"in its place: {event.text or 'a page that is no article'}"
    return "back on the site" if event.what == "back" else "first seen"
