"""Raw copies: mending destroys nothing, digests are checked, and what is lost is said, with the versions concerned."""

from __future__ import annotations

import gzip
import os
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from crawler.maintenance import verification
from crawler.maintenance.verification import Verified, verify
from crawler.monitoring.doctor import CHECKS
from index.archive import Archive, articles, warc_files, warc_records
from index.archive.backup import back_up, check
from index.archive.database import Database
from index.export.warc import Joined, join
from index.locale import translate
from index.model.codes import RecordProblem
from index.warc import record
from index.warc.folder import Folder
from index.warc.record import Response, WarcDamaged, WarcRef
from index.warc.store import WarcStore
from index.warc.torn import repair
from tests.support.archive_samples import HOUR, NOW, article, page
from tests.support.filled_archive import fill
from tests.support.newspaper import configured
from tests.support.raw_files import raw_folder
from tests.support.warcs import raw_file
from tests.support.web_client import client_of, text_of, tree


def url(n: int) -> str:
    return f"https://step.example/{n}"


def response(n: int, headers: record.Headers = ()) -> Response:
    return Response(url(n), NOW, "HTTP/1.1 200 OK", headers, os.urandom(3_000))


def written(folder: Path, n: int) -> list[WarcRef]:
    with WarcStore(folder, "run-7") as copies:
        return [copies.append(response(number)) for number in range(n)]


def damage(path: Path, at: int, n: int = 3) -> None:
    data = bytearray(path.read_bytes())
    for place in range(at, at + n):
        data[place] ^= 0xFF
    path.write_bytes(data)


def readable(folder: Path, refs: list[WarcRef]) -> int:
    found = 0
    with WarcStore(folder) as copies:
        for number, ref in enumerate(refs):
            try:
                copies.read(ref, url(number))  # a record that was written in its place later is another one
                found += 1
            except WarcDamaged:
                continue
    return found


@pytest.mark.parametrize("torn", [0, 20])
@pytest.mark.parametrize("place", [1, 12, 1_500])
def test_damage_in_the_middle_of_a_dead_runs_file_costs_one_record(tmp_path: Path, torn: int, place: int) -> None:
    refs = written(tmp_path, 120)
    path = raw_file(tmp_path)
    damage(path, refs[19].offset + place)
    if torn:
        path.write_bytes(path.read_bytes()[:-torn])
    size = path.stat().st_size
    cut = repair(tmp_path, {refs[0].file: 0})
    assert cut == (refs[-1].length - torn if torn else 0)
    assert readable(tmp_path, refs) == 119 - bool(torn)
    aside = list(tmp_path.rglob("*.torn-*"))
    assert sum(kept.stat().st_size for kept in aside) == cut == size - path.stat().st_size
    with WarcStore(tmp_path, "run-7") as copies:  # a writer that goes on cuts nothing either
        copies.append(response(200))
    assert readable(tmp_path, refs) == 119 - bool(torn)


def test_nothing_before_the_last_record_that_the_archive_refers_to_is_cut(tmp_path: Path) -> None:
    refs = written(tmp_path, 10)
    file, path = refs[0].file, raw_file(tmp_path)
    damage(path, refs[8].offset, 2_000)
    damage(path, refs[9].offset, 2_000)
    end = refs[9].offset + refs[9].length
    assert repair(tmp_path, {file: end}) == 0
    assert repair(tmp_path, {file: refs[8].offset + refs[8].length}) == refs[9].length
    assert path.stat().st_size == refs[9].offset


def test_a_page_that_holds_compressed_data_is_no_record_of_ours(tmp_path: Path) -> None:
    inner = gzip.compress(b"<p>a page</p>")
    with WarcStore(tmp_path, "run-7") as copies:
        ref = copies.append(response(1))
        path = tmp_path / ref.file
        whole = path.stat().st_size
        copies.append(replace(response(2, [("Content-Encoding", "gzip")]), body=inner + b"x" * 400))
    path.write_bytes(path.read_bytes()[:-50])
    repair(tmp_path, {ref.file: 0})
    assert path.stat().st_size == whole


def test_a_record_that_is_not_as_its_digest_says_is_damaged_though_it_unpacks(tmp_path: Path) -> None:
    (ref,) = written(tmp_path, 1)
    path = raw_file(tmp_path)
    data = path.read_bytes()
    plain = gzip.decompress(data[ref.offset :])
    forged = gzip.compress(plain.replace(b"HTTP/1.1 200 OK", b"HTTP/1.1 203 OK"), mtime=0)
    path.write_bytes(data[: ref.offset] + forged)
    with WarcStore(tmp_path) as copies, pytest.raises(WarcDamaged, match="not as its WARC-Block-Digest says"):
        copies.read(replace(ref, length=len(forged)))


