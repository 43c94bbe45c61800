"""A made-up newspaper whose every page is known, and the archive that fetches it: real parts, in one process, without a
network. Only the parse workers are not processes, since thousands of pages are read."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any, TypeVar

import yaml
from sqlalchemy import Connection

from crawler.config import Config, load
from crawler.maintenance.reextract import Reextraction, Report
from crawler.models import Page
from crawler.session.pages import Received
from crawler.session.session import CrawlSession
from crawler.site_config import Site
from crawler.storage import open_archive
from index.archive import documents, edits, frontier, leases, warc_files, warc_records
from index.archive.comparisons import compare_waiting
from index.archive.edits import Edit
from index.archive.frontier import FrontierRow
from index.archive.history import Event, history
from index.archive.readings import Reading, with_hash
from index.archive.readings import of as readings_of
from index.model.article import Version
from index.model.candidate import Candidate
from index.warc.record import Response
from index.warc.store import WarcStore
from tests.support import postgresql
from tests.support.archive_samples import stored_when_fetched
from tests.support.postgresql import Server
from tests.support.raw_files import raw_folder

HOME = "https://paper.example"
START = datetime(2026, 11, 2, 8, tzinfo=UTC)
STEP = timedelta(hours=7)
_SYLLABLES = [
    first + vowel + last for first in "bdfgklmnprstvz" for vowel in "aeiou" for last in ("", "n", "r", "l", "s")
]

T = TypeVar("T")


def sentence(number: int, words: int = 18) -> str:
    """A sentence of made-up words, another one for each number."""
    chosen = random.Random(number)
    said = ["".join(chosen.choices(_SYLLABLES, k=chosen.choice((1, 2, 2, 3)))) for _ in range(words)]
    return f"{' '.join(said).capitalize()}."


@dataclass(frozen=True)
class Box:
    """A paragraph that the site shows on many pages: between paragraphs or after the text, in an element of its own or
    among the paragraphs."""

    text: str
    place: str = "after"
    apart: bool = True

    @property
    def html(self) -> str:
        return f'<div class="q7 mt-2"><p>{self.text}</p></div>' if self.apart else f"<p>{self.text}</p>"


@dataclass
class Story:
    """An article of the newspaper as it is on the site now, and its pages as they were fetched."""

    number: int
    headline: str
    body: list[str]
    boxes: list[Box] = field(default_factory=list)
    moves: int = 0  # to another address each
    fetched: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = field(default_factory=list)  # and what was shown
    addresses: list[str] = field(default_factory=list)  # at which it was found
    asked: set[str] = field(default_factory=set)  # the addresses that were asked for it
    notices: list[tuple[int, str]] = field(default_factory=list)  # that took its place, after so many fetches of it

    @property
    def url(self) -> str:
        return self.address(self.moves)

    def address(self, moves: int) -> str:
        """Its URL after so many moves; each of those before leads to the one it has now."""
        return f"{HOME}/2026/11/story-{self.number}{'-moved' * moves}"

    @property
    def amp(self) -> str:
        """The URL of its AMP page."""
        return f"{self.url}/amp"

    @property
    def shown(self) -> tuple[str, ...]:
        """The paragraphs on its page, boxes included."""
        return tuple(part if isinstance(part, str) else part.text for part in self._parts())

    def put(self, notice: str) -> None:
        """Note that this notice took its place; the same one again, without its text in between, is the same."""
        if (len(self.fetched), notice) not in self.notices[-1:]:
            self.notices.append((len(self.fetched), notice))

    def _parts(self) -> list[str | Box]:
        between = [box for box in self.boxes if box.place == "between"]
        after = [box for box in self.boxes if box.place == "after"]
        middle = len(self.body) // 2
        return [*self.body[:middle], *between, *self.body[middle:], *after]

    def html(self, amp: bool = False, notice: str | None = None) -> bytes:
        """Its page, with its text or with a notice in place of that."""
        parts = self._parts() if notice is None else [notice]
        text = "\n".join(f"<p>{escape(part)}</p>" if isinstance(part, str) else part.html for part in parts)
        published = (START + self.number * timedelta(hours=5)).isoformat()
        return (
            f'<!doctype html><html lang="en"{" amp" if amp else ""}><head><meta charset="utf-8">'
            f"<title>{escape(self.headline)}</title>"
            f'<link rel="canonical" href="{self.url}"><meta property="og:type" content="article">'
            f'<meta property="og:title" content="{escape(self.headline)}">'
            f'<meta property="article:published_time" content="{published}"></head><body><article>'
            f'<h1>{escape(self.headline)}</h1><div class="entry-content">{text}</div></article></body></html>'
        ).encode()


class InlineWorkers:
    """The parse workers' methods, in this process."""

    async def run(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        return function(*args, **kwargs)

    async def expect_pages(self) -> None:
        """Nothing is to be loaded in another one."""


class Archivist:
    """An archive in a folder, or on a server, and a crawl of the newspaper until `close`; its clock is its own."""

    def __init__(self, folder: Path, server: Server | None = None) -> None:
        self.folder = folder
        self.config = configured(folder, server)
        self.site: Site = self.config.sites["paper"]
        self.now = START + timedelta(days=20)
        self.loop = asyncio.new_event_loop()
        self._open()

    def _open(self) -> None:
        self.session = CrawlSession(self.config, InlineWorkers(), self._fail)  # type: ignore[arg-type]
        self.wait(self.session.open([self.site]))

    def fetch(self, story: Story, url: str | None = None, html: bytes | None = None) -> None:
        """Fetch a story's page, at its own URL or another."""
        story.asked.add(url or story.url)
        self.fetch_page(url or story.url, html or story.html(), story.headline)
        self._note(story, url or story.url)

    def follow(self, story: Story, moves: int) -> None:
        """Fetch a story's page at the address that it had after so many moves."""
        story.asked.add(story.address(moves))
        self.fetch_page(story.address(moves), story.html(), story.headline, story.url)
        self._note(story, story.url)

    def retract(self, story: Story, notice: str) -> None:
        """Fetch a story's page twice while it has a notice in its place, and so its AMP page, if it was found there."""
        for url in (story.url, *({story.amp} & {*story.addresses})):
            for _ in range(2):
                self.fetch_page(url, story.html(amp=url == story.amp, notice=notice), story.headline)
        story.put(notice)

    @staticmethod
    def _note(story: Story, url: str) -> None:
        story.fetched.append((story.headline, tuple(story.body), story.shown))
        story.addresses.append(url)

    def fetch_page(
        self,
        url: str,
        body: bytes,
        title: str | None = None,
        found_at: str | None = None,
        status: int = 200,
        due: FrontierRow | None = None,
        **headers: str,
    ) -> None:
        """Fetch a page of any content, offered under this title, which is at this URL or where that leads; `headers`
        are further ones. It is fetched as the run found it when it was `due`, by default as it is now."""
        self.now += STEP
        offered = [Candidate(url, title=title)]
        store = self.session.store
        self.wait(store.write(lambda conn: frontier.offer(conn, "paper", "feed", offered, self.now), "paper"))
        row = due or self.wait(store.read(lambda conn: frontier.row(conn, "paper", url)))
        assert row is not None
        at, given = found_at or url, {"content-type": "text/html", **headers}
        asked = url if at != url else None
        page = Page(at, at, body, self.now, status, headers=given, candidate=offered[0], asked=asked)
        received = Response(at, self.now, "HTTP/1.1 200 OK", [("Content-Type", "text/html")], body)
        self.wait(self.session.pages.process(self.site, row, page, Received(received)))

    def begin_again(self) -> None:
        """End the crawl and begin another, which knows only what is stored."""
        self._end()
        self._open()

    def reextract(self) -> Report:
        """`arshif reextract`, between two crawls."""
        self._end()
        self.now += STEP
        with open_archive(self.config) as archive, WarcStore(raw_folder(self.config)) as raw:
            work = Reextraction(archive, raw, InlineWorkers(), dry=False)  # type: ignore[arg-type]
            report = self.wait(work.run([self.site], None, self.now))
        self._open()
        return report

    def lose_raw_copies(self) -> None:
        """Expire all raw copies, as `raw.keep_days` does."""
        late = self.now + timedelta(days=1)
        self.write(stored_when_fetched)
        self.write(lambda conn: warc_files.expire(conn, late))

    def damage_raw_copies(self, chosen: int) -> None:
        """Damage some of the raw copies, as a failing disk does: each whose number has a one where `chosen` has."""
        refs = self.read(lambda conn: list(warc_records.refs(conn)))
        for ref in refs:
            if ref.id and ref.id & chosen:
                with (raw_folder(self.config) / ref.file).open("r+b") as file:
                    file.seek(ref.offset + ref.length // 2)
                    file.write(bytes(8))

    @staticmethod
    def _id(conn: Connection, story: Story) -> str:
        """The id of the article that a story is, whichever of its addresses is asked for; empty if it was not found."""
        found = {documents.by_url(conn, url) for url in story.addresses}
        assert len(found) < 2, f"{story.addresses} are several articles"
        return found.pop() or "" if found else ""

    def versions(self, story: Story) -> list[Version]:
        return self.read(lambda conn: documents.versions(conn, self._id(conn, story)))

    def readings(self, story: Story) -> list[Reading]:
        return self.read(lambda conn: readings_of(conn, self._id(conn, story)))

    def cited(self, content_hash: str) -> list[Reading]:
        """What is found by a hash that was cited."""
        return self.read(lambda conn: with_hash(conn, content_hash))

    def history(self, story: Story) -> list[Event]:
        return self.read(lambda conn: history(conn, self._id(conn, story)))

    def edits(self) -> tuple[Edit, ...]:
        """The whole list of edits, each of them compared."""
        with open_archive(self.config) as archive:
            while compare_waiting(archive, self.now):
                pass
        return self.read(lambda conn: edits.page(conn, 10_000)).edits

    def read(self, work: Callable[[Any], T]) -> T:
        return self.wait(self.session.store.read(work))

    def write(self, work: Callable[[Any], Any]) -> None:
        self.wait(self.session.store.write(work))

    def close(self) -> None:
        self._end()
        self.loop.close()

    def _end(self) -> None:
        store = self.session.store
        self.wait(store.write(lambda conn: leases.release(conn, store.leases.values())))
        self.wait(store.close())

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """What some work of the crawl gives."""
        return self.loop.run_until_complete(work)

    @staticmethod
    def _fail(error: Exception) -> None:
        raise AssertionError(error)


def configured(folder: Path, server: Server | None = None) -> Config:
    """A configuration in this folder with the newspaper as its only site; the archive is in a file, or on a server."""
    (folder / "config" / "sites").mkdir(parents=True)
    server = server or postgresql.everywhere
    archive = f"archive: {server.empty()}\n" if server else ""
    (folder / "config" / "arshif.yaml").write_text(f"data: {folder / 'data'}\n{archive}", "utf-8")
    site = {
        "name": "The Paper", "homepage": f"{HOME}/", "country": "UN", "languages": ["en"], "rendering": "none",
        "sources": [{"kind": "feed", "url": f"{HOME}/feed"}], "enabled": True,
    }  # fmt: skip
    (folder / "config" / "sites" / "paper.yaml").write_text(yaml.safe_dump(site), "utf-8")
    return load(folder / "config")
