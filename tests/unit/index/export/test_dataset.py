"""The dataset: what the archive holds, by month and language; what was broken off goes on, what was erased is gone."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyarrow import dataset as datasets

from index.archive import Archive, articles, erasure
from index.errors import Busy, FileThere, WrongPlace
from index.export import dataset as module
from index.export.columns import COLUMNS
from index.export.dataset import STATE, Dataset
from index.file_lock import hold
from tests.support.archive_samples import NOW, article, page

MONTHS = [datetime(2026, month, day, tzinfo=UTC) for month, day in ((1, 1), (1, 31), (2, 28), (3, 15))]
LANGUAGES = ["ar", "ar-SY", None, "EN"]


def store(archive: Archive, *numbers: int, text: str = "x") -> None:
    for n in numbers:
        body = f"{text} {n} {LANGUAGES[n % 4]} " * 30
        one = article(
            f"https://step.example/{n}", headline=f"H{n}", body=body, published=MONTHS[n % 4], language=LANGUAGES[n % 4]
        )
        archive.write(lambda c, one=one: articles.store(c, page(one))).result()  # type: ignore[misc]


def forget(archive: Archive, *numbers: int) -> None:
    with archive.read() as conn:
        gone = [one for n in numbers for one in erasure.everywhere(conn, f"https://step.example/{n}")]
    for one in gone:
        archive.write(lambda c, one=one: erasure.forget(c, one, NOW)).result()  # type: ignore[misc]


def rows(folder: Path) -> dict[str, tuple[str, str, str]]:
    """Headline, month and language of the partition, by URL."""
    table = datasets.dataset(folder, partitioning="hive").to_table()
    return {row["url"]: (row["headline"], row["month"], row["language"]) for row in table.to_pylist()}


def inodes(folder: Path) -> dict[str, int]:
    return {str(file.relative_to(folder)): file.stat().st_ino for file in folder.rglob("*.parquet")}


def test_it_holds_the_archive_by_month_and_language(archive: Archive, tmp_path: Path) -> None:
    store(archive, *range(8))
    told: list[int] = []
    done = Dataset(tmp_path / "set").update(archive, lambda so_far, _: told.append(so_far.done))
    assert (done.articles, done.months, done.changed) == (8, 3, 3)
    assert told == [0, 4, 6, 8]
    places = [("2026-01", "ar"), ("2026-01", "ar"), ("2026-02", "und"), ("2026-03", "en")]
    assert rows(tmp_path / "set") == {f"https://step.example/{n}": (f"H{n}", *places[n % 4]) for n in range(8)}
    table = datasets.dataset(tmp_path / "set", partitioning="hive").to_table()
    assert set(table.column_names) == set(COLUMNS) - {"tags", "note", "collections"} | {"month", "language"}


def test_a_later_export_writes_what_has_changed_and_deletes_what_was_erased(archive: Archive, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    store(archive, *range(8))
    Dataset(folder).update(archive)
    before = inodes(folder)
    assert Dataset(folder).update(archive).changed == 0
    assert inodes(folder) == before

    store(archive, 2, text="rewritten")
    forget(archive, 3, 7)
    done = Dataset(folder).update(archive)
    assert (done.articles, done.months, done.changed) == (6, 2, 2)
    assert {url[-1] for url in rows(folder)} == set("012456")
    assert {name for name, inode in inodes(folder).items() if before.get(name) == inode} == {
        "month=2026-01/language=ar/articles.parquet"
    }


@pytest.mark.parametrize("step", range(12))
def test_one_that_was_broken_off_goes_on(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Broken off at the first, second, ... call that changes the folder."""
    folder = tmp_path / "set"
    store(archive, *range(8))
    calls: list[str] = []

    def breaking(owner: object, name: str) -> None:
        real = getattr(owner, name)

        def call(*args: object, **kwargs: object) -> object:
            calls.append(name)
            if len(calls) == step + 1:
                raise KeyboardInterrupt
            return real(*args, **kwargs)

        monkeypatch.setattr(owner, name, call)

    Dataset(folder).update(archive)
    store(archive, *range(8), text="rewritten")
    with monkeypatch.context():
        for owner, name in ((module, "replace_file"), (module.shutil, "rmtree"), (Path, "rename"), (Path, "mkdir")):
            breaking(owner, name)
        try:
            Dataset(folder).update(archive)
        except KeyboardInterrupt:
            assert len(calls) == step + 1
    monkeypatch.undo()
    done = Dataset(folder).update(archive)
    assert done.articles == len(rows(folder)) == 8
    bodies = datasets.dataset(folder, partitioning="hive").to_table().column("articleBody").to_pylist()
    assert all(body.startswith("rewritten") for body in bodies)
    assert not list(folder.rglob("*.new"))


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "set.parquet").write_text("mine")
    for place in (tmp_path / "set.parquet", tmp_path / "set.parquet" / "below"):
        with pytest.raises(WrongPlace, match="name a folder"):
            Dataset(place)
    assert (tmp_path / "set.parquet").read_text() == "mine"


def test_a_folder_with_something_else_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(FileThere):
        Dataset(tmp_path)
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["mine.txt"]


def test_a_damaged_state_means_that_all_is_written_anew(archive: Archive, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    store(archive, *range(4))
    Dataset(folder).update(archive)
    for damage in ("", "[]", "{", "7"):
        (folder / STATE).write_text(damage)
        assert Dataset(folder).update(archive).changed == 3
        assert len(rows(folder)) == 4
    assert set(json.loads((folder / STATE).read_text())) == {"2026-01", "2026-02", "2026-03"}
    (folder / STATE).write_text("")
    forget(archive, 3)
    Dataset(folder).update(archive)
    assert {path.name for path in folder.glob("month=*")} == {"month=2026-01", "month=2026-02"}


def test_two_do_not_write_to_one_folder(archive: Archive, tmp_path: Path) -> None:
    one = Dataset(tmp_path / "set")
    with hold(tmp_path / "set" / "_arshif.lock", wait=False), pytest.raises(Busy):
        one.update(archive)
