"""Sites changed from the page: what is written, where, and what is refused with nothing written."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from pathlib import Path

import pytest
import yaml

from crawler import config as config_module
from crawler.config import Config, load, packaged_config, refreshed
from crawler.errors import ConfigError
from crawler.onboarding.site_desk import SiteDesk
from crawler.storage import open_archive
from index.archive import Archive, site_documents, site_previews, site_state
from index.archive.database import Database
from index.errors import InvalidValue
from tests.support.archive_samples import NOW
from tests.support.newspaper import configured
from tests.support.samples import VILLAGE


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return configured(tmp_path)


@pytest.fixture
def archive(config: Config) -> Iterator[Archive]:
    with open_archive(config) as it:
        yield it


@pytest.fixture
def desk(config: Config, archive: Archive, monkeypatch: pytest.MonkeyPatch) -> SiteDesk:
    """One that looks at the sites whenever it is asked, however long that takes here."""
    monkeypatch.setattr(config_module, "FILES_FREE", inf)
    return SiteDesk(config, archive)


def own(config: Config) -> dict[str, str]:
    """What is in sites.local/, by name; hidden files too."""
    folder = config.directory / "sites.local"
    return {str(one.relative_to(folder)): one.read_text("utf-8") for one in folder.rglob("*") if one.is_file()}


def refused(work: object, *given: object) -> str:
    """The code with which this is refused."""
    with pytest.raises(InvalidValue) as error:
        work(*given)  # type: ignore[operator]
    return error.value.code


def test_a_site_that_comes_with_arshif_is_switched_off_and_on(config: Config, desk: SiteDesk, archive: Archive) -> None:
    shipped = (config.directory / "sites" / "paper.yaml").read_bytes()
    desk.switch("paper", False)
    assert own(config) == {"paper.yaml": "enabled: false\n"}
    assert not load(config.directory).sites["paper"].enabled
    with archive.read() as conn:
        assert site_state.state(conn, "paper").enabled is False
        assert site_state.state(conn, "paper").name == "The Paper"
    desk.switch("paper", True)
    assert own(config) == {"paper.yaml": "enabled: true\n"}
    assert refreshed(config, archive).sites["paper"].enabled
    assert (config.directory / "sites" / "paper.yaml").read_bytes() == shipped
    assert refused(desk.switch, "nosuch", True) == "site.error.unknown"


def test_its_schedule_is_set_and_left_to_it_again(config: Config, desk: SiteDesk, archive: Archive) -> None:
    assert desk.schedule("paper") == ("adaptive", "")
    desk.set_schedule("paper", "every", "90")
    assert (desk.schedule("paper"), refreshed(config, archive).sites["paper"].schedule.every) == (("every", "90"), 90)
    desk.set_schedule("paper", "cron", " 0 6-22 * * sun-thu ")
    assert desk.schedule("paper") == ("cron", "0 6-22 * * sun-thu")
    before = own(config)
    for kind, value, code in (
        ("cron", "every day", "site.error.bad_cron"),
        ("cron", "0 6 1 * sun", "site.error.bad_cron"),
        ("cron", "", "site.error.bad_cron"),
        ("every", "0.5", "site.error.bad_minutes"),
        ("every", "inf", "site.error.bad_minutes"),
        ("every", "nan", "site.error.bad_minutes"),
        ("every", "soon", "site.error.bad_minutes"),
        ("every", "99999", "site.error.bad_minutes"),
    ):
        assert refused(desk.set_schedule, "paper", kind, value) == code
    assert own(config) == before
    desk.set_schedule("paper", "adaptive", "")
    assert desk.schedule("paper") == ("adaptive", "")
    assert desk.schedule("nosuch") is None


def test_a_schedule_of_the_shipped_file_is_overridden_and_its_bounds_stay(config: Config, archive: Archive) -> None:
    file = config.directory / "sites" / "paper.yaml"
    file.write_text(file.read_text("utf-8") + "schedule: {every: 60, fastest: 15}\n", "utf-8")
    desk = SiteDesk(load(config.directory), archive)
    desk.set_schedule("paper", "cron", "0 * * * *")
    assert yaml.safe_load(own(config)["paper.yaml"])["schedule"] == {"fastest": 15, "cron": "0 * * * *"}
    desk.set_schedule("paper", "adaptive", "")
    schedule = refreshed(config, archive).sites["paper"].schedule
    assert (schedule.every, schedule.cron, schedule.fastest) == (None, None, 15)


def test_a_file_of_ones_own_keeps_what_else_it_says(config: Config, desk: SiteDesk, archive: Archive) -> None:
    folder = config.directory / "sites.local" / "desk"
    folder.mkdir(parents=True)
    (folder / "paper.yml").write_text("# ours\ndelay: 7  # slow\nenabled: true # yes\n", "utf-8")
    (folder / "paper.yml").chmod(0o640)
    desk.switch("paper", False)
    assert own(config) == {"desk/paper.yml": "# ours\ndelay: 7  # slow\nenabled: false # yes\n"}
    assert (folder / "paper.yml").stat().st_mode & 0o777 == 0o640
    (folder / "paper.yml").write_text("{delay: 7}\n", "utf-8")
    assert refused(desk.switch, "paper", True) == "site.error.by_hand"
    (folder / "paper.yml").write_text("delay: soon\n", "utf-8")
    assert refused(desk.switch, "paper", True) == "site.error.broken"
    assert own(config) == {"desk/paper.yml": "delay: soon\n"}
    desk.follow()
    with archive.read() as conn:
        assert site_state.state(conn, "paper").name == "The Paper", "as it last was"


def test_the_archive_knows_each_configured_site_before_its_first_crawl(
    config: Config, desk: SiteDesk, archive: Archive
) -> None:
    desk.follow()
    put = config.directory / "sites" / "village.yaml"
    put.write_text(VILLAGE.replace("enabled: true", "enabled: false"), "utf-8")
    desk.follow()
    with archive.read() as conn:
        known = {state.id: (state.name, state.enabled) for state in site_state.states(conn)}
    assert known == {"paper": ("The Paper", True), "village": ("أخبار القرية", False)}
    put.write_text(VILLAGE, "utf-8")
    desk.follow()
    with archive.read() as conn:
        assert site_state.state(conn, "village").enabled
    archive.write = pytest.fail  # type: ignore[method-assign,assignment]
    desk.follow()


def test_a_new_site_is_written_and_known_at_once(config: Config, desk: SiteDesk, archive: Archive) -> None:
    desk.add("village", VILLAGE.replace("\n", "\r\n"))
    assert own(config) == {"village.yaml": VILLAGE}
    assert [site.id for site in refreshed(config, archive).enabled] == ["paper", "village"]
    with archive.read() as conn:
        assert site_state.state(conn, "village").name == "أخبار القرية"
    before = own(config)
    for site, text, code in (
        ("village", VILLAGE, "site.error.there"),
        ("paper", VILLAGE, "site.error.there"),
        ("../up", VILLAGE, "site.error.bad_id"),
        ("Village", VILLAGE, "site.error.bad_id"),
        ("", VILLAGE, "site.error.bad_id"),
        ("other", VILLAGE.replace("SY", "Syria"), "site.error.mistake"),
        ("other", VILLAGE + "enabled: true\n", "site.error.mistake"),
        ("other", "id: another\n" + VILLAGE, "site.error.mistake"),
        ("other", "name: [", "site.error.mistake"),
        ("other", "", "site.error.mistake"),
        ("other", "[" * 5_000, "site.error.mistake"),
    ):
        assert refused(desk.add, site, text) == code, (site, text[:20])
    assert own(config) == before
    with pytest.raises(InvalidValue, match=r"other\.yaml:3: country: 'Syria' is invalid"):
        desk.add("other", VILLAGE.replace("SY", "Syria"))


@pytest.fixture
def shared(place: Database, config: Config) -> Iterator[SiteDesk]:
    """A desk on each kind of database; the one in a file already describes a site."""
    with Archive(place) as archive:
        texts = {} if archive.database.shared else {"paper": "# ours\n"}
        archive.write(lambda conn: site_documents.put(conn, texts, NOW)).result()
        yield SiteDesk(config, archive)


def stored(desk: SiteDesk) -> dict[str, str]:
    with desk.archive.read() as conn:
        return site_documents.texts(conn)


def test_what_the_archive_describes_and_all_where_machines_share_it_is_changed_there(
    shared: SiteDesk, config: Config
) -> None:
    ours = "" if shared.archive.database.shared else "# ours\n"
    shared.switch("paper", False)
    assert stored(shared) == {"paper": ours + "enabled: false\n"}
    assert shared.config.enabled == ()
    shared.set_schedule("paper", "every", "90")
    assert shared.schedule("paper") == ("every", "90")
    shared.set_schedule("paper", "adaptive", "")
    assert shared.schedule("paper") == ("adaptive", "")
    with shared.archive.read() as conn:
        assert site_state.state(conn, "paper").enabled is False
    assert not (config.directory / "sites.local").exists()
    (config.directory / "sites.local").mkdir()
    (config.directory / "sites.local" / "paper.yaml").write_text("delay: 7\n", "utf-8")
    shared.switch("paper", True)
    assert own(config) == {"paper.yaml": "delay: 7\nenabled: true\n"}, "where it would win"
    assert shared.config.sites["paper"].enabled


def test_a_new_site_is_for_all_machines_that_share_the_archive(shared: SiteDesk, config: Config) -> None:
    shared.add("village", VILLAGE.replace("\n", "\r\n"))
    assert "village" in shared.config.sites
    if not shared.archive.database.shared:
        assert own(config) == {"village.yaml": VILLAGE}
        return
    assert stored(shared) == {"village": VILLAGE}
    assert refused(shared.add, "village", VILLAGE) == "site.error.there"
    with pytest.raises(InvalidValue, match=r"archive:other\.yaml:3: country: 'Syria' is invalid"):
        shared.add("other", VILLAGE.replace("SY", "Syria"))
    assert not (config.directory / "sites.local").exists()


def test_two_who_change_a_site_in_the_archive_at_once_both_do(
    shared: SiteDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One on another machine, after this one has read what is there."""
    read, texts = shared._stored, [{"paper": "delay: 7\n"}]

    def overtaken(site: str) -> str | None:
        before = read(site)
        if texts:
            other = texts.pop()
            shared.archive.write(lambda conn: site_documents.put(conn, other, NOW)).result()
        return before

    monkeypatch.setattr(shared, "_stored", overtaken)
    shared.switch("paper", False)
    assert stored(shared) == {"paper": "delay: 7\nenabled: false\n"}


