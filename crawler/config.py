"""YAML and environment -> frozen, validated Settings and Sites. An error names file, line and key.

A configuration is a folder:

    arshif.yaml              settings; each key has a default
    sites/<country>/<id>.yaml   the sites that Arshif ships
    sites.local/<id>.yaml    a user's own: new sites, or single keys of shipped ones, such as `enabled: true`
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from importlib import resources
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo, field_validator

from crawler.errors import ConfigError
from crawler.site_config import Model, Site, stranger
from crawler.yaml_loader import YamlDocument, read, validated

PRODUCT = "Arshif/0.1"  # the version of pyproject.toml, as sites see it
PREFIX = "ARSHIF_"
NO_SETTINGS = ("ARSHIF_CONFIG", "ARSHIF_TEST_")  # variables that begin so override nothing
IN_FILE = "_FILE"  # ends the name of a variable whose value is in a file
SETTINGS = "arshif.yaml"
SECRETS = ("api_key", "password")
TOKEN_CHARACTERS = 16  # at least: 64 bits, written in hexadecimal
OWN = shutil.ignore_patterns("sites.local")  # never handed on: it is the user's
SITES = ("sites", "sites.local")  # the second overrides the first


def _entries(value: object) -> object:
    """An environment variable's list: entries with commas between them."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _network(value: str) -> str:
    try:
        return str(ip_network(value))
    except ValueError:
        pass
    try:
        hint = f"did you mean {ip_network(value, strict=False)}?"
    except ValueError:
        hint = "write one such as 127.0.0.1/32 or fd00::/8"
    raise ValueError(f"{value!r} is no network: {hint}")


class IndexSettings(Model):
    """Which index the archive is searched in."""

    engine: Literal["embedded", "elasticsearch"] = Field(
        "embedded", description="embedded: files below `data`, nothing to install; or elasticsearch"
    )
    url: str = Field(
        "", description="elasticsearch: its address, such as https://localhost:9200", validate_default=True
    )
    api_key: SecretStr = Field(SecretStr(""), description="elasticsearch: an API key, instead of username and password")
    username: str = Field("", description="elasticsearch: the user's name")
    password: SecretStr = Field(SecretStr(""), description="elasticsearch: the user's password", validate_default=True)
    ca: str = Field(
        "", description="elasticsearch: file of the certificate that signed the server's; empty: those of the system"
    )
    prefix: str = Field(
        "arshif",
        pattern=r"^[a-z][a-z0-9_-]{0,63}$",
        description="What the names of the indexes begin with: small letters, digits, - and _",
    )

    @field_validator("url")
    @classmethod
    def _address(cls, url: str, info: ValidationInfo) -> str:
        if "@" in url:  # not repeated: addresses are in errors and logs
            raise ValueError("holds a user's name: write it under `username`, and the password under `password`")
        if url and not url.startswith(("http://", "https://")):
            raise ValueError(f"{url!r} is no address: it begins with https:// or http://")
        if info.data.get("engine") == "elasticsearch" and not url:
            raise ValueError("is missing: where Elasticsearch is, such as http://localhost:9200")
        return url

    @field_validator("password")
    @classmethod
    def _one_way_in(cls, password: SecretStr, info: ValidationInfo) -> SecretStr:
        if password and info.data.get("api_key"):
            raise ValueError("there is an `api_key` already: keep one of the two")
        if bool(password) != bool(info.data.get("username")):
            raise ValueError("`username` and `password` go together: give both or none")
        return password


class Politeness(Model):
    """How gently sites are asked, and how much of an answer is taken. One request at a time to any host."""

    delay: float = Field(2.0, ge=0, le=600, description="Seconds between two requests to one host")
    concurrency: int = Field(16, ge=1, le=256, description="Requests under way at the same time, over all hosts")
    timeout: float = Field(30.0, gt=0, le=600, description="Seconds until an answer must be there")
    # 5.9 MB of <p> held trafilatura 12 s; of 1,269 real pages the largest has 3.2 MB
    page_max_bytes: int = Field(5_242_880, ge=1_024, description="Longest page that is read, in bytes")
    source_max_bytes: int = Field(52_428_800, ge=1_024, description="Longest feed or sitemap that is read, in bytes")


