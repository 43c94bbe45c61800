"""Feeds: RSS 0.9x, 1.0 and 2.0, Atom, JSON Feed 1.0 and 1.1 -> candidates."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import feedparser

from crawler.discover import feed_dates
from crawler.discover.collector import CandidateCollector, SkipReason, language_tag, title_text
from crawler.discover.source_document import SourceDocument
from crawler.errors import SourceProblem
from crawler.models import Discovered
from crawler.urls.article_filter import may_be_article
from crawler.urls.canonical import canonical
from crawler.urls.registered_domain import domain_of
from crawler.urls.wiki_pages import page_of
from index.model.codes import SourceReason

# For feedparser: our bytes are UTF-8, whatever the server declared. It is not given the URL, so that it resolves
# xml:base and nothing else; a bare guid ("12345") must not become a link.
_HEADERS = {"content-type": "application/xml; charset=utf-8"}
_JSON = re.compile(r'\[\s*\{\s*"|\{\s*"|\[\s*\]')  # where an object, a list of them or an empty list begins
_PAGES = ("text/html", "application/xhtml+xml", "")
_RELATIONS = "http://www.iana.org/assignments/relation/"
# What feedparser calls elements that date an entry by themselves where it has no pubDate: dcterms:created,
# prism:publicationDate
_FURTHER_DATES = ("created", "prism_publicationdate")


def parse(
    document: SourceDocument, url: str, zone: tzinfo | None = None, languages: tuple[str, ...] = ()
) -> Discovered:
    """The entries of an XML feed. `zone` applies to dates without a time zone; None drops those. `languages` (BCP 47)
    are the site's; dates may be written in the feed's own, too.

    :raises SourceProblem: when the document is not a feed, or too broken to yield an entry.
    """
    try:
        found = feedparser.parse(
            io.BytesIO(document.xml()),  # never bytes: feedparser opens a file of that name
            response_headers=_HEADERS,
            sanitize_html=False,  # only titles are used, which are converted to plain text here
            resolve_relative_uris=False,
        )
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        # Its parser for what is no XML lets errors through, such as for the character of a number that is none
        raise SourceProblem(SourceReason.BROKEN_FEED, error=repr(error)) from None
    if not found.entries and (found.bozo or not found.version):
        raise SourceProblem(SourceReason.BROKEN_FEED, error=str(found.get("bozo_exception", "no entry")))
    collector = CandidateCollector(_base(_field(found.feed, "link"), url))
    home = domain_of(collector.base or url)
    language = _field(found.feed, "language")
    spoken = (*filter(None, [language_tag(language)]), *languages)
    for entry in found.entries:
        published, modified = _dates(entry, found.version, zone, spoken)
        link, guid = _link(entry, home), _field(entry, "id")
        if link and (page := page_of(link)):  # the entry is one edit of it
            link, guid, published, modified = page, None, None, modified or published
        collector.add(
            link,
            title=_field(entry, "title"),
            published=published,
            modified=modified,
            guid=guid,
            language=_field(entry, "language") or _field(entry, "title_detail", "language") or language,
        )
    if document.cut:
        collector.skipped[SkipReason.CUT_SHORT] += 1
    return Discovered(
        "feed", collector.candidates, skipped=dict(collector.skipped), title=title_text(_field(found.feed, "title"))
    )


def parse_json(
    items: Mapping[str, Any], url: str, zone: tzinfo | None = None, languages: tuple[str, ...] = ()
) -> Discovered:
    """The entries of a JSON Feed (https://www.jsonfeed.org/version/1.1/), with `url`, else `external_url`, else an `id`
    that is a URL."""
    collector = CandidateCollector(url)
    for item in _objects(items.get("items")):
        identity = _text(item, "id")
        link = _text(item, "url") or _text(item, "external_url") or (identity if _is_address(identity) else None)
        collector.add(
            link,
            title=_text(item, "title"),
            published=feed_dates.parse(_scalar(item, "date_published"), zone, languages),
            modified=feed_dates.parse(_scalar(item, "date_modified"), zone, languages),
            guid=_scalar(item, "id"),
            language=_text(item, "language") or _text(items, "language"),
        )
    return Discovered(
        "feed", collector.candidates, skipped=dict(collector.skipped), title=title_text(_text(items, "title"))
    )


def is_json_feed(value: object) -> bool:
    """Whether a JSON value is a JSON Feed, even without a version."""
    return isinstance(value, Mapping) and ("jsonfeed.org" in str(value.get("version")) or "items" in value)


def holds_json(text: str) -> bool:
    """Whether JSON begins somewhere in a text, for example after PHP notices."""
    return bool(_JSON.search(text))


def load_json(text: str) -> Any:
    """The JSON value in a document, even after PHP notices.

    :raises SourceProblem: when there is none.
    """
    start = _JSON.search(text)
    try:
        return json.loads(text[start.start() if start else 0 :])
    except (ValueError, RecursionError) as error:
        raise SourceProblem(SourceReason.BROKEN_JSON, error=str(error)) from None


def _base(site: str | None, url: str) -> str:
    """The URL by which a feed's relative links are resolved: its own, unless its site is on another host, from which
    the feed is a copy."""
    said = canonical(site or "", url)
    return said if said and urlsplit(said).hostname != urlsplit(url).hostname else url


def _link(entry: Mapping[str, Any], home: str) -> str | None:
    """The URL of an entry's page: the original that FeedBurner replaced, the first alternate link to a page, or a guid
    that is a URL. feedparser's own `link` is the last of several and may be a bare guid. Where the link leads away from
    the site, whose domain is `home`, it is one that counts clicks if it has the page's URL in a parameter, or the guid
    is one of the site's."""
    if original := _field(entry, "feedburner_origlink") or _field(entry, "pheedo_origlink"):
        return original
    guid = _field(entry, "id")
    for link in dict.get(entry, "links") or ():  # type: ignore[call-overload]
        if _relation(link) == "alternate" and _media_type(link) in _PAGES and link.get("href"):
            said = str(link["href"])
            if _domain(said) in (None, home):
                return said
            return next((own for own in (*_within(said), guid or "") if _is_page_of(home, own)), said)
    return guid if _is_address(guid) or str(guid).startswith("/") else None


def _domain(link: str) -> str | None:
    """The registered domain of a URL; None if it is relative or unusable."""
    found = canonical(link)
    return domain_of(found) if found else None


def _is_page_of(home: str, link: str) -> bool:
    """Whether a URL may be that of an article on this domain; a guid may as well be the home page."""
    found = canonical(link)
    return found is not None and domain_of(found) == home and may_be_article(found) is None


def _within(link: str) -> Iterable[str]:
    """The URLs that a URL has in its parameters."""
    try:
        return [value for _, value in parse_qsl(urlsplit(link).query) if _is_address(value)]
    except ValueError:  # a host in broken brackets
        return ()


def _relation(link: Mapping[str, str]) -> str:
    """The relation of an Atom link, which may be written as its registered URL (RFC 4287, 4.2.7.2)."""
    return link.get("rel", "").lower().removeprefix(_RELATIONS)


def _media_type(link: Mapping[str, str]) -> str:
    return link.get("type", "").partition(";")[0].strip().lower()


def _dates(
    entry: Mapping[str, Any], version: str, zone: tzinfo | None, languages: tuple[str, ...]
) -> tuple[datetime | None, datetime | None]:
    """The dates of publication and modification. feedparser maps dc:date to `updated`, but in RSS it is the date of
    publication; next to a pubDate it counts as a modification only if it is later."""
    read = (feed_dates.parse(_field(entry, name), zone, languages) for name in ("published", *_FURTHER_DATES))
    published = next((at for at in read if at), None)
    updated = feed_dates.parse(_field(entry, "updated"), zone, languages)
    if version.startswith("atom"):
        return published, updated
    if published is None:
        return updated, None
    return published, updated if updated and updated > published else None


def _field(value: Mapping[str, Any], *names: str) -> str | None:
    """A text in a feedparser dict, bypassing its aliases (`updated` falls back to `published`)."""
    found: Any = value
    for name in names:
        found = dict.get(found, name) if isinstance(found, dict) else None
    return found if isinstance(found, str) and found.strip() else None


def _text(value: Mapping[str, Any], name: str) -> str | None:
    found = value.get(name)
    return found if isinstance(found, str) and found.strip() else None


def _scalar(value: Mapping[str, Any], name: str) -> str | None:
    """A text, or a number as one: a Unix time is written as either."""
    found = value.get(name)
    return str(found) if isinstance(found, int | float) and not isinstance(found, bool) else _text(value, name)


def _objects(value: object) -> Iterable[Mapping[str, Any]]:
    return (item for item in value if isinstance(item, Mapping)) if isinstance(value, list) else ()


def _is_address(value: str | None) -> bool:
    return bool(value) and str(value).strip().lower().startswith(("http://", "https://"))
