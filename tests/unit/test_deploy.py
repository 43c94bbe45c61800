"""The files for Docker and systemd say what Arshif understands."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
import sys
import tomllib
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from crawler.config import load
from index.archive import Archive
from index.engines.elastic import role
from index.model.codes import Verdict
from index.web.metrics import Metrics

ROOT = Path(__file__).parents[2]


def test_what_compose_sets_is_a_setting(tmp_path: Path) -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]
    secret = tmp_path / "elasticsearch.key"
    secret.write_text("s3cret\n", "utf-8")
    said = services["arshif"]["environment"]
    env = {key: str(secret) if key.endswith("_FILE") else value for key, value in said.items()}
    settings = load(ROOT / "config", env).settings
    assert (settings.log, settings.index.engine) == ("json", "elasticsearch")
    assert settings.index.api_key.get_secret_value() == "s3cret"
    assert "elastic" not in {said.get("ARSHIF_INDEX__USERNAME"), settings.index.username}, "its superuser"
    (volume,) = services["arshif"]["volumes"]
    key = Path(said["ARSHIF_INDEX__API_KEY_FILE"])
    assert volume.endswith(f":{key.parent}")
    assert services["key"]["volumes"] == [volume]
    assert key.name in services["key"]["command"][-1]
    assert services["key"]["environment"]["ARSHIF_INDEX__URL"] == settings.index.url
    port = settings.index.url.rpartition(":")[2]
    assert services["elasticsearch"]["ports"] == [f"127.0.0.1:{port}:9200"]
    assert services["elasticsearch"]["environment"]["xpack.security.enabled"] == "true"


def test_the_key_is_made_from_the_least_rights() -> None:
    asked: dict[str, Any] = {}

    class Elasticsearch(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.update(path=self.path, who=self.headers["Authorization"], role=json.loads(body))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"id": "1", "encoded": "MTpzM2NyZXQ="}')

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with HTTPServer(("127.0.0.1", 0), Elasticsearch) as server:
        thread = Thread(target=server.handle_request)
        thread.start()
        made = subprocess.run(
            [sys.executable, ROOT / "deploy" / "elasticsearch_key.py"],
            env={"ELASTIC_PASSWORD": "pw", "ARSHIF_INDEX__URL": f"http://127.0.0.1:{server.server_port}"},
            input=json.dumps(role("arshif")),
            capture_output=True,
            text=True,
            check=True,
        )
        thread.join()
    assert made.stdout == "MTpzM2NyZXQ=\n"
    assert asked == {"path": "/_security/api_key", "who": "Basic ZWxhc3RpYzpwdw==", "role": role("arshif")}


def test_the_image_is_built_from_what_it_is_given() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    assert all((ROOT / name).exists() for name in kept)
    build = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = [*build["packages"], *build["force-include"]]
    needed += ["pyproject.toml", "requirements", "deploy"]
    assert [name for name in needed if not {name, name.split("/")[0]} & kept] == []
    locks = re.findall(r"requirements/\w+\.lock", (ROOT / "deploy" / "Dockerfile").read_text("utf-8"))
    assert len(locks) == 2
    assert all((ROOT / lock).exists() for lock in locks)


def test_the_unit_may_write_only_where_it_works() -> None:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(ROOT / "deploy" / "arshif.service")
    service = unit["Service"]
    assert service["ProtectSystem"] == "strict"
    assert service["ReadWritePaths"] == service["WorkingDirectory"]
    assert service["ExecStart"].endswith("/arshif run")
    assert "chroot" in service["SystemCallFilter"].split(), "Chromium's sandbox does not come up"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_the_unit_is_read_without_a_warning(tmp_path: Path) -> None:
    unit = (ROOT / "deploy" / "arshif.service").read_text("utf-8").replace("/opt/arshif/bin/arshif", "/bin/true")
    (tmp_path / "arshif.service").write_text(unit, "utf-8")
    command = ["systemd-analyze", "verify", str(tmp_path / "arshif.service")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    mine = [line for line in done.stderr.splitlines() if "arshif.service" in line]
    assert (done.returncode, mine) == (0, [])


def test_the_dashboard_and_the_alerts_know_the_metrics_that_there_are(tmp_path: Path) -> None:
    with Archive(tmp_path / "archive.sqlite3") as archive:
        there = {metric.name for metric in Metrics(archive).registry.collect()}
    panels = json.loads((ROOT / "deploy/grafana/arshif.json").read_text("utf-8"))["panels"]
    (group,) = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text("utf-8"))["groups"]
    asked = [target["expr"] for panel in panels for target in panel["targets"]]
    asked += [rule["expr"] for rule in group["rules"]]
    named = {re.sub(r"_(bucket|count|sum)$", "", name) for text in asked for name in re.findall(r"arshif_\w+", text)}
    assert named == there
    states = {state for text in asked for found in re.findall(r'state!~"([^"]+)"', text) for state in found.split("|")}
    assert states == {"ok", "new", "off", str(Verdict.QUIET)}
