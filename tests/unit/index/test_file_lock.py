"""The lock that names its holder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from index import file_lock
from index.errors import Busy
from index.file_lock import hold
from tests.support.patience import PATIENCE

LATE = """
import fcntl, os, sys, time
handle = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
fcntl.flock(handle, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(0.3)
os.pwrite(handle, str(os.getpid()).encode(), 0)
sys.stdin.read()
"""


def test_who_holds_it_is_told(tmp_path: Path) -> None:
    path = tmp_path / "data" / "daemon.lock"
    told = f"process {os.getpid()} holds .*daemon.lock"
    with hold(path, wait=False), pytest.raises(Busy, match=told), hold(path, wait=False):
        pass
    with hold(path, wait=False):
        pass


def test_one_who_has_just_taken_it_is_told_and_not_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_lock, "HOLDER_NAMED_WITHIN", PATIENCE)
    path = tmp_path / "daemon.lock"
    with subprocess.Popen(["true"]) as dead:
        dead.wait()
    path.write_text(str(dead.pid), "ascii")
    command = [sys.executable, "-c", LATE, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Busy, match=f"process {holder.pid} holds"), hold(path, wait=False):
            pass
