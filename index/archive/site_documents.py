"""Descriptions of sites in the archive: of each, by its id, the text that its file would have."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, delete, select, update

from index.archive import dialect
from index.archive.tables import site_documents
from index.archive.upsert import chunks


def texts(conn: Connection, only: Collection[str] | None = None) -> dict[str, str]:
    """The text of each site that is described here, or only of these, by id."""
    return _by_site(conn, site_documents.c.text, only)


def digests(conn: Connection, only: Collection[str] | None = None) -> dict[str, str]:
    """The digest of each text, or only of those of these sites, by id."""
    return _by_site(conn, site_documents.c.digest, only)


def _by_site(conn: Connection, column: Column[str], only: Collection[str] | None) -> dict[str, str]:
    query = select(site_documents.c.site, column).order_by(site_documents.c.site)
    some = [query] if only is None else [query.where(site_documents.c.site.in_(ids)) for ids in chunks(sorted(only))]
    return {site: said for one in some for site, said in conn.execute(one)}


def digest(text: str) -> str:
    """The SHA-256 of a text, in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def put(conn: Connection, new: Mapping[str, str], now: datetime) -> int:
    """Store these texts, by id, in place of those that are there; return how many were not there like that."""
    there = digests(conn, new.keys())
    rows = [row for site, text in sorted(new.items()) if (row := _row(site, text, now))["digest"] != there.get(site)]
    if rows:
        inserted = dialect.of(conn).insert(site_documents)
        values = {name: inserted.excluded[name] for name in ("text", "digest", "stored")}
        conn.execute(inserted.on_conflict_do_update(index_elements=["site"], set_=values), rows)
    return len(rows)


def change(conn: Connection, site: str, before: str | None, text: str, now: datetime) -> bool:
    """Store a site's text in place of the one `before` (None: there was none); return whether that was still there."""
    row = _row(site, text, now)
    if before is None:
        new = dialect.of(conn).insert(site_documents).on_conflict_do_nothing().returning(site_documents.c.site)
        return conn.execute(new, row).first() is not None
    same = (site_documents.c.site == site) & (site_documents.c.digest == digest(before))
    return conn.execute(update(site_documents).where(same).values(row)).rowcount == 1


def remove(conn: Connection, sites: Collection[str]) -> None:
    """Remove the texts of these sites."""
    for piece in chunks(sorted(sites)):
        conn.execute(delete(site_documents).where(site_documents.c.site.in_(piece)))


def _row(site: str, text: str, now: datetime) -> dict[str, Any]:
    return {"site": site, "text": text, "digest": digest(text), "stored": now}
