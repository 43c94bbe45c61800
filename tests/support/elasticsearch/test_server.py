"""The script itself: it finds a JDK that will do, and ends only what it started."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.elasticsearch import server


def make_jdk(folder: Path, version: str, *, whole: bool = True) -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "release").write_text(f'IMPLEMENTOR="x"\nJAVA_VERSION="{version}"\n')
    if whole:
        (folder / "bin" / "javac").touch()
    return folder


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(server, "HOME", tmp_path)
    monkeypatch.setattr(server, "PID_FILE", tmp_path / "pid.json")
    return tmp_path


def test_a_jdk_that_is_too_old_or_not_whole_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ES_JAVA_HOME", str(make_jdk(tmp_path / "old", "17.0.15")))
    monkeypatch.setenv("JAVA_HOME", str(make_jdk(tmp_path / "runtime", "25.0.3", whole=False)))
    monkeypatch.setattr(server, "JVMS", tmp_path / "jvm")
    with pytest.raises(server.CannotRun, match="JDK 21 or newer"):
        server.jdk()
    make_jdk(tmp_path / "jvm" / "a", "21.0.1")
    newest = make_jdk(tmp_path / "jvm" / "b", "25.0.3")
    make_jdk(tmp_path / "jvm" / "c", "9.0.4")
    assert server.jdk() == newest


def test_without_maven_and_archive_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(server.CannotRun, match="mvn"):
        server._archive(None, print)


def test_stop_ends_the_process_that_it_started_and_no_other(own_home: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1e6)"]) as process:
        try:
            started = server._started(process.pid)
            assert started is not None
            for other in ("1", f"{started}0"):  # its number was given again
                (own_home / "pid.json").write_text(json.dumps({"pid": process.pid, "started": other, "url": "x"}))
                assert server.stop() is False
                assert process.poll() is None
            (own_home / "pid.json").write_text(json.dumps({"pid": process.pid, "started": started, "url": "x"}))
            assert server.stop() is True
            assert process.wait() < 0
        finally:
            process.kill()
    assert server.stop() is False


def test_the_command_says_how_it_is_used() -> None:
    command = [sys.executable, "-m", "tests.support.elasticsearch"]
    root = Path(__file__).parents[3]
    wrong = subprocess.run([*command, "dance"], cwd=root, capture_output=True, text=True, check=False)
    assert (wrong.returncode, wrong.stderr.strip()) == (
        2,
        "usage: python -m tests.support.elasticsearch start | stop | path",
    )
    path = subprocess.run([*command, "path"], cwd=root, capture_output=True, text=True, check=True)
    assert path.stdout.strip() == str(root / ".elasticsearch")
