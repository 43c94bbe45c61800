"""Manifests: which readings and raw responses were stored by the end of each day (UTC), as hashes.

Each reading and each raw response becomes an entry: its hash, in the order of the tree of the day's manifest. Entries
are added to the open manifest, a few at a time, until its day has ended and nothing stored by then lacks one; then it
gets its text, and never changes again. A manifest therefore covers everything that was stored by the end of its day and
that none before it covers. Entries outlast what they are the hash of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    Table,
    and_,
    case,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from index.archive import dialect
from index.archive import tables as t
from index.archive.upsert import CHUNK
from index.archive.warc_records import CheckedRecord, ref_of
from index.evidence import merkle
from index.evidence.forms import READ, Manifest, parse_manifest, reading_bytes

AHEAD = timedelta(days=1)  # what was stored later than this from now was stored by a wrong clock: now, for all we know
_TABLES = (t.versions, t.readings)  # the first readings, and the further ones
_own, _record = t.manifest_entries.alias("own"), t.manifest_entries.alias("record")


@dataclass(frozen=True, slots=True)
class OpenManifest:
    """The manifest that entries are added to; `first` is the id of its first entry, `last` that of its last so far."""

    number: int
    day: date
    first: int
    last: int

    @property
    def end(self) -> datetime:
        """The end of its day (UTC)."""
        return datetime(self.day.year, self.day.month, self.day.day, tzinfo=UTC) + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class StoredManifest:
    """A manifest that was closed: its text, the id of its first entry; and if there are, its signature, the public key
    of that, and its time stamp."""

    number: int
    day: str
    first: int
    text: str
    signature: str | None
    key: str | None
    stamp: bytes | None


@dataclass(frozen=True, slots=True)
class CoveredReading:
    """A reading of an article's version: its form, the id of its entry (None: it has none yet), the entry's hash, and
    the id of the entry of its record."""

    article: str
    version: int
    number: int
    form: bytes
    entry: int | None
    hash: bytes | None
    record: int | None


# --- adding entries --------------------------------------------------------------------------------------------------


def current(conn: Connection, now: datetime) -> OpenManifest | None:
    """The open manifest; if there is none, the one to open for what lacks an entry; None if nothing does.

    Its day is that on which the oldest of it was stored, today (UTC) if that is not known.
    """
    last_entry = conn.execute(select(func.max(t.manifest_entries.c.id))).scalar_one() or 0
    newest = conn.execute(select(t.manifests).order_by(t.manifests.c.number.desc()).limit(1)).one_or_none()
    if newest is not None and newest.text is None:
        day = min(date.fromisoformat(newest.day), now.astimezone(UTC).date())  # the clock may have been ahead: `hold`
        return OpenManifest(newest.number, day, newest.first, last_entry)
    lacking = {t.raws: select(t.raws.c.stored).where(_uncovered(t.raws))}
    lacking |= {table: _readings(table, table.c.stored).where(_uncovered(table), _settled()) for table in _TABLES}
    if all(conn.execute(query.limit(1)).first() is None for query in lacking.values()):
        return None
    known = [  # in order, of which the index gives the first, where a minimum would look at all of them
        query.where(table.c.stored.is_not(None)).order_by(table.c.stored).limit(1) for table, query in lacking.items()
    ]
    oldest = min([now, *(row.stored for query in known if (row := conn.execute(query).first()) is not None)])
    return OpenManifest((newest.number if newest else 0) + 1, oldest.astimezone(UTC).date(), last_entry + 1, last_entry)


def hold(conn: Connection, now: datetime) -> OpenManifest | None:
    """What `current` gives, which no other transaction changes until this one has ended. A manifest that was opened
    while the clock was ahead becomes today's."""
    dialect.of(conn).hold_articles(conn)
    found = current(conn, now)
    if found is not None:
        ahead = (t.manifests.c.number == found.number) & (t.manifests.c.day > found.day.isoformat())
        conn.execute(update(t.manifests).where(ahead).values(day=found.day.isoformat()))
    return found


def records_due(conn: Connection, manifest: OpenManifest, now: datetime, most: int) -> list[CheckedRecord]:
    """At most `most` raw responses that are to be entered in this manifest; those found damaged are left out."""
    rows = conn.execute(select(t.raws).where(_due(t.raws, manifest, now)).order_by(t.raws.c.stored).limit(most))
    return [CheckedRecord(row.id, ref_of(row), row.url) for row in rows]


def add_records(conn: Connection, manifest: OpenManifest, hashes: Mapping[int, bytes]) -> int:
    """Add the entries of these raw responses (by id) that still lack one; return how many."""
    lacking = select(t.raws.c.id).where(t.raws.c.id.in_(list(hashes)), t.raws.c.entry.is_(None))
    ids = list(conn.execute(lacking.order_by(t.raws.c.id)).scalars())
    for entry, record in zip(_add(conn, manifest, [(hashes[one], None) for one in ids]), ids, strict=True):
        conn.execute(update(t.raws).where(t.raws.c.id == record).values(entry=entry))
    return len(ids)


