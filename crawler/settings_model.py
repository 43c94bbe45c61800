"""Settings: the content of arshif.yaml, frozen and validated. `config.py` reads the file and the environment.

The descriptions of keys are codes of the catalogues (`index/locale/`): the sentences appear in docs/reference.md and in
error messages.
"""

from __future__ import annotations

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo, field_validator

from crawler.config_messages import FileMessage, InvalidEntry
from crawler.site_config import Model
from index.model.message import Message
from index.warc.place_url import outside_problem, url_problem

PRODUCT = "Arshif/0.1"  # the version of pyproject.toml, as sites see it
TOKEN_CHARACTERS = 16  # at least: 64 bits, written in hexadecimal


def _entries(value: object) -> object:
    """A list as an environment variable holds it: entries separated by commas."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _network(value: str) -> str:
    try:
        return str(ip_network(value))
    except ValueError:
        pass
    try:
        hint = Message(FileMessage.DID_YOU_MEAN, {"name": str(ip_network(value, strict=False))})
    except ValueError:
        hint = Message(FileMessage.NAME_NETWORK)
    raise InvalidEntry(FileMessage.NOT_NETWORK, given=repr(value), hint=hint)


def _outside(place: str) -> str:
    if problem := outside_problem(place):
        raise InvalidEntry(problem)
    return place


def archive_problem(url: str) -> Message | None:
    """What is wrong with the URL of a database, None if nothing. It is not repeated, as it may hold a password."""
    scheme, _, rest = url.partition("://")
    place, _, query = rest.partition("?")
    named = {part.partition("=")[0] for part in query.split("&")}
    # A password may contain any character, so whatever stands between the first ":" and an "@" may be one
    if re.match(r"[^:/]*:[^@]*@", rest) or named & {"password", "sslpassword"}:
        return Message(FileMessage.DATABASE_PASSWORD)
    if scheme != "postgresql+psycopg":
        return Message(FileMessage.NOT_DATABASE)
    if not re.fullmatch(r"([^:/@\s]*@)?(\[[0-9a-fA-F:.]+\]|[^:/@\s]*)(:\d+)?/[^/@\s]+", place):
        return Message(FileMessage.NO_DATABASE)
    if ours := sorted(named & {"options", "application_name", "connect_timeout"}):
        return Message(FileMessage.DATABASE_OPTION, {"name": ours[0]})
    return None


class IndexSettings(Model):
    """The search index."""

    engine: Literal["embedded", "elasticsearch"] = Field("embedded", description="setting.index.engine")
    url: str = Field("", description="setting.index.url", validate_default=True)
    api_key: SecretStr = Field(SecretStr(""), description="setting.index.api_key")
    username: str = Field("", description="setting.index.username")
    password: SecretStr = Field(SecretStr(""), description="setting.index.password", validate_default=True)
    ca: str = Field("", description="setting.index.ca")
    prefix: str = Field(
        "arshif",
        pattern=r"^[a-z][a-z0-9_-]{0,63}$",
        description="setting.index.prefix",
    )
    shards: int = Field(1, ge=1, le=1_024, description="setting.index.shards")
    replicas: int | None = Field(None, ge=0, le=32, description="setting.index.replicas")
    part_gb: float = Field(50.0, ge=0.001, le=10_000, description="setting.index.part_gb")
    part_months: int = Field(0, ge=0, le=120, description="setting.index.part_months")
    indexers: int = Field(1, ge=1, le=32, description="setting.index.indexers")

    @field_validator("shards", "replicas", "part_gb", "part_months", "indexers")
    @classmethod
    def _of_a_server(cls, value: float | None, info: ValidationInfo) -> float | None:
        if info.data.get("engine") == "embedded" and value != cls.model_fields[str(info.field_name)].default:
            raise InvalidEntry(FileMessage.ONLY_SERVER)
        return value

    @field_validator("url")
    @classmethod
    def _address(cls, url: str, info: ValidationInfo) -> str:
        if "@" in url:  # not repeated: addresses are in errors and logs
            raise InvalidEntry(FileMessage.USER_IN_URL)
        if url and not url.startswith(("http://", "https://")):
            raise InvalidEntry(FileMessage.NOT_SERVER, given=repr(url))
        if info.data.get("engine") == "elasticsearch" and not url:
            raise InvalidEntry(FileMessage.NO_SERVER)
        return url

    @field_validator("password")
    @classmethod
    def _one_way_in(cls, password: SecretStr, info: ValidationInfo) -> SecretStr:
        if password and info.data.get("api_key"):
            raise InvalidEntry(FileMessage.KEY_OR_PASSWORD)
        if bool(password) != bool(info.data.get("username")):
            raise InvalidEntry(FileMessage.USER_AND_PASSWORD)
        return password


class Politeness(Model):
    """The load on sites, and limits on their responses. Each host gets one request at a time."""

    delay: float = Field(2.0, ge=0, le=600, description="setting.politeness.delay")
    concurrency: int = Field(16, ge=1, le=256, description="setting.politeness.concurrency")
    timeout: float = Field(30.0, gt=0, le=600, description="setting.politeness.timeout")
    # 5.9 MB of <p> held trafilatura 12 s; of 1,269 real pages the largest has 3.2 MB
    page_max_bytes: int = Field(5_242_880, ge=1_024, description="setting.politeness.page_max_bytes")
    source_max_bytes: int = Field(52_428_800, ge=1_024, description="setting.politeness.source_max_bytes")


class ScheduleSettings(Model):
    """When sites without a schedule of their own are crawled, and the limits of one crawl."""

    every: float | None = Field(
        None,
        ge=0.05,
        le=43_200,
        description="setting.schedule.every",
    )
    fastest: float = Field(30.0, ge=0.5, le=43_200, description="setting.schedule.fastest")
    slowest: float = Field(720.0, ge=0.5, le=43_200, description="setting.schedule.slowest")
    first_visit_days: int = Field(
        7,
        ge=0,
        le=36_500,
        description="setting.schedule.first_visit_days",
    )
    per_run: int = Field(100, ge=1, description="setting.schedule.per_run")
    run_deadline: float = Field(30.0, gt=0, le=1_440, description="setting.schedule.run_deadline")


class RawSettings(Model):
    """The raw copies: pages as they were received, so that they can be extracted again."""

    url: str = Field(
        "",
        description="setting.raw.url",
    )
    file_bytes: int = Field(1_073_741_824, ge=1_048_576, description="setting.raw.file_bytes")
    keep_days: int = Field(0, ge=0, le=36_500, description="setting.raw.keep_days")
    outside: Annotated[tuple[Annotated[str, AfterValidator(_outside)], ...], BeforeValidator(_entries)] = Field(
        (), description="setting.raw.outside"
    )

    @field_validator("url")
    @classmethod
    def _place(cls, url: str) -> str:
        if url and (problem := url_problem(url)):
            raise InvalidEntry(problem)
        return url


class DedupSettings(Model):
    """Near-duplicates: articles of several sites with nearly the same text."""

    # Copies appear within days; a wrong date, and an undated article that moves, may be some weeks off
    window_months: int = Field(3, ge=0, le=1_200, description="setting.dedup.window_months")
    keep_months: int = Field(0, ge=0, le=1_200, description="setting.dedup.keep_months")


class ManifestSettings(Model):
    """The manifests: what was stored on each day, as hashes that others can check."""

    signing_key: str = Field("", description="setting.manifest.signing_key")
    authority: str = Field("", description="setting.manifest.authority")

    @field_validator("authority")
    @classmethod
    def _reached(cls, url: str) -> str:
        if url and not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s#]*)?", url):
            raise InvalidEntry(FileMessage.NOT_URL_SUCH, such="https://tsa.example.org/")
        return url


class BrowserSettings(Model):
    """Chromium, for sites whose pages are empty without JavaScript."""

    path: str = Field("", description="setting.browser.path")
    pages: int = Field(4, ge=1, le=64, description="setting.browser.pages")
    timeout: float = Field(30.0, gt=0, le=600, description="setting.browser.timeout")


class WebSettings(Model):
    """The search page."""

    host: str = Field("127.0.0.1", min_length=1, description="setting.web.host")
    port: int = Field(8000, ge=1, le=65_535, description="setting.web.port")
    token: SecretStr = Field(
        SecretStr(""),
        description="setting.web.token",
    )
    hosts: Annotated[tuple[str, ...], BeforeValidator(_entries)] = Field((), description="setting.web.hosts")
    url: str = Field(
        "",
        description="setting.web.url",
    )

    @field_validator("url")
    @classmethod
    def _reached(cls, url: str) -> str:
        if url and not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", url):
            raise InvalidEntry(FileMessage.NOT_URL_SUCH, such="https://news.example.org/")
        return url and url.rstrip("/") + "/"

    @property
    def address(self) -> str:
        """The URL of the page, which ends with a slash."""
        return self.url or f"http://{self.host}:{self.port}/"

    @field_validator("token")
    @classmethod
    def _hard_to_guess(cls, token: SecretStr) -> SecretStr:
        if 0 < len(token.get_secret_value()) < TOKEN_CHARACTERS:
            raise InvalidEntry(FileMessage.SHORT_TOKEN, least=TOKEN_CHARACTERS)
        return token


class MachineSettings(Model):
    """This machine, among those that crawl into one archive in PostgreSQL."""

    name: str = Field("", pattern=r"^[\w.-]{0,64}$", description="setting.machine.name")
    # One slow site must not hold up all others, and two cores are enough for two
    runs: int = Field(2, ge=1, le=64, description="setting.machine.runs")


class Settings(Model):
    """The settings in arshif.yaml, overridden by environment variables."""

    data: Path = Field(Path("data"), description="setting.data")
    archive: str = Field(
        "",
        description="setting.archive",
    )
    least_free: int = Field(
        1_000_000_000,
        ge=0,
        description="setting.least_free",
    )
    contact: str = Field("", description="setting.contact")
    index: IndexSettings = Field(IndexSettings(), description="setting.index")
    politeness: Politeness = Field(Politeness(), description="setting.politeness")
    schedule: ScheduleSettings = Field(ScheduleSettings(), description="setting.schedule")
    raw: RawSettings = Field(RawSettings(), description="setting.raw")
    dedup: DedupSettings = Field(DedupSettings(), description="setting.dedup")
    manifest: ManifestSettings = Field(ManifestSettings(), description="setting.manifest")
    machine: MachineSettings = Field(MachineSettings(), description="setting.machine")
    browser: BrowserSettings = Field(BrowserSettings(), description="setting.browser")
    web: WebSettings = Field(WebSettings(), description="setting.web")
    allow_networks: Annotated[tuple[Annotated[str, AfterValidator(_network)], ...], BeforeValidator(_entries)] = Field(
        (), description="setting.allow_networks"
    )
    proxy: SecretStr = Field(
        SecretStr(""),
        description="setting.proxy",
    )
    log: Literal["text", "json"] = Field("text", description="setting.log")
    notify: Annotated[tuple[SecretStr, ...], BeforeValidator(_entries)] = Field(
        (),
        description="setting.notify",
    )

    @field_validator("archive")
    @classmethod
    def _archive_url(cls, url: str) -> str:
        if url and (problem := archive_problem(url)):
            raise InvalidEntry(problem)
        return url

    @field_validator("contact")
    @classmethod
    def _reachable(cls, contact: str) -> str:
        if contact and not re.fullmatch(r"[^\s()@]+@[^\s()@]+|https?://[^\s()]+", contact, re.ASCII):
            raise InvalidEntry(FileMessage.NOT_CONTACT, given=repr(contact))
        return contact

    @field_validator("proxy")
    @classmethod
    def _through(cls, proxy: SecretStr) -> SecretStr:
        if not re.fullmatch(r"(https?://\S+)?", proxy.get_secret_value()):  # not repeated: it may hold a password
            raise InvalidEntry(FileMessage.NOT_PROXY)
        return proxy

    @property
    def user_agent(self) -> str:
        """The User-Agent sent to sites: product, version and, if set, the contact."""
        return f"{PRODUCT} (+{self.contact})" if self.contact else PRODUCT
