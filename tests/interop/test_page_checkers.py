"""Programs that judge web pages, vnu (the checker of HTML behind validator.w3.org) and Lighthouse, find nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from jinja2 import Template

from index.web.templating import HERE
from tests.support import spoken
from tests.support.patience import PATIENCE
from tests.support.requirements import missing

pytestmark = pytest.mark.interop

PROGRAMS = ("vnu-jar@26.9.27", "lighthouse@12.8.2")  # of npm
ASKED = "https://asi.example/1"
PATHS = ("/", "/search?q=حلب&site=asi", "/search?q=(زققثص", "/sites", "/sites/asi", "/alerts", "/edits", "/runs")
PATHS += ("/collections", "/collections/1", "/tags?tag=مرفأ", "/notes", "/add-site", "/add-site/1", "/sites/paper")
PATHS += ("/searches", "/archive", "/archive/1", "/articles/{id}", "/articles/{id}/cite", "/nothing")
JUDGED = ("/search?q=حلب", "/search?q=حلب&ui=ar", "/articles/{id}", "/articles/{id}?ui=ar", "/", "/sites", "/sites/asi")
JUDGED += ("/collections/1", "/add-site/1", "/runs", "/edits")
TEMPLATES = sorted((HERE / "templates").glob("*.html"))
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
def test_vnu_finds_no_error_in_any_page(
    programs: Path, asking_server: tuple[str, str], language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    java = shutil.which("java") or missing("There is no Java on this machine: install it (Debian: openjdk-17-jre).")
    rendered = _rendering(monkeypatch)
    pages = _served(asking_server, language) | _of_a_filled_archive(tmp_path, language)
    assert _page_templates() - rendered == set()
    files = {f"{number}.html": (name, html) for number, (name, html) in enumerate(pages.items())}
    for file, (_, html) in files.items():
        (tmp_path / file).write_bytes(html)
    jar = programs / "vnu-jar" / "build" / "dist" / "vnu.jar"
    command = [java, "-jar", str(jar), "--format", "json", *(str(tmp_path / file) for file in files)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    found = [(files[Path(one["url"]).name][0], one["message"]) for one in json.loads(done.stderr)["messages"]]
    assert (done.returncode, found) == (0, [])


def _page_templates() -> set[str]:
    """The templates of whole pages: those that extend another, and that no other extends."""
    texts = {path.name: path.read_text("utf-8") for path in TEMPLATES}
    below = {found[1] for text in texts.values() if (found := re.search(r'{% extends "(.+?)"', text))}
    return {name for name, text in texts.items() if "{% extends" in text} - below


def _rendering(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of the templates that are rendered from now on."""
    names: set[str] = set()
    render = Template.render

    def noted(template: Template, *arguments: Any, **more: Any) -> str:
        names.add(str(template.name))
        return render(template, *arguments, **more)

    monkeypatch.setattr(Template, "render", noted)
    return names


def _served(server: tuple[str, str], language: str) -> dict[str, bytes]:
    """The pages of a server that people have used, by their path."""
    pages = {}
    with httpx.Client(base_url=server[0], timeout=PATIENCE, trust_env=False) as client:
        asked = client.post("/archive", data={"url": ASKED}, headers={"Sec-Fetch-Site": "same-origin"})
        assert asked.status_code == 303
        for path in PATHS:
            answer = client.get(path.format(id=server[1]), headers={"Accept-Language": language})
            assert answer.headers["content-type"].startswith("text/html"), path
            assert answer.status_code in (200, 400, 404), path
            pages[path] = answer.content
    return pages


def _of_a_filled_archive(folder: Path, language: str) -> dict[str, bytes]:
    """The pages over an archive in which there is all that a page can show, what has failed included, by a name."""
    filled = spoken.Pages(folder)
    try:
        pages = filled.shown(language) | {"copied": filled.copied()}
        return {name: html.encode() for name, html in pages.items()}
    finally:
        filled.close()


@pytest.mark.parametrize("path", JUDGED)
def test_lighthouse_gives_all_points(
    programs: Path, asking_server: tuple[str, str], path: str, chromium: str, tmp_path: Path
) -> None:
    url = asking_server[0] + path.format(id=asking_server[1])
    flags = ["--headless", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    command = [
        str(programs / ".bin" / "lighthouse"), url, "--quiet", "--output=json",
        f"--output-path={tmp_path / 'told.json'}", f"--only-categories={','.join(CATEGORIES)}",
        f"--chrome-flags={' '.join(flags)}",
    ]  # fmt: skip
    env = os.environ | {"CHROME_PATH": chromium}
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False, env=env)
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads((tmp_path / "told.json").read_text("utf-8"))
    assert {name: part["score"] for name, part in told["categories"].items()} == dict.fromkeys(CATEGORIES, 1), [
        audit["title"] for audit in told["audits"].values() if audit["score"] not in (None, 1)
    ]
