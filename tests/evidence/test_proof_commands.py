"""The commands about manifests and proofs, as processes: the archive on one machine, whoever checks on another."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import pytest

from index.archive.postgresql import PostgresqlDatabase
from index.evidence import minisign
from tests.support import commands
from tests.support.archive_samples import BODY
from tests.support.patience import PATIENCE
from tests.support.postgresql import Server, on_both
from tests.support.proven import Proven, day, text


class Machine:
    """A folder with the command, and an archive if there is one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.archive = ""  # a URL; empty for a file
        folder.mkdir(exist_ok=True)

    def ended(self, *arguments: str, code: int = 0) -> tuple[str, str]:
        """What a command wrote on each output; it ended with this code."""
        env = {**os.environ, "ARSHIF_MANIFEST__SIGNING_KEY": self.key, "ARSHIF_ARCHIVE": self.archive}
        env["COLUMNS"] = commands.COLUMNS
        with TemporaryFile("w+", encoding="utf-8") as out, TemporaryFile("w+", encoding="utf-8") as err:
            ended = commands.run("crawler.cli", arguments, env, out, err, PATIENCE, self.folder)
            for file in (out, err):
                file.seek(0)
            printed, told = out.read(), err.read()
        assert ended == code, told
        return printed, told

    def run(self, *arguments: str, code: int = 0) -> str:
        """What it tells people, on both outputs."""
        return "".join(self.ended(*arguments, code=code))

    def told(self, *arguments: str, code: int = 0) -> Any:
        """What it tells a program."""
        return json.loads(self.ended(*arguments, "--json", code=code)[0])

    @property
    def key(self) -> str:
        file = self.folder / "arshif.key"
        return str(file) if file.exists() else ""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """The machine with the archive: two articles, one with two versions, whose days have ended."""
    machine = Machine(tmp_path_factory.mktemp("home"))
    with Proven(machine.folder) as archive:
        archive.store(text(1), day(10))
        archive.store(text(2), day(10))
        archive.store(replace(text(2), body=f"{BODY}\n\nIt was otherwise.", content_hash="beef" * 16), day(11))
    return machine


@pytest.fixture
def elsewhere(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "elsewhere")


def test_an_archive_proves_a_text_and_another_machine_checks_it(home: Machine, elsewhere: Machine) -> None:
    said = home.told("prove", "https://step.example/1", code=1)
    assert said["code"] == "manifest.not_covered"
    public = home.told("manifest", "keygen", "arshif.key")["public_key"]
    assert (home.folder / "arshif.key").stat().st_mode & 0o777 == 0o600
    assert home.told("manifest", "keygen", "arshif.key", code=2)["code"] == "error.file_there"
    written = home.told("manifest", "write")
    assert [(one["day"], one["entries"]) for one in written["manifests"]] == [("2026-11-10", 4), ("2026-11-11", 2)]
    assert home.told("manifest", "write")["manifests"] == []
    listed = home.told("manifest", "list")
    assert [(one["sha256"], one["signed"]) for one in listed] == [(one["sha256"], True) for one in written["manifests"]]
    assert listed[1]["sha256"] in home.run("manifest", "list")

    made = home.told("prove", "https://step.example/2", "--to-newest", "--out", str(elsewhere.folder / "2.tar"))
    assert (made["version"], made["record"], made["content_hash"]) == (2, True, "beef" * 16)
    assert not (elsewhere.folder / "data").exists()
    found = elsewhere.told("check-proof", "2.tar")
    assert (found["manifest"]["number"], found["newest"]["sha256"]) == (2, listed[1]["sha256"])
    assert found["record"] == {"url": "https://step.example/2", "date": "2026-11-11T12:00:00.000000Z"}
    assert not found["trusted"]
    assert "--key" in elsewhere.run("check-proof", "2.tar")
    trusted = elsewhere.told("check-proof", "2.tar", "--key", public, "--manifest", listed[1]["sha256"])
    assert trusted["trusted"]
    assert trusted["signed"] == {"manifest": 2, "key": minisign.public_key(public).name, "trusted": True}
    shown = elsewhere.run("check-proof", "2.tar", "--key", str(home.folder / "arshif.key.pub"))
    assert "the key that you gave" in shown
    assert "It was otherwise" not in shown, "a body is long: it is in the proof"

    data = bytearray((elsewhere.folder / "2.tar").read_bytes())
    data[data.index(b"otherwise")] ^= 1
    (elsewhere.folder / "2.tar").write_bytes(data)
    refused = elsewhere.told("check-proof", "2.tar", code=1)
    assert (refused["code"], refused["params"]) == ("proof.changed", {"file": "reading.json"})
    assert elsewhere.told("check-proof", "3.tar", code=1)["code"] == "command.no_file"
    assert elsewhere.told("check-proof", "2.tar", "--key", "none", code=1)["code"] == "manifest.public_key"
    certificates = elsewhere.told("check-proof", "2.tar", "--authority", "2.tar", code=1)
    assert certificates["code"] == "manifest.certificates"


