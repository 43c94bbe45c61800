"""The embedded index on a real disk, with other processes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from index.engines import open_engine
from index.engines.base import new_target
from index.engines.embedded.engine import DROPPED
from index.errors import IndexMismatch, IndexUnavailable
from index.search.query_language import parse
from tests.engines.corpus import document
from tests.support.patience import PATIENCE

ROOT = Path(__file__).parents[2]

WRITER = """
import sys
from pathlib import Path
from index.engines import open_engine
from tests.engines.corpus import document
engine = open_engine("embedded", directory=Path(sys.argv[1]))
for batch in range(10_000):
    ids = [f"{batch}-{i}" for i in range(20)]
    assert engine.bulk(sys.argv[2], [document(id_, "خبر " + id_, "نص " * 300) for id_ in ids], []) == {}
    print(batch, flush=True)
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "index"


def test_killed_at_any_time_it_keeps_what_it_acknowledged(directory: Path) -> None:
    engine = open_engine("embedded", directory=directory)
    target = new_target()
    engine.create(target)
    engine.activate(target)
    acknowledged = -1
    for delay in (0.0, 0.05, 0.11):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(directory), target], cwd=ROOT, stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            reached = [int(writer.stdout.readline()) for _ in range(3)]
            time.sleep(delay)
            os.kill(writer.pid, signal.SIGKILL)
            reached += [int(line) for line in writer.stdout if line.strip()]
        acknowledged = max(acknowledged, *reached)
        have = {id_ for id_, _ in engine.ids(target)} - {"after"}
        assert have >= {f"{batch}-{i}" for batch in range(acknowledged + 1) for i in range(20)}
        assert {sum(id_.startswith(f"{b}-") for id_ in have) for b in {id_.split("-")[0] for id_ in have}} == {20}
        assert engine.bulk(target, [document("after", "خبر")], []) == {}  # the dead one's lock is gone
    assert engine.search(parse("after:1970", limit=1)).total == engine.count()


def test_a_second_writer_is_told_to_wait_and_the_rows_stay(directory: Path) -> None:
    import tantivy

    engine = open_engine("embedded", directory=directory)
    target = new_target()
    engine.create(target)
    other = tantivy.Index.open(str(directory / target)).writer(heap_size=20_000_000, num_threads=1)
    with pytest.raises(IndexUnavailable, match="another process"):
        engine.bulk(target, [document("a", "حلب")], [])
    other.wait_merging_threads()
    del other
    assert engine.bulk(target, [document("a", "حلب")], []) == {}
    assert engine.count(target) == 1


def test_two_threads_may_write_at_once(directory: Path) -> None:
    engine = open_engine("embedded", directory=directory)
    target = new_target()
    engine.create(target)
    problems: list[BaseException] = []

    def write(name: str) -> None:
        try:
            for batch in range(5):
                engine.bulk(target, [document(f"{name}{batch}", "حلب")], [])
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=write, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert engine.count(target) == 10


@pytest.mark.parametrize("damage", ["meta emptied", "meta of nonsense", "segments gone", "segments cut", "folder gone"])
def test_a_damaged_index_says_how_to_make_a_new_one(directory: Path, damage: str) -> None:
    engine = open_engine("embedded", directory=directory)
    target = new_target()
    engine.create(target)
    engine.bulk(target, [document(f"d{i}", "حلب", "نص طويل " * 50) for i in range(50)], [])
    engine.activate(target)
    engine.close()
    folder = directory / target
    segments = [f for f in folder.iterdir() if len(f.stem) == 32]
    assert segments
    if damage == "meta emptied":
        (folder / "meta.json").write_text("")
    elif damage == "meta of nonsense":
        (folder / "meta.json").write_text('{"segments": 7}')
    elif damage == "segments gone":
        for file in segments:
            file.unlink()
    elif damage == "segments cut":
        for file in segments:
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    else:
        shutil.rmtree(folder)
    again = open_engine("embedded", directory=directory)
    with pytest.raises(IndexMismatch, match="arshif index rebuild"):
        again.search(parse("حلب"))
    with pytest.raises(IndexMismatch, match="arshif index rebuild"):
        again.bulk(target, [document("a", "حلب")], [])
    new = new_target()
    again.create(new)
    again.bulk(new, [document("a", "حلب")], [])
    again.activate(new)
    assert again.search(parse("حلب")).total == 1
    assert again.targets() == [new]


