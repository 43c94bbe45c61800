"""Settings: what arshif.yaml says, frozen and validated. `config.py` reads the file and the environment.

The descriptions stand in docs/reference.md and in the messages of errors.
"""

from __future__ import annotations

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo, field_validator

from crawler.site_config import Model

PRODUCT = "Arshif/0.1"  # the version of pyproject.toml, as sites see it
TOKEN_CHARACTERS = 16  # at least: 64 bits, written in hexadecimal


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
    page_max_bytes: int = Field(10_485_760, ge=1_024, description="Longest page that is read, in bytes")
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
