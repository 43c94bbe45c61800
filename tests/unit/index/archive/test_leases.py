"""Leases: one process a site, taken over from the dead, fenced against the slow."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from index import process_identity
from index.archive import Archive, leases, site_state
from index.archive.database import Database
from index.archive.leases import Lease
from index.archive.tables import leases as table
from index.errors import LeaseLost
from tests.support.archive_samples import HOUR, NOW
from tests.support.patience import PATIENCE, wait_for

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def acquire(archive: Archive, owner: str, *names: str, pid: int | None = None) -> list[Lease]:
    return archive.write(lambda c: leases.acquire(c, names or ("step",), owner, NOW, pid)).result()


def test_a_held_site_is_left_out_and_a_free_one_given(archive: Archive, sleeper: subprocess.Popen[bytes]) -> None:
    assert acquire(archive, "one", "step", "sana", pid=sleeper.pid) == [
        Lease("step", "one", 1),
        Lease("sana", "one", 1),
    ]
    assert acquire(archive, "two", "step", "rudaw") == [Lease("rudaw", "two", 1)]
    with archive.read() as conn:
        assert leases.holder(conn, "step") == leases.Holder("one", sleeper.pid, NOW)
        assert leases.holder(conn, "nobody") is None


def test_a_released_site_is_free_and_its_fence_grows(archive: Archive) -> None:
    held = acquire(archive, "one")
    archive.write(lambda c: leases.release(c, held)).result()
    with archive.read() as conn:
        assert leases.holder(conn, "step") is None
    assert acquire(archive, "two") == [Lease("step", "two", 2)]


def test_the_site_of_a_killed_process_is_taken_over_even_before_it_is_buried(
    archive: Archive, sleeper: subprocess.Popen[bytes]
) -> None:
    acquire(archive, "one", pid=sleeper.pid)
    assert acquire(archive, "two") == []
    os.kill(sleeper.pid, signal.SIGKILL)
    wait_until_dead(sleeper.pid)
    assert Path(f"/proc/{sleeper.pid}").exists()  # a zombie, as nobody waited for it
    assert acquire(archive, "two") == [Lease("step", "two", 2)]


def wait_until_dead(pid: int) -> None:
    wait_for(lambda: not process_identity.is_running(pid))


@pytest.mark.parametrize("column", [{"boot": "another boot"}, {"born": "1"}, {"pid": 2**22 + 1}])
def test_another_boot_a_reused_pid_and_no_process_are_stale(
    archive: Archive, sleeper: subprocess.Popen[bytes], column: dict[str, object]
) -> None:
    acquire(archive, "one", pid=sleeper.pid)
    archive.write(lambda c: c.execute(update(table).values(**column))).result()
    assert acquire(archive, "two") == [Lease("step", "two", 2)]


def test_a_process_with_brackets_and_blanks_in_its_name_is_read(tmp_path: Path) -> None:
    odd = tmp_path / "a) S (b"
    odd.symlink_to("/bin/sleep")
    with subprocess.Popen([odd, "1000000"]) as process:
        wait_for(lambda: Path(f"/proc/{process.pid}/comm").read_text().strip() == "a) S (b")
        assert process_identity.is_running(process.pid)
        assert int(process_identity.process_start(process.pid)) > 0
        process.kill()


def test_an_old_holder_can_write_no_more(archive: Archive, sleeper: subprocess.Popen[bytes]) -> None:
    (old,) = acquire(archive, "one", pid=sleeper.pid)
    archive.write(lambda c: site_state.put(c, "step", name="1"), lease=old).result()
    sleeper.kill()
    wait_until_dead(sleeper.pid)
    (new,) = acquire(archive, "two")
    with pytest.raises(LeaseLost, match="one may no longer write for step: two has it now"):
        archive.write(lambda c: site_state.put(c, "step", name="2"), lease=old).result()
    archive.write(lambda c: leases.release(c, [old])).result()  # frees nothing that is not its own
    archive.write(lambda c: site_state.put(c, "step", name="3"), lease=new).result()
    with archive.read() as conn:
        assert site_state.state(conn, "step").name == "3"


def test_a_released_lease_can_write_no_more(archive: Archive) -> None:
    (held,) = acquire(archive, "one")
    archive.write(lambda c: leases.release(c, [held])).result()
    with pytest.raises(LeaseLost, match="it was released"):
        archive.write(lambda c: site_state.put(c, "step"), lease=held).result()


def hold(place: Database, owner: str, fences: "multiprocessing.Queue[tuple[str, int]]") -> None:
    with Archive(place) as archive:
        taken = archive.write(lambda c: leases.acquire(c, ["step"], owner, NOW + HOUR)).result()
        for lease in taken:
            fences.put((lease.owner, lease.fence))
        if taken:
            time.sleep(1e6)


def test_of_several_processes_one_gets_the_site_and_its_death_frees_it(archive: Archive) -> None:
    fences = SPAWN.Queue()
    rivals = [SPAWN.Process(target=hold, args=(archive.database, f"run-{n}", fences)) for n in range(3)]
    try:
        for rival in rivals:
            rival.start()
        winner, fence = fences.get(timeout=PATIENCE)
        for n, rival in enumerate(rivals):
            if f"run-{n}" != winner:
                rival.join(PATIENCE)
        with archive.read() as conn:
            holder = leases.holder(conn, "step")
        assert fence == 1
        assert holder is not None
        assert (holder.owner, fences.empty()) == (winner, True)
        os.kill(holder.pid, signal.SIGKILL)
        wait_until_dead(holder.pid)
        assert acquire(archive, "next") == [Lease("step", "next", 2)]
    finally:
        for rival in rivals:
            rival.kill()
            rival.join()


def test_without_proc_the_pid_alone_decides(
    archive: Archive, sleeper: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_identity, "PROC", Path("/nowhere"))
    process_identity.boot_id.cache_clear()
    try:
        assert (
            process_identity.boot_id(),
            process_identity.process_start(sleeper.pid),
            process_identity.is_running(sleeper.pid),
        ) == (
            "unknown",
            "",
            True,
        )
        acquire(archive, "one", pid=sleeper.pid)
        assert acquire(archive, "two") == []
        sleeper.kill()
        sleeper.wait()
        assert acquire(archive, "two") == [Lease("step", "two", 2)]
    finally:
        process_identity.boot_id.cache_clear()
