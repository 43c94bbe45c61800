"""The files for Docker and systemd say what Arshif understands."""

from __future__ import annotations

import configparser
import re
import tomllib
from pathlib import Path

import yaml

from crawler.config import load

ROOT = Path(__file__).parents[2]


def test_what_compose_sets_is_a_setting(tmp_path: Path) -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]
    secret = tmp_path / "elastic"
    secret.write_text("s3cret", "utf-8")
    said = services["arshif"]["environment"]
    env = {key: str(secret) if key.endswith("_FILE") else value for key, value in said.items()}
    settings = load(ROOT / "config", env).settings
    assert (settings.log, settings.index.engine) == ("json", "elasticsearch")
    assert settings.index.password.get_secret_value() == "s3cret"
    port = settings.index.url.rpartition(":")[2]
    assert services["elasticsearch"]["ports"] == [f"127.0.0.1:{port}:9200"]
    assert services["elasticsearch"]["environment"]["xpack.security.enabled"] == "true"


def test_the_image_is_built_from_what_it_is_given() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    assert all((ROOT / name).exists() for name in kept)
    build = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = [*build["packages"], *build["force-include"]]
    assert {name.split("/")[0] for name in needed} | {"pyproject.toml", "requirements"} <= kept
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
