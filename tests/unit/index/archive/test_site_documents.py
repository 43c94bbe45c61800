"""Descriptions of sites in the archive: stored once, changed by one at a time, read by those who need them."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, select

from index.archive import Archive, erasure, site_documents
from index.archive import tables as t
from index.archive.upsert import CHUNK
from tests.support.archive_samples import HOUR, NOW


def texts(archive: Archive, *only: str) -> dict[str, str]:
    with archive.read() as conn:
        return site_documents.texts(conn, only or None)


def put(archive: Archive, new: dict[str, str]) -> int:
    return archive.write(lambda conn: site_documents.put(conn, new, NOW)).result()


def test_what_is_there_already_is_not_written_again(archive: Archive) -> None:
    assert put(archive, {"b": "name: ب\n", "a": "name: A\n"}) == 2
    later = NOW + HOUR
    changed = {"a": "name: A\n", "b": "name: B\n", "c": "# nothing\n"}
    assert archive.write(lambda conn: site_documents.put(conn, changed, later)).result() == 2
    assert texts(archive) == changed
    with archive.read() as conn:
        stored = {row.site: row.stored for row in conn.execute(select(t.site_documents))}
        digests = site_documents.digests(conn)
    assert stored == {"a": NOW, "b": later, "c": later}
    assert digests == {site: site_documents.digest(text) for site, text in changed.items()}
    assert put(archive, {}) == 0


def test_some_of_many_are_read_and_removed(archive: Archive) -> None:
    many = {f"site-{number:04}": f"delay: {number}\n" for number in range(2 * CHUNK + 1)}
    assert put(archive, many) == len(many)
    assert texts(archive, "site-0003", "none") == {"site-0003": "delay: 3\n"}
    assert texts(archive, *many) == many
    with archive.read() as conn:
        assert site_documents.texts(conn, ()) == {}
        assert site_documents.digests(conn, ["site-0003"]).keys() == {"site-0003"}
    archive.write(lambda conn: site_documents.remove(conn, [*many][1:])).result()
    assert texts(archive) == {"site-0000": "delay: 0\n"}


@pytest.mark.parametrize("before", [None, "delay: 1\n"], ids=["new", "known"])
def test_of_two_who_change_the_same_one_is_told_to_look_again(archive: Archive, before: str | None) -> None:
    put(archive, {} if before is None else {"a": before})

    def change(text: str) -> bool:
        return archive.write(lambda conn: site_documents.change(conn, "a", before, text, NOW)).result()

    assert change("delay: 2\n")
    assert not change("delay: 3\n")
    assert texts(archive) == {"a": "delay: 2\n"}


def test_one_that_was_removed_meanwhile_is_not_changed(archive: Archive) -> None:
    assert not archive.write(lambda conn: site_documents.change(conn, "a", "delay: 1\n", "x", NOW)).result()
    assert texts(archive) == {}


def test_a_site_that_is_forgotten_is_described_no_longer(archive: Archive) -> None:
    put(archive, {"a": "delay: 1\n", "b": "delay: 2\n"})

    def forget(conn: Connection) -> None:
        erasure.forget_site(conn, "a")

    archive.write(forget).result()
    assert texts(archive) == {"b": "delay: 2\n"}
