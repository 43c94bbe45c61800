"""Newsroom: the sites, the commands that change them, and what was asked of them."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import parse_qsl, unquote

from . import config, pages
from .answer import Answer, Visit, redirect
from .article import Article, Draft
from .drafts import founding, paragraphs, prepared
from .faults import Conduct, Validators, compressed, conditional, failure
from .profile import Outlet
from .profiles import OUTLETS
from .server import HOST, Call, Request, Server
from .snapshot import Edition, key
from .story_generator import EDITS, story

Via = Literal["ports", "proxy"]
WIRE = ("jannah", "snow-storm", "arabic2")  # a wire story that two sites carry, word for word


@dataclass(frozen=True, slots=True)
class Place:
    """A site as its visitors know it: `url` without a slash at its end."""

    id: str
    host: str
    port: int
    url: str
    outlet: Outlet


class Newsroom:
    """News sites on loopback that change on command.

    `seed` and `now` (aware; default: the present) decide all text and dates. `via` says how the truth's addresses are
    written: by each site's own port, or by its host name for visitors that use `proxy`. `port` is the common one, the
    sites' own follow it; 0 takes free ones. `only` names the sites to open, default all; `address` is where they
    listen. Commands may come from any thread. An unknown site or slug raises KeyError.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        now: datetime | None = None,
        via: Via = "ports",
        port: int = 0,
        only: Sequence[str] | None = None,
        address: str = HOST,
    ) -> None:
        self.seed, self.via, self.address = seed, via, address
        self.log: list[Request] = []
        self._began, self._start = time.monotonic(), now or datetime.now(UTC)
        self._outlets = {o.id: o for o in OUTLETS if only is None or o.id in only}
        self._hosts = {o.host: o.id for o in self._outlets.values()}
        self._editions = {id_: _first(outlet, self._start) for id_, outlet in self._outlets.items()}
        self._conduct = dict.fromkeys(self._outlets, Conduct())
        self._pages: dict[str, Answer] = {}
        self._told: Counter[str] = Counter()
        self._lock = threading.RLock()
        self._server = Server(list(self._outlets), self._answer, port, address)
        self._sites = {port: id_ for id_, port in self._server.ports.items() if id_}
        source, slug, target = WIRE
        if source in self._outlets and target in self._outlets:
            self.copy(source, slug, target, published=self._article(source, slug).published + timedelta(minutes=40))

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()

    # --- what there is ---

    @property
    def proxy(self) -> str:
        """The address that answers for every site, by its Host header or as an HTTP proxy."""
        return f"http://{self.address}:{self._server.ports[None]}"

    @property
    def sites(self) -> Mapping[str, Place]:
        """The sites by id."""
        ports = self._server.ports
        return {id_: Place(id_, o.host, ports[id_], self._base(id_), o) for id_, o in self._outlets.items()}

    @property
    def now(self) -> datetime:
        """The newsroom's clock, UTC: it began at `now`."""
        return self._start + timedelta(seconds=time.monotonic() - self._began)

    def articles(self, site: str, via: Via | None = None) -> list[Article]:
        """The truth: what a site has published, newest first, without what vanished."""
        base = self._base(site, via)
        return [article.at(base) for article in self._editions[site].articles]

    def article(self, site: str, slug: str, via: Via | None = None) -> Article:
        """One of them."""
        return self._article(site, slug).at(self._base(site, via))

    def requests(self, site: str | None = None, prefix: str = "/", status: int | None = None) -> list[Request]:
        """The log's records of a site (None: all) whose decoded path begins so, in order of arrival."""
        found = [r for r in list(self.log) if site in (None, r.site) and status in (None, r.status)]
        return sorted((r for r in found if unquote(r.path).startswith(prefix)), key=lambda r: r.time)

    def config(self, directory: Path, via: Via | None = None, **options: Any) -> Path:
        """Write Arshif's configuration for these sites into `directory`; its options are those of `config.write`."""
        return config.write(self, directory, via or self.via, **options)

    # --- what happens to articles ---

    def publish(self, site: str, draft: Draft | None = None, **fields: Any) -> Article:
        """Publish a text now: this draft, or the next of the stock, with these fields of the draft changed."""
        with self._lock:
            if draft is None:
                draft = story(
                    "ar" if self._outlets[site].language == "ar" else "en", self._told[site], self._salt(site)
                )
                self._told[site] += 1
            if isinstance(fields.get("body"), str):
                fields["body"] = tuple(paragraphs(fields["body"]))
            slug = self._change(site, lambda e: e.published(replace(draft, **fields), self.now), newest=True)
            return self.article(site, slug)

    def edit(self, site: str, slug: str, **fields: Any) -> Article:
        """Change fields of an article, such as headline or body (paragraphs, or a text with blank lines between them);
        without any, a sentence comes to its end. Its modified date is the present, at least a second later than it
        was."""
        if not fields:
            body = self._article(site, slug).body
            additions = EDITS["ar" if self._outlets[site].language == "ar" else "en"]
            fields["body"] = (*body, additions[len(body) % len(additions)])
        if isinstance(fields.get("body"), str):
            fields["body"] = tuple(paragraphs(fields["body"]))
        self._change(site, lambda e: e.edited(slug, fields, self.now))
        return self.article(site, slug)

    def move(self, site: str, slug: str) -> Article:
        """Give an article another address, to which the old one leads with 301."""
        self._change(site, lambda e: e.relocated(slug, self.now))
        return self.article(site, slug)

    def copy(self, site: str, slug: str, to: str, published: datetime | None = None) -> Article:
        """Publish a text, word for word, on another site (or again, at another address, with the same date, on its
        own)."""
        article = self._article(site, slug)
        when = published or (article.published if site == to else self.now)
        image = article.image
        draft = Draft(
            slug=article.slug,
            headline=article.headline,
            body=article.body,
            sections=(article.section,),
            authors=article.authors,
            keywords=article.keywords,
            alternative_headline=article.alternative_headline,
            caption=image.caption if image else None,
            credit=image.credit if image else None,
            figure=article.figure,
            published=when.astimezone(self._outlets[to].tzinfo),
        )
        return self.article(to, self._change(to, lambda e: e.published(draft, self.now), newest=True))

    def vanish(self, site: str, slug: str, status: int = 404) -> None:
        """Take an article away: its addresses answer 404, 410, 200 with a page that says "not found", or 301 to the
        home page."""
        self._change(site, lambda e: e.without(slug, status, self.now))

    def bury_feed(self, site: str, status: int = 410) -> None:
        """Let the feeds' addresses die; they live on below /v2, where the home page's links lead. 0 ends it."""
        self._change(site, lambda e: replace(e, buried=status or None))

    # --- how the sites behave ---

    def wall(self, site: str, on: bool = True, status: int = 202) -> None:
        """Show a bot wall with that status in place of everything but robots.txt."""
        self._behave(site, wall=status if on else None)

    def fail(self, site: str, status: int | None = 503, retry_after: int | str | None = None, only: str = "/") -> None:
        """Answer that status to all paths that begin with `only` (robots.txt too); None ends it."""
        self._behave(site, fail=status, retry_after=retry_after, only=only)

    def hang(self, site: str, seconds: float) -> None:
        """Wait so long before each answer; 0 ends it, also for those that wait."""
        self._behave(site, hang=seconds)

    def drip(self, site: str, seconds: float) -> None:
        """Send each answer in twenty pieces, so far apart; 0 ends it."""
        self._behave(site, drip=seconds)

    def validators(self, site: str, kind: Validators) -> None:
        """Send ETag and Last-Modified that are true, none, the same for ever whatever changes (`lying`), or true
        and ignored when they are shown (`deaf`)."""
        self._behave(site, validators=kind)

    def serve(self, url: str, body: bytes, content_type: str = "text/html", **headers: str) -> None:
        """Answer this body at any http URL, for visitors that use the proxy: a page saved elsewhere, under its name."""
        self._pages[url] = Answer(200, body, content_type, None, headers)

    # --- within ---

    def _article(self, site: str, slug: str) -> Article:
        return self._editions[site].article(slug)

    def _base(self, site: str, via: Via | None = None) -> str:
        proxied = (via or self.via) == "proxy"
        return f"http://{self._outlets[site].host}" if proxied else f"http://{self.address}:{self._server.ports[site]}"

    def _salt(self, site: str) -> int:
        return self.seed * len(OUTLETS) + list(self._outlets).index(site)  # each site tells the stock in its own order

    def _change(self, site: str, change: Callable[[Edition], Edition], newest: bool = False) -> str:
        with self._lock:
            edition = self._editions[site] = change(self._editions[site])
        return max(edition.articles, key=lambda a: a.number).slug if newest else ""

    def _behave(self, site: str, **changes: Any) -> None:
        with self._lock:
            self._conduct[site] = replace(self._conduct[site], **changes)

    def _answer(self, call: Call) -> tuple[Answer, float]:
        site = self._site(call)
        if site:
            self._hang(site)
        conduct = self._conduct[site] if site else Conduct()
        answer = self._page(site, conduct, call)
        sent = 0 if call.method == "HEAD" else len(answer.body)
        asked = (call.host, call.method, call.path, call.headers)
        self.log.append(Request(call.time, site, *asked, answer.status, sent, call.client))
        return answer, conduct.drip

    def _hang(self, site: str) -> None:
        """Waits as long as the site hangs, which may end meanwhile."""
        began = time.monotonic()
        while (left := began + self._conduct[site].hang - time.monotonic()) > 0:
            if self._server.stopping.wait(min(left, 0.1)):
                return

    def _site(self, call: Call) -> str | None:
        name, _, port = call.host.partition(":")
        if name in self._hosts:
            return self._hosts[name]
        if name in (self.address, "localhost") and port.isdigit() and int(port) in self._sites:
            return self._sites[int(port)]
        return call.listener

    def _page(self, site: str | None, conduct: Conduct, call: Call) -> Answer:
        if saved := self._pages.get(f"http://{call.host}{call.path}"):
            return saved
        if site is None:
            return Answer(404 if call.path == "/robots.txt" else 502, b"No such site here.\n", "text/plain")
        if call.method == "POST":
            return Answer(405, b"", "text/plain", None, {"Allow": "GET, HEAD"})
        if conduct.fail and call.path.startswith(conduct.only):
            return failure(conduct)
        edition = self._editions[site]
        visit = Visit(edition, f"http://{call.host}", dict(parse_qsl(call.path.partition("?")[2])))
        if conduct.wall and call.path != "/robots.txt":
            return compressed(pages.wall(visit, conduct.wall), call.headers)
        answer = _found(visit, call.path)
        oldest = edition.articles[-1].published
        return compressed(conditional(answer, call.headers, conduct.validators, oldest), call.headers)


def _first(outlet: Outlet, now: datetime) -> Edition:
    """A site as the newsroom opens: its prepared texts, the oldest issued first."""
    drafts = prepared(outlet.id) + ([founding()] if outlet.id == "jannah" else [])
    drafts.sort(key=lambda d: d.dates(now)[0])
    edition = Edition(outlet, (), datetime.fromtimestamp(0, outlet.tzinfo))
    for draft in drafts:
        edition = edition.published(draft, now)
    newest = max(article.modified for article in edition.articles)
    return replace(edition, changed=newest)


def _found(visit: Visit, target: str) -> Answer:
    """The answer at a path with its query; what is nowhere is "not found", or leads to the same with a slash."""
    edition = visit.edition
    place = (visit.base, target)
    if kept := edition.cache.get(place):
        return kept
    path = unquote(target.partition("?")[0])
    producer = edition.routes.get(key(target)) or edition.routes.get(path)
    if producer is None:
        if f"{path}/" in edition.routes:
            return redirect(f"{visit.base}{target.partition('?')[0]}/")
        return pages.missing(visit, 200 if edition.outlet.soft_404 else 404)
    answer = edition.cache[place] = producer(visit)
    return answer