class ScheduleSettings(Model):
    """When sites are crawled that have no schedule of their own, and how much a crawl takes on."""

    every: float | None = Field(
        None,
        ge=0.05,
        le=43_200,
        description="Minutes between two crawls of a site; empty: each source by how often it publishes",
    )
    fastest: float = Field(
        30.0, ge=0.5, le=43_200, description="Minutes between two requests to a source that publishes much"
    )
    slowest: float = Field(
        720.0, ge=0.5, le=43_200, description="Minutes between two requests to a source that publishes little"
    )
    first_visit_days: int = Field(
        7, ge=0, le=36_500, description="How old articles may be on a site's first visit, where a source dates them"
    )
    per_run: int = Field(100, ge=1, description="Articles fetched at most of one site in one crawl")
    run_deadline: float = Field(30.0, gt=0, le=1_440, description="Minutes after which a crawl is ended")


class RawSettings(Model):
    """How pages are kept as they came, so that they can be extracted again."""

    file_bytes: int = Field(1_073_741_824, ge=1_048_576, description="Length at which a WARC file is closed, in bytes")
    keep_days: int = Field(0, ge=0, le=36_500, description="Days after which raw copies are deleted; 0: never")


class BrowserSettings(Model):
    """Chromium, for sites whose pages are empty without it."""

    path: str = Field("", description="The program; empty: chromium, chromium-browser or google-chrome of the PATH")
    pages: int = Field(4, ge=1, le=64, description="Pages open at the same time")
    timeout: float = Field(30.0, gt=0, le=600, description="Seconds until a page must be there")


class WebSettings(Model):
    """Where the search page is served."""

    host: str = Field("127.0.0.1", min_length=1, description="Address to listen at; 127.0.0.1: this machine only")
    port: int = Field(8000, ge=1, le=65_535, description="TCP port to listen at")
    token: SecretStr = Field(
        SecretStr(""), description="Who asks must have it; without one the page is served to this machine only"
    )
    hosts: Annotated[tuple[str, ...], BeforeValidator(_entries)] = Field(
        (), description="Names by which the page may be asked for beside localhost and `host`, such as news.example.org"
    )
    url: str = Field(
        "",
        description="Address by which readers reach the page where a proxy stands before it, such as "
        "https://news.example.org/: feeds name it",
    )

    @field_validator("url")
    @classmethod
    def _reached(cls, url: str) -> str:
        if url and not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", url):
            raise ValueError("is no address: write one such as https://news.example.org/")
        return url and url.rstrip("/") + "/"

    @property
    def address(self) -> str:
        """The address of the page, with a slash at its end."""
        return self.url or f"http://{self.host}:{self.port}/"

    @field_validator("token")
    @classmethod
    def _hard_to_guess(cls, token: SecretStr) -> SecretStr:
        if 0 < len(token.get_secret_value()) < TOKEN_CHARACTERS:
            raise ValueError(f"has fewer than {TOKEN_CHARACTERS} characters: `openssl rand -hex 16` makes one")
        return token


class Settings(Model):
    """What arshif.yaml says, with environment variables over it."""

    data: Path = Field(
        Path("data"), description="Folder of the archive; a relative one begins at the folder that holds config/"
    )
    least_free: int = Field(
        1_000_000_000,
        ge=0,
        description="Bytes of disk that stay free: with less, no crawl starts, and one under way ends; 0: all may go",
    )
    contact: str = Field("", description="E-mail or web address that sites' operators find in our requests")
    index: IndexSettings = Field(IndexSettings(), description="Which index the archive is searched in")
    politeness: Politeness = Field(Politeness(), description="How gently sites are asked")
    schedule: ScheduleSettings = Field(ScheduleSettings(), description="When sites are crawled")
    raw: RawSettings = Field(RawSettings(), description="How long pages are kept as they came")
    browser: BrowserSettings = Field(BrowserSettings(), description="Chromium, for sites that need it")
    web: WebSettings = Field(WebSettings(), description="Where the search page is served")
    allow_networks: Annotated[tuple[Annotated[str, AfterValidator(_network)], ...], BeforeValidator(_entries)] = Field(
        (), description="Networks (CIDR) that may be reached though they are private, such as 127.0.0.1/32"
    )
    proxy: SecretStr = Field(
        SecretStr(""),
        description="Proxy that all requests to sites go through: http://host:port, or http://user:password@host:port",
    )
    log: Literal["text", "json"] = Field(
        "text", description="The log's lines: text for people, json (ECS) for machines that collect logs"
    )
    notify: Annotated[tuple[SecretStr, ...], BeforeValidator(_entries)] = Field(
        (),
        description="Who is told when a site's state changes: addresses of Apprise, such as json://localhost:8080/hook "
        "or mailto://user:password@example.org",
    )

    @field_validator("contact")
    @classmethod
    def _reachable(cls, contact: str) -> str:
        if contact and not re.fullmatch(r"[^\s()@]+@[^\s()@]+|https?://[^\s()]+", contact, re.ASCII):
            raise ValueError(f"{contact!r} is no address: write me@example.org or https://example.org/about")
        return contact

    @field_validator("proxy")
    @classmethod
    def _through(cls, proxy: SecretStr) -> SecretStr:
        if not re.fullmatch(r"(https?://\S+)?", proxy.get_secret_value()):  # not repeated: it may hold a password
            raise ValueError("is no address of a proxy: write http://host:port")
        return proxy

    @property
    def user_agent(self) -> str:
        """How we name ourselves to sites: product, version and, where it is set, the contact."""
        return f"{PRODUCT} (+{self.contact})" if self.contact else PRODUCT


