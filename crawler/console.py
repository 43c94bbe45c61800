"""Terminal output: tables and JSON on standard output, errors on standard error.

Text from web pages never reaches the terminal unescaped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from rich.console import Console
from rich.table import Table
from rich.text import Text

from index.model.iso import iso

# Page text could move the cursor, set the clipboard or reverse a line: C0 and C1 controls except the line feed, and
# Unicode's embeddings, overrides and isolates. Joiners stay: Persian and many scripts of India need them.
UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]")

MAX_LISTED = 20  # of many, one by one
T = TypeVar("T")

out = Console(highlight=False, markup=False, emoji=False)
err = Console(stderr=True, highlight=False, markup=False, emoji=False)


def safe(text: object) -> str:
    """The text without the characters that a terminal interprets; a tab becomes a space."""
    return UNSAFE.sub(lambda match: " " if match[0] == "\t" else "", str(text))


def say(text: object = "", style: str | None = None) -> None:
    """Prints one or more lines of text."""
    out.print(Text(safe(text), style=style or ""), soft_wrap=True)


def print_error(text: object) -> None:
    """Prints a message on standard error."""
    err.print(Text(safe(text)), soft_wrap=True)


def some_of(found: Sequence[T], line: Callable[[T], object]) -> Iterator[object]:
    """The lines of the first MAX_LISTED, and one that says how many more there are."""
    yield from map(line, found[:MAX_LISTED])
    if len(found) > MAX_LISTED:
        yield f"and {len(found) - MAX_LISTED} more; --json lists all"


def print_json(value: Any) -> None:
    """Prints a value as JSON: non-ASCII letters unescaped, timestamps in ISO 8601, control characters escaped."""
    print(to_json(value, indent=2))


def to_json(value: object, indent: int | None = None, **_: Any) -> str:
    """The value as JSON that is safe for a terminal: non-ASCII letters unescaped, control characters escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=_plain)
    return UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    return str(value)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Prints rows under the column names; None is shown as an empty cell, timestamps in local time. On a narrow
    terminal only the last column is wrapped."""
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for name in columns:
        last = name == columns[-1]
        table.add_column(name, no_wrap=not last, overflow="fold", min_width=None if last else len(name))
    for row in rows:
        table.add_row(*(Text(safe(cell(value))) for value in row))
    if out.is_terminal:
        out.print(table)
        return
    wide = sum(max((len(str(c)) for c in (name, *column.cells)), default=0) + 2
               for name, column in zip(columns, table.columns, strict=True))  # fmt: skip
    Console(file=out.file, width=max(wide, out.width)).print(table)  # no wrapping in a file


def cell(value: object) -> str:
    """A value as shown in a table."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def format_duration(time: timedelta) -> str:
    """A duration in the largest unit that fits at least twice: 43 s, 12 min, 5 h, 3 days; less than a second is 0 s."""
    seconds = max(0, int(time.total_seconds()))
    for unit, length in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
