"""Sitemaps: plain ones, indexes, gzipped children, and Google News' fields."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from .answer import Answer, Routes, Visit
from .article import Article
from .pages import render
from .snapshot import Edition

XML = "application/xml; charset=UTF-8"
NEWS = timedelta(hours=48)  # what a news sitemap holds: developers.google.com/search/docs/crawling-indexing/sitemaps


def roots(edition: Edition) -> Sequence[str]:
    """The sitemaps that robots.txt names."""
    return {
        "yoast": ("/sitemap_index.xml", "/news-sitemap.xml"),
        "courier": ("/sitemap-index.xml",),
        "plain": ("/sitemap.xml",),
    }[edition.outlet.sitemap]


def routes(edition: Edition) -> Routes:
    """The site's sitemaps."""
    everything, half = edition.articles, len(edition.articles) // 2
    if edition.outlet.sitemap == "plain":
        return {"/sitemap.xml": partial(_urls, articles=everything)}
    recent = [a for a in everything if a.published > everything[0].published - NEWS]
    if edition.outlet.sitemap == "yoast":
        children = {
            "/post-sitemap.xml": partial(_urls, articles=everything),
            "/page-sitemap.xml": partial(_pages, paths=("/", "/about")),
            "/category-sitemap.xml": partial(_pages, paths=[edition.outlet.section_url(s) for s in _labels(edition)]),
        }
        dated = dict.fromkeys(children, edition.changed)
        index = {"/sitemap_index.xml": partial(_index, children=dated)}
        return {**index, **children, "/news-sitemap.xml": partial(_urls, articles=recent, news=True)}
    older, newer = everything[half:], everything[:half]
    lots = {"/sitemaps/news.xml": recent, "/sitemaps/archive-1.xml.gz": older, "/sitemaps/archive-2.xml.gz": newer}
    dated = {path: max(a.modified for a in articles) for path, articles in lots.items()}
    return {
        "/sitemap-index.xml": partial(_index, children=dated),
        **{path: partial(_urls, articles=lot, news="news" in path, packed="gz" in path) for path, lot in lots.items()},
    }


def _labels(edition: Edition) -> Sequence[str]:
    return list(edition.outlet.sections)


def _index(visit: Visit, children: dict[str, datetime]) -> Answer:
    return _xml(visit, render("sitemaps/index.xml", visit, children=children))


def _pages(visit: Visit, paths: Sequence[str]) -> Answer:
    return _xml(visit, render("sitemaps/pages.xml", visit, paths=paths))


def _urls(visit: Visit, articles: Sequence[Article], news: bool = False, packed: bool = False) -> Answer:
    placed = [a.at(visit.base) for a in articles]
    made = _xml(visit, render("sitemaps/urls.xml", visit, articles=placed, news=news))
    if not packed:
        return made
    return Answer(200, gzip.compress(made.body, mtime=0), "application/gzip", made.modified)


def _xml(visit: Visit, text: str) -> Answer:
    return Answer(200, text.encode(), XML, visit.edition.changed)
