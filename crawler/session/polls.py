"""Polls: the requests for source documents in a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from crawler.discover.wordpress import first_request
from crawler.site_config import Site, Source
from index.archive.source_state import SourceState

API_OVERLAP = timedelta(days=1)  # clocks differ, `after` is exclusive, and a post may be saved before it is visible


@dataclass(frozen=True, slots=True)
class Poll:
    """One request for a source document: `url` is what is requested, `key` identifies the document's stored state.

    `depth` counts from the site's YAML file: 0 is a source named there, 1 a child sitemap or further page. `modified`
    is the date that a sitemap index gives for the document. `replaces` is the URL of the dead source that this poll is
    to replace; `parent` is the key of the document that led here, `top` that of the source in the YAML file. `known` is
    the stored state; unless validators and hash are set here too, the document is requested and parsed as if it were
    unknown. `beside` is another first page of the same API that is requested after this one; `partly` means that both
    give only what is new.
    """

    site: Site
    source: Source
    url: str
    key: str
    depth: int = 0
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    known: SourceState | None = None
    modified: datetime | None = None
    replaces: str | None = None
    parent: str | None = None
    top: str = ""
    beside: str | None = None
    partly: bool = False

    @classmethod
    def of(cls, site: Site, source: Source) -> Poll:
        """The poll of a source named in the site's YAML file."""
        return cls(site, source, str(source.url), str(source.url), top=str(source.url))

    def further(self, url: str, modified: datetime | None) -> Poll:
        """The poll of a child sitemap, or of an API's next page."""
        return Poll(self.site, self.source, url, url, self.depth + 1, modified=modified, parent=self.key, top=self.top)

    def home(self) -> Poll:
        """The poll of the home page, to look for a feed to replace this one."""
        home = str(self.source.homepage or self.site.homepage)
        return Poll(self.site, self.source, home, home, self.depth + 1, replaces=self.url, top=self.top)

    def alternate(self, url: str) -> Poll:
        """The poll of a feed that the home page names."""
        return Poll(self.site, self.source, url, url, self.depth + 1, replaces=self.replaces, top=self.top)

    def of_api(self, asked: datetime | None, horizon: datetime, *, whole: bool = False) -> Poll:
        """The poll of an API's first page: what was published since it was last polled at `asked`, and `beside` it what
        was changed since then. If it never was, or with `whole`, all that was published since `horizon`.

        A post that was scheduled is published long after its last change, and one that is inserted with a past date may
        have neither in time, so both are asked for, from API_OVERLAP before, and now and then all of them."""
        if asked is None:
            return replace(self, url=first_request(self.url, horizon))
        since = asked - API_OVERLAP
        changed = first_request(self.url, since, modified=True)
        first = first_request(self.url, min(horizon, since) if whole else since)
        return replace(self, url=first, beside=changed, partly=not whole)

    def other(self) -> Poll:
        """The poll of the first page `beside` this one; its state is kept under a URL without a time."""
        assert self.beside is not None
        key = first_request(self.key, modified=True)
        return replace(self.further(self.beside, None), key=key)


def first_polls(sites: Iterable[Site], days: int) -> Iterator[Poll]:
    """A poll of each source of these sites as on a first visit, which goes `days` back."""
    horizon = datetime.now(UTC) - timedelta(days=days)
    for site in sites:
        for source in site.sources:
            poll = Poll.of(site, source)
            yield poll.of_api(None, horizon) if source.kind == "wordpress" else poll
