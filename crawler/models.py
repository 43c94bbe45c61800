"""Page and Discovered: what goes into the path's stages, and what the first gives. Plain and picklable: they cross into
the workers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from crawler.scheduling.poll_interval import UpdateHints
from crawler.site_config import Kind
from index.model.candidate import Candidate


@dataclass(frozen=True, slots=True)
class Page:
    """What was fetched: `url` is its address, canonical, after redirects; `final_url` the same as the server has it;
    `asked` the address that led there, canonical, where it is another. `headers` have lower-case names, `fetched` is
    UTC. `candidate` is what the source had said of it, if a source had; `conditional`: it was requested with the
    validators of an earlier visit."""

    url: str
    final_url: str
    body: bytes
    fetched: datetime
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    candidate: Candidate | None = None
    rendered: bool = False  # by a browser
    asked: str | None = None
    conditional: bool = False


@dataclass(frozen=True, slots=True)
class Discovered:
    """What one answer of a source gives: candidates, and further documents of the same source with the date that the
    index gives for them (child sitemaps, next pages of an API). `skipped` counts entries left out, by reason; `said` is
    what a feed and its server say of how often to ask."""

    kind: Kind
    candidates: tuple[Candidate, ...] = ()
    further: tuple[tuple[str, datetime | None], ...] = ()
    skipped: Mapping[str, int] = field(default_factory=dict)
    title: str | None = None
    hints: UpdateHints | None = None
