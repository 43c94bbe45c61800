"""arshif diff: what changed between two versions of an article, word by word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from crawler.cli.archive import get_article, open_existing_archive
from crawler.cli.options import ArticleArgument, Json
from crawler.console import cell, out, print_json, safe, say
from crawler.errors import ArshifError

if TYPE_CHECKING:
    from index.dedup.version_diff import DiffSpan, Op
    from index.model.article import Article, Version

app = typer.Typer()

# Each change is an isolated run (Unicode's bidirectional isolates), so that Arabic and English words keep their places.
ISOLATE, POP = "\u2068", "\u2069"
MARKS: dict[Op, tuple[str, str, str]] = {"removed": ("[-", "-]", "red"), "added": ("{+", "+}", "green")}  # as in wdiff
MAYBE_OURS = (
    "The two could not be read by the same rules: a raw copy is missing, or was last read by an older release "
    "(`arshif reextract`). What differs may be our doing rather than the site's."
)
TEXTS = ("headline", "body")
FIELDS = ("authors", "section", "published", "modified")


@app.command()
def diff(
    article: ArticleArgument,
    versions: Annotated[
        list[int] | None,
        typer.Argument(help="Two version numbers, or one to compare with the newest; by default, the last two."),
    ] = None,
    marks: Annotated[bool, typer.Option(help="Whether vowel signs, accents and letter case count.")] = True,
    json: Json = False,
) -> None:
    """Show the changes between two versions, word by word.

    Removed words appear as [-these words-], added ones as {+these words+}; unchanged paragraphs are left out.
    """
    from crawler.config import load
    from index.archive import documents
    from index.dedup.version_diff import same_rules, version_change, word_diff

    if len(versions or ()) > 2:
        raise typer.BadParameter("at most two versions can be compared")
    with open_existing_archive(load(only=())) as archive, archive.read() as conn:
        identifier = get_article(conn, article).article.id
        stored = documents.versions(conn, identifier)
    old, new = _chosen(stored, versions or [])
    change = version_change(old, new)
    maybe_ours = old.number != new.number and not same_rules(old, new)
    texts = {part: word_diff(getattr(old.article, part), getattr(new.article, part), marks=marks) for part in TEXTS}
    fields = {name: pair for name, pair in _fields(old.article, new.article) if pair[0] != pair[1]}
    if json:
        compared = {"article": identifier, "from": old.number, "to": new.number, **asdict(change)}
        compared |= {"maybe_ours": maybe_ours, "readings": [old.reading, new.reading]}
        spans = {part: [asdict(span) for span in found] for part, found in texts.items()}
        print_json({**compared, "fields": fields, **spans})
        return
    say(f"version {old.number}{_reading(old)}, seen {cell(old.seen)}", "red")
    say(f"version {new.number}{_reading(new)}, seen {cell(new.seen)}: {str(change) or 'no change'}", "green")
    if maybe_ours:
        say(MAYBE_OURS, "yellow")
    for name, (before, after) in fields.items():
        say(f"{name}: {cell(before) or 'none'} -> {cell(after) or 'none'}")
    for found in texts.values():
        if any(span.op != "same" for span in found):
            _print(found)


def _reading(version: Version) -> str:
    return f", reading {version.reading}" if version.reading > 1 else ""


def _chosen(stored: list[Version], numbers: list[int]) -> tuple[Version, Version]:
    by_number = {version.number: version for version in stored}
    if not numbers and len(stored) == 1:
        raise ArshifError("the article has only one version: there is nothing to compare")
    newest = stored[-1].number
    first, second = (*numbers, newest)[:2] if numbers else (stored[-2].number, newest)
    for number in (first, second):
        if number not in by_number:
            raise ArshifError(f"the article has no version {number}, only 1 to {newest}: see `arshif history`")
    return by_number[first], by_number[second]


def _fields(old: Article, new: Article) -> Iterator[tuple[str, tuple[Any, Any]]]:
    for name in FIELDS:
        before, after = getattr(old, name), getattr(new, name)
        plain = (", ".join(before), ", ".join(after)) if name == "authors" else (before, after)
        yield name, plain


def _print(spans: Iterable[DiffSpan]) -> None:
    """Prints the paragraphs that changed, and one line for those between them."""
    from index.dedup.version_diff import paragraphs

    for changed, run in groupby(paragraphs(spans), key=lambda found: any(span.op != "same" for span in found)):
        say()
        for paragraph in run:
            if not changed:
                say("[…]", "dim")
                break
            out.print(_marked(paragraph), soft_wrap=True)


def _marked(paragraph: Iterable[DiffSpan]) -> Text:
    text = Text()
    for span in paragraph:
        if span.op == "same":
            text.append(safe(span.text))
        else:
            opens, closes, colour = MARKS[span.op]
            text.append(f"{opens}{ISOLATE}{safe(span.text)}{POP}{closes}", colour)
    return text
