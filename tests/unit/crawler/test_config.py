"""Settings and sites of a folder: what overrides what, where data lie, and what each mistake is told."""

import json
import os
import pickle
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from crawler import config as config_module
from crawler import site_layers
from crawler.config import Config, FollowedSites, json_schema, load, packaged_config, refreshed, write_starter
from crawler.errors import ConfigError, InvalidFiles
from crawler.settings_model import PRODUCT, Settings
from crawler.site_config import Rules, Schedule, Site, Source
from crawler.storage import open_archive
from index.archive import Archive, near_window
from index.archive.near_window import NearWindow
from index.locale import translate

STEP = """\
name: وكالة ستيب الإخبارية
homepage: https://stepagency-sy.net
country: SY
languages: [ar]
sources:
  - kind: feed
    url: https://stepagency-sy.net/feed/
enabled: true
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A configuration with one good site."""
    config = tmp_path / "config"
    put(config / "arshif.yaml", "contact: me@example.org\n")
    put(config / "sites/sy/step.yaml", STEP)
    return config


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """An archive that describes no site."""
    with Archive(tmp_path / "archive.sqlite3") as opened:
        yield opened


def put(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def read(folder: Path, **env: str) -> Config:
    return load(folder, env)


def mistake(folder: Path, **env: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(folder, env)
    return str(caught.value).replace(f"{folder}/", "")


# --- where it is, where data lie -----------------------------------------------------------------------------------


def test_settings_and_sites_are_read(folder: Path) -> None:
    config = read(folder)
    assert config.settings.contact == "me@example.org"
    assert config.settings.user_agent == f"{PRODUCT} (+me@example.org)"
    assert [site.id for site in config.enabled] == ["step"]
    assert config.sites["step"].name == "وكالة ستيب الإخبارية"
    assert config.warnings == ()


def test_data_lie_beside_the_folder_of_the_configuration(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(folder).settings.data == folder.parent / "data"
    monkeypatch.chdir(folder)
    assert read(Path()).settings.data == folder.parent / "data"


def test_data_of_the_environment_begin_at_the_current_folder(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert read(folder, ARSHIF_DATA="archive").settings.data == tmp_path / "elsewhere/archive"
    assert read(folder, ARSHIF_DATA="/srv/news").settings.data == Path("/srv/news")


def test_the_argument_goes_before_the_variable_before_the_current_folder(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    put(other / "arshif.yaml", "contact: other@example.org\n")
    monkeypatch.chdir(tmp_path)
    assert load(None, {}).directory == Path("config")
    assert load(None, {"ARSHIF_CONFIG": str(other)}).directory == other
    assert load(folder, {"ARSHIF_CONFIG": str(other)}).directory == folder


def test_without_a_folder_the_packaged_one_is_used_and_data_lie_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()  # another program's
    config = load(None, {})
    assert config.packaged
    assert config.directory == packaged_config()
    assert config.settings.data == tmp_path / "data"
    assert len(config.sites) == 80


def test_a_folder_that_is_not_there_or_holds_nothing_is_told(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere: no such folder"):
        load(tmp_path / "nowhere", {})
    with pytest.raises(ConfigError, match=r"contains neither arshif\.yaml nor sites: did you mean `.*/config`\?"):
        load(folder.parent, {})


def test_a_folder_of_sites_alone_has_the_default_settings(tmp_path: Path) -> None:
    put(tmp_path / "sites/step.yaml", STEP)
    assert read(tmp_path).settings.politeness == Settings().politeness


def test_the_environment_is_read_by_default(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("ARSHIF_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ARSHIF_CONFIG", str(folder))
    monkeypatch.setenv("ARSHIF_WEB__PORT", "9000")
    assert load().settings.web.port == 9000


# --- environment ---------------------------------------------------------------------------------------------------


def test_a_variable_overrides_its_key_and_leaves_the_others(folder: Path) -> None:
    put(folder / "arshif.yaml", "politeness: {delay: 3, timeout: 7}\n")
    settings = read(
        folder,
        ARSHIF_POLITENESS__DELAY="0.5",
        ARSHIF_INDEX__ENGINE="elasticsearch",
        ARSHIF_INDEX__URL="http://localhost:9200",
        ARSHIF_INDEX__API_KEY="c2VjcmV0",
        ARSHIF_ALLOW_NETWORKS="127.0.0.1/32, fd00::/8",
    ).settings
    assert (settings.politeness.delay, settings.politeness.timeout) == (0.5, 7.0)
    assert (settings.index.engine, settings.index.url) == ("elasticsearch", "http://localhost:9200")
    assert settings.index.api_key.get_secret_value() == "c2VjcmV0"
    assert settings.allow_networks == ("127.0.0.1/32", "fd00::/8")


def test_the_archive_compares_articles_as_the_settings_say_in_other_processes_too(folder: Path) -> None:
    config = read(folder, ARSHIF_DEDUP__WINDOW_MONTHS="1", ARSHIF_DEDUP__KEEP_MONTHS="12")
    with open_archive(config) as opened, pickle.loads(pickle.dumps(opened)) as again:
        for one in (opened, again):
            assert one.write(near_window.of).result() == NearWindow(months=1, keep=12)
    with open_archive(read(folder)) as opened:
        assert opened.write(near_window.of).result() == NearWindow()


def test_empty_variables_and_those_for_tests_override_nothing(folder: Path) -> None:
    settings = read(folder, ARSHIF_CONTACT="", ARSHIF_TEST_ELASTICSEARCH="http://localhost:9200", PATH="/bin").settings
    assert settings.contact == "me@example.org"


def test_a_variable_is_named_in_its_error(folder: Path) -> None:
    assert mistake(folder, ARSHIF_INDX__URL="x") == (
        "environment variable ARSHIF_INDX__URL: indx: unknown key; did you mean `index`?"
    )
    assert mistake(folder, ARSHIF_INDEX__ENGINE="elastic") == (
        "environment variable ARSHIF_INDEX__ENGINE: index.engine: 'elastic' is not known; did you mean `elasticsearch`?"
    )
    assert mistake(folder, ARSHIF_WEB__PORT="http").startswith(
        "environment variable ARSHIF_WEB__PORT: web.port: 'http'"
    )


def test_secrets_are_never_shown(folder: Path) -> None:
    put(folder / "arshif.yaml", "index: {api_key: MARKER, username: me}\n")
    (folder / "arshif.yaml").chmod(0o600)
    told = mistake(folder)
    assert "MARKER" not in told
    put(folder / "arshif.yaml", "index:\n  password: [MARKER]\n")
    assert "MARKER" not in mistake(folder)
    assert "MARKER" not in mistake(folder, ARSHIF_INDEX__API_KEY="MARKER2")
    put(
        folder / "arshif.yaml",
        "index: {api_key: MARKER}\nproxy: http://me:MARKER@proxy:3128\nnotify: [json://MARKER]\n",
    )
    assert "MARKER" not in repr(read(folder))


@pytest.mark.parametrize(
    "wrong",
    [
        "proxy: socks5://me:MARKER@proxy:1080",
        "proxy: [http://me:MARKER@proxy]",
        "proxy: {http: MARKER}",
        "notify: [{mailto: MARKER}]",
        "notify: [[json://MARKER]]",
        "notify: {json: MARKER}",
        "web: {token: MARKER}",
        "web: {token: [MARKER]}",
        "index: {password: MARKER}",
        "index: {password: {a: MARKER}}",
        "index: {url: 'me:MARKER@localhost:9200'}",
        "index: {url: 'https://me:MARKER@localhost:9200'}",
    ],
)
def test_a_mistake_repeats_no_secret(folder: Path, wrong: str) -> None:
    put(folder / "arshif.yaml", wrong + "\n").chmod(0o600)
    told = mistake(folder)
    assert told.startswith(f"arshif.yaml:1: {wrong.partition(':')[0]}")
    assert "MARKER" not in told


@pytest.mark.parametrize("url", ["https://news.example", "https://news.example/", "https://news.example/archive"])
def test_the_address_of_the_page_ends_with_a_slash(folder: Path, url: str) -> None:
    assert read(folder).settings.web.address == "http://127.0.0.1:8000/"
    web = read(folder, ARSHIF_WEB__URL=url).settings.web
    assert web.address == web.url == url.rstrip("/") + "/"


@pytest.mark.parametrize("url", ["news.example", "ftp://news.example/", "https://me:x@news.example/", "https://a/?b"])
def test_what_is_no_address_of_the_page(folder: Path, url: str) -> None:
    assert "web.url: is not a URL: use the form" in mistake(folder, ARSHIF_WEB__URL=url)


def test_what_is_no_number_is_told_by_an_example(folder: Path) -> None:
    put(folder / "arshif.yaml", "politeness: {delay: fast, concurrency: '1.5'}\n")
    delay, concurrency = mistake(folder).splitlines()
    assert "politeness.delay: 'fast': needs a number such as 2.0: Seconds between" in delay
    assert "politeness.concurrency: '1.5': needs a whole number such as 16" in concurrency


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("contact: x\nallow_networks: [127.0.0.1/32,\nlog: json\n", "close the bracket that was opened on line 2"),
        ("contact: 'me\n\nlog: json\n", "close the quote that was opened on line 1"),
    ],
)
def test_what_is_not_closed_is_told_with_its_beginning(folder: Path, text: str, hint: str) -> None:
    put(folder / "arshif.yaml", text)
    assert mistake(folder).endswith(hint)


# --- a user's own sites --------------------------------------------------------------------------------------------


def test_a_local_file_changes_single_keys_of_a_shipped_site(folder: Path) -> None:
    put(folder / "sites.local/step.yaml", "enabled: false\nschedule: {every: 120}\n")
    step = read(folder).sites["step"]
    assert (step.enabled, step.schedule.every) == (False, 120)
    assert step.country == "SY"


def test_sites_on_two_ports_of_a_host_are_told_apart(folder: Path) -> None:
    (folder / "sites.local").mkdir(exist_ok=True)
    for port in (8081, 8082):
        (folder / "sites.local" / f"desk-{port}.yaml").write_text(
            f"name: Desk\nhomepage: http://desk.example:{port}/\ncountry: SY\nlanguages: [ar]\n"
            f"sources: [{{kind: feed, url: 'http://desk.example:{port}/feed'}}]\n",
            "utf-8",
        )
    config = load(folder)
    assert config.site_of("http://desk.example:8081/a").id == "desk-8081"
    assert config.site_of("http://www.desk.example:8082/a").id == "desk-8082"
    assert config.site_of("http://desk.example/a").id not in config.sites


def test_a_local_file_can_be_a_site_of_its_own(folder: Path) -> None:
    put(folder / "sites.local/village.yml", STEP)
    assert sorted(read(folder).sites) == ["step", "village"]


def test_of_two_sites_on_one_host_an_address_is_of_the_nearer_one(folder: Path) -> None:
    put(folder / "sites/sy/step.yaml", STEP)
    put(folder / "sites/sy/a-sport.yaml", STEP.replace("stepagency-sy.net\n", "stepagency-sy.net/sport/\n"))
    config, home = read(folder), "https://stepagency-sy.net/"
    assert [config.site_of(home + path).id for path in ("a", "sport/a")] == ["step", "a-sport"]


def test_a_mistake_in_an_override_is_told_where_it_was_made(folder: Path) -> None:
    put(folder / "sites.local/step.yaml", "enabled: true\nlanguages: [Arabic]\n")
    assert mistake(folder).startswith("sites.local/step.yaml:2: languages.0: 'Arabic' is invalid")
    put(folder / "sites/sy/step.yaml", STEP.replace("SY", "Syria"))
    put(folder / "sites.local/step.yaml", "enabled: true\n")
    assert mistake(folder).startswith("sites/sy/step.yaml:3: country: 'Syria' is invalid")


def test_one_id_in_two_files_is_told_with_both(folder: Path) -> None:
    put(folder / "sites/qa/step.yaml", STEP)
    told = mistake(folder)
    assert "sites/qa/step.yaml" in told
    assert "sites/sy/step.yaml" in told


def test_other_files_are_left_alone(folder: Path) -> None:
    put(folder / "sites/sy/README.md", "# notes")
    put(folder / "sites/sy/.step.yaml", "{")
    put(folder / "sites/sy/step.yaml~", "{")
    assert list(read(folder).sites) == ["step"]


def test_an_id_that_the_file_repeats_is_fine_and_another_is_told(folder: Path) -> None:
    put(folder / "sites/sy/step.yaml", STEP + "id: step\n")
    assert list(read(folder).sites) == ["step"]
    put(folder / "sites/sy/step.yaml", STEP + "id: stop\n")
    assert mistake(folder) == "sites/sy/step.yaml:9: id: differs from the file's name, 'step': leave the key out"


def test_a_name_of_a_file_that_is_no_id_is_told(folder: Path) -> None:
    put(folder / "sites/sy/Step News.yaml", STEP)
    assert mistake(folder).startswith("sites/sy/Step News.yaml: id: 'Step News' is invalid: The name of the file")


def test_sites_are_chosen_by_id_or_all_enabled_ones(folder: Path) -> None:
    put(folder / "sites/sy/sana.yaml", STEP.replace("true", "false"))
    config = read(folder)
    assert [site.id for site in config.choose()] == ["step"]
    assert [site.id for site in config.choose("sana, step,sana")] == ["sana", "step"]
    with pytest.raises(ConfigError, match=r"there is no site 'sanaa': did you mean sana\?"):
        config.choose("step,sanaa")


# --- mistakes ------------------------------------------------------------------------------------------------------

MISTAKES = [
    ("name: ستيب", "nmae: ستيب", "1: nmae: unknown key; did you mean `name`?"),
    ("name: ستيب", "", "1: name: is missing: The name of the outlet"),
    ("name: ستيب", "name:", "1: name: is empty: The name of the outlet"),
    ("name: ستيب", "name: ' '", "1: name: is empty: The name of the outlet"),
    ("name: ستيب", "name: [24]", "1: name: ['24']: needs text: The name of the outlet"),
    ("name: ستيب", "name: a\nname: b", "2: name: is defined already (sites/sy/step.yaml:1): keep one"),
    ("name: ستيب", "name: a: b", "1: is not valid YAML: mapping values are not allowed here"),
    ("name: ستيب", "\tname: a", "1: is not valid YAML: while scanning for the next token found character '\\t'"),
    ("name: ستيب", "name: &a x\nid: *a", "1: anchors and aliases"),
    ("country: SY", "country: UK", "3: country: 'UK' is not an ISO 3166-1 code: use GB"),
    ("country: SY", "country: no", "3: country: 'no' is invalid: Country of the outlet: its two-letter"),
    ("languages: [ar]", "languages: ar", "4: languages: needs a list, each entry on a line beginning with `- `"),
    ("languages: [ar]", "languages: []", "4: languages: is empty: Languages it writes in"),
    ("kind: feed", "kind: fed", "6: sources.0.kind: 'fed' is not known; did you mean `feed`?"),
    ("kind: feed", "kind: rss2", "6: sources.0.kind: 'rss2' is not known; choose from feed, sitemap, section"),
    ("  - kind", "    kind", "5: sources: needs a list"),
    ("/feed/", "/fe ed/", "7: sources.0.url: 'https://stepagency-sy.net/fe ed/' contains a space: write it as %20"),
    ("url: https://", "url: www.", "7: sources.0.url: 'www.stepagency-sy.net/feed/' is not a web address"),
    ("url: https://stepagency-sy.net/feed/", "url: https://", "7: sources.0.url: 'https://'"),
    ("enabled: true", "enabled: perhaps", "8: enabled: 'perhaps': needs true or false: Whether it is crawled"),
    ("enabled: true", "delay: 900", "8: delay: '900': needs 600.0 or less: Seconds between"),
    ("enabled: true", "delay: soon", "8: delay: 'soon': needs a number: Seconds between"),
    ("enabled: true", "revisit: [[1]]", "8: revisit.0: ['1'] is not a duration"),
    ("enabled: true", "schedule: {cron: 0 6}", "8: schedule.cron: '0 6' has 2 fields"),
    (
        "enabled: true",
        "schedule: {cron: 0 6 * * xyz}",
        "8: schedule.cron: '0 6 * * xyz' is not a crontab expression: 'xyz' is not a weekday",
    ),
    ("enabled: true", "schedule: {cron: 61 * * * *}", "8: schedule.cron: '61 * * * *' is not a crontab expression: "),
    ("enabled: true", "schedule: {cron: 0 0 30 2 *}", "8: schedule.cron: '0 0 30 2 *' never comes"),
    ("enabled: true", "domains: [example]", "8: domains.0: 'example' is not a domain"),
    (
        "enabled: true",
        "time_zone: Asia/Damascos",
        "8: time_zone: there is no time zone 'Asia/Damascos': did you mean `As",
    ),
    (
        "enabled: true",
        "time_zone: asia/damascus",
        "8: time_zone: there is no time zone 'asia/damascus': did you mean `As",
    ),
    ("enabled: true", "time_zone: Asia", "8: time_zone: there is no time zone 'Asia'"),
    ("enabled: true", "schedule: {cron: 0 0 6 * * *}", "8: schedule.cron: '0 0 6 * * *' has 6 fields"),
    ("enabled: true", "schedule:\n  every: 5\n  cron: 0 6 * * *", "10: schedule.cron: cannot be combined with `every`"),
    ("enabled: true", "schedule: 30", "8: schedule: needs keys of its own, indented below it"),
    ("enabled: true", "schedule: {every: 0}", "8: schedule.every: '0': needs 0.05 or more: Minutes between two crawls"),
    (
        "enabled: true",
        "rules:\n- deny: ['/tag/', '(']",
        "9: rules.0.deny.1: '(' is not a regular expression: missing )",
    ),
    ("enabled: true", "rules:\n- select:\n    body: 'div['", "10: rules.0.select.body: 'div[' is not a CSS selector"),
    (
        "enabled: true",
        "rules:\n- select:\n    titel: h1",
        "10: rules.0.select.titel: 'titel' is not known; choose from he",
    ),
    ("enabled: true", "rules:\n- strip: ['a::text']", "9: rules.0.strip.0: 'a::text' is not a CSS selector"),
    (
        "enabled: true",
        "rules:\n- valid_from: 2026-02-30",
        "9: rules.0.valid_from: '2026-02-30': needs a date such as 2026-01-31: First day",
    ),
    ("enabled: true", "rules: [{}, {}]", "8: rules: two entries have the same `valid_from`"),
    (
        "enabled: true",
        "  - kind: feed\n    url: https://stepagency-sy.net/feed/",
        "5: sources: https://stepagency-sy.net",
    ),
]


@pytest.mark.parametrize(("right", "wrong", "told"), MISTAKES)
def test_a_mistake_is_told_with_its_file_line_and_key(folder: Path, right: str, wrong: str, told: str) -> None:
    text = STEP.replace("وكالة ستيب الإخبارية", "ستيب")
    assert right in text
    put(folder / "sites/sy/step.yaml", text.replace(right, wrong))
    assert any(line.startswith(f"sites/sy/step.yaml:{told}") for line in mistake(folder).splitlines())


# What is the same in every language: names of formats and standards, and what is written in the file itself.
SAME = re.compile(
    r"\u2068[^\u2069]*\u2069|`[^`]*`|\b(YAML|UTF-8|CSS|BCP|ISO|IANA|URL|Chromium|crontab|cron|Tab|arshif\.yaml)\b"
    r"|\b(PostgreSQL|PGPASSWORD|PGPASSFILE|Elasticsearch)\b"
)
EXAMPLES = re.compile(
    r"[a-z+]+://[^\s؛،]*|\S+@\S+\.org|\b[A-Za-z]+/[A-Za-z]+\b|\b[\w.-]+\.com\b|\b(SY|UN|UTC|ar|ckb|zh-Hant|feed|true|false|sun|mon|tue|wed|thu|fri|sat)\b"
)


@pytest.mark.parametrize(("right", "wrong", "told"), MISTAKES)
def test_a_mistake_is_told_in_arabic_too(folder: Path, right: str, wrong: str, told: str) -> None:
    text = STEP.replace("وكالة ستيب الإخبارية", "ستيب")
    put(folder / "sites/sy/step.yaml", text.replace(right, wrong))
    with pytest.raises(InvalidFiles) as caught:
        load(folder, {})
    assert caught.value.code == "error.configuration"
    assert_arabic(caught.value, rf"{re.escape(str(folder))}/sites/sy/step\.yaml:\d+")
    assert told.partition(":")[0] in translate(caught.value.message, "ar")


def assert_arabic(error: InvalidFiles, places: str) -> None:
    """Each line names a place of this pattern, and says the rest in Arabic."""
    said = translate(error.message, "ar")
    assert len(said.splitlines()) == len(error.mistakes)
    for line in said.splitlines():
        place, rest = line.split(": ", 1)
        assert re.fullmatch(f"\u2068{places}\u2069", place)
        own = EXAMPLES.sub("", SAME.sub("", rest))
        assert re.search("[\u0621-\u064a]{3}", own), rest
        assert not re.search("[A-Za-z]{3}", own), rest


def test_every_key_of_a_site_is_described_in_both_languages() -> None:
    """With the name of its class and its own, so that no description is another key's."""
    keys = {
        f"site_key.{model.__name__.lower()}.{name}": field.description
        for model in (Site, Source, Rules, Schedule)
        for name, field in model.model_fields.items()
    }
    assert len(keys) > 30
    assert {code: told for code, told in keys.items() if told != code} == {}
    assert all(translate(code, language) for code in keys for language in ("en", "ar"))
    assert "site_key" not in json.dumps(json_schema())


SETTINGS_MISTAKES = [
    ("index:\n  engine: solr\n", "2: index.engine: 'solr' is not known; choose from embedded, elasticsearch"),
    ("index:\n  engine: elasticsearch\n", "1: index.url: is missing: set the URL of Elasticsearch"),
    ("index:\n  shards: 3\n", "2: index.shards: is for Elasticsearch only"),
    ("index:\n  url: localhost:9200\n", "2: index.url: 'localhost:9200' is not a URL"),
    (
        "archive: postgresql+psycopg://me:MARKER@h/db\n",
        "1: archive: contains a password: leave it out, and set PGPASSWORD",
    ),
    ("archive: postgresql+psycopg://me:MAR/K@ER@h/db\n", "1: archive: contains a password"),
    ("archive: postgresql+psycopg://me@h/db?password=MARKER\n", "1: archive: contains a password"),
    ("archive: postgresql://me@h/db\n", "1: archive: is not the URL of a PostgreSQL database: it must begin with"),
    ("archive: archive.sqlite3\n", "1: archive: is not the URL of a PostgreSQL database"),
    ("archive: postgresql+psycopg://me@h:5432\n", "1: archive: does not name a database"),
    ("archive: postgresql+psycopg://h:port/db\n", "1: archive: does not name a database"),
    ("archive: postgresql+psycopg://h/db?options=-cx\n", "1: archive: sets `options`, which Arshif sets itself"),
    ("index:\n  username: me\n", "1: index.password: `username` and `password` belong together"),
    ("index:\n  api_key: a\n  username: b\n  password: c\n", "4: index.password: cannot be combined with `api_key`"),
    ("contact: me\n", "1: contact: 'me' is not an address: use the form me@example.org"),
    ('contact: "me@x.org)\\r\\nX: y"\n', "1: contact: "),
    ("politeness:\n  dealy: 1\n", "2: politeness.dealy: unknown key; did you mean `delay`?"),
    ("politeness:\n  delay: 2 s\n", "2: politeness.delay: '2 s': "),
    (
        "allow_networks: [127.0.0.1/8]\n",
        "1: allow_networks.0: '127.0.0.1/8' is not a network: did you mean `127.0.0.0/8`?",
    ),
    ("allow_networks:\n- home\n", "2: allow_networks.0: 'home' is not a network: use a form such as 127.0.0.1/32"),
    ("proxy: localhost:3128\n", "1: proxy: is not the URL of a proxy: use the form http://host:port"),
    ("- data\n", "1: needs keys such as `name: ...`, one per line"),
    ("a: 1\n---\nb: 2\n", "2: is not valid YAML: expected a single document"),
    ("web:\n", "1: web: is empty: The search page"),
]


@pytest.mark.parametrize(("text", "told"), SETTINGS_MISTAKES)
def test_a_mistake_in_the_settings_is_told(folder: Path, text: str, told: str) -> None:
    put(folder / "arshif.yaml", text)
    assert mistake(folder).startswith(f"arshif.yaml:{told}")


@pytest.mark.parametrize(("text", "told"), SETTINGS_MISTAKES)
def test_a_mistake_in_the_settings_is_told_in_arabic_too(folder: Path, text: str, told: str) -> None:
    put(folder / "arshif.yaml", text)
    with pytest.raises(InvalidFiles) as caught:
        load(folder, {})
    assert_arabic(caught.value, rf"{re.escape(str(folder))}/arshif\.yaml:\d+")
    assert "MARKER" not in translate(caught.value.message, "ar")
    assert caught.value.code == "error.configuration"
    assert str(caught.value).startswith(f"{folder}/arshif.yaml:{told}")


def test_a_mistake_in_the_environment_is_told_in_arabic_too(folder: Path, tmp_path: Path) -> None:
    for name, value in (("WEB__PORT", "http"), ("WEB__TOKEN", "MARKER"), ("WEB__TOKEN_FILE", str(tmp_path / "gone"))):
        with pytest.raises(InvalidFiles) as caught:
            load(folder, {f"ARSHIF_{name}": value})
        said = translate(caught.value.message, "ar")
        assert said.startswith(f"متغير البيئة \u2068ARSHIF_{name}\u2069: ")
        assert "MARKER" not in said


def test_a_folder_without_a_configuration_is_told_in_arabic_too(folder: Path, tmp_path: Path) -> None:
    for named in (tmp_path / "gone", folder.parent, folder / "sites"):
        with pytest.raises(InvalidFiles) as caught:
            load(named, {})
        assert_arabic(caught.value, re.escape(str(named)))


def test_every_setting_is_described_in_both_languages() -> None:
    """With its own key, so that no description is another's."""

    def described(model: type[BaseModel], prefix: str = "setting.") -> Iterator[tuple[str, str | None]]:
        for name, field in model.model_fields.items():
            yield prefix + name, field.description
            if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
                yield from described(field.annotation, f"{prefix}{name}.")

    keys = dict(described(Settings))
    assert len(keys) > 40
    assert {code: told for code, told in keys.items() if told != code} == {}
    assert all(translate(code, language) for code in keys for language in ("en", "ar"))


def test_mistakes_of_all_files_are_told_at_once(folder: Path) -> None:
    put(folder / "sites/sy/a.yaml", STEP.replace("SY", "Syria").replace("feed\n", "fed\n"))
    put(folder / "sites/sy/b.yaml", STEP.replace("name", "title"))
    assert [line.split(": ")[:2] for line in mistake(folder).splitlines()] == [
        ["sites/sy/a.yaml:3", "country"],
        ["sites/sy/a.yaml:6", "sources.0.kind"],
        ["sites/sy/b.yaml:1", "name"],
        ["sites/sy/b.yaml:1", "title"],
    ]


def test_a_file_that_is_not_utf_8_or_cannot_be_read_is_told(folder: Path) -> None:
    (folder / "sites/sy/step.yaml").write_bytes(STEP.encode("cp1256"))
    assert mistake(folder).startswith("sites/sy/step.yaml: is not UTF-8 (byte 6): save it as UTF-8")
    (folder / "sites/sy/step.yaml").write_bytes(b"name: \x01")
    assert mistake(folder).startswith("sites/sy/step.yaml: is not valid YAML: unacceptable character #x0001")
    (folder / "sites/sy/step.yaml").unlink()
    (folder / "sites/sy/step.yaml").mkdir()
    assert mistake(folder) == "sites/sy/step.yaml: cannot be read: Is a directory"


def test_words_that_old_yaml_took_for_others_are_what_they_say(folder: Path) -> None:
    site = STEP.replace("country: SY", "country: NO").replace("[ar]", "[no]").replace("true", "yes")
    put(folder / "sites/no/nrk.yaml", site + "rules: [{valid_from: 2026-01-31, strip: ['.a', .b]}]\n")
    nrk = read(folder).sites["nrk"]
    assert (nrk.country, nrk.languages, nrk.enabled) == ("NO", ("no",), True)
    assert nrk.rules[0].valid_from is not None
    assert nrk.rules[0].strip == (".a", ".b")


def test_a_byte_order_mark_is_no_mistake(folder: Path) -> None:
    (folder / "sites/sy/step.yaml").write_text(STEP, encoding="utf-8-sig")
    assert list(read(folder).sites) == ["step"]


# --- warnings ------------------------------------------------------------------------------------------------------


def test_what_is_probably_not_meant_is_a_warning(folder: Path) -> None:
    put(folder / "arshif.yaml", "web: {host: 0.0.0.0}\nindex: {api_key: abc}\n").chmod(0o644)
    put(folder / "sites.local/step.yaml", "enabled: false\n")
    contact, site, web, secret = (translate(warning, "en") for warning in read(folder).warnings)
    assert contact.startswith("contact is empty")
    assert site.startswith("no site is enabled")
    assert web.startswith("web.host is 0.0.0.0")
    assert secret.endswith(f"`chmod 600 {folder}/arshif.yaml`")
    (folder / "arshif.yaml").chmod(0o600)
    assert len(read(folder).warnings) == 3


# --- a configuration of one's own ----------------------------------------------------------------------------------


def test_a_starter_holds_all_that_is_shipped_and_is_read_as_it_is(tmp_path: Path) -> None:
    target = write_starter(tmp_path / "news")
    assert target == tmp_path / "news/config"
    assert (target / "sites.local").is_dir()
    config = read(target)
    assert config.sites == load(packaged_config(), {}).sites
    assert config.settings.data == tmp_path / "news/data"


def test_a_starter_overwrites_nothing(folder: Path) -> None:
    before = (folder / "arshif.yaml").read_text()
    with pytest.raises(ConfigError, match="exists already and is not empty"):
        write_starter(folder.parent)
    assert (folder / "arshif.yaml").read_text() == before
    assert not (folder / "site.schema.json").exists()


def test_a_starter_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    put(tmp_path / "file", "")
    with pytest.raises(ConfigError, match="cannot be written"):
        write_starter(tmp_path / "file")


def test_a_secret_may_be_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_text("s3cret\n", "utf-8")
    config = load(packaged_config(), {"ARSHIF_INDEX__API_KEY_FILE": str(secret)})
    assert config.settings.index.api_key.get_secret_value() == "s3cret"
    with pytest.raises(ConfigError, match=r"ARSHIF_INDEX__API_KEY_FILE: .*gone cannot be read"):
        load(packaged_config(), {"ARSHIF_INDEX__API_KEY_FILE": str(tmp_path / "gone")})


def test_a_site_file_that_cannot_be_looked_at_is_named(folder: Path, archive: Archive) -> None:
    config = read(folder)
    loop = folder / "sites" / "loop.yaml"
    loop.symlink_to(loop)
    for again in (lambda: refreshed(config, archive), lambda: read(folder)):
        with pytest.raises(ConfigError, match=r"loop\.yaml: cannot be read: .*: let Arshif's user read it"):
            again()


# --- of many sites, a few --------------------------------------------------------------------------------------------


def test_only_the_files_of_sites_that_are_asked_for_are_read(folder: Path) -> None:
    put(folder / "sites" / "sy" / "wrong.yaml", "nmae: x\n")
    assert list(load(folder, {}, only=["step", "none"]).sites) == ["step"]
    assert load(folder, {}, only=()).sites == {}
    assert load(folder, {}, only=()).settings.contact == "me@example.org"
    with pytest.raises(ConfigError, match="nmae: unknown key"):
        load(folder, {}, only=["wrong"])


def test_only_files_that_have_changed_are_read_again(
    folder: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder / "sites" / "sy" / "other.yaml", STEP)
    config = read(folder)
    looked: list[str] = []
    document = site_layers.in_file
    monkeypatch.setattr(site_layers, "in_file", lambda id_, file: looked.append(id_) or document(id_, file))
    put(folder / "sites.local" / "step.yaml", "enabled: false\n")
    put(folder / "sites" / "sy" / "added.yaml", STEP)
    (folder / "sites" / "sy" / "other.yaml").unlink()
    changed = refreshed(config, archive)
    assert list(changed.sites) == ["added", "step"]
    assert not changed.sites["step"].enabled
    assert sorted(looked) == ["added", "step", "step"], "that of the user over the other"
    assert changed.files == read(folder).files


def test_many_files_are_not_looked_at_all_the_time(
    folder: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr(config_module.time, "monotonic", lambda: clock[0])
    followed = FollowedSites(read(folder), archive)
    put(folder / "sites" / "sy" / "second.yaml", STEP)
    assert len(followed.refresh().sites) == 2, "of a few it costs nothing"
    monkeypatch.setattr(config_module, "FILES_FREE", 0.0)
    followed.refresh()
    put(folder / "sites" / "sy" / "third.yaml", STEP)
    assert len(followed.refresh().sites) == 2
    assert len(followed.refresh(at_once=True).sites) == 3
    put(folder / "sites" / "sy" / "fourth.yaml", STEP)
    assert len(followed.refresh().sites) == 3
    clock[0] = 3_600.0
    assert len(followed.refresh().sites) == 4
