"""Sites that the archive describes: as those of files are, between those that come with Arshif and a user's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from crawler.config import Config, FollowedSites, load, refreshed
from crawler.errors import ArchiveError, ConfigError, InvalidFiles
from crawler.site_layers import to_store
from index.archive import Archive, site_documents
from index.archive.database import Database, SqliteFile
from tests.support.archive_samples import NOW
from tests.support.postgresql import env_of
from tests.support.samples import VILLAGE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A configuration with two shipped sites, one of which the user has changed."""
    put(tmp_path / "config/sites/sy/step.yaml", VILLAGE.replace("village", "step") + "delay: 1\n")
    put(tmp_path / "config/sites/sy/wire.yaml", VILLAGE.replace("village", "wire"))
    put(tmp_path / "config/sites.local/step.yaml", "delay: 3\n")
    return tmp_path / "config"


@pytest.fixture
def env(place: Database, tmp_path: Path) -> Mapping[str, str]:
    """What has the configuration use the archive of the test."""
    return env_of(place, tmp_path)


@pytest.fixture
def archive(place: Database) -> Iterator[Archive]:
    with Archive(place) as opened:
        yield opened


def put(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    return file


def store(archive: Archive, **texts: str) -> None:
    archive.write(lambda conn: site_documents.put(conn, texts, NOW)).result()


def remove(archive: Archive, *sites: str) -> None:
    archive.write(lambda conn: site_documents.remove(conn, sites)).result()


def names(config: Config) -> dict[str, str]:
    return {site.id: site.name for site in config.sites.values()}


def test_they_are_read_beside_those_of_files(folder: Path, env: Mapping[str, str], archive: Archive) -> None:
    assert list(load(folder, env).sites) == ["step", "wire"]
    store(archive, village=VILLAGE)
    for given in (None, archive):
        config = load(folder, env, archive=given)
        assert list(config.sites) == ["step", "village", "wire"]
        assert config.sites["village"].name == "أخبار القرية"
    assert [site.id for site in config.choose("village")] == ["village"]
    assert config.site_of("https://village.example/news/1").id == "village"
    assert list(load(folder, env, files_only=True).sites) == ["step", "wire"]


def test_a_key_wins_over_that_of_a_shipped_file_and_one_of_the_users_over_both(
    folder: Path, env: Mapping[str, str], archive: Archive
) -> None:
    store(archive, step="delay: 2\nname: Stored\n", wire="enabled: false\n")
    config = load(folder, env)
    assert (config.sites["step"].name, config.sites["step"].delay) == ("Stored", 3)
    assert [site.id for site in config.enabled] == ["step"]
    remove(archive, "step", "wire")
    assert [site.id for site in load(folder, env).enabled] == ["step", "wire"]


def test_where_some_are_asked_for_no_other_is_read(folder: Path, env: Mapping[str, str], archive: Archive) -> None:
    store(archive, village=VILLAGE, wrong="nmae: x\n")
    assert list(load(folder, env, only=["village", "step", "none"]).sites) == ["step", "village"]
    with pytest.raises(ConfigError, match=r"archive:wrong\.yaml:1: nmae: unknown key"):
        load(folder, env)
    remove(archive, "wrong")
    store(archive, village=VILLAGE.replace("SY", "Syria"))
    with pytest.raises(ConfigError, match=r"^archive:village\.yaml:3: country: 'Syria'"):
        load(folder, env, only=["village"])


def test_a_change_is_taken_up_and_only_what_has_changed_is_read_again(
    folder: Path, env: Mapping[str, str], archive: Archive
) -> None:
    store(archive, village=VILLAGE, port=VILLAGE.replace("village", "port"))
    followed = FollowedSites(load(folder, env, archive=archive), archive)
    before = followed.config
    assert followed.refresh() is before
    store(archive, village=VILLAGE.replace("أخبار القرية", "The Village"))
    changed = followed.refresh()
    assert names(changed) == names(before) | {"village": "The Village"}
    assert changed.sites["port"] is before.sites["port"]
    store(archive, step="name: Stored\n")
    assert names(followed.refresh())["step"] == "Stored"
    put(folder / "sites.local/step.yaml", "name: Own\n")
    put(folder / "sites.local/village.yaml", "enabled: false\n")
    assert names(followed.refresh())["step"] == "Own"
    assert [site.id for site in followed.config.enabled] == ["port", "step", "wire"]
    remove(archive, "port", "step")
    assert list(followed.refresh().sites) == ["step", "village", "wire"]
    store(archive, wire="delay: soon\n")
    with pytest.raises(ConfigError, match=r"archive:wire\.yaml:1: delay"):
        followed.refresh()
    assert followed.config.sites["wire"].delay is None
    remove(archive, "wire")
    assert followed.refresh().files == load(folder, env).files
    assert followed.config.stored == load(folder, env).stored


def test_an_archive_that_cannot_be_read_is_told_and_settings_are_read_without_it(folder: Path, tmp_path: Path) -> None:
    env = {"ARSHIF_DATA": str(tmp_path)}
    put(tmp_path / "archive.sqlite3", "no archive\n")
    with pytest.raises(ArchiveError, match="is no SQLite database"):
        load(folder, env)
    assert load(folder, env, only=()).settings.data == tmp_path
    assert list(load(folder, env, files_only=True).sites) == ["step", "wire"]


def test_files_are_checked_before_any_is_stored(folder: Path, tmp_path: Path) -> None:
    press = tmp_path / "press"
    put(press / "sy/village.yaml", "\ufeff" + VILLAGE)
    put(press / "wire.yml", "enabled: false\n")
    put(press / ".hidden.yaml", "name: [\n")
    assert to_store(folder, press) == {"village": VILLAGE, "wire": "enabled: false\n"}
    assert to_store(folder, press / "wire.yml") == {"wire": "enabled: false\n"}
    put(press / "part.yaml", "enabled: false\n")
    put(press / "ly/other.yaml", "id: another\n" + VILLAGE)
    put(press / "syntax.yaml", "name: [\n")
    put(press / "UPPER.yaml", VILLAGE)
    with pytest.raises(InvalidFiles) as caught:
        to_store(folder, press)
    told = str(caught.value).replace(f"{press}/", "").splitlines()
    assert {line.partition(": ")[0] for line in told} >= {"ly/other.yaml:1", "syntax.yaml:2", "part.yaml:1"}
    assert any(line.startswith("UPPER.yaml") for line in told)
    assert not any("village" in line or "wire" in line for line in told)
    for nothing in (tmp_path / "gone", folder.parent / "empty"):
        with pytest.raises(InvalidFiles, match="there are no site files"):
            to_store(folder, nothing)


def test_an_archive_of_before_has_none(folder: Path, tmp_path: Path) -> None:
    """One that is not there yet is not created by reading the sites."""
    env = {"ARSHIF_DATA": str(tmp_path)}
    assert list(load(folder, env).sites) == ["step", "wire"]
    assert not (tmp_path / "archive.sqlite3").exists()
    with Archive(SqliteFile(tmp_path / "archive.sqlite3")) as archive:
        assert refreshed(config := load(folder, env), archive) is config
