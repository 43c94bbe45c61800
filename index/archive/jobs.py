"""How far large jobs are that have not ended: noted in the transactions that store what comes of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select

from index.archive.tables import jobs
from index.archive.upsert import upsert


def noted(conn: Connection, name: str, what: str) -> tuple[Any, Any] | None:
    """Where a job is, and what came of it by then, as JSON; None if it has ended, or has stored nothing yet."""
    row = conn.execute(select(jobs).where(jobs.c.name == name, jobs.c.what == what)).one_or_none()
    return None if row is None else (row.at, row.report)


def note(conn: Connection, name: str, what: str, at: object, report: object, now: datetime) -> None:
    """Note where a job is `now` (aware), and what came of it so far, as JSON."""
    upsert(conn, jobs, {"name": name, "what": what}, {"at": at, "report": report, "noted": now})


def end(conn: Connection, name: str, what: str) -> None:
    """Forget a job, which has ended."""
    conn.execute(delete(jobs).where(jobs.c.name == name, jobs.c.what == what))
