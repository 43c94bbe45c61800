"""Which place has an archive's raw copies: one id, however many processes ask at once."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from index.archive import raw_owner
from index.errors import ArchiveError


def begun(data: Path) -> str:
    raw_owner.claim((data / "raw-elsewhere").as_uri(), data)
    return (data / raw_owner.FILE).read_text("utf-8")


def test_of_processes_that_claim_at_once_all_have_one_id(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4, mp_context=get_context("fork")) as pool:
        for number in range(25):
            said = set(pool.map(begun, [tmp_path / str(number)] * 4))
            assert len(said) == 1


def test_an_id_of_another_process_that_came_first_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = (tmp_path / "raw-elsewhere").as_uri()
    raw_owner.claim(url, tmp_path)
    first, read = (tmp_path / raw_owner.FILE).read_text("utf-8"), raw_owner._read
    answers = iter([None])  # it was not there yet when it was looked for
    monkeypatch.setattr(raw_owner, "_read", lambda data: next(answers, read(data)))
    raw_owner.claim(url, tmp_path)
    assert (tmp_path / raw_owner.FILE).read_text("utf-8") == first


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(ArchiveError) as told:
        raw_owner._begin(tmp_path / "data" / "inner")
    assert str(tmp_path / "data") in str(told.value)
