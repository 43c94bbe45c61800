"""Sites and pages for the tests of what is read off a page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from crawler.models import Page
from crawler.site_config import Site
from index.model.candidate import Candidate

FETCHED = datetime(2018, 6, 9, 12, 0, tzinfo=UTC)
URL = "https://news.example.com/2018/06/08/story"


VILLAGE = """\
name: أخبار القرية
homepage: https://village.example/
country: SY
languages: [ar]
sources:
  - {kind: feed, url: https://village.example/feed}
enabled: true
"""  # a site's file


def a_site(**changes: Any) -> Site:
    """A Syrian site, with changes."""
    return Site.model_validate(
        {
            "id": "step",
            "name": "وكالة ستيب نيوز",
            "homepage": "https://news.example.com/",
            "country": "SY",
            "languages": ["ar"],
            "time_zone": "Asia/Damascus",
            "sources": [{"kind": "feed", "url": "https://news.example.com/feed"}],
            **changes,
        }
    )


def a_page(html: str | bytes, url: str = URL, candidate: Candidate | None = None, **changes: Any) -> Page:
    """A page as fetched from an address, answered with 200 and as HTML in UTF-8."""
    body = html.encode() if isinstance(html, str) else html
    values = {"headers": {"content-type": "text/html; charset=utf-8"}, "final_url": url, **changes}
    return Page(url=url, body=body, fetched=FETCHED, candidate=candidate, **values)
