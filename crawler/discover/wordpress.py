"""Posts of the WordPress REST API -> candidates. https://developer.wordpress.org/rest-api/reference/posts/"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from crawler.discover import feed_dates
from crawler.discover.collector import CandidateCollector
from crawler.errors import SourceProblem
from crawler.models import Discovered
from index.model.codes import SourceReason

PER_PAGE = 100  # posts per page: the maximum of the API
MAX_PAGES = 500  # per source: 50,000 posts
_ROUTE = "/wp/v2/posts"
_FIELDS = "link,title,date_gmt,modified_gmt,guid"
_END = "rest_post_invalid_page_number"  # a page after the last


def first_request(base: str, since: datetime | None = None, *, modified: bool = False) -> str:
    """The URL of the first page of posts, newest first.

    `base` is the site, its /wp-json, a route below that (`/wp-json/wp/v2/news`), or `/?rest_route=/` if permalinks are
    disabled; its own parameters (`categories=5`) are kept. `since` (aware) selects posts published after it, or with
    `modified` those changed after it (`modified_after`: WordPress 5.7; older versions ignore it and return the newest).
    """
    parts = urlsplit(base)
    own = parse_qsl(parts.query, keep_blank_values=True)
    path, routed = parts.path, [value for name, value in own if name == "rest_route"]
    if routed:
        own = [(name, value) for name, value in own if name != "rest_route"]
        own.insert(0, ("rest_route", _route(routed[0])))
    else:
        root, found, route = path.partition("/wp-json")
        path = f"{root if found else path.rstrip('/')}/wp-json{_route(route)}"
    asked = {
        "per_page": str(PER_PAGE),
        "orderby": "modified" if modified else "date",
        "order": "desc",
        "_fields": _FIELDS,
    }
    if since is not None:
        moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        asked["modified_after" if modified else "after"] = moment
    kept = [(name, value) for name, value in own if name not in asked]
    return urlunsplit((parts.scheme, parts.netloc, path, urlencode(kept + list(asked.items()), safe="/,:"), ""))


def parse(value: Any, url: str, headers: Mapping[str, str]) -> Discovered:
    """The posts on one page; `further` holds the pages after the first, as counted by `x-wp-totalpages`.

    Without that header, a full page is followed by the next one. Dates are in UTC, like the API's `*_gmt` fields.

    :raises SourceProblem: when the API returns an error or the response is not from a WordPress API.
    """
    if isinstance(value, Mapping) and value and all(map(str.isdigit, value)):
        value = [*value.values()]  # how PHP writes a list from which posts were taken
    if isinstance(value, Mapping):
        if value.get("code") == _END:
            return Discovered("wordpress")
        said = str(value.get("message") or value.get("code") or "")[:300]
        raise SourceProblem(SourceReason.API_REFUSES, answer=said) if said else SourceProblem(SourceReason.NO_API)
    posts = [post for post in value if isinstance(post, Mapping)] if isinstance(value, list) else []
    if value and not any("link" in post for post in posts):
        raise SourceProblem(SourceReason.NO_API)
    collector = CandidateCollector(url)
    for post in posts:
        title, guid = post.get("title"), post.get("guid")  # the guid is that of the feed: /?p=7
        collector.add(
            _text(post.get("link")),
            title=_text(title.get("rendered") if isinstance(title, Mapping) else title),
            published=feed_dates.parse(_text(post.get("date_gmt")), UTC),
            modified=feed_dates.parse(_text(post.get("modified_gmt")), UTC),
            guid=_text(guid.get("rendered") if isinstance(guid, Mapping) else guid),
        )
    return Discovered("wordpress", collector.candidates, _pages(url, headers, len(posts)), dict(collector.skipped))


def _route(given: str) -> str:
    """The route of posts, unless the URL has a route of its own: "", "/", "/wp/v2" and "/wp/v2/" are none."""
    given = "/" + given.strip("/")
    return _ROUTE if _ROUTE.startswith(given) else given


def _pages(url: str, headers: Mapping[str, str], posts: int) -> tuple[tuple[str, None], ...]:
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    asked = dict(query)
    page = int(asked["page"]) if asked.get("page", "").isdigit() else 1
    total = headers.get("x-wp-totalpages", "").strip()
    if total.isdigit() and len(total) < 7:
        pages = range(2, min(int(total), MAX_PAGES) + 1) if page == 1 else range(0)
    else:
        pages = range(page + 1, page + 2) if posts >= PER_PAGE and page < MAX_PAGES else range(0)
    rest = [(name, value) for name, value in query if name != "page"]
    return tuple(
        (urlunsplit(parts._replace(query=urlencode([*rest, ("page", str(number))], safe="/,:"))), None)
        for number in pages
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
