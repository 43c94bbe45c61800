"""Facsimiles: copies of versions that look like the page did. Their parts are records beside the raw responses.

An image that a site shows again, with another article or version, is kept once, or where raw responses expire once a
day: it is known by the hash of its bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, select

from index.archive import tables as t
from index.archive import warc_records
from index.archive.requests import AddressRequest
from index.archive.upsert import chunks, upsert
from index.archive.warc_records import LOCATION, ref_of
from index.model.codes import PartKind
from index.model.message import Message
from index.warc.record import Resource, WarcRef

URNS = {  # of parts that have no address on the web; the first two as Browsertrix Crawler has them
    PartKind.PICTURE: "urn:fullPage:",
    PartKind.THUMBNAIL: "urn:thumbnail:",
    PartKind.PAGE: "urn:mhtml:",
}
_part, _raw, _version = t.facsimile_parts.c, t.raws.c, t.versions.c


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a facsimile: its number (an image's among those of the article, from 1; else 1), the URL of the image
    or of the page, when it was made (UTC), where its record is, and that record's URL."""

    kind: PartKind
    number: int
    url: str
    made: datetime
    ref: WarcRef
    target: str


@dataclass(frozen=True, slots=True)
class Facsimile:
    """What there is of the facsimile of a version: its parts, when it was last tried (UTC), and why something is
    missing; None if nothing is."""

    tried: datetime
    problem: Message | None
    parts: tuple[Part, ...]

    def part(self, kind: PartKind, number: int = 1) -> Part | None:
        """Its part of this kind and number, if it has it."""
        return next((part for part in self.parts if (part.kind, part.number) == (kind, number)), None)

    @property
    def images(self) -> tuple[Part, ...]:
        """Its images, in the article's order."""
        return tuple(part for part in self.parts if part.kind == PartKind.IMAGE)

    @property
    def told(self) -> dict[str, Any]:
        """What it has, and why it lacks something, for a program."""
        kinds = {part.kind for part in self.parts}
        has = {"images": len(self.images), "picture": PartKind.PICTURE in kinds, "page": PartKind.PAGE in kinds}
        return has | {"detail": self.problem}


@dataclass(frozen=True, slots=True)
class Original:
    """What a version stays known by when its article is merged into another or earlier versions are found: the article
    (id) that had it, when it was seen (UTC), and the hash of its page's body, where that is known."""

    article: str
    seen: datetime
    body_hash: str | None


@dataclass(frozen=True, slots=True)
class NewPart:
    """A part to be kept: its bytes, with their hash, media type and when they were made (aware)."""

    kind: PartKind
    number: int
    url: str
    made: datetime
    media: str
    body: bytes
    hash: str

    @property
    def resource(self) -> Resource:
        """The part as a record."""
        return Resource(URNS.get(self.kind, "") + self.url, self.made, self.media, self.body)


def page_of(target: str) -> str:
    """The URL of the page whose response, or part of a facsimile, a record with this URL is."""
    return next((target.removeprefix(urn) for urn in URNS.values() if target.startswith(urn)), target)


def original(conn: Connection, article: str, version: int) -> Original:
    """What a stored version stays known by while its facsimile is made."""
    its = (_version.article == article) & (_version.number == version)
    row = conn.execute(select(_version.seen, _version.body_hash).where(its)).one()
    return Original(article, row.seen, row.body_hash)


def place_of(conn: Connection, what: Original) -> tuple[str, int] | None:
    """The article (id) and number that a version has today; None if it is no more."""
    into = select(t.merged.c.article).where(t.merged.c.id == what.article)
    there = (_version.article == what.article) | _version.article.in_(into)
    same = (_version.seen == what.seen) & _version.body_hash.is_not_distinct_from(what.body_hash)
    query = select(_version.article, _version.number).where(there, same).order_by(_version.number.desc()).limit(1)
    row = conn.execute(query).one_or_none()
    return (row.article, row.number) if row is not None else None


def of_version(conn: Connection, article: str, version: int) -> Facsimile | None:
    """The facsimile of a version of an article (id); None if none was tried."""
    its = (t.facsimiles.c.article == article) & (t.facsimiles.c.version == version)
    row = conn.execute(select(t.facsimiles).where(its)).one_or_none()
    return Facsimile(row.tried, row.problem, parts(conn, article, version)) if row is not None else None


def of_article(conn: Connection, article: str) -> dict[int, Facsimile]:
    """The facsimiles of an article (id), by the numbers of their versions; of versions for which one was tried."""
    found: dict[int, list[Part]] = {}
    for row in conn.execute(_PARTS.add_columns(_part.version).where(_part.article == article).order_by(*_ORDER)):
        found.setdefault(row.version, []).append(_as_part(row))
    tried = conn.execute(select(t.facsimiles).where(t.facsimiles.c.article == article)).all()
    return {row.version: Facsimile(row.tried, row.problem, tuple(found.get(row.version, ()))) for row in tried}


