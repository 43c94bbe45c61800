"""Forgetting reaches an article under every site and address that has it, and every record of it in WARC files."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from crawler.maintenance.erasure import Erasure
from index.archive import Archive, articles, documents, erasure, frontier, readings
from index.archive.articles import Fetched
from index.archive.database import Database
from index.model.article import Image
from index.model.candidate import Candidate
from index.warc.folder import Folder
from index.warc.record import Resource, Response, WarcRef
from index.warc.store import WarcStore
from tests.support.archive_samples import HOUR, NOW, article, page
from tests.support.newspaper import configured
from tests.support.raw_files import says

SECRET, PUBLIC = "what nobody may read again", "what stays"
AS_IS = ("Content-Encoding", "br")  # so that its bytes are in the file as they are
URL, OTHER = "https://paper.example/1", "https://paper.example/amp/1"


@pytest.mark.parametrize("name", [URL, OTHER, "its id"])
def test_an_article_that_a_foreign_feed_lists_too_is_forgotten_under_both_sites(
    tmp_path: Path, place: Database, name: str
) -> None:
    config = configured(tmp_path)
    own, foreign = article(URL, site="paper"), article(URL, site="aggregator")
    kept = article("https://paper.example/2", site="paper", headline="Another")
    with Archive(place) as archive:

        def fill(conn) -> None:  # type: ignore[no-untyped-def]
            for one in (own, foreign, kept):
                articles.store(conn, page(one))
            articles.store(conn, page(replace(own, url=OTHER, id="x", canonical_url=URL), NOW + HOUR))
            articles.correct(conn, replace(own, body="better", content_hash="better"), NOW + HOUR)
            frontier.offer(conn, "third", "feed", [Candidate(OTHER)], NOW)

        archive.write(fill).result()
        work = Erasure(archive, Folder(tmp_path / "raw"))
        found = work.resolve(own.id if name == "its id" else name, config)
        assert set(found.sites) == {"paper", "aggregator", "third"}
        assert work.forget(found, NOW + HOUR).articles == 2
        with archive.read() as conn:
            assert documents.count(conn) == 1
            assert [documents.by_url(conn, url) for url in (URL, OTHER)] == [None, None]
            assert frontier.sites_of(conn, OTHER) == []
            assert readings.with_hash(conn, "better") == readings.with_hash(conn, own.content_hash) == []
            for site in ("paper", "aggregator", "third", "a site that lists it one day"):
                assert erasure.among(conn, site, [URL, OTHER, kept.url]) == {URL, OTHER}


@pytest.mark.parametrize("name", [URL, OTHER], ids=["kept", "merged"])
def test_what_a_crawl_stores_and_merges_before_it_is_confirmed_is_forgotten_too(
    tmp_path: Path, place: Database, name: str
) -> None:
    config, raw = configured(tmp_path), tmp_path / "raw"
    one, other = article(URL, site="paper"), article(OTHER, site="paper", headline="Another")
    with Archive(place) as archive:

        def put(*pages: Fetched) -> None:
            for each in pages:
                archive.write(partial(articles.store, page=each)).result()

        put(page(one), page(other, NOW + HOUR))
        work = Erasure(archive, Folder(raw))
        found = work.resolve(name, config)
        put(page(one, NOW + 2 * HOUR, url=OTHER), page(replace(one, id="x", site="aggregator")))
        with archive.read() as conn:
            assert documents.count(conn) == 2, "the two are one, which another site has, too"
        done = work.forget(found, NOW + 3 * HOUR)
        assert (done.articles, done.sites) == (2, ("aggregator", "paper"))
        with archive.read() as conn:
            assert documents.count(conn) == 0


def test_an_unknown_address_that_is_stored_before_it_is_confirmed_is_erased(tmp_path: Path, place: Database) -> None:
    config, one = configured(tmp_path), article(URL, site="paper")
    with Archive(place) as archive:
        work = Erasure(archive, Folder(tmp_path / "raw"))
        found = work.resolve(URL, config)
        archive.write(partial(articles.store, page=page(one))).result()
        assert work.forget(found, NOW + HOUR).articles == 1
        with archive.read() as conn:
            assert documents.count(conn) == 0


def response(url: str, text: str = SECRET) -> Response:
    return Response(url, NOW, "HTTP/1.1 200 OK", [AS_IS], f"{url}: {text}".encode() + bytes(1_000))


@pytest.mark.parametrize("name", [URL, "paper"], ids=["article", "site"])
@pytest.mark.parametrize("writing", [False, True], ids=["closed", "being written"])
def test_records_that_a_killed_crawl_left_are_blanked_with_the_article(
    tmp_path: Path, place: Database, name: str, writing: bool
) -> None:
    config, raw = configured(tmp_path), tmp_path / "raw"
    own = article(URL, site="paper", images=(Image("https://cdn.example/1.png"),))
    kept = article("https://other.example/2", site="other", headline="Another")
    with Archive(place) as archive, WarcStore(raw, "living") as living:
        copies = WarcStore(raw, "dead")
        stored = partial(copies.append, response(URL))
        archive.write(lambda conn: articles.store(conn, page(own, raw=stored))).result()
        left = living if writing else copies  # a crawl whose transaction failed goes on, or is killed
        left.append(response(URL))
        damaged = left.append(response(f"{URL}?utm_source=feed"))
        left.append(response(kept.url, PUBLIC))
        left.append(Resource(f"urn:fullPage:{URL}", NOW, "image/webp", SECRET.encode()))
        if not writing:
            left.append(Resource("https://cdn.example/1.png", NOW, "image/png", SECRET.encode()))
        beside = left.append(response(kept.url, PUBLIC))
        archive.write(lambda conn: articles.store(conn, page(kept, raw=lambda: beside))).result()
        with (raw / damaged.file).open("r+b") as file:
            file.seek(damaged.offset + damaged.length - 8)
            file.write(bytes(4))  # of its checksum
        copies.close()
        (raw / "torn.warc.gz").write_bytes(torn(raw, damaged, 500))
        (raw / "sooner.warc.gz").write_bytes(torn(raw, damaged, damaged.length - 120))
        assert len(says(raw, SECRET)) == (3 if writing else 2)

        work = Erasure(archive, Folder(raw))
        assert work.forget(work.resolve(name, config), NOW + HOUR).articles == 1
        assert says(raw, SECRET) == []
        assert {(raw / f"{name}.warc.gz").read_bytes() for name in ("torn", "sooner")} == {b""}
        assert living.read(beside, kept.url)[1] == response(kept.url, PUBLIC).body
        assert len(says(raw, PUBLIC)) == 1, "records that belong to nobody else are others'"
        living.append(response(kept.url, PUBLIC))


def torn(raw: Path, ref: WarcRef, lacking: int) -> bytes:
    """A record as a kill leaves it: without so many bytes of its end."""
    return (raw / ref.file).read_bytes()[ref.offset : ref.offset + ref.length - lacking]