def add_readings(conn: Connection, manifest: OpenManifest, now: datetime, most: int) -> int:
    """Add the entries of at most `most` readings that are to be in this manifest; return how many.

    A reading waits for the entry of the raw response that it was read from, unless that is damaged or gone.
    """
    added = 0
    for table in _TABLES:
        query = _readings(table).where(_due(table, manifest, now), _settled()).limit(most - added)
        rows = conn.execute(query).mappings().all()
        entries = [(merkle.leaf_hash(_form(row)), row["record_entry"]) for row in rows]
        for entry, row in zip(_add(conn, manifest, entries), rows, strict=True):
            mine = _is(table, row["article"], row["version"], row["reading"])
            conn.execute(update(table).where(mine).values(entry=entry))
        added += len(rows)
    return added


def is_complete(conn: Connection, manifest: OpenManifest, now: datetime) -> bool:
    """Whether nothing lacks an entry that must be in this manifest."""
    due: list[Select[Any]] = [select(t.raws.c.id).where(_due(t.raws, manifest, now))]
    due += [_readings(table).where(_due(table, manifest, now), _settled()) for table in _TABLES]
    return all(conn.execute(query.limit(1)).first() is None for query in due)


def close(
    conn: Connection, manifest: Manifest, last: int, now: datetime, signature: str | None, key: str | None
) -> bool:
    """Give the open manifest its text, and with it the signature and its public key; return whether that was done.

    It is not if it was closed already, has entries after `last`, the one that its text was made with, or lacks some.
    """
    found = hold(conn, now)
    if found is None or (found.number, found.last) != (manifest.number, last) or last < found.first:
        return False
    if not is_complete(conn, found, now):
        return False
    values = {"text": manifest.text, "signature": signature, "key": key}
    conn.execute(update(t.manifests).where(t.manifests.c.number == manifest.number).values(**values))
    return True


def _add(conn: Connection, manifest: OpenManifest, entries: Sequence[tuple[bytes, int | None]]) -> list[int]:
    """Append entries, each with its hash and the entry of its record, and return their ids."""
    if not entries:
        return []
    if conn.execute(select(t.manifests.c.number).where(t.manifests.c.number == manifest.number)).first() is None:
        values = {"number": manifest.number, "day": manifest.day.isoformat(), "first": manifest.first}
        conn.execute(insert(t.manifests).values(**values))
    last = conn.execute(select(func.max(t.manifest_entries.c.id))).scalar_one() or 0
    ids = list(range(last + 1, last + 1 + len(entries)))
    rows = [{"id": one, "hash": leaf, "record": record} for one, (leaf, record) in zip(ids, entries, strict=True)]
    conn.execute(insert(t.manifest_entries), rows)
    return ids


# --- what there is ---------------------------------------------------------------------------------------------------


def stored(conn: Connection, first: int = 1) -> Iterator[StoredManifest]:
    """The closed manifests from this number on, in their order."""
    last = first - 1
    while True:
        query = select(t.manifests).where(t.manifests.c.number > last, t.manifests.c.text.is_not(None))
        rows = conn.execute(query.order_by(t.manifests.c.number).limit(CHUNK)).mappings().all()
        if not rows:
            return
        yield from (StoredManifest(**row) for row in rows)
        last = rows[-1]["number"]


def newest(conn: Connection) -> StoredManifest | None:
    """The newest closed manifest; None if there is none."""
    query = select(t.manifests).where(t.manifests.c.text.is_not(None)).order_by(t.manifests.c.number.desc()).limit(1)
    row = conn.execute(query).mappings().one_or_none()
    return StoredManifest(**row) if row is not None else None


def of_entry(conn: Connection, entry: int) -> StoredManifest | None:
    """The closed manifest that has this entry (id); None if its manifest is still open."""
    query = select(t.manifests).where(t.manifests.c.first <= entry).order_by(t.manifests.c.number.desc()).limit(1)
    row = conn.execute(query).mappings().one_or_none()
    return StoredManifest(**row) if row is not None and row["text"] is not None else None


def leaves(conn: Connection, first: int, count: int) -> Iterator[bytes]:
    """The hashes of `count` entries, at most, from the id `first` on."""
    at, end = first, first + count
    while at < end:
        ids = t.manifest_entries.c.id
        query = select(t.manifest_entries.c.hash).where(ids >= at, ids < min(at + CHUNK, end)).order_by(ids)
        yield from conn.execute(query).scalars()
        at += CHUNK


def sign(conn: Connection, number: int, signature: str, key: str) -> None:
    """Keep the signature of a closed manifest that has none, and the public key of it."""
    unsigned = (t.manifests.c.number == number) & t.manifests.c.signature.is_(None)
    conn.execute(update(t.manifests).where(unsigned).values(signature=signature, key=key))


def stamp(conn: Connection, number: int, stamp: bytes) -> None:
    """Keep the time stamp of a closed manifest that has none."""
    unstamped = (t.manifests.c.number == number) & t.manifests.c.stamp.is_(None)
    conn.execute(update(t.manifests).where(unstamped).values(stamp=stamp))


