"""Wanted and ArticleItem: a page as the spider is told to fetch it, and as it hands it to the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crawler.extract.draft import Extraction
from crawler.models import Page
from crawler.site_config import Site
from index.archive.frontier import FrontierRow
from index.export.schema_org import named
from index.model.candidate import Candidate
from index.warc.store import Response


@dataclass(frozen=True, slots=True)
class FetchTask:
    """A page that is to be fetched, with what is known of it from its source and from earlier visits."""

    url: str
    candidate: Candidate | None = None
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    article: str | None = None
    visits: int = 0
    tries: int = 0
    since: datetime | None = None  # when it was published, else found
    content_changed_at: datetime | None = None  # when it was last found to say something else
    unconditional: bool = False  # whether it is asked without its validators
    lastmod_at_fetch: datetime | None = None  # what its source said of its last change when it was last fetched

    @classmethod
    def of(cls, row: FrontierRow) -> FetchTask:
        """What the frontier has of it."""
        candidate = Candidate(row.url, row.title, row.published, row.modified, row.language)
        known = (row.etag, row.last_modified, row.body_hash, row.article, row.visits, row.tries)
        return cls(
            row.url,
            candidate,
            *known,
            min(row.newest, row.discovered),
            row.content_changed_at,
            lastmod_at_fetch=row.lastmod_at_fetch,
        )


class ArticleItem(dict[str, Any]):
    """An article as Scrapy's exporters see it, with schema.org's names; what the store needs is beside them."""

    def __init__(
        self, extraction: Extraction, page: Page, site: Site, wanted: FetchTask, received: Response | None
    ) -> None:
        super().__init__(named(extraction.article))
        self.extraction = extraction
        self.page = page
        self.site = site
        self.wanted = wanted
        self.received = received
