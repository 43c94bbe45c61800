"""What a site repeats, and what runs did."""

import subprocess
import sys

from sqlalchemy import Connection

from index.archive import Archive, articles, repeated_blocks, runs
from index.model.codes import RunCause, RunDetail, RunStatus
from index.model.message import Message
from tests.support.archive_samples import HOUR, NOW, article, page


def stored(archive: Archive, n: int) -> str:
    return archive.write(lambda c: stored_in(c, n)).result()


def stored_in(conn: Connection, n: int) -> str:
    return articles.store(conn, page(article(f"https://step.example/{n}", headline=f"خبر {n}"))).id


def test_a_block_counts_once_an_article_however_often_it_is_replayed(archive: Archive) -> None:
    ids = [stored(archive, n) for n in range(3)]
    for _ in range(3):
        archive.write(lambda c: repeated_blocks.count(c, "step", ids[0], dict.fromkeys(["ad", "own", "ad"]))).result()
    archive.write(lambda c: repeated_blocks.count(c, "step", ids[1], dict.fromkeys(["ad", "two"]))).result()
    with archive.read() as conn:
        assert repeated_blocks.repeated(conn, "step", at_least=3) == {}
        assert repeated_blocks.repeated(conn, "step", at_least=2) == {"ad": 2}
    archive.write(lambda c: repeated_blocks.count(c, "step", ids[2], dict.fromkeys(["ad"]))).result()
    with archive.read() as conn:
        assert repeated_blocks.repeated(conn, "step", at_least=3) == {"ad": 3}
        assert repeated_blocks.among(conn, "step", ["ad", "two", "none"]) == {"ad": 3, "two": 1}
        assert repeated_blocks.of(conn, ids[0]) == {"ad", "own"}
        assert repeated_blocks.repeated(conn, "other", at_least=1) == {}


def test_what_was_learned_is_told_with_its_text_and_count(archive: Archive) -> None:
    for n in range(3):
        archive.write(lambda c, n=n: repeated_blocks.count(c, "step", stored_in(c, n), dict.fromkeys(["ad"]))).result()  # type: ignore[misc]
    for text in ("تابعنا", "تابعنا!"):
        archive.write(lambda c, text=text: repeated_blocks.record_learned(c, "step", {"ad": text}, NOW)).result()  # type: ignore[misc]
    with archive.read() as conn:
        assert repeated_blocks.learned_blocks(conn, "step") == [repeated_blocks.LearnedBlock("ad", "تابعنا", 3, NOW)]
        assert repeated_blocks.learned_blocks(conn, "other") == []


def test_an_edit_takes_its_old_blocks_back(archive: Archive) -> None:
    ids = [stored(archive, n) for n in range(2)]
    for one in ids:
        archive.write(lambda c, one=one: repeated_blocks.count(c, "step", one, dict.fromkeys(["a", "b"]))).result()  # type: ignore[misc]
    archive.write(lambda c: repeated_blocks.count(c, "step", ids[0], dict.fromkeys(["b"]))).result()
    with archive.read() as conn:
        assert repeated_blocks.repeated(conn, "step", at_least=2) == {"b": 2}


def test_a_run_keeps_its_counts_by_site(archive: Archive) -> None:
    run = archive.write(
        lambda c: runs.start(c, ["step", "sana"], NOW, owner="run-1", why=Message(RunCause.SCHEDULED))
    ).result()
    archive.write(lambda c: runs.count(c, run, "step", stored=2, requests=5, walls=1)).result()
    archive.write(lambda c: runs.count(c, run, "step", stored=1, walls=1)).result()
    with archive.read() as conn:
        assert runs.recent(conn)[0].status == "running"
        assert runs.last_by_site(conn, ["step"])["step"].counts["stored"] == 3
    archive.write(lambda c: runs.end_site(c, run, "sana", RunStatus.FAILED, Message(RunDetail.BUSY))).result()
    archive.write(lambda c: runs.finish(c, run, RunStatus.OK, NOW + HOUR, {"step": {"discovered": 9}})).result()
    with archive.read() as conn:
        (one,) = runs.recent(conn)
    assert (one.status, one.started, one.ended, one.why) == ("ok", NOW, NOW + HOUR, Message(RunCause.SCHEDULED))
    sana, step = one.sites
    assert (sana.status, sana.detail, step.status) == ("failed", Message(RunDetail.BUSY), "ok")
    assert step.counts == dict.fromkeys(step.counts, 0) | {"discovered": 9, "stored": 3, "requests": 5, "walls": 2}


def test_the_newest_runs_come_first_and_each_sites_last_is_known(archive: Archive) -> None:
    for n, sites in enumerate((["step", "sana"], ["step"], ["rudaw"])):
        run = archive.write(lambda c, n=n, s=sites: runs.start(c, s, NOW + n * HOUR, owner=f"{n}")).result()  # type: ignore[misc]
        archive.write(lambda c, run=run: runs.finish(c, run, RunStatus.OK, NOW)).result()  # type: ignore[misc]
    with archive.read() as conn:
        assert [run.owner for run in runs.recent(conn, 2)] == ["2", "1"]
        last = runs.last_by_site(conn, ["sana", "step", "rudaw", "never"])
    assert {site: part.started for site, part in last.items()} == {
        "sana": NOW,
        "step": NOW + HOUR,
        "rudaw": NOW + 2 * HOUR,
    }


def test_a_run_that_left_a_site_to_another_is_not_its_last(archive: Archive) -> None:
    for n, status in enumerate((RunStatus.OK, RunStatus.BUSY)):
        run = archive.write(lambda c, n=n: runs.start(c, ["step"], NOW + n * HOUR, owner="x")).result()  # type: ignore[misc]
        archive.write(lambda c, run=run, status=status: runs.end_site(c, run, "step", status)).result()  # type: ignore[misc]
    with archive.read() as conn:
        assert runs.last_by_site(conn, ["step"])["step"].status == "ok"


def test_a_run_whose_process_died_is_buried_and_a_living_one_is_not(archive: Archive) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        dead = archive.write(lambda c: runs.start(c, ["step"], NOW, owner="x", pid=process.pid)).result()
        alive = archive.write(lambda c: runs.start(c, ["sana"], NOW, owner="y")).result()
        assert archive.write(lambda c: runs.reap_dead(c, NOW)).result() == []
        process.kill()
    assert archive.write(lambda c: runs.reap_dead(c, NOW + HOUR)).result() == [dead]
    with archive.read() as conn:
        states = {run.id: (run.status, run.sites[0].status) for run in runs.recent(conn)}
        found = {run.id: run.detail for run in runs.recent(conn)}
    assert states == {dead: ("killed", "killed"), alive: ("running", "running")}
    assert found[dead] == Message(RunDetail.PROCESS_DIED)
