"""`make audit`: what is known to be wrong with a locked package is told and fails; without a database, that is told."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

import pytest

from tests.integration.daemon_process import free_port
from tests.integration.harness import ROOT
from tests.support.patience import PATIENCE
from tests.support.requirements import missing

LOCK = ROOT / "requirements" / "arshif.lock"


class Database(BaseHTTPRequestHandler):
    """Answers as OSV does; knows something of the packages in `known` alone."""

    known: ClassVar[set[str]] = set()
    asked: ClassVar[set[str]] = set()

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["package"]
        self.asked.add(asked["name"])
        found: dict[str, Any] = {"id": "OSV-1", "summary": "It lets anyone in", "affected": [{"package": asked}]}
        body = json.dumps({"vulns": [found]} if asked["name"] in self.known else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing to say."""


@pytest.fixture
def database() -> Iterator[str]:
    Database.known, Database.asked = set(), set()
    with ThreadingHTTPServer(("127.0.0.1", 0), Database) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()
        thread.join()


def audit(url: str) -> subprocess.CompletedProcess[str]:
    if not shutil.which("make"):
        missing("no make here")
    env = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    command = ["make", "-s", "-C", str(ROOT), "audit"]
    return subprocess.run(
        command, env=env | {"OSV_URL": url}, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def test_what_is_known_of_a_locked_package_fails(database: str) -> None:
    done = audit(database)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No known vulnerabilities found" in done.stdout + done.stderr
    lines = LOCK.read_text("utf-8").splitlines()
    locked = {line.partition("==")[0] for line in lines if "==" in line and ";" not in line}  # ...: some systems only
    assert locked <= Database.asked, "each is asked for"

    Database.known.add("scrapy")
    done = audit(database)
    assert done.returncode != 0
    assert "OSV-1" in done.stdout
    assert "scrapy" in done.stdout


def test_without_a_database_nothing_is_audited_and_that_is_told() -> None:
    done = audit(f"http://127.0.0.1:{free_port()}/v1/query")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "NOT DONE" in done.stdout
