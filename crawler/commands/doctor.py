"""doctor: what a crawl needs, looked at before it is missed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Literal

from crawler.browser import find_browser
from crawler.config import Config, load
from crawler.errors import ArshifError
from crawler.stores import open_archive, open_index
from crawler.terminal import print_json, say
from index.archive import articles, raws

GIGABYTE = 1e9  # bytes, as disks are sold
LEAST_FREE = 500 * 1024 * 1024  # bytes of disk: about a week of raw copies of the shipped sites


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: `ok`, `note` (it runs without) or `bad` (mend it), and a sentence."""

    what: str
    verdict: Literal["ok", "note", "bad"]
    told: str


def doctor(json: bool) -> int:
    findings = list(_look())
    if json:
        print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            style = {"ok": "green", "note": "yellow", "bad": "red"}[finding.verdict]
            say(f"{finding.verdict:<5}{finding.what}: {finding.told}", style)
    return int(any(finding.verdict == "bad" for finding in findings))


def _look() -> Iterator[Finding]:
    try:
        config = load()
    except ArshifError as error:
        yield Finding("configuration", "bad", str(error))
        return
    yield Finding(
        "configuration", "ok", f"{config.directory}: {len(config.sites)} sites, {len(config.enabled)} enabled"
    )
    for what, look in LOOKS.items():
        try:
            yield look(config)
        except ArshifError as error:
            yield Finding(what, "bad", str(error))
        except OSError as error:
            yield Finding(what, "bad", f"{error.filename or ''}: {error.strerror}")


def _contact(config: Config) -> Finding:
    if config.settings.contact:
        return Finding("contact", "ok", config.settings.user_agent)
    return Finding("contact", "bad", "empty: write an e-mail or web address into arshif.yaml, for sites' operators")


def _archive(config: Config) -> Finding:
    with open_archive(config) as archive, archive.read() as conn:
        return Finding("archive", "ok", f"{archive.path}: {articles.count(conn)} articles")


def _disk(config: Config) -> Finding:
    config.settings.data.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(config.settings.data).free
    told = f"{free / 1024**3:.1f} GB free at {config.settings.data}"
    return Finding("disk", "ok", told) if free > LEAST_FREE else Finding("disk", "bad", f"{told}: make room")


def _raw(config: Config) -> Finding:
    with open_archive(config) as archive, archive.read() as conn:
        extent = raws.extent(conn, datetime.now(UTC))
    days = config.settings.raw.keep_days
    kept = f"kept for {days} days" if days else "kept for ever"
    told = f"{extent.copies} pages, {extent.bytes / GIGABYTE:.2f} GB; a month brings {extent.month / GIGABYTE:.2f} GB"
    return Finding("raw copies", "ok", f"{told}; {kept} (raw.keep_days)")


def _index(config: Config) -> Finding:
    with open_index(config) as engine:
        current = engine.current()
        told = f"{engine.name}: {engine.count()} documents" if current else f"{engine.name}: none yet; a crawl makes it"
    return Finding("index", "ok", told)


def _browser(config: Config) -> Finding:
    found = find_browser(config.settings.browser.path)
    if found:
        return Finding("browser", "ok", found)
    needing = [site.id for site in config.enabled if site.rendering == "browser"]
    told = "no Chromium found (Debian: apt install chromium)"
    if needing:
        return Finding("browser", "bad", f"{told}; needed by {', '.join(needing)}")
    return Finding("browser", "note", f"{told}; no enabled site needs it")


LOOKS: dict[str, Callable[[Config], Finding]] = {
    "contact": _contact,
    "archive": _archive,
    "disk": _disk,
    "raw copies": _raw,
    "index": _index,
    "browser": _browser,
}