def test_what_is_damaged_or_missing_is_found_with_its_versions(tmp_path: Path) -> None:
    with WarcStore(tmp_path / "raw", "run-7") as copies, Archive(tmp_path / "archive.sqlite3") as archive:
        ids = []
        for n in range(6):
            one = article(f"https://step.example/{n}", headline=f"Story {n}")
            keep = lambda n=n: copies.append(response(n))  # type: ignore[misc]  # noqa: E731
            ids.append(archive.write(lambda c, one=one, keep=keep: articles.store(c, page(one, raw=keep))).result().id)  # type: ignore[misc]
        with archive.read() as conn:
            refs = sorted(warc_records.refs(conn), key=lambda ref: ref.offset)
            file = refs[0].file
            assert warc_files.ends(conn, [file, "x.warc.gz"]) == {
                file: refs[-1].offset + refs[-1].length,
                "x.warc.gz": 0,
            }
        path = raw_file(tmp_path / "raw")
        sound = path.read_bytes()
        damage(path, refs[2].offset + 900)
        path.write_bytes(path.read_bytes()[: refs[5].offset + 10])

        found = verify(archive, copies, NOW, NOW + HOUR)
        assert (found.records, found.damaged, found.missing) == (6, 1, 1)
        with archive.read() as conn:
            lost = {one.article: (one.version, one.problem) for one in warc_records.damaged(conn)}
            assert lost == {ids[2]: (1, RecordProblem.DAMAGED), ids[5]: (1, RecordProblem.MISSING)}
            assert warc_records.damaged(conn, ids[0]) == []
        assert verify(archive, copies, NOW, NOW + 2 * HOUR).records == 0, "all were checked since"

        assert join(copies, refs, tmp_path / "all.warc.gz", {}) == Joined(4, 2)
        made = back_up(archive, Folder(tmp_path / "raw"), tmp_path / "copy")
        assert made.short == (file,)
        assert made.damaged == (f"{file}:{refs[2].offset}", f"{file}:{refs[5].offset}")
        assert check(tmp_path / "copy") == made

        path.write_bytes(sound)  # put back from elsewhere
        later = NOW + timedelta(days=40)
        assert verify(archive, copies, later - timedelta(days=30), later).damaged == 0
        with archive.read() as conn:
            assert warc_records.damaged(conn) == []


def test_a_check_that_is_interrupted_goes_on_where_it_was_and_reads_no_faster_than_it_may(
    place: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paused: list[float] = []
    monkeypatch.setattr(verification, "BATCH", 2)
    monkeypatch.setattr(verification.time, "monotonic", lambda: 0.0)
    monkeypatch.setattr(verification.time, "sleep", paused.append)
    sizes: list[int] = []

    def interrupted(so_far: Verified, _: int | None) -> None:
        sizes.append(so_far.bytes)
        if so_far.records == 4:
            raise KeyboardInterrupt

    with WarcStore(tmp_path / "raw", "run-7") as copies, Archive(place) as archive:
        for n in range(7):
            one = article(url(n), headline=f"Story {n}")
            keep = partial(copies.append, response(n))
            archive.write(partial(articles.store, page=page(one, raw=keep))).result()
        with pytest.raises(KeyboardInterrupt):
            verify(archive, copies, NOW, NOW + HOUR, speed=1_000, told=interrupted)
        assert paused == [sizes[1] / 1_000, (sizes[2] - sizes[1]) / 1_000]
        found = verify(archive, copies, NOW, NOW + HOUR, speed=1_000)
        assert (found.records, found.earlier) == (7, 4)
        assert len(paused) == 4
        assert all(pause >= 3 for pause in paused), "a record has 3,000 bytes that cannot be compressed"


@pytest.mark.parametrize(
    ("ui", "damaged", "missing"),
    [
        ("en", "the saved page is damaged", "the saved page is missing"),
        ("ar", "الصفحة المحفوظة تالفة", "الصفحة المحفوظة مفقودة"),
    ],
    ids=["en", "ar"],
)
def test_doctor_and_the_articles_page_say_what_is_lost(tmp_path: Path, ui: str, damaged: str, missing: str) -> None:
    config = configured(tmp_path)
    stories = [article(url(n), headline=f"Story {n}") for n in range(3)]
    with WarcStore(raw_folder(config), "run-7") as copies:
        pages = [page(one, raw=partial(copies.append, response(n))) for n, one in enumerate(stories)]
        shelf = fill(config.settings.data, pages)
        with shelf.archive.read() as conn:
            refs = {ref.id: ref for ref in warc_records.refs(conn)}
        path = raw_file(raw_folder(config))
        damage(path, refs[2].offset + 900)
        path.write_bytes(path.read_bytes()[: refs[3].offset + 10])
        verify(shelf.archive, copies, NOW, NOW + HOUR)
    verdict, told = CHECKS["raw copies"](config)
    assert verdict == "warning"
    assert f"{url(1)} (1) and {url(2)} (1)" in translate(told, "en")
    client = client_of(shelf)
    shown = [text_of(tree(client.get(f"/articles/{one.id}?ui={ui}"))) for one in stories]
    assert [(damaged in text, missing in text) for text in shown] == [(False, False), (True, False), (False, True)]
    shelf.close()
