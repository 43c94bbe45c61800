"""The progress of commands that can take long, on standard error: bars on a terminal, a line every half minute
elsewhere."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.text import Text

from crawler.console import err, format_duration, print_error, safe

if TYPE_CHECKING:
    from index.jobs import Report
    from index.search.indexer import BatchResult

INTERVAL = 30.0  # seconds between two lines where there is no terminal
MAX_SHOWN = 10  # steps shown at once: more would fill a small terminal
BYTES = "bytes"  # the unit that is written as a size
MIN_RATED_SECONDS = 1.0  # a rate over less says nothing

T = TypeVar("T")


class Step:
    """A part of the work: `done` of `total` units (None: unknown), of which an `earlier` process did some, with a
    `note` such as other counts."""

    def __init__(self, what: str, unit: str, total: float | None) -> None:
        self.what, self.unit, self.total = what, unit, total
        self.done, self.earlier, self.note = 0.0, 0.0, ""
        self.begun = self.updated = time.monotonic()

    def update(self, done: float, total: float | None = None, note: str | None = None) -> None:
        """Set what is done so far, and where given the total and the note."""
        self.done, self.updated = done, time.monotonic()
        self.total = self.total if total is None else total
        self.note = self.note if note is None else note

    def follow(self, report: Report, total: float | None, note: str = "") -> None:
        """Set how far a job is (`index/jobs.py`)."""
        self.earlier = report.earlier
        self.update(report.done, total, note)

    def advance(self, more: float = 1) -> None:
        """Add to what is done."""
        self.update(self.done + more)

    def counted(self, each: Iterable[T]) -> Iterator[T]:
        """These, unchanged, each of which is one unit of the work."""
        for one in each:
            yield one
            self.advance()

    @property
    def counts(self) -> str:
        """Such as "450 of 2,000 articles; 3 differ"."""
        of = "" if self.total is None else f" of {self._amount(self.total)}"
        unit = "" if self.unit == BYTES else f" {self.unit}"
        return f"{self._amount(self.done)}{of}{unit}" + (f"; {self.note}" if self.note else "")

    @property
    def pace(self) -> str:
        """Such as "51 a second, 30 s left"; "" while it is not known."""
        passed = time.monotonic() - self.begun
        if passed < MIN_RATED_SECONDS or self.done <= self.earlier:
            return ""
        rate = (self.done - self.earlier) / passed
        said = f"{self._amount(rate, 1)} a second"
        if self.total is not None and self.total > self.done:
            said += f", {format_duration(timedelta(seconds=(self.total - self.done) / rate))} left"
        return said

    @property
    def ending(self) -> str:
        """What is said of the pace of a job that has ended, such as "2,000 of 2,000 articles: 40 s, 50 a second"."""
        taken, more = self.updated - self.begun, self.done - self.earlier
        where = f", on from {self._amount(self.earlier)}, where an earlier run ended" if self.earlier else ""
        rate = f", {self._amount(more / max(taken, MIN_RATED_SECONDS), 1)} a second" if more else ""
        return f"{self.counts}{where}: {format_duration(timedelta(seconds=taken))}{rate}"

    @property
    def line(self) -> str:
        """All of it."""
        return safe(", ".join(filter(None, (f"{self.what}: {self.counts}", self.pace))))

    def _amount(self, number: float, digits: int = 0) -> str:
        if self.unit == BYTES:
            from index.locale import FALLBACK
            from index.locale.formats import size

            return size(FALLBACK, number)
        return f"{number:,.{digits if number < 10 else 0}f}"


class Shown:
    """The steps under way."""

    def __init__(self, bars: Progress | None) -> None:
        self.steps: list[Step] = []
        self.bars = bars
        self._tasks: dict[int, TaskID] = {}

    @property
    def on_terminal(self) -> bool:
        return self.bars is not None

    def begin(self, what: str, unit: str, total: float | None = None) -> Step:
        """A new step, shown from now on if there are not too many."""
        step = Step(what, unit, total)
        self.steps.append(step)
        if self.bars is not None and len(self.steps) <= MAX_SHOWN:
            self._tasks[id(step)] = self.bars.add_task(safe(what), total=None, step=step)
        return step

    def end(self, step: Step) -> None:
        """Show the step no longer."""
        self.steps.remove(step)
        if self.bars is not None and (task := self._tasks.pop(id(step), None)) is not None:
            self.bars.remove_task(task)


@contextmanager
def progress(console: Console = err, interval: float | None = None) -> Iterator[Shown]:
    """Shows the steps that are begun within the block, and nothing of them after it.

    On a terminal they are bars that move; elsewhere each is a line every `interval` seconds (None: INTERVAL).
    """
    with ExitStack() as stack:
        if console.is_terminal and not console.is_dumb_terminal:
            columns = (SpinnerColumn(), TextColumn("{task.description}"), _Bar(bar_width=20), _Counts(), _Pace())
            bars = stack.enter_context(Progress(*columns, console=console, transient=True))
            stack.enter_context(_log_above_bars())
            yield Shown(bars)
            return
        shown, over = Shown(None), threading.Event()
        told = (shown, over, interval or INTERVAL)
        lines = threading.Thread(target=_print_lines, args=told, name="progress", daemon=True)
        lines.start()
        stack.callback(lines.join)
        stack.callback(over.set)
        yield shown


def indexing(shown: Shown) -> Callable[[BatchResult], None]:
    """What `index.search.indexer` is told the progress of an index with."""
    step = shown.begin("index", "documents")

    def tell(batch: BatchResult) -> None:
        done = step.done + batch.sent + batch.refused
        step.update(done, done + batch.left)

    return tell


@contextmanager
def _log_above_bars() -> Iterator[None]:
    """The log goes through the stream that Rich has put in place of standard error, which prints above the bars."""
    handlers = [one for one in logging.getLogger().handlers if isinstance(one, logging.StreamHandler)]
    before = [(one, one.setStream(sys.stderr)) for one in handlers]
    try:
        yield
    finally:
        for handler, stream in before:
            if stream is not None:
                handler.setStream(stream)


def _print_lines(shown: Shown, over: threading.Event, interval: float) -> None:
    while not over.wait(interval):
        for step in shown.steps[:MAX_SHOWN]:
            print_error(step.line)


class _Bar(BarColumn):
    """The bar of a step, which moves to and fro while its total is unknown."""

    def render(self, task: Task):  # type: ignore[no-untyped-def]
        step: Step = task.fields["step"]
        task.total, task.completed = step.total, step.done
        return super().render(task)


class _Counts(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(safe(task.fields["step"].counts))


class _Pace(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(task.fields["step"].pace, style="dim")
