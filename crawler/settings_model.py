"""Settings: the content of arshif.yaml, frozen and validated. `config.py` reads the file and the environment.

The descriptions appear in docs/reference.md and in error messages.
"""

from __future__ import annotations

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo, field_validator

from crawler.site_config import Model
from index.warc.place_url import url_problem

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
        hint = f"did you mean {ip_network(value, strict=False)}?"
    except ValueError:
        hint = "use a form such as 127.0.0.1/32 or fd00::/8"
    raise ValueError(f"{value!r} is not a network: {hint}")


def archive_problem(url: str) -> str:
    """What is wrong with the URL of a database, "" if nothing. It is not repeated, as it may hold a password."""
    scheme, _, rest = url.partition("://")
    place, _, query = rest.partition("?")
    named = {part.partition("=")[0] for part in query.split("&")}
    # A password may contain any character, so whatever stands between the first ":" and an "@" may be one
    if re.match(r"[^:/]*:[^@]*@", rest) or named & {"password", "sslpassword"}:
        return "contains a password: leave it out, and set PGPASSWORD, or PGPASSFILE to a file that has it"
    if scheme != "postgresql+psycopg":
        return "is not the URL of a PostgreSQL database: it must begin with postgresql+psycopg://"
    if not re.fullmatch(r"([^:/@\s]*@)?(\[[0-9a-fA-F:.]+\]|[^:/@\s]*)(:\d+)?/[^/@\s]+", place):
        return "does not name a database: use the form postgresql+psycopg://user@host:5432/database"
    if ours := sorted(named & {"options", "application_name", "connect_timeout"}):
        return f"sets `{ours[0]}`, which Arshif sets itself: leave it out"
    return ""


class IndexSettings(Model):
    """The search index."""

    engine: Literal["embedded", "elasticsearch"] = Field(
        "embedded", description="embedded (files below `data`, nothing to install) or elasticsearch"
    )
    url: str = Field(
        "", description="elasticsearch: URL of the server, such as https://localhost:9200", validate_default=True
    )
    api_key: SecretStr = Field(SecretStr(""), description="elasticsearch: API key, instead of username and password")
    username: str = Field("", description="elasticsearch: user name")
    password: SecretStr = Field(
        SecretStr(""), description="elasticsearch: password of that user", validate_default=True
    )
    ca: str = Field("", description="elasticsearch: CA certificate file to verify the server with; empty: the system's")
    prefix: str = Field(
        "arshif",
        pattern=r"^[a-z][a-z0-9_-]{0,63}$",
        description="Prefix of the index names: lowercase letters, digits, - and _",
    )

    @field_validator("url")
    @classmethod
    def _address(cls, url: str, info: ValidationInfo) -> str:
        if "@" in url:  # not repeated: addresses are in errors and logs
            raise ValueError("contains a user name: put it under `username`, and the password under `password`")
        if url and not url.startswith(("http://", "https://")):
            raise ValueError(f"{url!r} is not a URL: it must begin with https:// or http://")
        if info.data.get("engine") == "elasticsearch" and not url:
            raise ValueError("is missing: set the URL of Elasticsearch, such as http://localhost:9200")
        return url

    @field_validator("password")
    @classmethod
    def _one_way_in(cls, password: SecretStr, info: ValidationInfo) -> SecretStr:
        if password and info.data.get("api_key"):
            raise ValueError("cannot be combined with `api_key`: keep one of the two")
        if bool(password) != bool(info.data.get("username")):
            raise ValueError("`username` and `password` belong together: set both or neither")
        return password


class Politeness(Model):
    """The load on sites, and limits on their responses. Each host gets one request at a time."""

    delay: float = Field(2.0, ge=0, le=600, description="Seconds between two requests to one host")
    concurrency: int = Field(
        16, ge=1, le=256, description="Concurrent requests over all hosts; each host gets one at a time"
    )
    timeout: float = Field(30.0, gt=0, le=600, description="Seconds to wait for a response")
    # 5.9 MB of <p> held trafilatura 12 s; of 1,269 real pages the largest has 3.2 MB
    page_max_bytes: int = Field(5_242_880, ge=1_024, description="Maximum size of a page, in bytes")
    source_max_bytes: int = Field(52_428_800, ge=1_024, description="Maximum size of a feed or sitemap, in bytes")


class ScheduleSettings(Model):
    """When sites without a schedule of their own are crawled, and the limits of one crawl."""

    every: float | None = Field(
        None,
        ge=0.05,
        le=43_200,
        description="Minutes between two crawls of a site; empty: depends on how often each source publishes",
    )
    fastest: float = Field(
        30.0, ge=0.5, le=43_200, description="Minutes between two requests to the most active sources"
    )
    slowest: float = Field(
        720.0, ge=0.5, le=43_200, description="Minutes between two requests to the least active sources"
    )
    first_visit_days: int = Field(
        7,
        ge=0,
        le=36_500,
        description="Maximum age in days of the articles fetched on a site's first visit, where a source dates them",
    )
    per_run: int = Field(100, ge=1, description="Maximum number of articles fetched from a site per crawl")
    run_deadline: float = Field(30.0, gt=0, le=1_440, description="Minutes after which a crawl is stopped")


class RawSettings(Model):
    """The raw copies: pages as they were received, so that they can be extracted again."""

    url: str = Field(
        "",
        description="Where the raw copies are: empty for the folder raw/ in `data`, file:///path of another folder, or "
        "a bucket such as s3://bucket/prefix?endpoint=https://s3.example.org",
    )
    file_bytes: int = Field(
        1_073_741_824, ge=1_048_576, description="Size at which a WARC file is closed and a new one begun, in bytes"
    )
    keep_days: int = Field(0, ge=0, le=36_500, description="Days after which raw copies are deleted; 0: never")

    @field_validator("url")
    @classmethod
    def _place(cls, url: str) -> str:
        if problem := url and url_problem(url):
            raise ValueError(problem)
        return url


