"""Four machines that break, in the short form; `make test-machines` is the long one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.integration.harness import ROOT
from tests.machines.network import why_not
from tests.support.requirements import missing

MINUTES = "5"


@pytest.mark.long
@pytest.mark.timeout(0)
def test_nothing_is_lost_stored_twice_or_asked_too_soon() -> None:
    if reason := why_not():
        missing(reason)
    command = [sys.executable, "-m", "tests.machines", "--minutes", MINUTES]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    print(ended.stdout)
    assert ended.returncode == 0, ended.stdout + ended.stderr
