"""Copies of versions that look like the page did: kept beside the raw responses, and lost with their article only."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select, text

from crawler.maintenance.erasure import Erasure
from crawler.maintenance.verification import verify
from index.archive import Archive, articles, erasure, facsimiles, manifests, past_versions, warc_files, warc_records
from index.archive import tables as t
from index.archive.backup import back_up, restore
from index.archive.facsimiles import NewPart, Part
from index.evidence import merkle
from index.export.warc import Joined, join
from index.model.article import Article
from index.model.codes import FacsimileReason, FetchReason, PartKind
from index.model.message import Message
from index.warc.files import names
from index.warc.folder import Folder
from index.warc.record import Response
from index.warc.store import WarcStore
from tests.support.archive_samples import HOUR, NOW, article, page, stored_when_fetched
from tests.support.newspaper import configured
from tests.support.patience import PATIENCE, wait_for
from tests.support.postgresql import Server

PIXEL = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"
ONE = article()
OTHER = article("https://step.example/2", headline="خبر آخر")


@pytest.fixture
def raw(tmp_path: Path) -> Iterator[WarcStore]:
    with WarcStore(tmp_path / "raw", name="run-000001") as opened:
        yield opened


def part(kind: PartKind = PartKind.IMAGE, number: int = 1, body: bytes = PIXEL, at: datetime = NOW) -> NewPart:
    url = f"https://step.example/{number}.gif" if kind == PartKind.IMAGE else ONE.url
    media = "multipart/related" if kind == PartKind.PAGE else "image/gif"
    return NewPart(kind, number, url, at, media, body, body.hex())


def store(archive: Archive, raw: WarcStore, of: Article, *parts: NewPart, at: datetime = NOW) -> None:
    """Store a page with its raw response, and a facsimile of these parts."""
    answer = Response(of.url, at, "HTTP/1.1 200 OK", [("Content-Type", "text/html")], of.body.encode())

    def take(conn: Connection) -> None:
        outcome = articles.store(conn, page(of, at, raw=lambda: raw.append(answer)))
        for one in parts:
            facsimiles.keep(conn, of.site, of.id, outcome.version, one, raw.append)
        facsimiles.close(conn, of.id, outcome.version, None, at)

    archive.write(take).result()


def kept(archive: Archive, of: Article, version: int = 1) -> tuple[Part, ...]:
    with archive.read() as conn:
        found = facsimiles.of_version(conn, of.id, version)
    assert found is not None
    return found.parts


def count(archive: Archive, *tables: str) -> list[int]:
    with archive.read() as conn:
        found = (t.metadata.tables[name] for name in tables)
        return [conn.execute(select(func.count()).select_from(table)).scalar_one() for table in found]


def test_its_parts_are_read_back_as_they_were_made(archive: Archive, raw: WarcStore) -> None:
    mhtml = b"MIME-Version: 1.0\r\n\r\n<p>\xd8\xa8</p>"
    store(archive, raw, ONE, part(), part(PartKind.PICTURE, body=PIXEL + b"2"), part(PartKind.PAGE, body=mhtml))
    with archive.read() as conn:
        found = facsimiles.of_version(conn, ONE.id, 1)
        assert facsimiles.versions(conn, ONE.id) == [1]
        assert facsimiles.newest_with(conn, PartKind.PAGE, [ONE.id, OTHER.id]) == {ONE.id: 1}
        assert facsimiles.newest_with(conn, PartKind.THUMBNAIL, [ONE.id]) == {}
    assert found is not None
    assert found.told == {"images": 1, "picture": True, "page": True, "detail": None}
    said = {one.kind: raw.record(one.ref, one.target) for one in found.parts}
    assert said[PartKind.PAGE].body == mhtml
    assert said[PartKind.PAGE].headers == [("Content-Type", "multipart/related")]
    assert said[PartKind.IMAGE].body == PIXEL
    assert {kind: one.url for kind, one in said.items()} == {
        PartKind.IMAGE: "https://step.example/1.gif",
        PartKind.PICTURE: f"urn:fullPage:{ONE.url}",
        PartKind.PAGE: f"urn:mhtml:{ONE.url}",
    }


def test_an_image_that_a_site_shows_again_is_kept_once(archive: Archive, raw: WarcStore) -> None:
    store(archive, raw, ONE, part())
    store(archive, raw, OTHER, part(number=3, at=NOW + HOUR), at=NOW + HOUR)
    elsewhere = article("https://river.example/1", site="river")
    store(archive, raw, elsewhere, part())
    first, second, third = (kept(archive, one)[0] for one in (ONE, OTHER, elsewhere))
    assert first.ref == second.ref
    assert (first.url, second.url) == ("https://step.example/1.gif", "https://step.example/3.gif")
    assert (first.made, second.made) == (NOW, NOW + HOUR)
    assert third.ref != first.ref, "another site's records are its own: they are erased with it"
    assert count(archive, "raws", "facsimile_parts") == [5, 3]


def test_an_image_that_a_site_goes_on_showing_expires_where_it_is_shared_for_a_day(
    archive: Archive, raw: WarcStore, tmp_path: Path
) -> None:
    """Or its file would be kept for as long, with all the pages in it."""
    for hours in range(0, 73, 12):
        one, at = article(f"https://step.example/{hours}", headline=f"خبر {hours}"), NOW + hours * HOUR
        store(archive, raw, one)
        with WarcStore(tmp_path / "raw", f"run-1{hours:05}") as its:
            new = partial(facsimiles.keep, new=part(at=at), write=its.append, since=at - 24 * HOUR)
            archive.write(partial(new, site=one.site, article=one.id, version=1)).result()
    wanted = {"run-100000-00001.warc.gz": 3, "run-100036-00001.warc.gz": 3, "run-100072-00001.warc.gz": 1}
    shared = select(t.raws.c.file, func.count()).join(t.facsimile_parts, t.facsimile_parts.c.raw == t.raws.c.id)
    with archive.read() as conn:
        found = {Path(file).name: n for file, n in conn.execute(shared.group_by(t.raws.c.file))}
    assert found == wanted
    archive.write(stored_when_fetched).result()
    expired = archive.write(lambda conn: warc_files.expire(conn, NOW + 25 * HOUR)).result()
    assert "run-100000-00001.warc.gz" in {Path(file).name for file in expired}


def test_an_image_that_expires_meanwhile_is_kept_anew(
    postgresql_server: Server, raw: WarcStore, tmp_path: Path
) -> None:
    """While another process starts a run, whose transactions go on beside ours in PostgreSQL."""
    blocked = text("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")

    def waits() -> bool:
        with here.read() as conn:
            return conn.execute(blocked).first() is not None

    def expire(conn: Connection) -> None:
        stored_when_fetched(conn)
        assert warc_files.expire(conn, NOW + HOUR) != []
        begun.set()
        assert ends.wait(PATIENCE)

    begun, ends = threading.Event(), threading.Event()
    with postgresql_server.archive(tmp_path) as database, Archive(database) as here, Archive(database) as there:
        store(here, raw, ONE, part())
        store(here, raw, OTHER)
        expiry = there.write(expire)
        assert begun.wait(PATIENCE)
        try:
            again = partial(facsimiles.keep, new=part(at=NOW + 2 * HOUR), write=raw.append)
            keeping = here.write(partial(again, site=OTHER.site, article=OTHER.id, version=1))
            wait_for(waits)
        finally:
            ends.set()
        expiry.result()
        ref = keeping.result()
        assert [one.ref.offset for one in kept(here, OTHER)] == [ref.offset]
        assert raw.read(ref)[1] == PIXEL


def test_what_is_there_already_is_not_made_again(archive: Archive, raw: WarcStore) -> None:
    store(archive, raw, ONE, part())
    problem = Message(FacsimileReason.PICTURE, {"why": Message(FetchReason.TIMEOUT)})

    def again(conn: Connection) -> None:
        facsimiles.keep(conn, ONE.site, ONE.id, 1, part(body=PIXEL + b"2"), raw.append)
        facsimiles.close(conn, ONE.id, 1, problem, NOW + HOUR)

    archive.write(again).result()
    with archive.read() as conn:
        found = facsimiles.of_version(conn, ONE.id, 1)
    assert found is not None
    assert (found.tried, found.problem, len(found.parts)) == (NOW + HOUR, problem, 1)
    assert raw.read(found.parts[0].ref)[1] == PIXEL


def test_an_earlier_version_that_is_found_later_leaves_each_its_own(archive: Archive, raw: WarcStore) -> None:
    store(archive, raw, ONE, part())
    archive.write(lambda conn: past_versions.make_room(conn, ONE.id, 1)).result()
    assert [one.kind for one in kept(archive, ONE, 2)] == [PartKind.IMAGE]
    with archive.read() as conn:
        assert facsimiles.of_version(conn, ONE.id, 1) is None


def test_forgetting_leaves_nothing_of_it_but_what_another_article_shows(
    archive: Archive, raw: WarcStore, tmp_path: Path
) -> None:
    own = PIXEL + b"only here"
    store(archive, raw, ONE, part(), part(number=2, body=own), part(PartKind.PICTURE, body=PIXEL + b"a face"))
    store(archive, raw, OTHER, part())
    with archive.read() as conn:
        what = erasure.find(conn, ONE.id)
    assert what.urls == (ONE.url,), "an image's address is not kept from other articles"
    assert len(what.refs) == 3
    gone = [one for one in kept(archive, ONE) if one.ref in what.refs]
    work = Erasure(archive, Folder(tmp_path / "raw"))
    assert work.forget(work.resolve(ONE.id, configured(tmp_path)), NOW).raws == 3
    assert {one.kind for one in gone} == {PartKind.IMAGE, PartKind.PICTURE}
    assert b"only here" not in _all(raw)
    assert b"a face" not in _all(raw)
    assert count(archive, "facsimiles", "facsimile_parts", "raws") == [1, 1, 2]
    (left,) = kept(archive, OTHER)
    assert raw.read(left.ref, left.target)[1] == PIXEL


def test_it_is_in_manifests_verified_joined_and_replayed(archive: Archive, raw: WarcStore, tmp_path: Path) -> None:
    store(archive, raw, ONE, part(), part(PartKind.PICTURE, body=PIXEL + b"2"))
    now = datetime.now(UTC)

    def enter(conn: Connection) -> int:
        manifest = manifests.current(conn, now)
        assert manifest is not None
        due = manifests.records_due(conn, manifest, now, 10)
        return manifests.add_records(
            conn, manifest, {one.id: merkle.leaf_hash(raw.unpacked(one.ref, one.url)) for one in due}
        )

    assert archive.write(enter).result() == 3
    assert verify(archive, raw, now, now + HOUR).records == 3
    with archive.read() as conn:
        assert warc_records.damaged(conn) == []
        assert {one.url for one in warc_records.for_replay(conn, [ONE.id])} == {
            ONE.url, "https://step.example/1.gif", f"urn:fullPage:{ONE.url}"
        }  # fmt: skip
        assert join(raw, warc_records.refs(conn), tmp_path / "all.warc.gz", {}) == Joined(3, 0)


def test_it_is_backed_up_and_restored(raw: WarcStore, tmp_path: Path) -> None:
    with Archive(tmp_path / "archive.sqlite3") as archive:
        store(archive, raw, ONE, part(), part(PartKind.PAGE, body=b"MIME-Version: 1.0"))
        made = back_up(archive, Folder(tmp_path / "raw"), tmp_path / "copy")
    assert (made.short, made.damaged) == ((), ())
    restore(tmp_path / "copy", tmp_path / "again")
    with Archive(tmp_path / "again" / "archive.sqlite3") as archive, WarcStore(tmp_path / "again" / "raw") as copied:
        assert [copied.read(one.ref, one.target)[1] for one in kept(archive, ONE)] == [PIXEL, b"MIME-Version: 1.0"]


def test_a_damaged_part_is_told_with_its_version(archive: Archive, raw: WarcStore, tmp_path: Path) -> None:
    store(archive, raw, ONE, part())
    (image,) = kept(archive, ONE)
    with (tmp_path / "raw" / image.ref.file).open("r+b") as file:
        file.seek(image.ref.offset + image.ref.length - 12)
        file.write(b"\0" * 8)
    assert verify(archive, raw, NOW, NOW).damaged == 1
    with archive.read() as conn:
        (found,) = warc_records.damaged(conn, ONE.id)
    assert (found.url, found.version) == ("https://step.example/1.gif", 1)
    store(archive, raw, OTHER, part())
    assert kept(archive, OTHER)[0].ref != image.ref, "what is damaged is no copy"


def test_old_parts_expire_unless_a_newer_version_shows_them(archive: Archive, raw: WarcStore, tmp_path: Path) -> None:
    old = NOW - timedelta(days=400)
    store(archive, raw, ONE, part(at=old), at=old)
    with WarcStore(tmp_path / "raw", name="run-000002") as later:
        store(archive, later, OTHER, part(at=NOW))
    archive.write(stored_when_fetched).result()
    before = NOW - timedelta(days=30)
    assert archive.write(lambda conn: warc_files.expire(conn, before)).result() == []
    archive.write(lambda conn: erasure.forget(conn, erasure.find(conn, OTHER.id), NOW)).result()
    assert archive.write(lambda conn: warc_files.expire(conn, before)).result() == names(
        tmp_path / "raw", "run-000001-"
    )
    assert count(archive, "facsimile_parts", "raws") == [0, 0]


def _all(raw: WarcStore) -> bytes:
    return b"".join(gzip.decompress(path.read_bytes()) for path in sorted(Path(raw.place.name).rglob("*.warc.gz")))
