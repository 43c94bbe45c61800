"""Candidate: an article's URL as offered by a source. Feeds are parsed into candidates, the frontier stores them, and
they supply what a page does not say itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """A URL and what its source says about the article there.

    `url` is in canonical form; `published` and `modified` are aware, with the source's UTC offset, or None; `language`
    is BCP 47. `guid` is what the source identifies the article by, whatever its URL (RSS's guid, Atom's id); None if
    there is none, or it is the URL.
    """

    url: str
    title: str | None = None
    published: datetime | None = None
    modified: datetime | None = None
    language: str | None = None
    guid: str | None = field(default=None, compare=False)
