"""WordPress' REST API, as far as readers of posts use it: developer.wordpress.org/rest-api/reference/posts"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import unquote, urlencode

from .answer import Answer, Routes, Visit, as_json, redirect
from .article import Article
from .dates import iso
from .pages import TEMPLATES, home, listing, texturize
from .snapshot import Edition

POSTS = "/wp-json/wp/v2/posts"
ORDERS: Mapping[str, Callable[[Article], Any]] = {
    "date": lambda a: a.published,
    "modified": lambda a: a.modified,
    "id": lambda a: a.number,
    "title": lambda a: a.headline,
    "slug": lambda a: a.path,
}


def routes(edition: Edition) -> Routes:
    """The API, the short addresses `/?p=ID`, and the authors' pages."""
    found: Routes = {"/": _front, "/wp-json/": _root, POSTS: posts}
    for article in edition.articles:
        found[f"{POSTS}/{article.number}"] = partial(_post, number=article.number)
    for author in {name for a in edition.articles for name in a.authors}:
        theirs = [a for a in edition.articles if author in a.authors][: edition.outlet.per_page]
        path = f"/author/{author.replace(' ', '-')}/"
        found[path] = partial(listing, title=author, articles=theirs, paths=[path], number=0)
    return found


def _front(visit: Visit) -> Answer:
    """The home page, and what WordPress answers at the same address: the API without pretty links, ids of posts."""
    if visit.query.get("rest_route", "").rstrip("/") == "/wp/v2/posts":
        return posts(visit)
    for article in visit.edition.articles:
        if visit.query.get("p") == str(article.number):
            return redirect(visit.base + article.path)
    return home(visit)


def _root(visit: Visit) -> Answer:
    name = visit.edition.outlet.name
    zone = {"timezone_string": visit.edition.outlet.zone, "gmt_offset": 3}
    return as_json({"name": name, "url": visit.base, "namespaces": ["wp/v2"], **zone}, visit)


def _post(visit: Visit, number: int) -> Answer:
    found = [a for a in visit.edition.articles if a.number == number]
    return as_json(_fields(_plain(found[0], visit), visit.query.get("_fields", "")), visit)


def posts(visit: Visit) -> Answer:
    """A page of posts: after, before, modified_after, modified_before, per_page, page, orderby, order, _fields."""
    try:
        found = _selected(visit.edition, visit.query)
        size = _between(visit.query, "per_page", 10, 100)
        number = _between(visit.query, "page", 1, 10**6)
        key = ORDERS[visit.query.get("orderby", "date")]
    except (ValueError, KeyError) as error:
        return _error("rest_invalid_param", f"Invalid parameter(s): {error}")
    found.sort(key=key, reverse=visit.query.get("order", "desc") == "desc")
    last = -(-len(found) // size)
    if number > max(last, 1):
        return _error("rest_post_invalid_page_number", "The page number requested is larger than the number of pages.")
    wanted = visit.query.get("_fields", "")
    page = [_fields(_plain(a, visit), wanted) for a in found[(number - 1) * size : number * size]]
    headers = {"X-WP-Total": str(len(found)), "X-WP-TotalPages": str(last), **_links(visit, number, last)}
    return as_json(page, visit, **headers)


def _selected(edition: Edition, query: Mapping[str, str]) -> list[Article]:
    """Both bounds are exclusive, and without a zone in the site's own, as WP_Date_Query takes them."""
    articles = list(edition.articles)
    for prefix, when in (("", ORDERS["date"]), ("modified_", ORDERS["modified"])):
        if after := query.get(f"{prefix}after"):
            bound = _moment(after, edition)
            articles = [a for a in articles if when(a) > bound]
        if before := query.get(f"{prefix}before"):
            bound = _moment(before, edition)
            articles = [a for a in articles if when(a) < bound]
    return articles


def _moment(text: str, edition: Edition) -> datetime:
    moment = datetime.fromisoformat(text.replace(" ", "+"))  # a "+" that was not encoded arrives as a space
    return moment if moment.tzinfo else moment.replace(tzinfo=edition.outlet.tzinfo)


def _between(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    value = int(query.get(name, default))
    if not 1 <= value <= most:
        raise ValueError(name)
    return value


def _plain(article: Article, visit: Visit) -> dict[str, Any]:
    truth = article.at(visit.base)
    sections = list(visit.edition.outlet.sections)
    content = TEMPLATES.get_template("jannah/content.html").render(article=truth, also=[])
    return {
        "id": truth.number,
        "date": iso(truth.published)[:19],
        "date_gmt": iso(truth.published.astimezone(UTC))[:19],
        "guid": {"rendered": f"{visit.base}/?p={truth.number}"},
        "modified": iso(truth.modified)[:19],
        "modified_gmt": iso(truth.modified.astimezone(UTC))[:19],
        "slug": unquote(truth.path).rstrip("/").rsplit("/", 1)[-1],
        "status": "publish",
        "type": "post",
        "link": truth.url,
        "title": {"rendered": texturize(truth.headline)},
        "content": {"rendered": content, "protected": False},
        "excerpt": {"rendered": f"<p>{texturize(truth.description)}</p>\n", "protected": False},
        "author": truth.number % 97,
        "categories": [sections.index(truth.section) + 2],
        "tags": [sum(map(ord, tag)) for tag in truth.keywords],
    }


def _fields(post: dict[str, Any], wanted: str) -> dict[str, Any]:
    """Only these fields; `title.rendered` asks for a part of one."""
    if not wanted:
        return post
    kept: dict[str, Any] = {}
    for name in wanted.split(","):
        outer, _, inner = name.strip().partition(".")
        if outer not in post:
            continue
        if inner and isinstance(post[outer], dict):
            kept.setdefault(outer, {})[inner] = post[outer].get(inner)
        else:
            kept[outer] = post[outer]
    return kept


def _links(visit: Visit, number: int, last: int) -> dict[str, str]:
    def link(page: int, rel: str) -> str:
        return f'<{visit.base}{POSTS}?{urlencode({**visit.query, "page": page})}>; rel="{rel}"'

    around: Sequence[tuple[int, str]] = [(number - 1, "prev"), (number + 1, "next")]
    links = [link(page, rel) for page, rel in around if 1 <= page <= last]
    return {"Link": ", ".join(links)} if links else {}


def _error(code: str, message: str) -> Answer:
    body = f'{{"code":"{code}","message":"{message}","data":{{"status":400}}}}'
    return Answer(400, body.encode(), "application/json; charset=UTF-8")
