"""The bytes of a source -> candidates. The detected format selects the parser, not the kind in the site's file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import tzinfo

from crawler.discover import feed, section, sitemap, update_hints, url_list, wordpress
from crawler.discover.source_document import SourceDocument, read, wall
from crawler.errors import SourceProblem
from crawler.models import Discovered
from crawler.site_config import Kind
from index.model.codes import SourceReason

__all__ = ["alternates", "parse"]

MAX_FEEDS = 3  # feeds named in the error when a web page came instead of a source


def parse(
    kind: Kind,
    body: bytes,
    url: str,
    headers: Mapping[str, str],
    *,
    links: str | None = None,
    zone: tzinfo | None = None,
    languages: tuple[str, ...] = (),
) -> Discovered:
    """The candidates in one response of a source.

    `kind` and `links` are the source's, `url` is the response's (after redirects), `headers` have lower-case names.
    `zone` applies to dates without a time zone; without it they are dropped. `languages` (BCP 47) are the site's, in
    which dates may be written. A feed that came instead of a sitemap, for example, is parsed as a feed, and
    `Discovered.kind` says so.

    :raises SourceProblem: when the response cannot be read.
    """
    document = read(body, headers)
    found = _parse(document, kind, url, headers, links, zone, languages)
    text = document.text if found.kind == "feed" and document.what == "feed" else ""
    return replace(found, hints=update_hints.read_hints(text, headers))


def _parse(
    document: SourceDocument,
    kind: Kind,
    url: str,
    headers: Mapping[str, str],
    links: str | None,
    zone: tzinfo | None,
    languages: tuple[str, ...],
) -> Discovered:
    what = document.what
    if what == "empty":
        raise SourceProblem(SourceReason.EMPTY)
    if what == "feed":
        return feed.parse(document, url, zone, languages)
    if what == "sitemap":
        return sitemap.parse(document, url, zone)
    if what == "html" and kind == "section":
        return section.parse(document, url, links, zone, languages)
    if kind == "urls" and what in ("text", "json"):
        return url_list.parse(document, zone, languages=languages)
    if what == "json" or (what in ("text", "html") and kind == "wordpress" and feed.holds_json(document.text)):
        return _json(document, url, headers, zone, languages)
    if what == "text" and kind == "sitemap":
        return url_list.parse(document, zone, "sitemap")
    raise _unexpected(kind, document, url)


def alternates(body: bytes, url: str, headers: Mapping[str, str] | None = None) -> list[str]:
    """The feeds that a home page links to (`<link rel=alternate>`), in order, as canonical URLs.

    :raises SourceProblem: when gzip data cannot be decompressed.
    """
    return section.alternates(read(body, headers or {}), url)


def _json(
    document: SourceDocument, url: str, headers: Mapping[str, str], zone: tzinfo | None, languages: tuple[str, ...]
) -> Discovered:
    value = feed.load_json(document.text)
    if feed.is_json_feed(value):
        return feed.parse_json(value, url, zone, languages)
    return wordpress.parse(value, url, headers)


def _unexpected(kind: Kind, document: SourceDocument, url: str) -> SourceProblem:
    """The problem with a document of an unexpected kind, with the feeds that could be used instead."""
    if document.what != "html":
        return SourceProblem(SourceReason.UNEXPECTED, expected=kind, found=document.what)
    if phrase := wall(document.text):
        return SourceProblem(SourceReason.BOT_WALL, phrase=phrase)
    if feeds := section.alternates(document, url):
        return SourceProblem(SourceReason.WEB_PAGE_WITH_FEEDS, expected=kind, feeds=[*feeds[:MAX_FEEDS]])
    return SourceProblem(SourceReason.WEB_PAGE, expected=kind)
