"""Children end when they are asked, when they are made to, and when their parent ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import psutil
import pytest

from crawler.processes.child import end_child
from tests.support.patience import PATIENCE, wait_for

HEARS = "import time; print('up', flush=True); time.sleep(1e6)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(1e6)"


def start(code: str) -> subprocess.Popen[bytes]:
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True)
    assert child.stdout is not None
    assert child.stdout.readline() == b"up\n"
    child.stdout.close()
    return child


@pytest.mark.parametrize(
    ("code", "grace", "status"),
    [(HEARS, PATIENCE, -signal.SIGTERM), (DEAF, 0.3, -signal.SIGKILL)],
)
def test_a_child_ends_by_itself_or_is_made_to(code: str, grace: float, status: int) -> None:
    assert end_child(start(code), grace) == status


def test_a_child_dies_with_its_parent() -> None:
    child = (
        "import os, sys, time; from crawler.processes.child import die_with_parent;"
        "die_with_parent(int(sys.argv[1])); print(os.getpid(), flush=True); time.sleep(1e6)"
    )
    parent = f"import os, subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}, str(os.getpid())])"
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        orphan = psutil.Process(int(process.stdout.readline()))
        os.kill(process.pid, signal.SIGKILL)
    wait_for(lambda: not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE)
