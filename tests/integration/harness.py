"""Harness: a newsroom, a configuration for it, and Arshif's commands as a user would give them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from sqlalchemy import Connection, select, update

from crawler.config import load
from crawler.storage import open_archive, open_index
from crawler.urls.canonical import canonical
from index.archive import Archive, documents, turns
from index.archive import tables as t
from index.model.article import IndexDocument
from index.search.query_language import parse
from index.search.service import search
from tests.support import commands, loopback, postgresql
from tests.support.news_sites import Article, Newsroom
from tests.support.patience import PATIENCE
from tests.support.postgresql import Server

ROOT = Path(__file__).parents[2]
Run = Callable[[dict[str, str], IO[str], IO[str]], int]  # environment, both outputs -> exit code
Find = Callable[[str], list[str]]  # a query -> the ids of all that it finds, best first


class Harness:
    """One archive with its newsroom, in a file or in a database of a server. `settings` are further keys of
    arshif.yaml, `kinds` narrow the sites' sources."""

    def __init__(self, room: Newsroom, directory: Path, server: Server | None = None, **options: Any) -> None:
        self.room = room
        self.directory = directory
        if server := server or postgresql.everywhere:
            options["settings"] = {**(options.get("settings") or {}), "archive": server.empty()}
        self.config = room.config(directory / "config", **options)
        self.env = {**os.environ, "ARSHIF_CONFIG": str(self.config), "COLUMNS": commands.COLUMNS}
        self.first: dict[str, dict[str, Any]] = {}  # the record of the first crawl, by site
        self.log = ""  # what the last command wrote on standard error

    # --- commands ---

    def arshif(self, *arguments: str, code: int = 0, **env: str) -> str:
        """What `arshif` prints with these arguments; its exit code must be `code`."""

        def run(env: dict[str, str], out: IO[str], err: IO[str]) -> int:
            return commands.run("crawler.cli", arguments, env, out, err, PATIENCE)

        return self._run(run, code, env)

    def scrapy(self, *arguments: str, code: int = 0, **env: str) -> str:
        """What `scrapy` prints at the repository's root, log included."""

        def run(env: dict[str, str], out: IO[str], err: IO[str]) -> int:
            command = [sys.executable, "-m", "scrapy", *arguments]
            return subprocess.run(
                command, cwd=ROOT, env=env, stdout=out, stderr=err, timeout=PATIENCE, check=False
            ).returncode

        return self._run(run, code, env)

    def told(self, *arguments: str, code: int = 0, **env: str) -> Any:
        """What `arshif` says as JSON."""
        return json.loads(self.arshif(*arguments, "--json", code=code, **env))

    def crawl(self, *sites: str, since: str = "", code: int = 0, **env: str) -> dict[str, dict[str, Any]]:
        """A crawl of these sites, or of all; gives its record for each: status, detail and counts."""
        record = self.told("crawl", *sites, *(["--since", since] if since else []), code=code, **env)
        return {part["site"]: part for part in record["sites"]}

    def start(self, *arguments: str) -> commands.Command | subprocess.Popen[bytes]:
        """An `arshif` command that goes on by itself; whoever starts it ends it."""
        with (self.directory / "started.log").open("ab") as log:
            return commands.start("crawler.cli", arguments, self.env, log, log)

    def _run(self, run: Run, code: int, env: dict[str, str]) -> str:
        with (
            TemporaryFile("w+", encoding="utf-8") as out,
            (self.directory / "err.log").open("w+", encoding="utf-8") as err,
        ):
            ended = run(self.env | env, out, err)
            for file in (out, err):
                file.seek(0)
            printed, self.log = out.read(), err.read()
        assert ended == code, f"exit code {ended}\n{printed[-2000:]}\n{self.log[-6000:]}"
        return printed

    # --- the archive ---

    @property
    def data(self) -> Path:
        """The folder of the archive."""
        return self.directory / "data"

    def open(self) -> Archive:
        """The archive."""
        return open_archive(load(self.config, {}, only=()))

    @contextmanager
    def archive(self) -> Iterator[Connection]:
        """A reading connection to the archive."""
        with self.open() as archive, archive.read() as conn:
            yield conn

    def documents(self, site: str | None = None) -> dict[str, IndexDocument]:
        """The stored documents by their own (canonical) URL."""
        with self.archive() as conn:
            found = documents.documents(conn, [identifier for identifier, _ in documents.ids(conn)])
        return {d.article.url: d for d in found if site in (None, d.article.site)}

    def document(self, article: Article) -> IndexDocument:
        """The stored document of one of the newsroom's articles."""
        with self.archive() as conn:
            identifier = documents.by_url(conn, canonical(article.url) or "")
            found = documents.document(conn, identifier) if identifier else None
        assert found is not None, f"{article.url} is not stored"
        return found

    def frontier(self, site: str) -> dict[str, Any]:
        """The rows of a site's frontier by URL."""
        with self.archive() as conn:
            rows = conn.execute(select(t.frontier).where(t.frontier.c.site == site)).all()
        return {row.url: row for row in rows}

    def make_due(self, *sites: str, states: Sequence[str] = ()) -> None:
        """Lets the time come when every page of these sites (or those in these states) is looked at again, and no host
        asks to wait."""
        now = datetime.now(UTC)
        wanted = t.frontier.c.state.in_(states) if states else t.frontier.c.state != "old"
        again = t.frontier.c.site.in_(sites) & wanted
        with self.open() as archive:
            archive.write(lambda conn: conn.execute(update(t.frontier).where(again).values(due=now))).result()
            archive.write(lambda conn: conn.execute(update(t.hosts).values(not_before=None))).result()
            archive.write(turns.mark_all).result()

    def rows(self) -> dict[str, list[Any]]:
        """All that a crawl may store: articles, versions, aliases, outbox and quarantine, each row of them."""
        tables = (t.articles, t.versions, t.aliases, t.raws, t.outbox, t.quarantine, t.frontier)
        with self.archive() as conn:
            return {table.name: [tuple(row) for row in conn.execute(select(table))] for table in tables}

    # --- the index ---

    def found(self, text: str, **env: str) -> list[str]:
        """The ids that a query finds, all of them, best first."""
        with self.searching(**env) as find:
            return find(text)

    @contextmanager
    def searching(self, **env: str) -> Iterator[Find]:
        """`found` for many queries."""
        config = load(self.config, env)
        with self.open() as archive, open_index(config) as engine:

            def find(text: str) -> list[str]:
                ids: list[str] = []
                cursor = None
                while True:
                    results = search(parse(text, limit=100, cursor=cursor), engine, archive)
                    ids += [hit.document.article.id for hit in results.hits]
                    if (cursor := results.cursor) is None:
                        return ids

            yield find


def crawled(house: Harness, *sites: str) -> Harness:
    """The house after its first crawl."""
    house.first = house.crawl(*sites)
    return house


@contextmanager
def started(
    command: Sequence[str | Path], log: Path, cwd: Path, env: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A command that goes on by itself, with its outputs in a file; it is over after the block."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=cwd, env=env, stdout=out, stderr=out, start_new_session=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def elasticsearch_env(url: str, name: str) -> Iterator[dict[str, str]]:
    """The environment in which an archive is searched in this Elasticsearch; its indexes are gone afterwards."""
    prefix = f"{name}{os.getpid()}"
    yield {"ARSHIF_INDEX__ENGINE": "elasticsearch", "ARSHIF_INDEX__URL": url, "ARSHIF_INDEX__PREFIX": prefix}
    with loopback.Client(base_url=url) as client:
        for index in client.get(f"/{prefix}-v*").raise_for_status().json():
            client.delete(f"/{index}").raise_for_status()
        for template in client.get(f"/_index_template/{prefix}-v*").raise_for_status().json()["index_templates"]:
            client.delete(f"/_index_template/{template['name']}").raise_for_status()
