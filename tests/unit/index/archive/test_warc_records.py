"""The responses that lead to an article: whose they are, and what goes with them."""

from __future__ import annotations

from itertools import count

import pytest
from sqlalchemy import Connection, select

from index.archive import Archive, articles, erasure, warc_files, warc_records
from index.archive import tables as t
from index.archive.warc_records import Redirect
from index.warc.record import WarcRef
from tests.support.archive_samples import BODY, HOUR, NOW, article, page, stored_when_fetched

CONSENT = "https://consent.example/"
OWN = "https://step.example/"


class Warcs:
    """Stands for the WARC files: places, each given once."""

    def __init__(self) -> None:
        self.places = (WarcRef("run-1.warc.gz", n * 100, 100) for n in count())

    def __call__(self) -> WarcRef:
        return next(self.places)


@pytest.fixture
def warcs() -> Warcs:
    return Warcs()


def store(archive: Archive, warcs: Warcs, name: str, *by: str, headline: str = "خبر", hours: int = 0) -> str:
    """A page that is fetched through these addresses; gives the article's id."""
    one = article(OWN + name, headline=f"{headline} {name}", body=f"{name} {headline}\n\n{BODY}")
    redirects = tuple(Redirect(url, NOW, warcs) for url in by)
    fetched = page(one, NOW + hours * HOUR, raw=warcs, redirects=redirects, url=by[0] if by else one.url)
    return archive.write(lambda conn: articles.store(conn, fetched)).result().id


def led(conn: Connection, article: str) -> list[str]:
    query = select(t.raws.c.url).join(t.redirects, t.redirects.c.raw == t.raws.c.id)
    return list(conn.execute(query.where(t.redirects.c.article == article).order_by(t.raws.c.id)).scalars())


def test_they_are_kept_with_each_version_and_else_once(archive: Archive, warcs: Warcs) -> None:
    by = f"{OWN}go/1"
    one = store(archive, warcs, "1", by)
    store(archive, warcs, "1", by, hours=1)
    store(archive, warcs, "1", f"{OWN}go/again", by, hours=2)
    with archive.read() as conn:
        assert led(conn, one) == [by, f"{OWN}go/again"]
    store(archive, warcs, "1", by, headline="خبر آخر تماما", hours=3)
    with archive.read() as conn:
        assert led(conn, one) == [by, f"{OWN}go/again", by]
        replayed = warc_records.for_replay(conn, [one])
    assert [(record.url, record.headline) for record in replayed] == [
        (f"{OWN}1", "خبر 1"), (by, None), (f"{OWN}go/again", None), (by, None), (f"{OWN}1", "خبر آخر تماما 1"),
    ]  # fmt: skip


def test_a_page_for_consent_on_the_way_is_not_an_articles_own_address(archive: Archive, warcs: Warcs) -> None:
    gone, stays = (store(archive, warcs, name, f"{OWN}go/{name}", CONSENT) for name in ("1", "2"))
    with archive.read() as conn:
        what = erasure.find(conn, gone)
        assert CONSENT not in what.urls
        assert len(what.refs) == 3
    archive.write(lambda conn: erasure.forget(conn, what, NOW)).result()
    with archive.read() as conn:
        assert led(conn, gone) == []
        assert led(conn, stays) == [f"{OWN}go/2", CONSENT]
        assert len(conn.execute(select(t.raws.c.id)).all()) == 3
        assert erasure.among(conn, "step", [f"{OWN}go/1", CONSENT]) == {f"{OWN}go/1"}


def test_what_expires_is_referred_to_no_longer(archive: Archive, warcs: Warcs) -> None:
    store(archive, warcs, "1", f"{OWN}go/1")
    archive.write(stored_when_fetched).result()
    files = archive.write(lambda conn: warc_files.expire(conn, NOW + HOUR)).result()
    assert files == ["run-1.warc.gz"]
    with archive.read() as conn:
        assert conn.execute(select(t.redirects)).all() == conn.execute(select(t.raws)).all() == []
