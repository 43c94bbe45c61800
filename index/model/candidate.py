"""Candidate: an article's URL as offered by a source. Feeds are parsed into candidates, the frontier stores them, and
they supply what a page does not say itself."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

# How far ahead of our clock a source's date may be: local times marked as UTC are up to 14 hours ahead (IANA: UTC+14)
AHEAD = timedelta(days=1)


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

    def until(self, now: datetime) -> Candidate:
        """The same without dates that have not come by `now`: no later one would count as a change before they have."""
        published, modified = come(self.published, now), come(self.modified, now)
        same = published is self.published and modified is self.modified
        return self if same else replace(self, published=published, modified=modified)


def come(date: datetime | None, now: datetime) -> datetime | None:
    """A date that a site gives; None if it is later than `now` by more than AHEAD, which is no date."""
    return date if date is None or date <= now + AHEAD else None