def test_a_text_is_proven_by_its_hash_and_by_its_version(home: Machine, elsewhere: Machine) -> None:
    home.run("manifest", "write", "--today")
    made = home.told("prove", "--hash", "beef" * 16)
    assert made["file"] == "proof-beefbeefbeef.tar"
    assert elsewhere.told("check-proof", str(home.folder / made["file"]))["reading"]["content_hash"] == "beef" * 16
    first = home.told("prove", "https://step.example/2", "--version", "1", "--out", str(elsewhere.folder / "1.tar"))
    assert (first["version"], first["reading"]) == (1, 1)
    assert elsewhere.told("check-proof", "1.tar")["reading"]["headline"] == "Story 2"
    assert home.told("prove", "--hash", "none", code=1)["code"] == "command.no_text"
    assert home.told("prove", "https://step.example/2", "--version", "7", code=1)["code"] == "command.no_text"
    assert home.told("prove", code=2)["code"] == "error.usage"


def test_what_is_exported_is_what_others_check(home: Machine, tmp_path: Path) -> None:
    home.run("manifest", "write")
    folder = tmp_path / "public"
    files = home.told("manifest", "export", str(folder))["files"]
    assert files == len(list(folder.iterdir())) >= 4
    assert home.told("manifest", "export", str(folder))["files"] == 0
    listed = home.told("manifest", "list")
    for one in listed:
        name = f"manifest-{one['number']:06d}.json"
        told = subprocess.run(["sha256sum", name], cwd=folder, capture_output=True, text=True, check=True).stdout
        assert told.split()[0] == one["sha256"]
        assert len((folder / f"{name}.hashes").read_text().splitlines()) == one["entries"]
    (folder / "manifest-000001.json").write_text("another\n")
    assert home.told("manifest", "export", str(folder), code=1)["code"] == "manifest.other_there"


@on_both
def test_verify_tells_what_is_wrong_with_manifests_and_texts(tmp_path: Path, database_server: Server | None) -> None:
    machine = Machine(tmp_path / "machine")
    place = None
    if database_server is not None:
        machine.archive = database_server.empty()
        place = PostgresqlDatabase(machine.archive, machine.folder / "data")
    with Proven(machine.folder, place) as archive:
        identifier = archive.store(text(1), day(10))
        machine.run("manifest", "write")
        machine.run("prove", identifier, "--out", str(tmp_path / "proof.tar"))
        assert machine.told("check-proof", str(tmp_path / "proof.tar"))["manifest"]["number"] == 1
        assert machine.told("verify")["manifest_problems"] == []
        archive.sql("UPDATE versions SET body = 'It was never so'")
        (problem,) = machine.told("verify", code=1)["manifest_problems"]
        assert problem["code"] == "manifest.reading"
        assert problem["params"] == {"article": identifier, "version": 1, "reading": 1}
        assert identifier in machine.run("verify", code=1)
