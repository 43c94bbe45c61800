"""Asks for addresses as a crawl does, with all its middlewares and settings, in a process of its own.

`python -m tests.security.fetch_cli` reads a JSON list of addresses from its standard input, asks for all of them at
once, and prints what it took of memory, and for each what came of it: `{address: [status or name of the exception,
length or message]}`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from scrapy import Request, Spider
from scrapy.http import Response
from twisted.python.failure import Failure

from tests.support import commands
from tests.support.patience import PATIENCE

ROOT = Path(__file__).parents[2]


class AskingSpider(Spider):
    """Asks for `urls`, and for nothing that is found there."""

    name = "asking"

    def __init__(self, urls: list[str], meta: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.urls, self.meta = urls, meta
        self.found: dict[str, tuple[object, object]] = {}

    async def start(self) -> Any:
        for url in self.urls:
            meta = {"url": url, **self.meta}
            try:
                yield Request(url, self.came, errback=self.failed, meta=meta, dont_filter=True)
            except ValueError as error:  # no address to Scrapy
                self.found[url] = (type(error).__name__, str(error))

    def came(self, response: Response) -> None:
        self.found[response.meta["url"]] = (response.status, len(response.body))

    def failed(self, failure: Failure) -> None:
        found = type(failure.value).__name__, str(failure.value)
        self.found[failure.request.meta["url"]] = found  # type: ignore[attr-defined]


def main() -> None:
    os.environ.setdefault("SCRAPY_SETTINGS_MODULE", "crawler.settings")
    from scrapy.crawler import CrawlerProcess
    from scrapy.utils.project import get_project_settings

    given = json.load(sys.stdin)
    settings = get_project_settings()
    settings.setdict({"SPIDER_MODULES": [], "LOG_LEVEL": "ERROR", **given["settings"]})
    process = CrawlerProcess(settings)
    crawler = process.create_crawler(AskingSpider)
    process.crawl(crawler, urls=given["urls"], meta=given["meta"])
    process.start()
    peak = _peak()
    json.dump([peak, crawler.spider.found], sys.stdout)  # type: ignore[union-attr]


def asked(
    config: Path,
    urls: Iterable[str],
    meta: dict[str, Any] | None = None,
    module: Sequence[str] = ("tests.security.fetch_cli",),
    **settings: Any,
) -> dict[str, tuple[Any, Any]]:
    """What came of these addresses, asked with this configuration; `settings` are Scrapy's, over those of a crawl."""
    return measured(config, urls, meta, module, **settings)[1]


def _peak() -> int:
    """The bytes of memory that this process took at most. `ru_maxrss` would also tell of whoever started it."""
    status = Path("/proc/self/status").read_text("ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) << 10


def measured(
    config: Path,
    urls: Iterable[str],
    meta: dict[str, Any] | None = None,
    module: Sequence[str] = ("tests.security.fetch_cli",),
    **settings: Any,
) -> tuple[int, dict[str, tuple[Any, Any]]]:
    """The same, after the bytes of memory that it took at most."""
    given = {"urls": list(urls), "meta": meta or {}, "settings": settings}
    done = subprocess.run(
        [sys.executable, "-m", *module], cwd=ROOT, env={**os.environ, "ARSHIF_CONFIG": str(config)},
        input=json.dumps(given), capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    peak, answers = json.loads(done.stdout)
    found: dict[str, tuple[Any, Any]] = {url: tuple(what) for url, what in answers.items()}
    assert found.keys() == set(given["urls"]), done.stderr[-4000:]
    return peak, found


def arshif(config: Path, *arguments: str, codes: Iterable[int] = (0, 1)) -> str:
    """What an `arshif` command prints and logs; it ends with one of these codes."""
    ended, told = commands.said("crawler.cli", arguments, {**os.environ, "ARSHIF_CONFIG": str(config)}, PATIENCE)
    assert ended in codes, told[-4000:]
    return told


def configured(directory: Path, **settings: Any) -> Path:
    """A configuration without sites, whose crawls may reach 127.0.0.1 and nothing else that is private."""
    folder = directory / "config"
    folder.mkdir(parents=True, exist_ok=True)
    usual = {"contact": "crawler@example.org", "politeness": {"delay": 0}, "allow_networks": ["127.0.0.1/32"]}
    (folder / "arshif.yaml").write_text(json.dumps(usual | settings), "utf-8")
    return folder


if __name__ == "__main__":
    main()
