"""Bytes of a source -> candidates. What really came decides who reads it, not what the site's file expects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import tzinfo

from crawler.discover import feed, section, sitemap, update_hints, url_list, wordpress
from crawler.discover.source_document import SourceDocument, read, wall
from crawler.errors import SourceProblem
from crawler.models import Discovered
from crawler.site_config import Kind

__all__ = ["alternates", "parse"]


def parse(
    kind: Kind,
    body: bytes,
    url: str,
    headers: Mapping[str, str],
    *,
    links: str | None = None,
    zone: tzinfo | None = None,
) -> Discovered:
    """What one answer of a source offers.

    `kind` and `links` are the source's, `url` the answer's (after redirects), `headers` have lower-case names. `zone`
    is that of dates that name none; without it those are dropped. A feed in place of a sitemap and the like is read as
    what it is, and `Discovered.kind` says so.

    :raises SourceProblem: nothing that can be read came: its reason is counted, its detail says what to do.
    """
    document = read(body, headers)
    found = _parse(document, kind, url, headers, links, zone)
    text = document.text if found.kind == "feed" and document.what == "feed" else ""
    return replace(found, hints=update_hints.read_hints(text, headers))


def _parse(
    document: SourceDocument, kind: Kind, url: str, headers: Mapping[str, str], links: str | None, zone: tzinfo | None
) -> Discovered:
    what = document.what
    if what == "empty":
        raise SourceProblem("empty", "the answer has no content; if that lasts, look for the source's new address")
    if what == "feed":
        return feed.parse(document, url, zone)
    if what == "sitemap":
        return sitemap.parse(document, url, zone)
    if what == "html" and kind == "section":
        return section.parse(document, url, links, zone)
    if kind == "urls" and what in ("text", "json"):
        return url_list.parse(document, zone)
    if what == "json" or (what in ("text", "html") and kind == "wordpress" and feed.holds_json(document.text)):
        return _json(document, url, headers, zone)
    if what == "text" and kind == "sitemap":
        return url_list.parse(document, zone, "sitemap")
    raise _unexpected(kind, document, url)


def alternates(body: bytes, url: str, headers: Mapping[str, str] | None = None) -> list[str]:
    """The feeds that a home page names (`<link rel=alternate>`), in their order, as canonical URLs."""
    return section.alternates(read(body, headers or {}), url)


def _json(document: SourceDocument, url: str, headers: Mapping[str, str], zone: tzinfo | None) -> Discovered:
    value = feed.load_json(document.text)
    if feed.is_json_feed(value):
        return feed.parse_json(value, url, zone)
    return wordpress.parse(value, url, headers)


def _unexpected(kind: Kind, document: SourceDocument, url: str) -> SourceProblem:
    """Something else came: what, and what to do about it."""
    if document.what != "html":
        return SourceProblem(
            f"{document.what} instead of {kind}", "something else came; look at it, and for the source's new address"
        )
    if phrase := wall(document.text):
        return SourceProblem("bot wall", f"a page that asks for a person ({phrase}); use another source of the site")
    feeds = section.alternates(document, url)
    hint = f"it names {', '.join(feeds[:3])}" if feeds else "look for its new address on the home page"
    return SourceProblem(f"html instead of {kind}", f"a web page came; {hint}")