def of_request(conn: Connection, asked: AddressRequest) -> Facsimile | None:
    """The facsimile that came of a request, if it asked for one and has an article."""
    if not asked.facsimile or asked.article is None or asked.number is None:
        return None
    return of_version(conn, asked.article, asked.number)


def parts(conn: Connection, article: str, version: int) -> tuple[Part, ...]:
    """What there is of the facsimile of a version so far."""
    its = (_part.article == article) & (_part.version == version)
    return tuple(map(_as_part, conn.execute(_PARTS.where(its).order_by(*_ORDER))))


def newest_with(conn: Connection, kind: PartKind, articles: Sequence[str]) -> dict[str, int]:
    """The numbers of the newest versions of these articles (ids) that have a part of this kind."""
    found: dict[str, int] = {}
    for piece in chunks(articles):
        query = select(_part.article, func.max(_part.version)).where(_part.kind == kind, _part.article.in_(piece))
        found |= {row[0]: row[1] for row in conn.execute(query.group_by(_part.article))}
    return found


def versions(conn: Connection, article: str) -> list[int]:
    """The numbers of the versions of an article that have a part of a facsimile."""
    query = select(_part.version).where(_part.article == article).distinct().order_by(_part.version)
    return list(conn.execute(query).scalars())


def keep(
    conn: Connection,
    site: str,
    article: str,
    version: int,
    new: NewPart,
    write: Callable[[Resource], WarcRef],
    since: datetime | None = None,
) -> WarcRef:
    """Keep a part of the facsimile of a version, unless there is one; return where its record is. `write` writes that,
    which an image that the site has shown before (`since`: aware, None: ever) does not need."""
    its = (_part.article == article) & (_part.version == version) & (_part.kind == new.kind)
    if (row := conn.execute(_PARTS.where(its, _part.number == new.number)).one_or_none()) is not None:
        return ref_of(row)
    known = _known(conn, site, new, since) if new.kind == PartKind.IMAGE else None
    raw, ref = known if known is not None else _written(conn, site, new, write(new.resource))
    values: dict[str, Any] = {"kind": new.kind, "number": new.number, "url": new.url, "made": new.made}
    values |= {"article": article, "version": version, "raw": raw, "hash": new.hash}
    conn.execute(insert(t.facsimile_parts).values(**values))
    return ref


def _known(conn: Connection, site: str, new: NewPart, since: datetime | None) -> tuple[int, WarcRef] | None:
    """The sound record that an image of the site with these bytes has, if there is one that was fetched since then. In
    PostgreSQL, no other process deletes it before this transaction ends."""
    same = (_part.hash == new.hash) & (_part.kind == new.kind) & (_raw.site == site) & _raw.problem.is_(None)
    if since is not None:
        same &= _raw.fetched >= since
    found = select(t.raws).join(t.facsimile_parts, _raw.id == _part.raw).where(same).limit(1)
    row = conn.execute(found.with_for_update(read=True, key_share=True, of=t.raws)).one_or_none()
    return (row.id, ref_of(row)) if row is not None else None


def _written(conn: Connection, site: str, new: NewPart, ref: WarcRef) -> tuple[int, WarcRef]:
    """The number of the record of a part that has just been written, and where it is."""
    return warc_records.add(conn, site, ref, new.resource.url, new.made, new.hash), ref


def close(conn: Connection, article: str, version: int, problem: Message | None, now: datetime) -> None:
    """Record that the facsimile of a version was tried, and what it lacks (None: nothing)."""
    upsert(conn, t.facsimiles, {"article": article, "version": version}, {"tried": now, "problem": problem})


def only_of(article: str) -> ColumnElement[bool]:
    """The condition for the records (`raws`) that are parts of facsimiles of this article (id), and of no other's."""
    other = t.facsimile_parts.alias("other")
    shared = select(other.c.raw).where(other.c.raw == _part.raw, other.c.article != article).exists()
    return _raw.id.in_(select(_part.raw).where(_part.article == article, ~shared))


_ORDER = (_part.kind, _part.number)
_PARTS = select(
    *(_part[name] for name in ("kind", "number", "url", "made")),
    *(_raw[name] for name in LOCATION),
    _raw.url.label("target"),
).join(t.raws, _raw.id == _part.raw)


def _as_part(row: Any) -> Part:
    return Part(PartKind(row.kind), row.number, row.url, row.made, ref_of(row), row.target)
