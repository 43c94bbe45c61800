"""`index verify` over a damaged embedded index: whichever file, whichever byte, it says so, and mends it."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from index.archive import Archive, articles
from index.engines import Engine, open_engine
from index.errors import IndexMismatch, IndexUnavailable
from index.search import indexer
from index.search.query_language import parse
from index.search.verify import repair, verify
from tests.support.archive_samples import HOUR, NOW, article, page

STORED = 30
PARTS = {".idx", ".pos", ".term", ".fast", ".store", ".fieldnorm"}
FLIPS = 6  # of each file


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Archive, Path]]:
    """An archive, some of whose articles have changed, and the folder of its index."""
    directory = tmp_path_factory.mktemp("whole")
    with Archive(directory / "archive.sqlite3") as archive:
        for hours, numbers in ((0, range(STORED)), (1, range(0, STORED, 3))):
            for n in numbers:
                one = article(f"https://step.example/{n}", headline=f"خبر {n}", body=f"حلب {n} قبل {hours} وبعد")
                archive.write(lambda c, one=one, at=NOW + hours * HOUR: articles.store(c, page(one, at))).result()  # type: ignore[misc]
            with opened(directory / "index") as engine:
                indexer.index_pending(archive, engine)
        yield archive, directory / "index"


class opened:
    """The engine on this folder, closed afterwards."""

    def __init__(self, folder: Path) -> None:
        self.engine = open_engine("embedded", directory=folder)

    def __enter__(self) -> Engine:
        return self.engine

    def __exit__(self, *_: object) -> None:
        self.engine.close()


def files(folder: Path) -> list[Path]:
    """Its files that hold something, without those that are locks."""
    return sorted(file for file in folder.rglob("*") if file.is_file() and file.stat().st_size)


def names(folder: Path) -> list[str]:
    return [str(file.relative_to(folder)) for file in files(folder)]


def copy(whole: tuple[Archive, Path], tmp_path: Path) -> Path:
    archive, folder = whole
    with archive.read() as conn:
        assert conn.exec_driver_sql("SELECT count(*) FROM outbox").scalar_one() == 0
    shutil.copytree(folder, tmp_path / "index")
    return tmp_path / "index"


def harmless(before: bytes, after: bytes) -> bool:
    """Whether two `meta.json` differ in tantivy's running number alone, which only has to grow."""
    number = re.compile(rb'"opstamp": \d+')
    return number.sub(b"", before) == number.sub(b"", after)


def test_a_whole_index_is_whole(whole: tuple[Archive, Path]) -> None:
    with opened(whole[1]) as engine:
        found = verify(whole[0], engine)
        assert found.whole
        assert found.agreeing == STORED + len(range(0, STORED, 3))


def test_a_changed_bit_of_any_file_is_found(whole: tuple[Archive, Path], tmp_path: Path) -> None:
    folder, chance = copy(whole, tmp_path), random.Random(7)
    kinds = {file.suffix or file.name for file in files(folder)}
    assert {".idx", ".pos", ".term", ".fast", ".fieldnorm", ".store", ".json", "current"} <= kinds
    for file in files(folder):
        before = file.read_bytes()
        places = [*chance.sample(range(len(before)), min(FLIPS, len(before))), 0, len(before) - 1]
        for place in places:
            after = bytearray(before)
            after[place] ^= 1 << chance.randrange(8)
            if file.name == "meta.json" and harmless(before, bytes(after)):
                continue
            if file.name == "current" and bytes(after).strip() == before.strip():
                continue
            file.write_bytes(after)
            with opened(folder) as engine:
                assert not verify(whole[0], engine).whole, (file.name, place, before[place], after[place])
        file.write_bytes(before)
    with opened(folder) as engine:
        assert verify(whole[0], engine).whole


