"""Hosts: their robots.txt and Retry-After, remembered between runs."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, Select, select

from index.archive.tables import hosts
from index.archive.upsert import upsert

LONGEST_WAIT = timedelta(days=8)  # of a host, a source or a page that failed: 7 days, and what spreads them

ROBOTS_BYTES = 5_000  # of a robots.txt in the archive, compressed: a run of one feed can meet hundreds of hosts
_PACKED = b"\0z"  # how a compressed one begins; older releases kept them as they came, which is text


@dataclass(frozen=True, slots=True)
class HostState:
    """What is known of an origin, such as `https://step.example`; times are UTC.

    `robots` is the last robots.txt received (empty: there is none) and `answered` when that was; `silent` is since when
    it cannot be fetched; `not_before` is when the host's Retry-After ends.
    """

    origin: str
    robots: bytes | None = None
    answered: datetime | None = None
    silent: datetime | None = None
    not_before: datetime | None = None


def origin(url: str) -> str:
    """The origin of a URL, by which its host is identified here: `https://step.example`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def state(conn: Connection, origin: str) -> HostState:
    """What is known of the origin; only its name is set if nothing is known."""
    row = conn.execute(select(hosts).where(hosts.c.origin == origin)).mappings().one_or_none()
    return HostState(**{**row, "robots": _unpacked(row["robots"])}) if row else HostState(origin)


def put(conn: Connection, origin: str, **columns: Any) -> None:
    """Set these fields of HostState for the origin, known or not; the others keep their values.

    A robots.txt that takes more than ROBOTS_BYTES is not kept, and is asked for again in the next run.
    """
    if columns.get("robots"):
        packed = _PACKED + zlib.compress(columns["robots"], 9)
        columns |= {"robots": packed} if len(packed) <= ROBOTS_BYTES else {"robots": None, "answered": None}
    upsert(conn, hosts, {"origin": origin}, columns)


def _unpacked(robots: bytes | None) -> bytes | None:
    return zlib.decompress(robots[len(_PACKED) :]) if robots and robots.startswith(_PACKED) else robots


def asked_to_wait(conn: Connection, origin: str, now: datetime) -> datetime | None:
    """When the Retry-After of an origin ends; None if it has none, as in `waiting`."""
    return conn.execute(_waits(now).where(hosts.c.origin == origin)).scalar_one_or_none()


def waiting(conn: Connection, now: datetime) -> dict[str, datetime]:
    """The origins whose Retry-After has not ended yet, with when it ends; one that no host can have asked for, which a
    clock from the future wrote, is none."""
    return {row.origin: row.not_before for row in conn.execute(_waits(now).add_columns(hosts.c.origin))}


def _waits(now: datetime) -> Select[Any]:
    return select(hosts.c.not_before).where(hosts.c.not_before.between(now, now + LONGEST_WAIT))
