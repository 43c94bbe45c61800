"""Feeds of each kind: RSS 2.0, RSS 0.91, RDF (RSS 1.0), Atom and JSON Feed."""

from __future__ import annotations

from typing import Any

from .answer import Answer, Visit, as_json
from .article import Article
from .dates import iso
from .pages import render
from .profile import FeedKind

TYPES = {
    "rss": "application/rss+xml",
    "rss091": "text/xml",
    "rdf": "application/rdf+xml",
    "atom": "application/atom+xml",
    "json": "application/feed+json",
}
SIZE = 20  # entries; WordPress gives ten and further pages by ?paged=
TRACKED = "?utm_source=feed&utm_medium=json"


def feed(visit: Visit, kind: FeedKind, path: str) -> Answer:
    """The feed of that kind, with the newest articles and the validators of the newest change."""
    outlet = visit.edition.outlet
    size = outlet.per_page if outlet.theme == "jannah" else SIZE
    number = visit.query.get("paged", "1")
    page = int(number) if number.isdigit() else 1
    articles = [a.at(visit.base) for a in visit.edition.articles[(page - 1) * size : page * size]]
    if kind == "json":
        return as_json(_json_feed(visit, articles, path), visit, TYPES[kind])
    text = render(f"feeds/{kind}.xml", visit, articles=articles, path=path)
    body = text.encode(outlet.encoding, "xmlcharrefreplace")
    charset = "" if kind == "rss091" else f"; charset={outlet.encoding}"  # the oldest leaves it to the declaration
    return Answer(200, body, TYPES[kind] + charset, visit.edition.changed)


def _json_feed(visit: Visit, articles: list[Article], path: str) -> dict[str, Any]:
    outlet = visit.edition.outlet
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": outlet.name,
        "home_page_url": visit.base + "/",
        "feed_url": visit.base + path,
        "language": outlet.language,
        "items": [_item(article) for article in articles],
    }


def _item(article: Article) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": article.url,
        "url": article.url + TRACKED,
        "title": article.headline,
        "summary": article.description,
        "date_published": iso(article.published),
        "date_modified": iso(article.modified),
        "authors": [{"name": name} for name in article.authors],
        "tags": list(article.keywords),
        "language": article.language,
        "content_text": article.description,
    }
    return {**item, "image": article.image.url} if article.image else item
