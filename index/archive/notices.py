"""What a site says in place of an article that it has removed, such as that it was retracted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from index.archive import tables as t
from index.archive.upsert import chunks
from index.archive.warc_records import ref_of
from index.warc.record import WarcRef


@dataclass(frozen=True, slots=True)
class Notice:
    """What a page had in place of an article (id): its text, empty if none could be read; its raw response, with the
    number and URL of its record; and when it was first fetched (UTC)."""

    article: str
    number: int
    text: str
    seen: datetime
    url: str
    ref: WarcRef

    def within(self, since: datetime, until: datetime | None) -> bool:
        """Whether it was seen in this time, of which the end is None if it has not ended."""
        return since <= self.seen and (until is None or self.seen < until)


def keep(conn: Connection, article: str, raw: Callable[[], int | None], text: str) -> None:
    """Keep the page that is in place of an article (id), if that counts as gone and the page says something else than
    the last one that was kept since. `raw` writes its raw response and returns the number of its record, None if there
    is none."""
    since = conn.execute(select(t.articles.c.gone_since).where(t.articles.c.id == article)).scalar_one()
    if since is None:
        return
    known = [notice for notice in of_articles(conn, [article]) if notice.within(since, None)]
    if known and known[-1].text == text:
        return
    if (record := raw()) is not None:
        conn.execute(insert(t.notices).values(raw=record, article=article, text=text))


def of_articles(conn: Connection, articles: Sequence[str]) -> list[Notice]:
    """What was kept in place of these articles (ids), oldest first."""
    found: list[Notice] = []
    for piece in chunks(articles):
        for row in conn.execute(_NOTICES.where(t.notices.c.article.in_(piece))):
            found.append(Notice(row.article, row.id, row.text, row.fetched, row.url, ref_of(row)))
    return sorted(found, key=lambda notice: notice.seen)


_NOTICES = select(
    *(t.notices.c.article, t.notices.c.text),
    *(t.raws.c[name] for name in ("id", "fetched", "url", "file", "offset", "length")),
).join(t.raws, t.raws.c.id == t.notices.c.raw)
