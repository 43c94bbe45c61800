"""Hosts: what they have asked of us, in robots.txt and by Retry-After, kept from run to run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, select

from index.archive.tables import hosts
from index.archive.upsert import upsert


@dataclass(frozen=True, slots=True)
class HostState:
    """What is known of an origin, such as `https://step.example`; times are UTC.

    `robots` is the last robots.txt that came (empty: there is none) and `answered` when that was; `silent`: since then
    it cannot be had; `not_before`: the host asked to be left alone until then.
    """

    origin: str
    robots: bytes | None = None
    answered: datetime | None = None
    silent: datetime | None = None
    not_before: datetime | None = None


def origin(url: str) -> str:
    """The scheme and host of an address, by which its host is known here: `https://step.example`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def state(conn: Connection, origin: str) -> HostState:
    """What is known of the origin; its bare name where nothing is."""
    row = conn.execute(select(hosts).where(hosts.c.origin == origin)).mappings().one_or_none()
    return HostState(**row) if row else HostState(origin)


def put(conn: Connection, origin: str, **columns: Any) -> None:
    """Set these fields of HostState for the origin, known or not; the others stay."""
    upsert(conn, hosts, {"origin": origin}, columns)


def waiting(conn: Connection, now: datetime) -> dict[str, datetime]:
    """The origins that asked to be left alone longer than until now, and until when."""
    asked = select(hosts.c.origin, hosts.c.not_before).where(hosts.c.not_before > now)
    return {row.origin: row.not_before for row in conn.execute(asked)}
