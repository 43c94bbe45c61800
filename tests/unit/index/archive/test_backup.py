"""Copies made while others write: one moment of the archive, with every raw copy that it refers to, and put back."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from index.archive import Archive, articles, backup, documents, leases, warc_files
from index.archive import tables as t
from index.archive.backup import back_up, check, restore
from index.errors import ArchiveError, Busy, WrongPlace
from index.file_lock import hold
from index.warc.folder import Folder
from index.warc.record import Response, WarcMissing, WarcRef
from index.warc.store import WarcStore
from tests.support.archive_samples import NOW, article, page
from tests.support.warcs import raw_file


class Writer(threading.Thread):
    """Stores articles with raw copies, as a crawl does, until it is told to stop."""

    def __init__(self, data: Path) -> None:
        super().__init__()
        self.data, self.stored, self.over = data, 0, threading.Event()

    def run(self) -> None:
        with (
            Archive(self.data / backup.ARCHIVE) as archive,
            WarcStore(self.data / backup.RAW, f"run-{os.getpid()}") as raw,
        ):
            for number in itertools.count():
                if self.over.is_set():
                    return
                one = article(f"https://step.example/{number}", headline=f"خبر {number}")
                answer = Response(one.url, NOW, "HTTP/1.1 200 OK", [("A", "b")], os.urandom(20_000))
                new = page(one, raw=partial(raw.append, answer))
                archive.write(lambda c, new=new: articles.store(c, new)).result()  # type: ignore[misc]
                self.stored = number + 1


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Writer]:
    """A folder of data that is being written."""
    with writing(tmp_path) as writer:
        yield writer


@contextmanager
def writing(folder: Path) -> Iterator[Writer]:
    writer = Writer(folder / "data")
    writer.start()
    while writer.stored < 30:
        assert writer.is_alive()
        time.sleep(0.01)
    try:
        yield writer
    finally:
        writer.over.set()
        writer.join()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Such a folder when nobody writes any more."""
    with writing(tmp_path) as writer:
        return writer.data


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy that was made of such a folder meanwhile."""
    folder = tmp_path_factory.mktemp("original")
    with writing(folder) as writer, Archive(writer.data / backup.ARCHIVE) as archive:
        back_up(archive, Folder(writer.data / backup.RAW), folder / "copy")
    return folder / "copy"


@pytest.fixture
def copied(original: Path, tmp_path: Path) -> Path:
    """The same for each test."""
    return Path(shutil.copytree(original, tmp_path / "copy"))


def whole(data: Path) -> int:
    """How many articles there are, each with its raw copy as it was answered."""
    raw = WarcStore(data / backup.RAW)
    with Archive(data / backup.ARCHIVE) as archive, archive.read() as conn:
        rows = conn.execute(select(t.raws)).all()
        for row in rows:
            _, body = raw.read(WarcRef(row.file, row.offset, row.length), row.url)
            assert len(body) == 20_000
        assert documents.count(conn) == len(rows)
        return len(rows)


def test_a_copy_made_while_a_crawl_writes_is_whole(written: Writer, tmp_path: Path) -> None:
    with Archive(written.data / backup.ARCHIVE) as archive:
        least = written.stored
        made = back_up(archive, Folder(written.data / backup.RAW), tmp_path / "copy")
    most = written.stored + 1
    assert least <= made.articles <= most
    now = written.stored
    while written.stored < now + 5:
        assert written.is_alive(), "it goes on writing"
        time.sleep(0.01)
    assert check(tmp_path / "copy") == made
    restored, aside = restore(tmp_path / "copy", tmp_path / "elsewhere")
    assert (restored, aside) == (made, None)
    assert whole(tmp_path / "elsewhere") == made.articles


def test_an_archive_that_is_there_is_moved_aside_and_only_when_asked(copied: Path, data: Path) -> None:
    before = whole(data)
    with pytest.raises(WrongPlace, match="holds an archive already"):
        restore(copied, data)
    assert whole(data) == before
    made, aside = restore(copied, data, force=True)
    assert whole(data) == made.articles
    assert aside is not None
    assert whole(aside) == before


def test_an_archive_that_somebody_works_in_is_left_alone(copied: Path, data: Path) -> None:
    with hold(data / "daemon.lock", wait=False), pytest.raises(Busy, match=r"daemon\.lock"):
        restore(copied, data, force=True)
    with Archive(data / backup.ARCHIVE) as archive:
        archive.write(lambda c: leases.acquire(c, ["step"], "run 1", NOW)).result()
    with pytest.raises(Busy, match=f"process {os.getpid()} is crawling step"):
        restore(copied, data, force=True)


def test_damage_is_found_before_anything_is_put_back(copied: Path, tmp_path: Path) -> None:
    raw = raw_file(copied / backup.RAW)
    data = bytearray(raw.read_bytes())
    data[len(data) // 2] ^= 1
    raw.write_bytes(data)
    with pytest.raises(ArchiveError, match="is not as it was when the copy was made"):
        restore(copied, tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere" / backup.ARCHIVE).exists()


def test_a_copy_that_was_broken_off_is_none(copied: Path, tmp_path: Path) -> None:
    (copied / backup.CONTENTS).unlink()
    with pytest.raises(WrongPlace, match="which is written last"):
        restore(copied, tmp_path / "elsewhere")


def test_a_file_of_raw_copies_that_was_lost_is_told_and_stops_no_copy(written: Writer, tmp_path: Path) -> None:
    written.over.set()
    written.join()
    raw = raw_file(written.data / backup.RAW)
    name = raw.relative_to(written.data / backup.RAW).as_posix()
    with raw.open("r+b") as file:
        file.truncate(100_000)
    with Archive(written.data / backup.ARCHIVE) as archive:
        made = back_up(archive, Folder(written.data / backup.RAW), tmp_path / "copy")
        assert made.short == (name,)
        raw.unlink()
        assert back_up(archive, Folder(written.data / backup.RAW), tmp_path / "another").short == (name,)
        for n, make in enumerate((Path.mkdir, os.mkfifo, lambda path: path.symlink_to(path.name))):
            make(raw)
            assert back_up(archive, Folder(written.data / backup.RAW), tmp_path / f"odd-{n}").short == (name,)
            with pytest.raises(WarcMissing):
                Folder(written.data / backup.RAW).read(WarcRef(name, 0, 10))
            raw.rmdir() if raw.is_dir() else raw.unlink()
    assert restore(tmp_path / "copy", tmp_path / "elsewhere")[0] == made
    assert (tmp_path / "elsewhere" / backup.RAW / name).stat().st_size == 100_000


def rewritten(copied: Path, change: Callable[[list[Any]], None]) -> None:
    """The list of contents of a copy, changed by somebody else."""
    file = copied / backup.CONTENTS
    said = json.loads(file.read_text("utf-8"))
    change(said["parts"])
    file.write_text(json.dumps(said), "utf-8")


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


ELSEWHERE = (
    *("../secret", "{tmp}/secret", "raw/../../secret", "raw/../raw/x.warc.gz", "./archive.sqlite3"),
    *("raw/2026/13/x.warc.gz", "raw/2026/11/12/x.warc.gz", "raw/2026/../x.warc.gz", "raw/26/11/x.warc.gz"),
    *("raw/./x.warc.gz", "raw//x.warc.gz", "raw/x/../x.warc.gz", "raw", "", ".", "raw/.hidden.warc.gz"),
    *("backup.json", "raw/x.warc.gz\0", "raw\\x.warc.gz", "other/x.warc.gz", "raw/x", "~/x.warc.gz", "raw/x.warc.gz/"),
)


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_name_that_leads_elsewhere_is_not_followed(copied: Path, tmp_path: Path, name: str) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"private")
    digest = hashlib.sha256(b"private").hexdigest()
    part = {"name": name.format(tmp=tmp_path), "bytes": 7, "sha256": digest}
    rewritten(copied, lambda parts: parts.append(part))
    before = files(tmp_path)
    with pytest.raises(ArchiveError, match="which is no file of a copy"):
        restore(copied, tmp_path / "elsewhere")
    assert files(tmp_path) == before, "nothing was written, within the folder or outside"


def test_whatever_the_list_of_contents_says_is_told_as_unusable(tmp_path: Path) -> None:
    json_values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["name", "bytes", "sha256"]), inner),
    )
    fields = ("format", "made", "articles", "versions", "parts", "short")
    made = st.fixed_dictionaries({}, optional=dict.fromkeys(fields, json_values) | {"format": st.just(1)})
    texts = (json_values | made).map(json.dumps) | st.text() | st.integers(1, 5_000).map(lambda n: "[" * n)

    @given(texts.map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary())
    def check_contents(contents: bytes) -> None:
        (tmp_path / backup.CONTENTS).write_bytes(contents)
        with pytest.raises(ArchiveError, match=re.escape(str(tmp_path))):
            check(tmp_path)

    check_contents()


def test_each_file_is_listed_once_and_the_archive_is_among_them(copied: Path, tmp_path: Path) -> None:
    first, second, *_ = json.loads((copied / backup.CONTENTS).read_text())["parts"]
    for parts in ([second], [first, second, second], [first, second, first]):
        rewritten(copied, lambda listed, parts=parts: listed.__setitem__(slice(None), parts))  # type: ignore[misc]
        with pytest.raises(ArchiveError, match=r"(0|2) times, not once"):
            restore(copied, tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("beside", ["-wal", "-journal", "-shm"])
def test_what_lies_beside_the_archive_of_a_copy_is_not_read(copied: Path, tmp_path: Path, beside: str) -> None:
    (copied / f"{backup.ARCHIVE}{beside}").write_bytes(bytes(range(256)) * 32)
    restore(copied, tmp_path / "elsewhere")
    assert whole(tmp_path / "elsewhere") >= 30


def test_a_journal_beside_the_archive_hides_no_name(copied: Path, tmp_path: Path) -> None:
    file, evil = copied / backup.ARCHIVE, tmp_path / "evil"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        (name, *_) = connection.execute("SELECT file FROM raws").fetchone()
        for told in ("../../secret.warc.gz", name):
            connection.execute("UPDATE raws SET file = ?", (told,))
            connection.commit()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)" if told != name else "SELECT 1")
        shutil.copytree(copied, evil)
    data = (evil / backup.ARCHIVE).read_bytes()
    own = {"name": backup.ARCHIVE, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    rewritten(evil, lambda parts: parts.__setitem__(0, own))
    with pytest.raises(ArchiveError, match="as a raw copy, which is no file of ours"):
        restore(evil, tmp_path / "elsewhere")


@pytest.mark.parametrize("kind", ["link", "folder link", "month folder link", "pipe", "list link", "list pipe", "list"])
def test_a_link_in_a_copy_is_not_followed(copied: Path, tmp_path: Path, kind: str) -> None:
    if kind.startswith("list"):
        raw = copied / backup.CONTENTS
        if kind == "list":
            os.truncate(raw, backup._MOST_CONTENTS + 1)
        else:
            raw.rename(tmp_path / raw.name)
            raw.symlink_to(tmp_path / raw.name) if kind == "list link" else os.mkfifo(raw)
        with pytest.raises(ArchiveError, match="is a link or a device, or larger"):
            restore(copied, tmp_path / "elsewhere")
        return
    raw = raw_file(copied / backup.RAW)
    if kind.endswith("folder link"):
        folder = raw.parent if kind.startswith("month") else copied / backup.RAW
        folder.rename(tmp_path / "outside")
        folder.symlink_to(tmp_path / "outside")
    else:
        raw.rename(tmp_path / raw.name)
        raw.symlink_to(tmp_path / raw.name) if kind == "link" else os.mkfifo(raw)
    with pytest.raises(ArchiveError, match="is no file of this copy"):
        restore(copied, tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()


def test_names_in_the_archive_lead_nowhere_either(written: Writer, tmp_path: Path) -> None:
    written.over.set()
    written.join()
    secret = tmp_path / "secret.warc.gz"
    secret.write_bytes(b"private" * 5_000)
    before = secret.read_bytes()
    with Archive(written.data / backup.ARCHIVE) as archive:
        archive.write(lambda c: c.execute(update(t.raws).values(file="../../secret.warc.gz"))).result()
        made = back_up(archive, Folder(written.data / backup.RAW), tmp_path / "copy")
        assert made.short == ("../../secret.warc.gz",), "told, and not read"
        assert Folder(written.data / backup.RAW).blank([WarcRef("../../secret.warc.gz", 0, 1_000)]) == 0
    assert secret.read_bytes() == before
    assert before not in files(tmp_path / "copy").values()


def test_nor_do_names_of_files_to_be_deleted(written: Writer, tmp_path: Path) -> None:
    written.over.set()
    written.join()
    with Archive(written.data / backup.ARCHIVE) as archive:
        archive.write(lambda c: warc_files.discard(c, ["2026/11/run-000001-00001.warc.gz"])).result()
        back_up(archive, Folder(written.data / backup.RAW), tmp_path / "copy")
        check(tmp_path / "copy")
        archive.write(lambda c: warc_files.discard(c, ["../../secret"])).result()
        back_up(archive, Folder(written.data / backup.RAW), tmp_path / "another")
    with pytest.raises(ArchiveError, match=r"names '\.\./\.\./secret' as a raw copy, which is no file of ours"):
        restore(tmp_path / "another", tmp_path / "elsewhere")


def test_a_folder_with_something_in_it_is_not_written_to(copied: Path, data: Path) -> None:
    with Archive(data / backup.ARCHIVE) as archive, pytest.raises(WrongPlace, match="is not empty"):
        back_up(archive, Folder(data / backup.RAW), copied)


def test_a_file_is_no_folder_for_a_copy(copied: Path, data: Path, tmp_path: Path) -> None:
    for place in (copied / backup.ARCHIVE, copied / backup.ARCHIVE / "below"):
        with Archive(data / backup.ARCHIVE) as archive, pytest.raises(WrongPlace, match="name a new folder"):
            back_up(archive, Folder(data / backup.RAW), place)
        with pytest.raises(WrongPlace, match="is no whole copy"):
            restore(place, tmp_path / "elsewhere")


def test_the_copy_is_without_what_indexes_lack(copied: Path, tmp_path: Path) -> None:
    restore(copied, tmp_path / "elsewhere")
    with Archive(tmp_path / "elsewhere" / backup.ARCHIVE) as archive, archive.read() as conn:
        assert conn.execute(select(t.targets)).all() == []
        assert conn.execute(select(t.outbox)).all() == []
