"""What the command prints: tables and JSON on standard output, problems and the log on standard error.

Nothing that a page wrote reaches the terminal raw.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

# What a page wrote could move the cursor, set the clipboard or turn a line around: C0 and C1 controls but the line
# feed, and Unicode's embeddings, overrides and isolates. Joiners stay: Persian and many scripts of India need them.
UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]")

NOISY = (  # libraries whose progress is nothing that a person can act on: their warnings are
    "alembic", "apscheduler", "elastic_transport", "httpx", "scrapy", "scrapy-playwright", "trafilatura", "uvicorn",
)  # fmt: skip
TOLD_ELSEWHERE = ("scrapy.downloadermiddlewares.robotstxt",)  # what its source's failure says too
ECS = {"@timestamp": "@timestamp", "level": "log.level", "logger": "log.logger", "event": "message",
       "exception": "error.stack_trace"}  # fmt: skip
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"  # also Scrapy's, in crawler/settings.py
LOG_DATEFORMAT = "%Y-%m-%dT%H:%M:%S%z"

out = Console(highlight=False, markup=False, emoji=False)
err = Console(stderr=True, highlight=False, markup=False, emoji=False)


def safe(text: object) -> str:
    """The text without anything that a terminal would obey; a tab becomes a space."""
    return UNSAFE.sub(lambda match: " " if match[0] == "\t" else "", str(text))


class SafeFormatter(logging.Formatter):
    """Lines of the log, with tracebacks, as `safe` leaves them. A message is one line, whatever a page wrote into it:
    what looks like an event is one."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = record.message.replace("\n", "\\n")
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        return safe(super().format(record))


def set_up_log(level: int = logging.INFO, form: Literal["text", "json"] = "text") -> None:
    """From now on what is logged goes to standard error, from this level on; of NOISY libraries, warnings only.

    `form`: lines for people, or JSON in the names of ECS (https://www.elastic.co/docs/reference/ecs)."""
    handler = logging.StreamHandler()
    handler.setLevel(level)
    handler.setFormatter(SafeFormatter(LOG_FORMAT, LOG_DATEFORMAT) if form == "text" else _ecs())
    handler.addFilter(_wanted)
    logging.basicConfig(level=level, handlers=[handler], force=True)


def _ecs() -> logging.Formatter:
    from structlog import processors, stdlib  # only those who want JSON pay for it

    def renamed(_logger: object, _name: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        known = {theirs: event.pop(ours) for ours, theirs in ECS.items() if ours in event}
        return {**known, "process.pid": os.getpid(), "service.name": "arshif", "ecs.version": "8.11.0", **event}

    chain: list[Any] = [
        stdlib.add_log_level,
        stdlib.add_logger_name,
        processors.TimeStamper("iso", key="@timestamp"),
        processors.format_exc_info,
    ]
    last: list[Any] = [stdlib.ProcessorFormatter.remove_processors_meta, renamed, processors.JSONRenderer(_as_json)]
    return stdlib.ProcessorFormatter(foreign_pre_chain=chain, processors=last)


def _wanted(record: logging.LogRecord) -> bool:
    if record.name in TOLD_ELSEWHERE:
        return False
    return record.levelno >= logging.WARNING or not record.name.startswith(NOISY)


def say(text: object = "", style: str | None = None) -> None:
    """Prints a line (or several) of text."""
    out.print(Text(safe(text), style=style or ""), soft_wrap=True)


def print_error(text: object) -> None:
    """Prints a problem on standard error."""
    err.print(Text(safe(text)), soft_wrap=True)


def print_json(value: Any) -> None:
    """Prints a value as JSON: letters as they are, moments as ISO 8601, control characters escaped."""
    print(_as_json(value, indent=2))


def _as_json(value: object, indent: int | None = None, **_: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=_plain)
    return UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    return str(value)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Prints rows under their columns' names; None is left empty, moments are in local time. On a narrow terminal the
    last column is wrapped, and no other."""
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
    Console(file=out.file, width=max(wide, out.width)).print(table)  # a file has room for whole lines


def cell(value: object) -> str:
    """A value as a table shows it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def format_duration(time: timedelta) -> str:
    """How long in the largest unit that says enough: 43 s, 12 min, 5 h, 3 days; less than a second is 0 s."""
    seconds = max(0, int(time.total_seconds()))
    for unit, length in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
