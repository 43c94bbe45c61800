"""Poll: one document of one source that is asked in a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from crawler.discover.wordpress import first_request
from crawler.site_config import Site, Source
from index.archive.source_state import SourceState


@dataclass(frozen=True, slots=True)
class Poll:
    """What is asked of a source: `url` is requested, `key` is the name under which its state is kept.

    `depth` counts from the site's file: 0 its source, 1 a child sitemap or a further page. `modified` is the date that
    a sitemap index gave for it. `replaces` is the dead source that it is asked for; `parent` is the key of the document
    that named it, `top` that of the source in the site's file. `known` is what is remembered of it; without
    validators and hash here, it is asked and read as if nothing were.
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

    @classmethod
    def of(cls, site: Site, source: Source) -> Poll:
        """The poll of a source as the site's file has it."""
        return cls(site, source, str(source.url), str(source.url), top=str(source.url))

    def further(self, url: str, modified: datetime | None) -> Poll:
        """A child sitemap, or the next page of an API."""
        return Poll(self.site, self.source, url, url, self.depth + 1, modified=modified, parent=self.key, top=self.top)

    def home(self) -> Poll:
        """The home page, to look for a feed in place of this one."""
        home = str(self.source.homepage or self.site.homepage)
        return Poll(self.site, self.source, home, home, self.depth + 1, replaces=self.url, top=self.top)

    def alternate(self, url: str) -> Poll:
        """A feed that the home page names."""
        return Poll(self.site, self.source, url, url, self.depth + 1, replaces=self.replaces, top=self.top)

    def of_api(self, asked: datetime | None, horizon: datetime) -> Poll:
        """The first page of an API: what was published or changed since it was last asked, at first since `horizon`."""
        return replace(self, url=first_request(self.url, asked or horizon, modified=asked is not None))


def first_polls(sites: Iterable[Site], days: int) -> Iterator[Poll]:
    """Each source of these sites as it is asked on a first visit, which goes `days` back."""
    horizon = datetime.now(UTC) - timedelta(days=days)
    for site in sites:
        for source in site.sources:
            poll = Poll.of(site, source)
            yield poll.of_api(None, horizon) if source.kind == "wordpress" else poll
