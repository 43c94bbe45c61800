"""Page and Discovered: the input of the pipeline's stages and the result of the first one. Plain and picklable, since
they are passed to worker processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from crawler.scheduling.poll_interval import UpdateHints
from crawler.site_config import Kind
from index.model.candidate import Candidate


@dataclass(frozen=True, slots=True)
class Page:
    """A fetched page.

    `url` is its canonical URL after redirects, `final_url` the same as the server wrote it, `asked` the canonical URL
    that was requested if it differs. `headers` have lower-case names, `fetched` is UTC. `candidate` is the entry of the
    source that listed it, if any; `conditional`: it was requested with the validators of an earlier visit.
    `rest` are the further pages of an article in several, in their order."""

    url: str
    final_url: str
    body: bytes
    fetched: datetime
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    candidate: Candidate | None = None
    rendered: bool = False  # by Chromium
    asked: str | None = None
    conditional: bool = False
    rest: tuple[Page, ...] = ()


@dataclass(frozen=True, slots=True)
class Discovered:
    """The result of one response of a source: candidates, and `further` documents of the same source (child sitemaps,
    next pages of an API) with their dates in the index. `skipped` counts the skipped entries by `SkipReason` or
    `UrlReason`; `hints` are the polling intervals that a feed and its server suggest.
    `foreign` are candidates on other domains than the site's."""

    kind: Kind
    candidates: tuple[Candidate, ...] = ()
    further: tuple[tuple[str, datetime | None], ...] = ()
    skipped: Mapping[str, int] = field(default_factory=dict)
    title: str | None = None
    hints: UpdateHints | None = None
    foreign: tuple[Candidate, ...] = ()