class ManifestSettings(Model):
    """The manifests: what was stored on each day, as hashes that others can check."""

    signing_key: str = Field(
        "", description="File of the minisign key that signs them, without a password (`arshif manifest keygen`)"
    )
    authority: str = Field(
        "", description="URL of an RFC 3161 time-stamping authority, such as https://tsa.example.org/; empty: none"
    )

    @field_validator("authority")
    @classmethod
    def _reached(cls, url: str) -> str:
        if url and not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s#]*)?", url):
            raise ValueError("is not a URL: use the form https://tsa.example.org/")
        return url


class BrowserSettings(Model):
    """Chromium, for sites whose pages are empty without JavaScript."""

    path: str = Field(
        "", description="Path of the program; empty: chromium, chromium-browser or google-chrome from the PATH"
    )
    pages: int = Field(4, ge=1, le=64, description="Maximum number of pages open at the same time")
    timeout: float = Field(30.0, gt=0, le=600, description="Seconds to wait for a page")


class WebSettings(Model):
    """The search page."""

    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on; 127.0.0.1: this machine only")
    port: int = Field(8000, ge=1, le=65_535, description="TCP port to listen on")
    token: SecretStr = Field(
        SecretStr(""),
        description="Token that visitors must enter; without one, the page is served to this machine only",
    )
    hosts: Annotated[tuple[str, ...], BeforeValidator(_entries)] = Field(
        (), description="Host names that the page accepts besides localhost and `host`, such as news.example.org"
    )
    url: str = Field(
        "",
        description="Public URL of the page behind a reverse proxy, such as https://news.example.org/; used in feeds",
    )

    @field_validator("url")
    @classmethod
    def _reached(cls, url: str) -> str:
        if url and not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", url):
            raise ValueError("is not a URL: use the form https://news.example.org/")
        return url and url.rstrip("/") + "/"

    @property
    def address(self) -> str:
        """The URL of the page, which ends with a slash."""
        return self.url or f"http://{self.host}:{self.port}/"

    @field_validator("token")
    @classmethod
    def _hard_to_guess(cls, token: SecretStr) -> SecretStr:
        if 0 < len(token.get_secret_value()) < TOKEN_CHARACTERS:
            raise ValueError(f"has fewer than {TOKEN_CHARACTERS} characters: create one with `openssl rand -hex 16`")
        return token


class Settings(Model):
    """The settings in arshif.yaml, overridden by environment variables."""

    data: Path = Field(
        Path("data"), description="Folder of the archive; if relative, to the folder that contains config/"
    )
    archive: str = Field(
        "",
        description="Where the archive is: empty for a file in `data`, or a PostgreSQL database such as "
        "postgresql+psycopg://arshif@localhost/arshif",
    )
    least_free: int = Field(
        1_000_000_000,
        ge=0,
        description="Bytes of disk space to keep free: with less, no crawl starts and a running one stops; 0: no limit",
    )
    contact: str = Field(
        "", description="E-mail or web address of yours, sent with every request so that site operators can reach you"
    )
    index: IndexSettings = Field(IndexSettings(), description="The search index")
    politeness: Politeness = Field(Politeness(), description="The load on sites")
    schedule: ScheduleSettings = Field(ScheduleSettings(), description="When sites are crawled")
    raw: RawSettings = Field(RawSettings(), description="The raw copies of pages")
    manifest: ManifestSettings = Field(ManifestSettings(), description="The manifests of what was stored on each day")
    browser: BrowserSettings = Field(BrowserSettings(), description="Chromium, for sites that need it")
    web: WebSettings = Field(WebSettings(), description="The search page")
    allow_networks: Annotated[tuple[Annotated[str, AfterValidator(_network)], ...], BeforeValidator(_entries)] = Field(
        (), description="Private networks (CIDR) that may be accessed nevertheless, such as 127.0.0.1/32"
    )
    proxy: SecretStr = Field(
        SecretStr(""),
        description="Proxy for all requests to sites: http://host:port, or http://user:password@host:port",
    )
    log: Literal["text", "json"] = Field(
        "text", description="Format of the log: text for people, json (ECS) for log collectors"
    )
    notify: Annotated[tuple[SecretStr, ...], BeforeValidator(_entries)] = Field(
        (),
        description="Where to send notifications when a site's state changes: Apprise URLs such as "
        "json://localhost:8080/hook or mailto://user:password@example.org",
    )

    @field_validator("archive")
    @classmethod
    def _archive_url(cls, url: str) -> str:
        if problem := url and archive_problem(url):
            raise ValueError(problem)
        return url

    @field_validator("contact")
    @classmethod
    def _reachable(cls, contact: str) -> str:
        if contact and not re.fullmatch(r"[^\s()@]+@[^\s()@]+|https?://[^\s()]+", contact, re.ASCII):
            raise ValueError(f"{contact!r} is not an address: use the form me@example.org or https://example.org/about")
        return contact

    @field_validator("proxy")
    @classmethod
    def _through(cls, proxy: SecretStr) -> SecretStr:
        if not re.fullmatch(r"(https?://\S+)?", proxy.get_secret_value()):  # not repeated: it may hold a password
            raise ValueError("is not the URL of a proxy: use the form http://host:port")
        return proxy

    @property
    def user_agent(self) -> str:
        """The User-Agent sent to sites: product, version and, if set, the contact."""
        return f"{PRODUCT} (+{self.contact})" if self.contact else PRODUCT
