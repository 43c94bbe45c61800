"""What a site says in place of an article that it has removed, such as that it was retracted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from index.archive import tables as t
from index.archive.upsert import chunks
from index.archive.warc_records import LOCATION, ref_of
from index.warc.record import WarcRef


@dataclass(frozen=True, slots=True)
class Notice:
    """What a page had in place of an article (id): its text, empty if none could be read, when it was first fetched
    (UTC), its URL after redirects, and where its raw response is; None once that has expired. `number` counts an
    article's notices from 1, the oldest first."""

    article: str
    number: int
    text: str
    seen: datetime
    url: str
    ref: WarcRef | None

    def within(self, since: datetime, until: datetime | None) -> bool:
        """Whether it was seen in this time, of which the end is None if it has not ended."""
        return since <= self.seen and (until is None or self.seen < until)


def keep(conn: Connection, article: str, seen: datetime, url: str, text: str, raw: Callable[[], int | None]) -> None:
    """Keep the page that is in place of an article (id), if that counts as gone and the page says something else than
    the last one that was kept since. `raw` writes its raw response and returns the number of that record, None if there
    is none."""
    since = conn.execute(select(t.articles.c.gone_since).where(t.articles.c.id == article)).scalar_one()
    if since is None:
        return
    known = [notice for notice in of_articles(conn, [article]) if notice.within(since, None)]
    if not known or known[-1].text != text:
        values = {"article": article, "seen": seen, "url": url, "text": text, "raw": raw()}
        conn.execute(insert(t.notices).values(**values))


def of_articles(conn: Connection, articles: Sequence[str]) -> list[Notice]:
    """What was kept in place of these articles (ids), oldest first."""
    found: defaultdict[str, list[Notice]] = defaultdict(list)
    for piece in chunks(articles):
        for row in conn.execute(_NOTICES.where(t.notices.c.article.in_(piece)).order_by(t.notices.c.seen)):
            those, ref = found[row.article], ref_of(row) if row.id is not None else None
            those.append(Notice(row.article, len(those) + 1, row.text, row.seen, row.url, ref))
    return sorted((one for those in found.values() for one in those), key=lambda notice: notice.seen)


_NOTICES = select(t.notices, *(t.raws.c[name] for name in LOCATION)).outerjoin(t.raws, t.raws.c.id == t.notices.c.raw)
