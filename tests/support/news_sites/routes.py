"""Routes: every address of a site and what answers there."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from urllib.parse import unquote

from . import feeds, pages, picture, sitemaps, wordpress
from .answer import Answer, Routes, Visit, redirect
from .article import Article
from .snapshot import Edition, key

DEAD_FEED = "/dead-feed.xml"  # was a feed once; the home page names the living one


def routes(edition: Edition) -> Routes:
    """All of them: decoded path, with the query where it tells pages apart."""
    found: Routes = dict(FIXED)
    found.update(_listings(edition))
    found.update(_articles(edition))
    found.update(sitemaps.routes(edition))
    found.update(_feeds(edition))
    if edition.outlet.theme == "jannah":
        found.update(wordpress.routes(edition))
    return found


def _articles(edition: Edition) -> Routes:
    found: Routes = {}
    for article in edition.articles:
        found[key(article.path)] = partial(pages.article, article=article)
        if article.image:
            found[article.image.url] = partial(_picture, name=article.image.url)
        if edition.outlet.theme == "courier":
            found[key("/amp" + article.path)] = partial(pages.amp, article=article)
        if edition.outlet.theme == "app":
            found[f"/api/articles/{article.slug}"] = partial(pages.api_article, article=article)
    found.update({path: partial(_moved, slug=slug) for path, slug in edition.moved.items()})
    found.update({path: partial(_vanished, status=status) for path, status in edition.gone.items()})
    return found


def _listings(edition: Edition) -> Routes:
    outlet = edition.outlet
    found: Routes = {}
    for label in outlet.sections:
        _paged(found, edition, outlet.section_url(label), label, edition.section(label))
    for tag in {tag for article in edition.articles for tag in article.keywords}:
        tagged = [article for article in edition.articles if tag in article.keywords]
        _paged(found, edition, outlet.tag_url(tag), tag, tagged)
    if outlet.theme == "app":
        found["/api/articles"] = pages.api_list
    return found


def _paged(found: Routes, edition: Edition, path: str, title: str, articles: Sequence[Article]) -> None:
    size = edition.outlet.per_page
    paths = edition.outlet.pages(path, max(1, -(-len(articles) // size)))
    for n, address in enumerate(paths):
        found[unquote(address)] = partial(
            pages.listing, title=title, articles=articles[n * size : (n + 1) * size], paths=paths, number=n
        )


def _feeds(edition: Edition) -> Routes:
    found: Routes = {path: partial(feeds.feed, kind=kind, path=path) for path, kind in edition.feeds.items()}
    if edition.buried:
        found.update({path: partial(_gone, status=edition.buried) for path in edition.outlet.feeds})
    return found


def _moved(visit: Visit, slug: str) -> Answer:
    return redirect(visit.base + visit.edition.article(slug).path)


def _vanished(visit: Visit, status: int) -> Answer:
    return redirect(f"{visit.base}/") if status == 301 else pages.missing(visit, status)


def _gone(visit: Visit, status: int) -> Answer:  # noqa: ARG001 - a producer takes the visit
    return Answer(status, b"Gone\n" if status == 410 else b"Not found\n", "text/plain; charset=UTF-8")


def _text(visit: Visit, text: str) -> Answer:
    return Answer(200, f"{text}\n".encode(), "text/plain; charset=UTF-8", visit.edition.changed)


def _robots(visit: Visit) -> Answer:
    maps = "\n".join(f"Sitemap: {visit.base}{path}" for path in sitemaps.roots(visit.edition))
    return _text(visit, f"User-agent: *\n{visit.edition.outlet.robots or 'Disallow:'}\n\n{maps}")


def _urls(visit: Visit) -> Answer:
    return _text(visit, "\n".join(visit.base + article.path for article in visit.edition.articles))


def _picture(visit: Visit, name: str) -> Answer:
    return Answer(200, picture.png(name), "image/png", visit.edition.articles[-1].published)


FIXED: Routes = {
    "/": pages.home,
    "/about": pages.about,
    "/robots.txt": _robots,
    "/urls.txt": _urls,
    "/ads.txt": partial(_text, text="# none"),
    "/favicon.ico": partial(_picture, name="icon"),
    "/private/members-preview": pages.private,
    DEAD_FEED: partial(_gone, status=410),
}