@pytest.mark.parametrize("suffix", ["meta.json", ".store", ".term", ".lock"])
def test_a_pipe_in_place_of_a_file_is_told_and_not_waited_for(directory: Path, suffix: str) -> None:
    engine = open_engine("embedded", directory=directory)
    target = new_target()
    engine.create(target)
    engine.bulk(target, [document("a", "حلب")], [])
    engine.activate(target)
    for file in (directory / target).iterdir():
        if file.name.endswith(suffix):
            file.unlink()
            os.mkfifo(file)
    again = open_engine("embedded", directory=directory)
    for use in (lambda: again.search(parse("حلب")), lambda: again.bulk(target, [document("b", "حلب")], [])):
        with pytest.raises(IndexMismatch, match=r"is no file.*arshif index rebuild"):
            use()


def test_a_reader_sees_the_commits_and_the_publishing_of_another_process(directory: Path) -> None:
    reader = open_engine("embedded", directory=directory)
    writer = open_engine("embedded", directory=directory)
    for round_ in range(3):
        target = new_target()
        writer.create(target)
        writer.bulk(target, [document("a", f"خبر{round_}")], [])
        writer.activate(target)
        assert reader.search(parse(f"خبر{round_}")).total == 1
        writer.bulk(target, [document("b", f"خبر{round_}")], [])
        assert reader.search(parse(f"خبر{round_}")).total == 2


def test_a_current_of_another_version_counts_as_none(directory: Path) -> None:
    engine = open_engine("embedded", directory=directory)
    target = new_target()
    engine.create(target)
    engine.activate(target)
    (directory / "current").write_text("arshif-v0-20200101t000000000000\n")
    assert engine.current() is None
    with pytest.raises(IndexMismatch, match="arshif index rebuild"):  # its folder is not there
        engine.search(parse(""))


def test_a_folder_that_cannot_be_written_is_unavailable(directory: Path) -> None:
    directory.parent.joinpath("index").write_text("a file in the way")
    engine = open_engine("embedded", directory=directory)
    with pytest.raises(IndexUnavailable, match="cannot be used now"):
        engine.create(new_target())


FULL = """
import resource, sys
from pathlib import Path
from index.engines import open_engine
from index.errors import IndexUnavailable
from tests.engines.corpus import document
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))  # bytes a file may have: as a disk that is full
engine = open_engine("embedded", directory=Path(sys.argv[1]))
texts = [" ".join(f"w{i}x{j}" for j in range(400)) for i in range(100)]
try:
    engine.bulk(sys.argv[2], [document(f"d{i}", "خبر", text) for i, text in enumerate(texts)], [])
except IndexUnavailable as problem:
    print(problem)
"""


def test_a_full_disk_is_unavailable_and_what_was_there_stays(directory: Path) -> None:
    engine = open_engine("embedded", directory=directory)
    target = new_target()
    engine.create(target)
    engine.bulk(target, [document("a", "حلب")], [])
    command = [sys.executable, "-c", FULL, str(directory), target]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert "cannot be used now" in result.stdout, result.stderr
    assert dict(engine.ids(target)) == {"a": 1}
    assert engine.bulk(target, [document("b", "حلب")], []) == {}


def test_a_search_that_comes_while_an_index_is_deleted_does_not_stop_that(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tantivy's reader writes a lock into a folder that it opens, which then is not empty when it is to be removed."""
    engine = open_engine("embedded", directory=directory)
    old, new = new_target(), new_target()
    for target in (old, new):
        engine.create(target)
    engine.activate(old)
    remove = os.unlink

    def opened_just_then(path: str, **where: int) -> None:
        remove(path, **where)
        with suppress(FileNotFoundError):
            (directory / old / ".tantivy-meta.lock").touch()

    monkeypatch.setattr(os, "unlink", opened_just_then)
    engine.activate(new)
    assert [path.name for path in directory.iterdir() if path.is_dir()] == [new]


def test_what_a_killed_process_left_of_an_index_goes_with_the_next(directory: Path) -> None:
    engine = open_engine("embedded", directory=directory)
    targets = [new_target(), new_target(), new_target()]
    for target in targets:
        engine.create(target)
    engine.activate(targets[0])
    (directory / targets[1]).rename(directory / f"{DROPPED}{targets[1]}")  # it was killed just after that
    assert engine.targets() == [targets[0], targets[2]]
    engine.drop(targets[2])
    assert [path.name for path in directory.iterdir() if path.is_dir()] == [targets[0]]
