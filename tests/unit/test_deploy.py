"""The files for Docker and systemd say what Arshif understands."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from dataclasses import fields
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from crawler.config import load
from crawler.processes.crawl_process import GRACE
from index.archive import Archive
from index.archive.machines import Machine
from index.engines.elastic import role
from index.model.codes import Verdict
from index.web.metrics import Metrics
from tests.support.command_lines import parsed

ROOT = Path(__file__).parents[2]
SINGLE = ROOT / "deploy" / "arshif.service"
SEVERAL = ROOT / "deploy" / "systemd"
DROP_IN = SEVERAL / "arshif-@.service.d" / "arshif.conf"
SEVERAL_UNITS = ["arshif-crawler@one.service", "arshif-page@8000.service"]
UNITS = ["arshif.service", *SEVERAL_UNITS]
CRAWLERS = ["crawler-1", "crawler-2", "crawler-3"]
NODES = ["elasticsearch-1", "elasticsearch-2", "elasticsearch-3"]


def cluster() -> dict[str, Any]:
    """The Compose file of several machines."""
    read: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text("utf-8"))
    return read


def test_what_compose_sets_is_a_setting(tmp_path: Path) -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]
    secret = tmp_path / "elasticsearch.key"
    secret.write_text("s3cret\n", "utf-8")
    said = services["arshif"]["environment"]
    env = {key: str(secret) if key.endswith("_FILE") else value for key, value in said.items()}
    settings = load(ROOT / "config", env, only=()).settings
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


def test_what_the_compose_file_of_a_cluster_sets_is_a_setting(tmp_path: Path) -> None:
    services = cluster()["services"]
    for name in (*CRAWLERS, "page"):
        said, host = services[name]["environment"], services[name].get("hostname", "")
        env = {key: "" if value.startswith("${") else value for key, value in said.items()}
        for key, value in said.items():
            if key.endswith("_FILE"):
                secret = tmp_path / Path(value).name
                secret.write_text(f"a long secret: {secret.name}\n", "utf-8")
                env[key] = str(secret)
        folders = dict(reversed(volume.split(":")[:2]) for volume in services[name]["volumes"])
        assert (ROOT / "deploy" / folders[said["ARSHIF_CONFIG"]]).resolve() == ROOT / "config"
        settings = load(ROOT / "config", env, only=()).settings
        assert folders[str(settings.data.parent)] == name, "a data folder of its own"
        assert settings.index.api_key.get_secret_value() == "a long secret: elasticsearch.key"
        assert settings.web.token.get_secret_value() == "a long secret: token"
        assert settings.machine.name == ""
        assert host == (name if name in CRAWLERS else ""), "the machine's name, which outlives its container"
        servers = [
            urlsplit(settings.archive).hostname,
            urlsplit(parse_qs(urlsplit(settings.raw.url).query)["endpoint"][0]).hostname,
        ]
        assert servers == ["postgresql", "s3"]
        for node in NODES:
            assert services[node]["networks"]["servers"]["aliases"] == [urlsplit(settings.index.url).hostname]


def test_a_cluster_in_compose_runs_commands_that_there_are_and_gives_them_time_to_end() -> None:
    services = cluster()["services"]
    for name, expected in {**dict.fromkeys(CRAWLERS, ("run", {"web": False})), "page": ("serve", None)}.items():
        program, *words = services[name]["command"]
        command, options = parsed(words)
        assert (program, command) == ("arshif", expected[0])
        assert expected[1] in (None, options)
        assert int(services[name]["stop_grace_period"].removesuffix("s")) > GRACE
    told = re.findall(
        r"\barshif ((?:[a-z-]+ ?)+)", services["keys"]["command"][-1] + services["crawler-1"]["healthcheck"]["test"][-1]
    )
    assert [parsed(words.split())[0] for words in told] == ["index role", "machines list"]


def test_a_cluster_in_compose_shows_others_nothing_and_has_its_passwords_in_files() -> None:
    whole = cluster()
    assert {name: one["ports"] for name, one in whole["services"].items() if "ports" in one} == {
        "page": ["127.0.0.1:8000:8000"]
    }
    ignored = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    for secret in whole["secrets"].values():
        assert f"/deploy/{Path(secret['file']).parent}/" in ignored
    left_out = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert left_out.index("deploy/secrets") > left_out.index("!deploy")
    for name, one in whole["services"].items():
        for key, value in one.get("environment", {}).items():
            assert key.endswith("_FILE") or not re.search("PASSWORD|SECRET|TOKEN|KEY", key), (name, key, value)
        assert set(one.get("secrets", [])) <= set(whole["secrets"])
        assert "build" in one or re.search(r":v?\d+\.\d+", one["image"]), "which version it is, is chosen here"
        assert "healthcheck" in one or name in ("keys", "certificate"), "it ends"


def test_a_cluster_in_compose_names_only_what_it_has() -> None:
    whole = cluster()
    services = whole["services"]
    named: dict[str, set[str]] = {"services": set(), "networks": {"default"}, "secrets": set(), "configs": set()}
    volumes: set[str] = set()
    for one in services.values():
        named["services"] |= set(one.get("depends_on", {}))
        named["networks"] |= set(one["networks"])
        named["secrets"] |= set(one.get("secrets", []))
        named["configs"] |= {config["source"] for config in one.get("configs", [])}
        volumes |= {volume.split(":")[0] for volume in one["volumes"]}
        for path in re.findall(r"/run/secrets/([a-z0-9-]+)", str(one)):
            assert path in one["secrets"], "a file that is not there"
    assert volumes - {"../config"} == set(whole["volumes"])
    assert named.pop("services") <= set(services)
    assert {kind: set(whole[kind]) for kind in named} == named


def test_a_crawler_is_well_while_the_archive_hears_of_it(tmp_path: Path) -> None:
    test = cluster()["services"]["crawler-1"]["healthcheck"]["test"][-1]
    heard = {"name": socket.gethostname(), "silent": False, "ended": None}
    (tmp_path / "arshif").write_text('#!/bin/sh\nexec cat "$MACHINES"\n')
    (tmp_path / "arshif").chmod(0o755)
    (tmp_path / "python").symlink_to(sys.executable)

    def is_well(*machines: dict[str, Any]) -> bool:
        (tmp_path / "machines.json").write_text(json.dumps(machines))
        env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "MACHINES": str(tmp_path / "machines.json")}
        return subprocess.run(["sh", "-c", test.replace("$$", "$")], env=env, check=False).returncode == 0

    assert is_well({**heard, "name": "another"}, heard)
    assert not is_well({**heard, "name": "another"})
    assert not is_well({**heard, "silent": True})
    assert not is_well({**heard, "ended": "2026-11-30T07:00:00Z"})
    assert set(heard) <= {field.name for field in fields(Machine)}


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


class Unit:
    """A unit of systemd with what is added to it, as an instance has it."""

    def __init__(self, name: str) -> None:
        whole = name.partition(".")[0]
        prefix, _, instance = whole.partition("@")
        self.files = [SINGLE] if whole == "arshif" else [SEVERAL / f"{prefix}@.service", DROP_IN]
        said = "\n".join(file.read_text("utf-8") for file in self.files)
        for specifier, value in {"%p": prefix, "%i": instance, "%S": "/var/lib", "%d": "/run/credentials"}.items():
            said = said.replace(specifier, value)
        lines = (line.partition("=") for line in said.splitlines() if re.match(r"\w+=", line))
        self.said: dict[str, list[str]] = {}
        for key, _, value in lines:
            self.said.setdefault(key, []).append(value)
        self.env = dict(word.split("=", 1) for line in self.said["Environment"] for word in line.split())

    def __getitem__(self, key: str) -> str:
        (value,) = self.said[key]
        return value


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_may_write_only_where_it_works(name: str) -> None:
    unit = Unit(name)
    assert unit["ProtectSystem"] == "strict"
    writable = unit.said.get("ReadWritePaths", []) + [f"/var/lib/{one}" for one in unit.said.get("StateDirectory", [])]
    assert writable == [unit["WorkingDirectory"]]
    assert "chroot" in unit["SystemCallFilter"].split(), "Chromium's sandbox does not come up"


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_runs_a_command_that_there_is_and_gives_it_time_to_end(name: str) -> None:
    unit = Unit(name)
    program, *words = unit["ExecStart"].split()
    assert program == "/opt/arshif/bin/arshif"
    command, options = parsed(words)
    assert command == ("serve" if "page" in name else "run")
    assert options == (
        {"host": "", "port": 8000, "parent": 0} if command == "serve" else {"web": name not in SEVERAL_UNITS}
    )
    assert unit["KillMode"] == "mixed"
    assert int(unit["TimeoutStopSec"]) > GRACE


@pytest.mark.parametrize("name", SEVERAL_UNITS)
def test_what_a_unit_of_several_machines_sets_is_a_setting(name: str, tmp_path: Path) -> None:
    unit = Unit(name)
    given = dict(one.split(":", 1) for one in unit.said["LoadCredential"])
    for credential, source in given.items():
        assert source == f"/etc/arshif/credentials/{credential}"
        (tmp_path / credential).write_text(f"a long secret of {credential}\n", "utf-8")
    env = {key: value.replace("/run/credentials", str(tmp_path)) for key, value in unit.env.items()}
    assert {Path(value).name for value in env.values() if value.startswith(f"{tmp_path}/")} == set(given)
    settings = load(ROOT / "config", env, only=()).settings
    assert str(settings.data) == unit["WorkingDirectory"]
    assert settings.index.api_key.get_secret_value() == "a long secret of index"
    assert settings.machine.name == ("one" if "crawler" in name else "")
    assert settings.web.token.get_secret_value() == ("a long secret of token" if "page" in name else "")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize("name", UNITS)
def test_a_unit_is_read_without_a_warning(name: str, tmp_path: Path) -> None:
    copies = []
    for file in Unit(name).files:
        copies.append(tmp_path / file.relative_to(SEVERAL if SEVERAL in file.parents else SINGLE.parent))
        copies[-1].parent.mkdir(exist_ok=True)
        copies[-1].write_text(file.read_text("utf-8").replace("/opt/arshif/bin/arshif", "/bin/true"), "utf-8")
    env = os.environ | {"SYSTEMD_UNIT_PATH": f"{tmp_path}:"}
    command = ["systemd-analyze", "verify", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    mine = [line for line in done.stderr.splitlines() if "arshif" in line]
    assert (done.returncode, mine) == (0, [])
    for copy in copies:  # one that is not read has no warnings either
        with copy.open("a", encoding="utf-8") as text:
            text.write("[Service]\nNoSuchKey=1\n")
        assert f"{copy}:" in subprocess.run(command, capture_output=True, text=True, check=False, env=env).stderr


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