@dataclass(frozen=True)
class Config:
    """A configuration that was read and found right.

    `sites` is by id, in the order of ids, disabled ones too. `directory` is where it was read, `packaged` whether that
    is the one that Arshif carries. `settings.data` is an absolute path. `warnings` are sentences for people: what is
    allowed, and probably not meant.
    """

    settings: Settings
    sites: Mapping[str, Site]
    directory: Path
    packaged: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def enabled(self) -> tuple[Site, ...]:
        """The sites that are crawled."""
        return tuple(site for site in self.sites.values() if site.enabled)

    def choose(self, ids: str = "") -> tuple[Site, ...]:
        """The sites with these ids, such as "step,enabbaladi", disabled ones too; the enabled ones where none is named.
        ConfigError for an id that no site has."""
        names = dict.fromkeys(filter(None, map(str.strip, ids.split(","))))
        for name in names:
            if name not in self.sites:
                close = get_close_matches(name, self.sites, n=1)
                hint = f"did you mean {close[0]}?" if close else "`arshif sites list` shows all"
                raise ConfigError(f"there is no site {name!r}: {hint}")
        return tuple(self.sites[name] for name in names) or self.enabled

    def site_of(self, url: str) -> Site:
        """The site whose address this is; one made up for it where no file describes it."""
        host = (urlsplit(url).hostname or "").removeprefix("www.")
        known = [site for site in self.sites.values() if host in {name.removeprefix("www.") for name in site.hosts}]
        return max(known, key=lambda site: site.nearness(url), default=None) or stranger(url)


# --- reading it ----------------------------------------------------------------------------------------------------


def load(config_dir: Path | None = None, env: Mapping[str, str] = os.environ) -> Config:
    """The configuration in `config_dir`, or $ARSHIF_CONFIG, or ./config where that holds an arshif.yaml, or else the
    one that Arshif carries, whose data then lie in ./data.

    A variable such as ARSHIF_INDEX__ENGINE overrides the key index.engine; an empty one overrides nothing; lists have
    commas between their entries. ARSHIF_INDEX__API_KEY_FILE names a file that holds the key. A relative ARSHIF_DATA
    begins at the current folder.

    ConfigError has a line per mistake: "config/sites/sy/step.yaml:12: sources.0.url: what is wrong: what to do".
    """
    directory, packaged = _directory(config_dir, env)
    settings = validated(Settings, _settings(directory, env))
    beside = Path.cwd() if packaged or env.get("ARSHIF_DATA") else directory.resolve().parent
    settings = settings.model_copy(update={"data": beside / settings.data.expanduser()})
    sites = _sites(directory)
    config = Config(settings, sites, directory, packaged)
    return replace(config, warnings=tuple(_warnings(config)))


def _directory(config_dir: Path | None, env: Mapping[str, str]) -> tuple[Path, bool]:
    """Where the configuration is, and whether it is the packaged one."""
    named = config_dir or (Path(env["ARSHIF_CONFIG"]) if env.get("ARSHIF_CONFIG") else None)
    if named is None:
        local = Path("config")
        return (local, False) if (local / SETTINGS).is_file() else (packaged_config(), True)
    if not named.is_dir():
        raise ConfigError(f"{named}: there is no such folder: name one that holds {SETTINGS}, or make one: arshif init")
    if not any((named / part).exists() for part in (SETTINGS, *SITES)):
        hint = (
            f"did you mean {named / 'config'}?" if (named / "config" / SETTINGS).is_file() else "name the one that does"
        )
        raise ConfigError(f"{named}: holds neither {SETTINGS} nor sites: {hint}")
    return named, False


