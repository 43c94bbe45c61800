"""history, diff: how an article read over time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import groupby
from typing import Any

from rich.text import Text

from crawler.cli.status import open_stored, stored
from crawler.config import load
from crawler.console import cell, out, print_json, print_table, safe, say
from crawler.errors import ArshifError
from index.archive import documents
from index.archive.history import Event, history
from index.dedup.version_diff import DiffSpan, Op, classify_change, paragraphs, word_diff
from index.model.article import Article, Version

# Arabic and English words side by side keep their places: each changed piece is a run of its own (Unicode's isolates).
ISOLATE, POP = "\u2068", "\u2069"
MARKS: dict[Op, tuple[str, str, str]] = {"removed": ("[-", "-]", "red"), "added": ("{+", "+}", "green")}  # as in wdiff
TEXTS = ("headline", "body")
FIELDS = ("authors", "section", "published", "modified")


def show_history(name: str, json: bool) -> None:
    """Prints what happened to an article."""
    with open_stored(load()) as archive, archive.read() as conn:
        article = stored(conn, name).article.id
        events = history(conn, article)
    if json:
        print_json({"article": article, "events": [_as_json(event) for event in events]})
        return
    print_table(
        ("seen", "version", "headline", "what"),
        ((event.at, event.number, event.headline, _told(event)) for event in events),
    )


def _as_json(event: Event) -> dict[str, Any]:
    shown = {name: value for name, value in asdict(event).items() if value not in (None, "") and name != "change"}
    if event.what == "changed":
        shown |= {"kinds": event.change.kinds, "removed": event.change.removed, "added": event.change.added}
    return shown


def _told(event: Event) -> str:
    if event.what == "changed":
        return str(event.change) or "what readers do not see"
    if event.what == "moved":
        return f"moved to {event.url}"
    if event.what == "gone":
        return f"gone, and still so on {cell(event.until)}"
    return "back on its site" if event.what == "back" else "first seen"


def show_diff(name: str, numbers: tuple[int, ...], marks: bool, json: bool) -> None:
    """Prints what changed between two versions: of the last two, of one and the newest, or of any two."""
    with open_stored(load()) as archive, archive.read() as conn:
        article = stored(conn, name).article.id
        said = documents.versions(conn, article)
    old, new = _chosen(said, numbers)
    change = classify_change(old.article, new.article)
    parts = {part: word_diff(getattr(old.article, part), getattr(new.article, part), marks=marks) for part in TEXTS}
    fields = {name: pair for name, pair in _fields(old.article, new.article) if pair[0] != pair[1]}
    if json:
        texts = {part: [asdict(piece) for piece in pieces] for part, pieces in parts.items()}
        between_them = {"article": article, "from": old.number, "to": new.number, **asdict(change)}
        print_json({**between_them, "fields": fields, **texts})
        return
    say(f"version {old.number}, seen {cell(old.seen)}", "red")
    say(f"version {new.number}, seen {cell(new.seen)}: {str(change) or 'no change'}", "green")
    for name, (before, after) in fields.items():
        say(f"{name}: {cell(before) or 'none'} -> {cell(after) or 'none'}")
    for pieces in parts.values():
        _print(pieces)


def _chosen(said: list[Version], numbers: tuple[int, ...]) -> tuple[Version, Version]:
    by_number = {version.number: version for version in said}
    if not numbers and len(said) == 1:
        raise ArshifError("the article has one version only: there is nothing to compare")
    first, second = (*numbers, said[-1].number)[:2] if numbers else (said[-2].number, said[-1].number)
    for number in (first, second):
        if number not in by_number:
            raise ArshifError(f"the article has no version {number}: it has 1 to {said[-1].number} (`arshif history`)")
    return by_number[first], by_number[second]


def _fields(old: Article, new: Article) -> Iterator[tuple[str, tuple[Any, Any]]]:
    for name in FIELDS:
        before, after = getattr(old, name), getattr(new, name)
        plain = (", ".join(before), ", ".join(after)) if name == "authors" else (before, after)
        yield name, plain


def _print(pieces: Iterable[DiffSpan]) -> None:
    """The paragraphs in which something changed; a line stands for those between them."""
    for changed, run in groupby(paragraphs(pieces), key=lambda found: any(piece.op != "same" for piece in found)):
        say()
        for paragraph in run:
            if not changed:
                say("[…]", "dim")
                break
            out.print(_marked(paragraph), soft_wrap=True)


def _marked(paragraph: Iterable[DiffSpan]) -> Text:
    text = Text()
    for piece in paragraph:
        if piece.op == "same":
            text.append(safe(piece.text))
        else:
            opens, closes, colour = MARKS[piece.op]
            text.append(f"{opens}{ISOLATE}{safe(piece.text)}{POP}{closes}", colour)
    return text
