"""Programs that judge web pages, vnu (the checker of HTML behind validator.w3.org) and Lighthouse, find nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.support.patience import PATIENCE
from tests.support.requirements import missing

pytestmark = pytest.mark.interop

PROGRAMS = ("vnu-jar@26.9.27", "lighthouse@12.8.2")  # of npm
PATHS = ("/", "/search?q=حلب&site=asi", "/search?q=(زققثص", "/sites", "/sites/asi", "/alerts", "/edits", "/runs")
PATHS += ("/collections", "/collections/1", "/tags?tag=مرفأ", "/notes", "/add-site", "/add-site/1", "/sites/paper")
PATHS += ("/searches", "/archive", "/articles/{id}", "/articles/{id}/cite", "/nothing")
JUDGED = ("/search?q=حلب", "/articles/{id}", "/collections/1", "/add-site/1")
CATEGORIES = ("accessibility", "best-practices")


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which they are installed."""
    npm = shutil.which("npm") or missing("There is no npm on this machine: install it (Debian: apt install npm).")
    folder = tmp_path_factory.mktemp("programs")
    command = [npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", *PROGRAMS]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode:
        pytest.skip(f"the programs cannot be had: {done.stderr.strip()[-300:]}")
    return folder / "node_modules"


@pytest.mark.parametrize("language", ["ar", "en"])
def test_vnu_finds_no_error_in_any_page(programs: Path, server: tuple[str, str], language: str, tmp_path: Path) -> None:
    java = shutil.which("java") or missing("There is no Java on this machine: install it (Debian: openjdk-17-jre).")
    files = []
    with httpx.Client(base_url=server[0], timeout=PATIENCE, trust_env=False) as client:
        for number, path in enumerate(PATHS):
            answer = client.get(path.format(id=server[1]), headers={"Accept-Language": language})
            assert answer.headers["content-type"].startswith("text/html"), path
            assert answer.status_code in (200, 400, 404), path
            files.append(tmp_path / f"{number}.html")
            files[-1].write_bytes(answer.content)
    jar = programs / "vnu-jar" / "build" / "dist" / "vnu.jar"
    command = [java, "-jar", str(jar), "--format", "json", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    found = [(PATHS[int(Path(one["url"]).stem)], one["message"]) for one in json.loads(done.stderr)["messages"]]
    assert (done.returncode, found) == (0, [])


@pytest.mark.usefixtures("chromium")
@pytest.mark.parametrize("path", JUDGED)
def test_lighthouse_gives_all_points(programs: Path, server: tuple[str, str], path: str, tmp_path: Path) -> None:
    flags = ["--headless=new", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    command = [
        str(programs / ".bin" / "lighthouse"), server[0] + path.format(id=server[1]), "--quiet", "--output=json",
        f"--output-path={tmp_path / 'told.json'}", f"--only-categories={','.join(CATEGORIES)}",
        f"--chrome-flags={' '.join(flags)}",
    ]  # fmt: skip
    env = os.environ | {"CHROME_PATH": shutil.which("chromium") or ""}
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False, env=env)
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads((tmp_path / "told.json").read_text("utf-8"))
    assert {name: part["score"] for name, part in told["categories"].items()} == dict.fromkeys(CATEGORIES, 1), [
        audit["title"] for audit in told["audits"].values() if audit["score"] not in (None, 1)
    ]