@pytest.mark.parametrize("damage", ["flipped", "cut", "emptied", "gone", "nonsense", "another's", "swapped"])
def test_damage_is_mended_and_searches_go_on(whole: tuple[Archive, Path], tmp_path: Path, damage: str) -> None:
    # each repair makes a new index, so its archive is a copy too
    shutil.copytree(whole[1].parent, tmp_path / "all")
    with Archive(tmp_path / "all" / "archive.sqlite3") as archive:
        folder = tmp_path / "all" / "index"
        for kind in ("term", "idx", "store", "meta.json", ".managed.json", "current"):
            file = next(file for file in files(folder) if file.name.endswith(kind) and file.parent.name != "versions")
            data = file.read_bytes()
            if damage == "flipped":
                file.write_bytes(data[:9] + bytes([data[9] ^ 4]) + data[10:])
            elif damage == "cut":
                file.write_bytes(data[: len(data) // 2])
            elif damage == "emptied":
                file.write_bytes(b"")
            elif damage == "gone":
                file.unlink()
            elif damage == "nonsense":
                file.write_bytes(b"[" * 20_000)
            elif damage == "swapped":  # whole, but for another segment's or of another kind; the name of no index
                other = next(one for one in files(folder) if one.suffix in PARTS and one.suffix != file.suffix)
                file.write_bytes(other.read_bytes() if kind != "current" else data[:-2] + bytes([data[-2] ^ 1, 10]))
            else:
                other = next(one for one in files(folder) if one != file)
                file.write_bytes(other.read_bytes())
            with opened(folder) as engine:
                found = verify(archive, engine)
                assert not found.whole, kind
                repair(archive, engine, found)
                assert verify(archive, engine).whole, kind
                assert engine.search(parse("حلب")).total == STORED


@pytest.mark.parametrize("instead", ["nothing", "a folder", "a link to itself"])
def test_what_is_no_file_any_more_is_mended_while_articles_come(
    whole: tuple[Archive, Path], tmp_path: Path, instead: str
) -> None:
    """A link to itself can be opened by nobody, not even by root, whom permissions do not keep out."""
    for kind in ("pos", "idx", "meta.json", "checksums.json", "writer.lock", "meta.lock", "current"):
        work = tmp_path / f"with another {kind}"
        shutil.copytree(whole[1].parent, work)
        folder = work / "index"
        file = next(file for file in sorted(folder.rglob(f"*{kind}")) if file.parent.name != "versions")
        file.unlink()
        if instead == "a folder":
            file.mkdir()
            (file / "x").touch()
        elif instead == "a link to itself":
            file.symlink_to(file.name)
        with Archive(work / "archive.sqlite3") as archive, opened(folder) as engine:
            one = article("https://step.example/more", headline="خبر", body="حلب")
            archive.write(lambda c, one=one: articles.store(c, page(one))).result()  # type: ignore[misc]
            with suppress(IndexUnavailable, IndexMismatch):  # what the indexer tells of
                indexer.index_pending(archive, engine)
            if not (found := verify(archive, engine)).whole:
                repair(archive, engine, found)
            indexer.index_pending(archive, engine)
            assert verify(archive, engine).whole, kind
            assert engine.search(parse("حلب")).total == STORED + 1, kind


@pytest.mark.parametrize(
    "said", ['"max_doc": 1', '"max_doc": ', '"fieldnorms": false', '"segments": [], "x": [', "all"]
)
def test_an_index_that_says_something_else_of_itself_is_mended(
    whole: tuple[Archive, Path], tmp_path: Path, said: str
) -> None:
    """More documents than there are, fewer, other fields, none; or nothing, as all of it is gone."""
    shutil.copytree(whole[1].parent, tmp_path / "all")
    folder = tmp_path / "all" / "index"
    (meta,) = (file for file in folder.glob("*/meta.json"))
    if said == "all":
        shutil.rmtree(folder)
    else:
        key = said.partition(":")[0] + ": "
        before = meta.read_text("utf-8")
        meta.write_text(re.sub(f"{key}(\\d(?=\\d)|true|\\[)?", said, before, count=1), "utf-8")
        assert meta.read_text("utf-8") != before
    with Archive(tmp_path / "all" / "archive.sqlite3") as archive, opened(folder) as engine:
        found = verify(archive, engine)
        assert not found.whole
        repair(archive, engine, found)
        assert verify(archive, engine).whole
        assert engine.search(parse("حلب")).total == STORED


def test_a_segment_that_is_merged_while_it_is_read_is_no_damage(whole: tuple[Archive, Path], tmp_path: Path) -> None:
    shutil.copytree(whole[1].parent, tmp_path / "all")
    with Archive(tmp_path / "all" / "archive.sqlite3") as archive, opened(tmp_path / "all" / "index") as engine:
        for n in range(20):
            one = article(f"https://step.example/more/{n}", headline=f"خبر {n}", body=f"حمص {n}")
            archive.write(lambda c, one=one: articles.store(c, page(one))).result()  # type: ignore[misc]
            indexer.index_pending(archive, engine)
            assert verify(archive, engine).whole
