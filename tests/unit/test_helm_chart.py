"""The Helm chart says what Arshif understands, by its templates as they are; `make test-interop` renders them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import yaml

from crawler.config import load
from crawler.processes.crawl_process import GRACE
from crawler.settings_model import Settings
from index.archive import Archive, sqlite
from index.engines import open_engine
from index.web.app import create_app
from index.web.auth import PUBLIC_PATHS
from index.web.security_headers import SecurityMiddleware
from tests.support.command_lines import parsed

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy" / "helm" / "arshif"
TEMPLATES = {file.name: file.read_text("utf-8") for file in sorted((CHART / "templates").iterdir())}
WHOLE = "\n".join(TEMPLATES.values())
VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))
LEAST: dict[str, Any] = yaml.safe_load((CHART / "ci" / "values.yaml").read_text("utf-8"))


def keys(values: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """The paths of all values, such as "page.ingress.host"; a map that may be empty, or is the user's, is one."""
    for name, value in values.items():
        path = f"{prefix}{name}"
        if isinstance(value, dict) and value and name not in ("settings", "resources"):
            yield from keys(value, f"{path}.")
        else:
            yield path


def test_the_values_are_those_that_the_templates_read() -> None:
    # what several parts have, and what `with` is about, is read by its last name
    read = set(re.findall(r"(?<=[ (.$])\.([a-zA-Z.]+)", WHOLE))
    names = {path.removeprefix("Values.") for path in read}
    there = set(keys(VALUES))
    assert {path for path in there if path not in names and path.rpartition(".")[2] not in names} == set()
    told = {path.removeprefix("Values.") for path in read if path.startswith("Values.")}
    branches = {path[: at.start()] for path in there for at in re.finditer(r"\.", path)}
    assert told - there - branches - {"settings.raw.url", "settings.index"} == set()


def test_the_commands_are_there_and_crawlers_leave_the_page_to_the_page() -> None:
    lines = re.findall(r"command: \[arshif, ([^]]+)\]", WHOLE)
    found = dict(parsed(line.split(", ")) for line in lines)
    assert set(found) == {"migrate", "run", "serve"}
    assert found["run"] == {"web": False}
    told = re.findall(r"\barshif ([a-z/ ]+)", TEMPLATES["NOTES.txt"].partition("\n")[2])
    assert {parsed(line.split())[0] for line in told} == {"machines list", "doctor", "init", "sites load"}


def test_what_a_pod_sets_is_a_setting(tmp_path: Path) -> None:
    env = dict(re.findall(r'{name: ([A-Z_]+), value: "?([^"}]+)"?}', WHOLE))
    for key, value in env.items():
        if key.startswith("ARSHIF_") and key.endswith("_FILE"):
            assert value.startswith("/run/secrets/arshif/")
            secret = tmp_path / Path(value).name
            secret.write_text(f"a long secret: {secret.name}\n", "utf-8")
            env[key] = str(secret)
    assert VALUES["settings"].keys() <= Settings.model_fields.keys()
    (tmp_path / "arshif.yaml").write_text(yaml.safe_dump(LEAST["settings"] | {"log": "json"}), "utf-8")
    settings = load(tmp_path, env | {"ARSHIF_INDEX__ENGINE": "elasticsearch"}, only=()).settings
    assert settings.index.api_key.get_secret_value() == "a long secret: index"
    assert settings.web.token.get_secret_value() == "a long secret: token"
    assert str(settings.data) == "/var/lib/arshif/data"
    mounts = re.findall(r"mountPath: (\S+?)[,}]", WHOLE)
    for key in ("ARSHIF_CONFIG", "PGPASSFILE", "AWS_SHARED_CREDENTIALS_FILE", "HOME"):
        assert any(env[key].startswith(mount) for mount in mounts), key
    for secret in re.findall(r"/run/secrets/arshif/(\w+)", WHOLE):
        assert f"#   {secret} " in (CHART / "values.yaml").read_text("utf-8"), "a file that nobody was asked for"


def test_a_pod_runs_as_the_image_s_user_and_has_time_to_end() -> None:
    (user,) = re.findall(r"--uid (\d+)", (ROOT / "deploy" / "Dockerfile").read_text("utf-8"))
    assert set(re.findall(r"(?:runAsUser|runAsGroup|fsGroup): (\d+)", WHOLE)) == {user}
    (grace,) = re.findall(r"terminationGracePeriodSeconds: (\d+)", WHOLE)
    assert int(grace) > GRACE


def test_a_crawler_is_ready_as_in_compose() -> None:
    compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text("utf-8"))
    told = compose["services"]["crawler-1"]["healthcheck"]["test"][-1]
    assert told.split() in [line.split() for line in re.findall(r">-\n((?: {18}\S.*\n)+)", TEMPLATES["crawlers.yaml"])]


def test_probes_of_the_page_are_answered_whoever_asks(tmp_path: Path) -> None:
    (probe,) = re.findall(r"httpGet: &\w+ (.*)", TEMPLATES["page.yaml"])
    asked = yaml.safe_load(probe)
    assert asked["path"] in PUBLIC_PATHS
    headers = {one["name"]: one["value"] for one in asked["httpHeaders"]}
    with Archive(tmp_path / sqlite.FILE) as archive:
        app = create_app(archive, open_engine("embedded", directory=tmp_path / "index"), hosts=["0.0.0.0"])
        whole = SecurityMiddleware(app, app.hosts)

        async def status(**headers: str) -> int:
            transport = httpx.ASGITransport(whole)
            async with httpx.AsyncClient(transport=transport, base_url="http://10.1.2.3:8000") as client:
                return (await client.get(asked["path"], headers=headers)).status_code

        assert asyncio.run(status(**headers)) == 200
        assert asyncio.run(status()) == 421, "a pod's own address is refused"