def reading(conn: Connection, article: str, version: int, number: int) -> CoveredReading | None:
    """A reading of an article's version, by its number from 1; None if there is none."""
    table = t.versions if number == 1 else t.readings
    row = conn.execute(_readings(table).where(_is(table, article, version, number))).mappings().one_or_none()
    return _covered(row) if row is not None else None


def covered(conn: Connection, most: int, after: tuple[str, int, int] = ("", 0, 0)) -> list[CoveredReading]:
    """At most `most` readings that have an entry, by article, version and number, after this one."""
    found: list[CoveredReading] = []
    for table in _TABLES:
        article, version, number = _key(table)
        later = or_(
            article > after[0],
            and_(article == after[0], version > after[1]),
            and_(article == after[0], version == after[1], number > after[2]),
        )
        # Where to begin, for the index: the databases do not find it in `later`
        query = _readings(table).where(table.c.entry.is_not(None), article >= after[0], later)
        query = query.order_by(article, version, number)
        found += map(_covered, conn.execute(query.limit(most)).mappings())
    found.sort(key=lambda one: (one.article, one.version, one.number))
    return found[:most]


def record(conn: Connection, entry: int) -> CheckedRecord | None:
    """The raw response with this entry (id); None if it is no longer there."""
    row = conn.execute(select(t.raws).where(t.raws.c.entry == entry)).one_or_none()
    return CheckedRecord(row.id, ref_of(row), row.url) if row is not None else None


def entry_hash(conn: Connection, entry: int) -> bytes | None:
    """The hash of an entry (id)."""
    found: bytes | None = conn.execute(
        select(t.manifest_entries.c.hash).where(t.manifest_entries.c.id == entry)
    ).scalar_one_or_none()
    return found


def parsed(manifest: StoredManifest) -> Manifest:
    """What the text of a manifest says.

    :raises ValueError: when that is not the text of one.
    """
    return parse_manifest(manifest.text)


# --- internal --------------------------------------------------------------------------------------------------------


def _uncovered(table: Table) -> ColumnElement[bool]:
    """The condition for what lacks an entry and can get one: a damaged raw response gets it once it is mended."""
    lacks = table.c.entry.is_(None)
    return lacks & table.c.problem.is_(None) if table is t.raws else lacks


def _due(table: Table, manifest: OpenManifest, now: datetime) -> ColumnElement[bool]:
    """The condition for what is to be entered in the open manifest."""
    at = table.c.stored
    return _uncovered(table) & or_(at.is_(None), at < manifest.end, at > now + AHEAD)


def _settled() -> ColumnElement[bool]:
    """The condition for a reading whose raw response has its entry, or cannot get one."""
    return or_(t.raws.c.id.is_(None), t.raws.c.entry.is_not(None), t.raws.c.problem.is_not(None))


def _key(table: Table) -> tuple[ColumnElement[Any], ColumnElement[Any], ColumnElement[Any]]:
    """What tells a reading in this table: its article, version and number."""
    if table is t.readings:
        return table.c.article, table.c.version, table.c.number
    return table.c.article, table.c.number, literal(1)


def _is(table: Table, article: str, version: int, number: int) -> ColumnElement[bool]:
    keys = _key(table)
    one = (keys[0] == article) & (keys[1] == version)
    return one & (keys[2] == number) if table is t.readings else one


def _readings(table: Table, *only: ColumnElement[Any]) -> Select[Any]:
    """The readings in a table with all that their forms are made of, and the entry of the record of each: that which it
    was entered with; before, that of its version's raw response. Where these are given, `only` these columns."""
    article, version, number = _key(table)
    of_version = {"url", "body_hash"}
    columns = [
        (t.versions if name in of_version else table).c[name] for name in READ if name not in ("article", "site")
    ]
    record = case((table.c.entry.is_(None), t.raws.c.entry), else_=_own.c.record)
    query = select(
        article.label("article"), version.label("version"), number.label("reading"), t.articles.c.site, *columns,
        t.versions.c.stored_as,
        table.c.stored, table.c.entry, _own.c.hash.label("hash"),
        _record.c.id.label("record_entry"), _record.c.hash.label("record_hash"),
    )  # fmt: skip
    whole = t.articles.join(t.versions, t.versions.c.article == t.articles.c.id)
    if table is t.readings:
        whole = whole.join(
            t.readings, and_(t.readings.c.article == t.versions.c.article, t.readings.c.version == t.versions.c.number)
        )
    return (query.with_only_columns(*only) if only else query).select_from(
        whole.outerjoin(t.raws, t.raws.c.id == t.versions.c.raw)
        .outerjoin(_own, _own.c.id == table.c.entry)
        .outerjoin(_record, _record.c.id == record)
    )


def _form(row: RowMapping) -> bytes:
    """The form of a reading, which names its article as it did before that was merged into another one."""
    return reading_bytes({**row, "article": row["stored_as"] or row["article"]}, row["stored"], row["record_hash"])


def _covered(row: RowMapping) -> CoveredReading:
    place = (row["article"], row["version"], row["reading"])
    return CoveredReading(*place, _form(row), row["entry"], row["hash"], row["record_entry"])
