"""What Arshif ships in config/: its sites, their schema, the settings with their words, and the page that tells it."""

import csv
import json
import re
import tomllib
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from crawler.config import SETTINGS, Config, json_schema, load
from crawler.settings_model import PRODUCT, Settings
from crawler.site_config import Rules, Schedule, Site, Source

ROOT = Path(__file__).parents[3]
CONFIG = ROOT / "config"
FILES = sorted(CONFIG.glob("sites/*/*.yaml"))
SOURCES = ROOT.parent / "shared/sources.tsv"
GUIDE = (ROOT / "docs/add-a-site.md").read_text("utf-8")


@pytest.fixture(scope="module")
def config() -> Config:
    return load(CONFIG, {})


# --- sites ---------------------------------------------------------------------------------------------------------


def test_eighty_sites_are_shipped_and_52_of_them_enabled(config: Config) -> None:
    assert len(FILES) == len(config.sites) == 80
    assert len(config.enabled) == 52
    assert config.sites["step"].enabled
    assert "enabbaladi" in config.sites


def test_a_site_lies_in_the_folder_of_its_country(config: Config) -> None:
    assert {file.parent.name for file in FILES} == {site.country.lower() for site in config.sites.values()}
    for file in FILES:
        assert config.sites[file.stem].country.lower() == file.parent.name


def test_no_two_sites_share_a_home_or_a_source(config: Config) -> None:
    homes = Counter(site.homepage.host for site in config.sites.values())
    sources = Counter(source.url for site in config.sites.values() for source in site.sources)
    assert homes.most_common(1)[0][1] == sources.most_common(1)[0][1] == 1


def test_every_site_names_its_zone_and_each_source_of_several_languages_its_own(config: Config) -> None:
    for site in config.sites.values():
        assert site.time_zone != "UTC", site.id
        if len(site.languages) > 1:
            assert {source.language for source in site.sources} == set(site.languages), site.id


@pytest.mark.skipif(not SOURCES.exists(), reason="the list of sources, ../shared/sources.tsv, is not here")
def test_every_source_of_the_list_is_shipped_and_those_checked_are_enabled(config: Config) -> None:
    with SOURCES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    by_source = {str(source.url): (site, source) for site in config.sites.values() for source in site.sources}
    assert len(rows) == len(by_source) == 93
    for row in rows:
        site, source = by_source[row["feed_or_sitemap"]]
        assert site.homepage.host == urlsplit(row["homepage"]).hostname
        assert site.country == row["country"]
        assert (source.language or site.languages[0]) == row["lang"]
        assert str(source.homepage or site.homepage).rstrip("/") == row["homepage"]
    checked = {urlsplit(row["homepage"]).hostname for row in rows if row["status"] == "checked"}
    assert {site.homepage.host for site in config.enabled} == checked | {"stepagency-sy.net"}


# --- schema --------------------------------------------------------------------------------------------------------


def test_the_schema_in_the_folder_is_the_one_of_the_model() -> None:
    kept = json.loads((CONFIG / "site.schema.json").read_text("utf-8"))
    hint = (
        'python -c "import json, crawler.config as c; print(json.dumps(c.json_schema(), indent=2, ensure_ascii=False))"'
    )
    assert kept == json_schema(), f"write it anew: {hint} > config/site.schema.json"


def test_the_schema_describes_every_key() -> None:
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    for part in (schema, *schema["$defs"].values()):
        for key, value in part["properties"].items():
            assert value.get("description"), key


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_shipped_file_fits_the_schema_and_names_it(file: Path) -> None:
    text = file.read_text("utf-8")
    first = text.splitlines()[0]
    assert first == "# yaml-language-server: $schema=../../site.schema.json"
    assert (file.parent / first.partition("=")[2]).resolve() == CONFIG / "site.schema.json"
    Draft202012Validator(json_schema()).validate(yaml.safe_load(text))


def test_the_schema_refuses_what_the_model_refuses() -> None:
    good = yaml.safe_load(FILES[0].read_text("utf-8"))
    validator = Draft202012Validator(json_schema())
    assert validator.is_valid(good)
    changes: list[dict[str, object]] = [{"nmae": "x"}, {"country": "Syria"}, {"languages": []}, {"sources": []}]
    for change in changes:
        assert not validator.is_valid({**good, **change}), change


# --- settings ------------------------------------------------------------------------------------------------------


def keys(model: type[BaseModel]) -> list[tuple[str, ...]]:
    """All keys of a model of settings, with those around them."""
    found: list[tuple[str, ...]] = []
    for name, info in model.model_fields.items():
        inner = info.annotation
        below = keys(inner) if isinstance(inner, type) and issubclass(inner, BaseModel) else [()]
        found += [(name, *rest) for rest in below]
    return found


def test_the_shipped_settings_name_every_key_with_its_default(config: Config) -> None:
    shipped = yaml.safe_load((CONFIG / SETTINGS).read_text("utf-8"))
    for path in keys(Settings):
        value = shipped
        for key in path:
            value = value[key]
    assert config.settings.model_copy(update={"data": Path("data")}) == Settings()


def test_the_shipped_settings_tell_every_key_in_words() -> None:
    lines = (CONFIG / SETTINGS).read_text("utf-8").splitlines()
    for path in keys(Settings):
        at = next(n for n, line in enumerate(lines) if re.match(rf" *{path[-1]}:", line))
        assert "#" in lines[at] or lines[at - 1].startswith("#"), path


def test_sites_see_the_version_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert PRODUCT.startswith("Arshif/")
    assert project["version"].startswith(PRODUCT.removeprefix("Arshif/") + ".")


def test_the_wheel_carries_all_of_config_but_what_is_its_users() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    shipped = {f"config/{path.name}" for path in CONFIG.iterdir()} - {"config/sites.local"}
    newsroom = {"tests/support/news_sites": "crawler/_newsroom"}  # of `arshif demo`
    assert build["force-include"] == newsroom | {path: path.replace("config/", "crawler/_config/") for path in shipped}


# --- docs/add-a-site.md --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [Site, Source, Schedule, Rules])
def test_the_guide_has_every_key(model: type[BaseModel]) -> None:
    rows = set(re.findall(r"^\| `([a-z_.]+)` \|", GUIDE, re.MULTILINE))
    prefix = {Source: "sources.", Schedule: "schedule.", Rules: "rules."}.get(model, "")
    assert {prefix + (field.alias or name) for name, field in model.model_fields.items()} <= rows


def test_the_guide_has_no_key_that_is_not_there() -> None:
    known = {
        prefix + (field.alias or name)
        for model, prefix in ((Site, ""), (Source, "sources."), (Schedule, "schedule."), (Rules, "rules."))
        for name, field in model.model_fields.items()
    }
    assert set(re.findall(r"^\| `([a-z_.]+)` \|", GUIDE, re.MULTILINE)) == known


def test_the_examples_of_the_guide_are_good_sites(tmp_path: Path) -> None:
    examples = re.findall(r"```yaml\n# sites\.local/(.+?)\.yaml\n(.*?)```", GUIDE, re.DOTALL)
    assert len(examples) >= 3
    for directory in ("sites", "sites.local"):
        (tmp_path / directory).mkdir()
    for file in FILES:
        (tmp_path / "sites" / file.name).write_bytes(file.read_bytes())
    for name, text in examples:
        (tmp_path / "sites.local" / f"{name}.yaml").write_text(text, encoding="utf-8")
    sites = load(tmp_path, {}).sites
    assert {name for name, _ in examples} <= set(sites)
