"""Moments as a reader sees them: in one time zone, the reader's, and by how long ago where that is recent.

A browser names its zone in a cookie (IANA time zone database: https://www.iana.org/time-zones), set by our script;
until it has, and without scripts, the zone is this machine's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from urllib.parse import unquote
from zoneinfo import ZoneInfo, available_timezones

from starlette.requests import Request

COOKIE = "arshif-zone"
RECENT = timedelta(hours=24)  # further away, a day says more than a number of hours


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader's clock: the present moment (aware), and the zone; None for this machine's."""

    now: datetime
    zone: ZoneInfo | None = None

    def local(self, moment: datetime) -> datetime:
        """The same moment in the reader's zone."""
        return moment.astimezone(self.zone)

    def since(self, moment: datetime) -> timedelta | None:
        """The time from now to a recent moment, negative for the past; None for one that is not recent."""
        apart = moment - self.now
        return apart if abs(apart) < RECENT else None

    def differs(self, moment: datetime) -> bool:
        """Whether the clocks where this moment was written down show another time than the reader's."""
        return self.local(moment).utcoffset() != moment.utcoffset()

    @property
    def offset(self) -> int:
        """The zone's present offset from UTC in minutes, by which the script sees whether it is the browser's."""
        return (self.local(self.now).utcoffset() or timedelta()) // timedelta(minutes=1)


def reader_of(request: Request) -> Reader:
    """The clock of whoever sends this request."""
    named = unquote(request.cookies.get(COOKIE, ""))
    return Reader(request.app.state.now(), ZoneInfo(named) if named in zones() else None)


@cache
def zones() -> frozenset[str]:
    """The names of all zones that this machine knows."""
    return frozenset(available_timezones())