def _settings(directory: Path, env: Mapping[str, str]) -> YamlDocument:
    """What arshif.yaml says, if it is there, with the environment over it."""
    file = directory / SETTINGS
    document = read(file) if file.exists() else YamlDocument({})
    for name in sorted(env):
        if name.startswith(PREFIX) and not name.startswith(NO_SETTINGS) and env[name]:
            keys = tuple(name.removeprefix(PREFIX).removesuffix(IN_FILE).lower().split("__"))
            value = _content(name, env[name]) if name.endswith(IN_FILE) else env[name]
            document = document.set(keys, value, f"environment variable {name}")
    return document


def _content(name: str, file: str) -> str:
    """A secret that a file holds, as Docker and systemd hand them over."""
    try:
        return Path(file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"environment variable {name}: {file} cannot be read: {error}") from None


def _sites(directory: Path) -> dict[str, Site]:
    """All sites by id. Every file is looked at before the mistakes of all of them are raised."""
    shipped, own = (_files(directory / part) for part in SITES)
    sites: dict[str, Site] = {}
    mistakes: list[str] = []
    for site_id in sorted({*shipped, *own}):
        try:
            documents = [_document(site_id, files[site_id]) for files in (shipped, own) if site_id in files]
            document = documents[-1].over(documents[0])
            sites[site_id] = validated(Site, document)
        except ConfigError as error:
            mistakes.append(str(error))
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return sites


def _files(folder: Path) -> dict[str, Path]:
    """The files of sites below this folder, by id. ConfigError where two have one name."""
    files: dict[str, Path] = {}
    for file in sorted(folder.rglob("*")):
        if file.suffix not in (".yaml", ".yml") or file.name.startswith("."):
            continue
        if file.stem in files:
            raise ConfigError(f"{file}: there is {files[file.stem]} too, and the name is the site's id: rename one")
        files[file.stem] = file
    return files


def _document(site_id: str, file: Path) -> YamlDocument:
    document = read(file)
    if document.data.get("id", site_id) != site_id:
        raise ConfigError(f"{document.place(('id',))}: id: the file's name says {site_id!r}: leave the key out")
    return document.set(("id",), site_id, str(file))


def _warnings(config: Config) -> Iterator[str]:
    settings, file = config.settings, config.directory / SETTINGS
    if not settings.contact:
        hint = "set ARSHIF_CONTACT" if config.packaged else f"write it into {file}"
        yield f"contact is empty, so sites' operators cannot reach you, and some refuse such requests: {hint}"
    if not config.enabled:
        yield f"no site is enabled: write `enabled: true` into the file of one below {config.directory}"
    if not _is_loopback(settings.web.host) and not settings.web.token:
        yield f"web.host is {settings.web.host}: the search page is not served there without a token: set web.token"
    if file.exists() and file.stat().st_mode & 0o044 and _holds_secrets(read(file).data):
        yield f"{file} holds a password, and others can read it: chmod 600 {file}"


def _holds_secrets(said: Mapping[str, Any]) -> bool:
    return bool(said.get("notify") or said.get("proxy") or (said.get("web") or {}).get("token")) or any(
        (said.get("index") or {}).get(key) for key in SECRETS
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


# --- writing it ----------------------------------------------------------------------------------------------------


def packaged_config() -> Path:
    """The folder of the configuration that Arshif carries: in the wheel, or in the source tree."""
    package = Path(str(resources.files("crawler")))
    carried = package / "_config"
    return carried if carried.is_dir() else package.parent / "config"


def write_starter(directory: Path) -> Path:
    """The path of a new `directory`/config with all that Arshif ships, for a user to edit. ConfigError where there is
    one already, or none can be written."""
    target = directory / "config"
    if target.exists() and any(target.iterdir()):
        raise ConfigError(f"{target}: is there already and not empty: name another folder, or edit what is there")
    try:
        shutil.copytree(packaged_config(), target, copy_function=shutil.copyfile, dirs_exist_ok=True, ignore=OWN)
        (target / "sites.local").mkdir()
    except (OSError, shutil.Error) as error:
        raise ConfigError(f"{target}: cannot be written: {error}") from None
    return target


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a site's file, for editors; it is kept in config/site.schema.json."""
    schema = Site.model_json_schema()
    required = [key for key in schema.pop("required") if key != "id"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "A site of Arshif",
        "required": required,
    }
