"""Fork servers: what they make is a child of whoever asks, and nobody depends on them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there are none")

# Each runs in a process of its own, with one thread.
SCRIPT = """
import os, signal, sys, time
from crawler.processes.child import name_process
from crawler.processes.fork_server import Forked, ForkServer

def load():
    sys.path.insert(0, os.environ["FOLDER"])
    import heavy

def run(job, fds):
    name_process("crawled", job)
    if job == "say":
        import heavy
        name = open("/proc/self/cmdline").read().split(chr(0))[:2]
        os.write(fds[0], f"{name} {heavy.MADE_BY == os.getpid()} {os.getsid(0) == os.getpid()} {os.getppid()}".encode())
        sys.exit(3)
    while True:
        time.sleep(1)

def said(server):
    reading, writing = os.pipe()
    pid = server.start("say", [writing])
    os.close(writing)
    return os.read(reading, 1000).decode(), pid and Forked(pid).wait()

server = ForkServer(load, run, lasts=True)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "heavy.py").write_text("import os\nMADE_BY = os.getpid()\n")
    return tmp_path


def run(folder: Path, code: str) -> str:
    command = [sys.executable, "-c", SCRIPT + code]
    env = {"FOLDER": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    made = subprocess.run(command, env=env, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert not made.stderr
    return made.stdout.strip()


def test_a_job_runs_in_a_child_of_ours_with_what_the_server_has_loaded(folder: Path) -> None:
    # heavy was not loaded by the child itself; the child has a session of its own, and our pid as its parent's
    assert run(folder, "print(said(server) == (f\"['crawled', 'say'] False True {os.getpid()}\", 3))") == "True"


def test_a_child_outlives_its_server_without_which_there_are_no_more(folder: Path) -> None:
    code = """
child = Forked(server.start("stay"))
os.kill(server._pid, signal.SIGKILL)
print(said(server), said(server), child.poll())
child.terminate()
print(child.wait())
"""
    assert run(folder, code) == "('', None) ('', None) None\n-15"


def test_a_child_dies_with_the_process_that_asked(folder: Path) -> None:
    code = """
reading, writing = os.pipe()
if os.fork() == 0:
    server.close()
    of_the_child = ForkServer(load, run, lasts=False)
    os.write(writing, str(of_the_child.start("stay")).encode())
    os.kill(os.getpid(), signal.SIGKILL)
os.wait()
pid = int(os.read(reading, 20))
while os.path.exists(f"/proc/{pid}") and open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0] != "Z":
    time.sleep(0.01)
print("gone")
"""
    assert run(folder, code) == "gone"


@pytest.mark.parametrize("heard", [True, False])
def test_a_child_whose_asker_ends_before_it_says_what_to_do_ends_without_a_word(folder: Path, heard: bool) -> None:
    code = f"""
import socket
from crawler.processes import fork_server
ours, theirs = socket.socketpair()
with fork_server._adopting():
    socket.send_fds(server._connection, [fork_server.FORK], [theirs.fileno()])
    theirs.close()
    pid = ours.recv(fork_server.PID, socket.MSG_WAITALL | {"0" if heard else "socket.MSG_PEEK"})
    ours.close()
print(Forked(int.from_bytes(pid)).wait())
"""
    assert run(folder, code) == "1"


def test_nothing_is_forked_of_code_that_has_changed(folder: Path) -> None:
    code = """
print(said(server)[1])
os.utime(os.path.join(os.environ["FOLDER"], "heavy.py"), (1, 1))
print(said(server)[1])
"""
    assert run(folder, code) == "3\nNone"


def test_nothing_is_forked_of_a_process_with_threads(folder: Path) -> None:
    (folder / "heavy.py").write_text(
        "from threading import Event, Thread\nThread(target=Event().wait, daemon=True).start()"
    )
    assert run(folder, "print(said(server)[1])") == "None"


def test_what_more_is_loaded_later_is_there_in_those_that_are_forked_then(folder: Path) -> None:
    code = """
sys.path.insert(0, os.environ["FOLDER"])
server = ForkServer(bool, run, lasts=False, load_more=load)
before, _ = said(server)
server.have_more_loaded()
print("True True" in before, "False True" in said(server)[0])
"""
    assert run(folder, code) == "True True"


def test_nobody_waits_for_more_from_a_server_that_has_ended(folder: Path) -> None:
    code = """
server = ForkServer(bool, run, lasts=False, load_more=lambda: os._exit(1))
server.have_more_loaded()
server.have_more_loaded()
print(said(server)[1])
"""
    assert run(folder, code) == "None"