def test_what_the_archive_says_in_a_form_of_its_own_is_changed_by_hand(shared: SiteDesk) -> None:
    shared.archive.write(lambda conn: site_documents.put(conn, {"paper": "{delay: 7}\n"}, NOW)).result()
    assert refused(shared.switch, "paper", True) == "site.error.by_hand"
    shared.archive.write(lambda conn: site_documents.put(conn, {"paper": "delay: soon\n"}, NOW)).result()
    assert refused(shared.switch, "paper", True) == "site.error.broken"
    assert stored(shared) == {"paper": "delay: soon\n"}


def test_what_cannot_be_written_says_so(config: Config, desk: SiteDesk) -> None:
    (config.directory / "sites.local").write_text("no folder", "utf-8")
    assert refused(desk.add, "village", VILLAGE) == "site.error.not_written"
    assert refused(desk.switch, "paper", False) == "site.error.not_written"


def test_the_configuration_that_comes_with_arshif_is_not_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = load(env={})
    assert (config.packaged, config.directory) == (True, packaged_config())
    with open_archive(config) as archive:
        desk = SiteDesk(config, archive)
        assert refused(desk.switch, "sana", True) == "site.error.packaged"
        assert refused(desk.add, "village", VILLAGE) == "site.error.packaged"


def test_a_preview_is_of_a_public_site_that_is_not_there(desk: SiteDesk) -> None:
    one = desk.ask(" village.example/news ")
    assert one.url == "https://village.example/news"
    assert desk.ask("https://village.example/news#top").id == one.id, "it waits already"
    for given, code in (
        ("", "site.error.not_address"),
        ("village", "site.error.not_address"),
        ("ftp://village.example/", "site.error.not_address"),
        ("https://127.0.0.1/", "site.error.private"),
        ("http://2130706433/", "site.error.not_address"),
        ("localhost.localhost", "site.error.private"),
        ("www.paper.example", "site.error.configured"),
    ):
        assert refused(desk.ask, given) == code, given
    for n in range(site_previews.MAX_WAITING - 1):
        desk.ask(f"https://site{n}.example/")
    assert refused(desk.ask, "https://more.example/") == "request.queue_full"


def test_the_sites_are_read_again_only_once_a_file_has_changed(config: Config, archive: Archive) -> None:
    assert refreshed(config, archive) is config
    file = config.directory / "sites" / "paper.yaml"
    text = file.read_text("utf-8")
    file.write_text(text.replace("The Paper", "The Other Paper"), "utf-8")
    changed = refreshed(config, archive)
    assert changed.sites["paper"].name == "The Other Paper"
    assert changed.settings is config.settings
    file.write_text("name: [\n", "utf-8")
    with pytest.raises(ConfigError, match=r"paper\.yaml"):
        refreshed(changed, archive)
    file.unlink()
    assert refreshed(changed, archive).sites == {}
