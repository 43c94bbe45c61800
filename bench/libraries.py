"""Libraries that were measured beside ours and not taken: in what they differ, and their CPU time for one of ours.

Medians of rounds that take turns in one process, so that whatever else the machine does falls on both. It fails when
the reason against a library is gone. Their versions are in the Makefile, which puts them into a folder of their own.

    make bench-libraries
"""

from __future__ import annotations

import io
import logging
import statistics
import sys
import time
from collections.abc import Callable, Coroutine
from contextlib import redirect_stderr
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

ROUNDS = 7
YEARS = range(1410, 1451)  # Hijri: 1989 to 2029
WEEKDAYS = 2  # days about the table's on which a weekday is looked for
FORMS = (
    b"name=a&query=b", urlencode({"name": "حلب", "query": "site:asi حلب", "ui": "ar"}).encode(), b"name=%D8&query=%",
    b"a=1&a=2&&b=c=d;e", b"a+b=%00", "name=حلب&query=é".encode(), b"name=\xff",
)  # fmt: skip


def jalali() -> bool:
    """convertdate, which computes when the equinox is in Tehran."""
    from convertdate import persian  # type: ignore[import-not-found]

    from crawler.extract.dates.calendars import from_jalali

    days = [(year, month, 1) for year in range(1301, 1500, 20) for month in range(1, 13)]
    differ = sum(date(*persian.to_gregorian(*day)) != from_jalali(*day) for day in days)
    few = days[::12]
    times = _times(lambda: [persian.to_gregorian(*d) for d in few], lambda: [from_jalali(*d) for d in few])
    print(f"convertdate, Jalali: {differ} of {len(days)} days differ; {times:,.0f} times the CPU time")
    return times > 100


def hijri() -> bool:
    """hijridate, which has the table of Umm al-Qura."""
    from hijridate import Hijri  # type: ignore[import-not-found]

    from crawler.extract.dates.calendars import from_hijri

    days = [(y, m, d) for y in YEARS for m in range(1, 13) for d in range(1, Hijri(y, m, 1).month_length() + 1)]
    missed = sum(_nearest(from_hijri(*day), theirs) != theirs for day in days for theirs in [_day(Hijri(*day))])
    refused = sum(Hijri(year, month, 1).month_length() < 30 for year in YEARS for month in range(1, 13))
    times = _times(lambda: [Hijri(*d).to_gregorian() for d in days], lambda: [from_hijri(*d) for d in days])
    print(
        f"hijridate: by its weekday ours finds all but {missed} of {len(days)} days; it refuses the 30th of {refused} "
        f"of {12 * len(YEARS)} months; {times:.1f} times the CPU time"
    )
    return missed == 0 and refused > 0


def _day(hijri: Any) -> date:
    return date.fromordinal(hijri.to_gregorian().toordinal())


def _nearest(near: date, told: date) -> date | None:
    """The day about one that has the weekday of the other, as `crawler.extract.calendars` looks for it."""
    about = (near + timedelta(off) for off in sorted(range(-WEEKDAYS, WEEKDAYS + 1), key=abs))
    return next((day for day in about if day.weekday() == told.weekday()), None)


def forms() -> bool:
    """Starlette's `request.form()`, which is python-multipart's parser."""
    from starlette.requests import Request

    from index.web.forms import fields

    def request(body: bytes) -> Request:
        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        kind = (b"content-type", b"application/x-www-form-urlencoded")
        return Request({"type": "http", "method": "POST", "headers": [kind]}, receive)

    async def parsed(body: bytes) -> dict[str, Any]:
        form = await request(body).form(max_files=0, max_fields=10)
        return {name: value for name, value in form.items() if value}

    def theirs(body: bytes) -> dict[str, Any]:
        return dict(_run(parsed(body)))

    def ours(body: bytes) -> dict[str, str]:
        return dict(_run(fields(request(body))))

    differ = [body for body in FORMS if theirs(body) != ours(body)]
    times = _times(lambda: [theirs(body) for body in FORMS], lambda: [ours(body) for body in FORMS])
    print(f"python-multipart: {len(differ)} of {len(FORMS)} forms differ: {differ}; {times:.1f} times the CPU time")
    return bool(differ)


def _run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine that waits for nothing returns."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise RuntimeError("it waits")


def ecs() -> bool:
    """ecs-logging's formatter of records, in place of ours on structlog."""
    from ecs_logging import StdlibFormatter  # type: ignore[import-not-found]

    from crawler.logging_setup import _ecs

    theirs, ours = StdlibFormatter(ensure_ascii=False), _ecs()

    def lines(formatter: logging.Formatter) -> list[str]:
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        handler.setFormatter(formatter)
        with redirect_stderr(io.StringIO()):  # where logging tells of a line that it lost
            for record in _records():
                handler.handle(record)
        return stream.getvalue().splitlines()

    lost = len(lines(ours)) - len(lines(theirs))
    causes = ["ZeroDivisionError" in "".join(lines(formatter)) for formatter in (ours, theirs)]
    times = _times(lambda: lines(theirs), lambda: lines(ours))
    print(f"ecs-logging: {lost} of 3 lines lost; causes told (ours, theirs): {causes}; {times:.1f} times the CPU time")
    return lost > 0 or causes == [True, False]


def _records() -> list[logging.LogRecord]:
    """A plain line, one with a field of its library's that ECS has as an object, and a fault that has a cause."""
    fault: Any = None
    try:
        try:
            _ = 1 // 0
        except ZeroDivisionError as cause:
            raise ValueError("a fault") from cause
    except ValueError:
        fault = sys.exc_info()
    plain, extra, failed = (
        logging.LogRecord("arshif", logging.INFO, "a.py", 1, "عاجل %s", ("now",), info) for info in (None, None, fault)
    )
    extra.__dict__["log"] = "a library's own"
    return [plain, extra, failed]


def _times(theirs: Callable[[], object], ours: Callable[[], object]) -> float:
    """The median of their CPU time for one of ours, turn by turn."""
    return statistics.median(_seconds(theirs) / _seconds(ours) for _ in range(ROUNDS))


def _seconds(work: Callable[[], object]) -> float:
    """CPU time of a call, over enough of them to be measured."""
    done, began = 0, time.process_time()
    while (spent := time.process_time() - began) < 0.02:
        work()
        done += 1
    return spent / done


def main() -> int:
    """Measures all."""
    good = [measure() for measure in (jalali, hijri, forms, ecs)]
    print("pass" if all(good) else "FAIL: there is no reason any more against one of them")
    return not all(good)


if __name__ == "__main__":
    sys.exit(main())
