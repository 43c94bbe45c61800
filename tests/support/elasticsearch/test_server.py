"""The script itself: it finds a JDK that will do, and ends only what it started."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from crawler.cli.progress import BYTES, Shown, Step
from tests.support.elasticsearch import server
from tests.support.terminal import plain, shown_of


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
        server._archive(None, print, Shown(None))


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


UNPACK = """
import sys
from pathlib import Path
from crawler.cli.progress import progress
from tests.support.elasticsearch import server
server.SERVER = Path(sys.argv[2])
with progress() as shown:
    server._unpack(Path(sys.argv[1]), lambda line: print(line, file=sys.stderr), shown)
"""


def test_unpacking_shows_how_far_it_is(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as zipped:
        for name in ("elasticsearch/lib/a.jar", "elasticsearch/bin/b", "web/c"):
            zipped.writestr(f"sonarqube-{server.SONARQUBE}/{name}", bytes(1_500_000))
    command = [sys.executable, "-c", UNPACK, tmp_path / "a.zip", tmp_path / "server"]
    text = plain(shown_of(command, os.environ, both=True))
    assert re.search(r"unpack .* of 3 MB", text), text
    assert "Unpacking Elasticsearch into" in text
    files = sorted(one.name for one in (tmp_path / "server").rglob("*") if one.is_file())
    assert files == ["a.jar", "arshif-start", "b"]


def test_a_download_is_as_far_as_its_file_is_large(tmp_path: Path) -> None:
    sizes = []

    class Seen(Step):
        def update(self, done: float, total: float | None = None, note: str | None = None) -> None:
            super().update(done, total, note)
            sizes.append(done)
            if done == 1_000:
                (tmp_path / "go").touch()

    code = (
        "import pathlib, sys, time; here = pathlib.Path(sys.argv[1]); (here / 'a.part').write_bytes(bytes(1000));"
        "[time.sleep(.01) for _ in iter(lambda: (here / 'go').exists(), True)]; print('said'); sys.exit(3)"
    )
    ended = server._watched([sys.executable, "-c", code, str(tmp_path)], tmp_path, Seen("download", BYTES, 2_000))
    assert ended == (3, "said\n")
    assert 1_000 in sizes


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
