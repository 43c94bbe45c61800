"""The shipper: what is stored is found, whatever the index or the process does; a rebuild takes over when complete."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from index.archive import Archive, articles, database, documents, outbox
from index.errors import ArshifError, Busy, IndexMismatch, IndexUnavailable
from index.model.article import IndexDocument
from index.model.codes import IndexReason
from index.model.message import Message
from index.model.query import Query
from index.model.results import Matches
from index.search import indexer
from index.search.indexer import BatchResult, index_batch, index_pending, rebuild, run
from tests.support.archive_samples import BODY, HOUR, NOW, article, page
from tests.support.patience import PATIENCE, wait_for

FORK = multiprocessing.get_context("fork")

SURROGATE = Message(IndexReason.SURROGATE)


def _replace(file: Path, text: str) -> None:
    """Writes a file so that a reader, and a kill at any moment, finds the old text or the new one."""
    new = file.parent.parent / f"{file.name}.{os.getpid()}.{threading.get_ident()}.new"
    new.write_text(text)
    os.replace(new, file)


class FileEngine:
    """An engine that keeps ids and versions in files of a folder, so that several processes see the same."""

    name = "shelf"
    prefix = "shelf"
    limits = None
    layout = None

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.down: ArshifError | Exception | None = None
        self.refuses: dict[str, Message] = {}
        self.applied: list[tuple[str, list[str], list[str]]] = []
        self.during: list[threading.Thread] = []
        self.earlier: list[tuple[str, int]] = []  # versions that were replaced
        folder.mkdir(exist_ok=True)

    def create(self, target: str) -> None:
        self._fail()
        (self.folder / target).mkdir(exist_ok=True)

    def copy_as_told(self) -> None:
        self._fail()

    def parts(self, target: str) -> list[datetime] | None:
        return [] if (self.folder / target).is_dir() else None

    def bulk(
        self, target: str, upserts: Sequence[IndexDocument], deletes: Sequence[str], parts: Sequence[datetime] = ()
    ) -> dict[str, Message]:
        assert not parts
        self._fail()
        if not (self.folder / target).exists():
            raise IndexMismatch(f"there is no {target}")
        self.earlier += [(one.article.id, one.number) for one in upserts if not one.current]
        upserts = [one for one in upserts if one.current]
        self.applied.append((target, [one.article.id for one in upserts], list(deletes)))
        for one in upserts:
            file = self.folder / target / one.article.id
            if one.article.id not in self.refuses and (not file.exists() or int(file.read_text()) <= one.version):
                _replace(file, str(one.version))
        for gone in deletes:
            (self.folder / target / gone).unlink(missing_ok=True)
        while self.during:
            thread = self.during.pop()
            thread.start()
            thread.join()
        return {one.article.id: self.refuses[one.article.id] for one in upserts if one.article.id in self.refuses}

    def activate(self, target: str) -> None:
        self._fail()
        before = self.current()
        _replace(self.folder / "current", target)
        if before not in {None, target}:
            self.drop(str(before))

    def drop(self, target: str) -> None:
        for file in (self.folder / target).glob("*"):
            file.unlink()
        if (self.folder / target).exists():
            (self.folder / target).rmdir()

    def targets(self) -> list[str]:
        self._fail()
        return sorted(path.name for path in self.folder.iterdir() if path.is_dir())

    def current(self) -> str | None:
        self._fail()
        file = self.folder / "current"
        return file.read_text() if file.exists() else None

    def searched(self) -> str | None:
        return self.current()

    def search(self, query: Query) -> Matches:
        raise NotImplementedError

    def count(self, target: str | None = None) -> int:
        return len(dict(self.ids(target or self.current() or "")))

    def ids(self, target: str) -> Iterator[tuple[str, int]]:
        return ((file.name, int(file.read_text())) for file in (self.folder / target).glob("*"))

    def close(self) -> None:
        pass

    def _fail(self) -> None:
        if self.down is not None:
            raise self.down


@pytest.fixture
def shelf(tmp_path: Path) -> FileEngine:
    return FileEngine(tmp_path / "shelf")


def store(archive: Archive, *numbers: int, text: str = BODY, hours: int = 0) -> list[str]:
    pages = [article(f"https://step.example/{n}", headline=f"خبر {n}", body=text) for n in numbers]
    for one in pages:
        archive.write(lambda c, one=one: articles.store(c, page(one, NOW + hours * HOUR))).result()  # type: ignore[misc]
    return [one.id for one in pages]


def held(archive: Archive, shelf: FileEngine) -> bool:
    """Whether the index that readers see holds exactly what the archive has."""
    with archive.read() as conn:
        return dict(documents.ids(conn)) == dict(shelf.ids(shelf.current() or ""))


def waiting(archive: Archive) -> int:
    with archive.read() as conn:
        return sum(outbox.pending(conn, target.name) for target in outbox.targets_of(conn, "shelf"))


# --- bringing it there ---------------------------------------------------------------------------------------------


def test_the_first_round_builds_and_publishes_the_index(archive: Archive, shelf: FileEngine) -> None:
    store(archive, *range(7))
    assert index_batch(archive, shelf, batch=3) == BatchResult(3, 0, 4)
    assert shelf.current() is None
    assert index_pending(archive, shelf, batch=3) == BatchResult(4, 0, 0)
    assert held(archive, shelf)
    assert [(t[0], len(t[1])) for t in shelf.applied] == [(shelf.current(), n) for n in (3, 3, 1)]


def test_an_empty_archive_has_an_empty_index(archive: Archive, shelf: FileEngine) -> None:
    assert index_pending(archive, shelf) == BatchResult()
    assert shelf.count() == 0


def test_only_what_changed_goes_again(archive: Archive, shelf: FileEngine) -> None:
    ids = store(archive, 1, 2)
    index_pending(archive, shelf)
    shelf.applied.clear()
    store(archive, 1, 2, hours=1)
    assert index_pending(archive, shelf) == BatchResult()
    store(archive, 2, text=BODY + "\n\n2", hours=2)
    assert index_pending(archive, shelf) == BatchResult(1, 0, 0)
    assert shelf.applied == [(shelf.current(), [ids[1]], [])]
    assert shelf.earlier == [(ids[1], 1)]
    assert held(archive, shelf)


def test_what_changes_while_it_is_shipped_goes_again(archive: Archive, shelf: FileEngine) -> None:
    store(archive, 1)
    index_pending(archive, shelf)
    store(archive, 1, text=f"{BODY} ٢", hours=1)
    shelf.during.append(threading.Thread(target=store, args=(archive, 1), kwargs={"text": f"{BODY} ٣", "hours": 2}))
    assert index_batch(archive, shelf) == BatchResult(1, 0, 1)
    assert not held(archive, shelf)
    assert index_batch(archive, shelf) == BatchResult(1, 0, 0)
    assert held(archive, shelf)


def test_a_deletion_is_brought_too(archive: Archive, shelf: FileEngine) -> None:
    (one,) = store(archive, 1)
    index_pending(archive, shelf)
    archive.write(lambda c: outbox.enqueue(c, [one], NOW + HOUR, "delete")).result()
    assert index_pending(archive, shelf) == BatchResult(1, 0, 0)
    assert shelf.count() == 0


def test_a_refused_document_holds_nothing_up(archive: Archive, shelf: FileEngine) -> None:
    ids = store(archive, *range(5))
    shelf.refuses = {ids[2]: SURROGATE}
    assert index_pending(archive, shelf, batch=2) == BatchResult(4, 1, 0)
    with archive.read() as conn:
        (kept,) = outbox.quarantined(conn)
    assert (kept.article, kept.reason, kept.count) == (ids[2], SURROGATE, 1)
    shelf.refuses = {}
    archive.write(lambda c: outbox.enqueue(c, [kept.article], NOW)).result()
    assert index_pending(archive, shelf) == BatchResult(1, 0, 0)
    assert held(archive, shelf)


@pytest.mark.parametrize("error", [IndexUnavailable("429"), IndexMismatch("version 8"), ValueError("surprise")])
def test_an_index_that_fails_costs_nothing(archive: Archive, shelf: FileEngine, error: Exception) -> None:
    store(archive, 1)
    index_pending(archive, shelf)
    store(archive, 2)
    shelf.down = error
    with pytest.raises(type(error)):
        index_batch(archive, shelf)
    assert waiting(archive) == 1
    shelf.down = None
    assert index_pending(archive, shelf) == BatchResult(1, 0, 0)


# --- the loop ------------------------------------------------------------------------------------------------------


@contextmanager
def running(archive: Archive, shelf: FileEngine, stop: threading.Event | None = None) -> Iterator[threading.Thread]:
    stop = stop or threading.Event()
    thread = threading.Thread(target=run, args=(archive, shelf, stop))
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()


class Looks(threading.Event):
    """A word to stop that notes each wait between two looks into the outbox, and what `so` says then."""

    def __init__(self, so: Callable[[], bool]) -> None:
        super().__init__()
        self.so = so
        self.waits: list[float] = []
        self.found: list[bool] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0.0)
        self.found.append(self.so())
        return super().wait(timeout)


def test_what_is_stored_is_there_with_the_second_look_and_that_within_five_seconds(
    archive: Archive, shelf: FileEngine
) -> None:
    looks = Looks(lambda: shelf.current() is not None and held(archive, shelf))
    with running(archive, shelf, looks):
        wait_for(lambda: looks.found)
        store(archive, 1)
        before = len(looks.found)  # a look that is under way may have missed it
        wait_for(lambda: len(looks.found) >= before + 2)
    assert looks.found[before + 1]
    assert sum(looks.waits[before : before + 2]) < 5


class Hurried(Looks):
    """The same without the waits."""

    def wait(self, timeout: float | None = None) -> bool:
        super().wait(0.0)
        self.waits[-1] = timeout or 0.0
        return self.is_set()


def test_a_batch_gathers_what_comes_after_one_and_an_empty_outbox_is_looked_at_each_second(
    archive: Archive, shelf: FileEngine
) -> None:
    store(archive, 3)
    looks = Hurried(lambda: True)
    with running(archive, shelf, looks):
        wait_for(lambda: len(looks.waits) > 2)
    assert database.POLL < looks.waits[0] <= indexer.GATHER
    assert looks.waits[1:3] == [database.POLL, database.POLL]


def test_it_waits_for_an_index_that_is_down_and_ends_when_it_is_told(
    archive: Archive, shelf: FileEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(indexer, "BACK_OFF", (0.02, 0.1))
    shelf.down = IndexUnavailable("connection refused")
    store(archive, 1)
    with running(archive, shelf):
        wait_for(lambda: len(caplog.records) >= 3)
        assert waiting(archive) == 0  # no target yet: it will get every article
        shelf.down = None
        wait_for(lambda: shelf.current() is not None and held(archive, shelf))
    assert "connection refused; tried again in" in caplog.text


def test_waits_grow_to_ten_minutes() -> None:
    waits = [indexer._back_off(n) for n in (0, 1, 5, 20, 10_000)]
    assert all(low <= wait <= 2 * low for wait, low in zip(waits, (0.5, 1, 16, 300, 300), strict=True))


def test_a_second_shipper_is_told_who_ships(archive: Archive, shelf: FileEngine) -> None:
    with running(archive, shelf):
        wait_for(lambda: shelf.current() is not None)
        for ship in (index_pending, lambda a, s: run(a, s, threading.Event())):
            with pytest.raises(Busy, match=rf"process {os.getpid()} holds .*shipper-shelf\.lock"):
                ship(archive, shelf)


def ship_forever(path: Path, folder: Path) -> None:
    with Archive(path) as archive:
        run(archive, FileEngine(folder), threading.Event(), batch=2)


def test_a_killed_shipper_loses_and_doubles_nothing(archive: Archive, shelf: FileEngine) -> None:
    store(archive, *range(60))
    for n in range(8):
        child = FORK.Process(target=ship_forever, args=(archive.path, shelf.folder))
        child.start()
        time.sleep(0.05 + n * 0.01)
        store(archive, n, text=f"{n}", hours=n + 1)
        os.kill(child.pid or 0, signal.SIGKILL)
        child.join()
    index_pending(archive, shelf)
    assert held(archive, shelf)
    assert shelf.count() == 60


# --- building anew -------------------------------------------------------------------------------------------------


def test_a_rebuild_takes_over_when_it_is_complete(archive: Archive, shelf: FileEngine) -> None:
    store(archive, *range(5))
    index_pending(archive, shelf)
    old = shelf.current()
    seen = []

    def told(_: BatchResult) -> None:
        seen.append((shelf.current(), shelf.count()))
        if len(seen) == 1:
            store(archive, 7)  # goes to both

    new = rebuild(archive, shelf, 2, told)
    assert seen[:2] == [(old, 5), (old, 6)]
    assert (shelf.current(), shelf.targets()) == (new, [new])
    assert new != old
    assert held(archive, shelf)


def test_a_rebuild_ends_although_articles_are_stored_all_the_time(
    archive: Archive, shelf: FileEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(archive, *range(5))
    index_pending(archive, shelf)
    numbers, bulk = count(10), shelf.bulk

    def while_more_come(*given: Any, **named: Any) -> Any:
        number = next(numbers)
        assert number < 100, "it does not end"
        store(archive, number)
        return bulk(*given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(shelf, "bulk", while_more_come)
        new = rebuild(archive, shelf, 4)
    assert shelf.current() == new
    with archive.read() as conn:
        assert shelf.count() >= documents.count(conn) - 2, "what came last is on its way"
    index_pending(archive, shelf)
    assert held(archive, shelf)


def test_a_running_shipper_does_the_rebuild(archive: Archive, shelf: FileEngine) -> None:
    store(archive, *range(5))
    with running(archive, shelf):
        wait_for(lambda: shelf.current() is not None)
        new = rebuild(archive, FileEngine(shelf.folder), 2)
        assert shelf.current() == new
        assert held(archive, shelf)


def test_an_index_that_is_to_get_more_is_not_waited_for(archive: Archive, shelf: FileEngine) -> None:
    """As it would be once less than a batch is left, and with several indexers once one of them has nothing left."""
    store(archive, 1)
    store(archive, 2, hours=1)
    shelf.create("arshif-v1-a")
    begin = partial(outbox.start_target, engine=shelf.name, name="arshif-v1-a", now=NOW, most=1)
    archive.write(begin).result()
    found = [indexer._index_share(archive, shelf, 500, outbox.ALL) for _ in range(2)]
    assert found == [BatchResult(1, 0, 500), BatchResult(0, 0, 500)]


def test_a_rebuild_that_was_interrupted_is_gone_on_with(archive: Archive, shelf: FileEngine) -> None:
    store(archive, *range(5))
    index_pending(archive, shelf)

    def break_off(_: BatchResult) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(archive, shelf, 2, break_off)
    (name,) = set(shelf.targets()) - {shelf.current()}
    with pytest.raises(KeyboardInterrupt):
        rebuild(archive, shelf, 2, break_off)
    assert index_pending(archive, shelf) == BatchResult(1, 0, 0), "an indexer goes on with it, too"
    assert (shelf.current(), shelf.targets()) == (name, [name])
    assert rebuild(archive, shelf, 2) != name, "that one is complete"


def test_a_rebuild_that_another_process_makes_is_not_begun_anew(archive: Archive, shelf: FileEngine) -> None:
    store(archive, 1)
    with archive.database.lock("rebuild-shelf"), pytest.raises(Busy):
        rebuild(archive, shelf)
    assert shelf.targets() == []


def test_a_second_rebuild_gives_up_the_first(archive: Archive, shelf: FileEngine) -> None:
    store(archive, *range(5))
    index_pending(archive, shelf)
    first = indexer._start(archive, shelf)
    second = rebuild(archive, shelf)
    assert (shelf.current(), shelf.targets()) == (second, [second])
    assert second != first


def test_a_lost_index_is_built_anew(archive: Archive, shelf: FileEngine) -> None:
    store(archive, *range(5))
    index_pending(archive, shelf)
    shelf.drop(str(shelf.current()))
    (shelf.folder / "current").unlink()
    assert index_pending(archive, shelf) == BatchResult(5, 0, 0)
    assert held(archive, shelf)


def test_a_shipper_that_was_killed_after_publishing_goes_on(archive: Archive, shelf: FileEngine) -> None:
    store(archive, 1)
    name = indexer._start(archive, shelf)
    shelf.activate(name)
    assert index_pending(archive, shelf) == BatchResult(1, 0, 0)
    with archive.read() as conn:
        assert outbox.state(conn, name) == "current"
    assert held(archive, shelf)


def test_the_index_of_another_archive_is_left_alone_until_it_is_asked_for(
    archive: Archive, shelf: FileEngine, tmp_path: Path
) -> None:
    with Archive(tmp_path / "other" / "archive.sqlite3") as other:
        store(other, 9)
        index_pending(other, shelf)
    theirs = shelf.current()
    store(archive, 1)
    with pytest.raises(IndexMismatch, match="was made from another archive"):
        index_pending(archive, shelf)
    assert (shelf.current(), shelf.count()) == (theirs, 1)
    rebuild(archive, shelf)
    assert held(archive, shelf)
