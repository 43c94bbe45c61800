"""Matching a page to a known article of its site: by redirect, canonical link, a variant of its URL, or its text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, bindparam, select

from index.archive import near_duplicates
from index.archive import tables as t
from index.archive.documents import by_url, by_urls
from index.archive.readings import IS_SHOWN, shown
from index.model.article import Article
from index.model.codes import AliasReason

LEAST_WORDS = 40  # shorter texts are news flashes: two with equal text need not be the same article
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|\w+")  # Chinese and Japanese: one word per character
# Built once: building a statement costs as much as running it.
_BY_ID = select(t.articles).where(t.articles.c.id == bindparam("id"))
_TODAYS = (
    select(t.articles, shown("canonical_url"))
    .join(t.versions, (t.versions.c.article == t.articles.c.id) & (t.versions.c.number == t.articles.c.number))
    .outerjoin(t.readings, IS_SHOWN)
    .where(t.articles.c.site == bindparam("site"))
    .order_by(t.articles.c.first_seen, t.articles.c.id)
)
_EQUAL_TEXT = _TODAYS.where(t.articles.c.content_hash == bindparam("content_hash"))
_WITH_QUERY = _TODAYS.where(
    shown("canonical_url").element == bindparam("url"),
    t.articles.c.url > bindparam("first"),
    t.articles.c.url < bindparam("last"),
)


def match_article(
    conn: Connection, new: Article, url: str, final_url: str, variants: Sequence[str]
) -> tuple[Any, AliasReason | None]:
    """The article that a page belongs to, and the reason if the page is new to it; (None, None) for a new article.

    `url` is as requested, `final_url` after redirects; `variants` are other URLs of the same page.
    """
    site = new.site
    own = get_article_row(conn, new.id)
    if final_url != url and (found := by_url(conn, final_url, site)):
        there = get_article_row(conn, found)
        return there, None if own is not None and own.id == found else AliasReason.REDIRECT
    if own is not None:
        return own, None
    for address in dict.fromkeys((url, new.url)):
        if found := by_url(conn, address, site):
            there = get_article_row(conn, found)
            if final_url == url or _moved(conn, there, new, final_url):
                return there, None
    claims = [
        *([(new.canonical_url, AliasReason.CANONICAL)] if new.canonical_url else []),
        *((variant, AliasReason.SPELLING) for variant in variants),
    ]
    for address, found in by_urls(conn, [claimed for claimed, _ in claims], site).items():
        there = get_article_row(conn, found)
        if _one_text(conn, there, new):
            return there, dict(reversed(claims))[address]
    for there in _claiming(conn, new):
        if _one_text(conn, there, new):
            return there, AliasReason.CANONICAL
    return _same_text(conn, new)


def _claiming(conn: Connection, new: Article) -> Sequence[Any]:
    """Articles first seen at this URL plus extra query parameters, such as a listing's `?ref=front`, that name this URL
    as canonical."""
    sign = "&" if "?" in new.url else "?"
    bounds = {"first": new.url + sign, "last": new.url + chr(ord(sign) + 1)}
    return conn.execute(_WITH_QUERY, {"site": new.site, "url": new.url, **bounds}).all()


def _moved(conn: Connection, there: Any, new: Article, final_url: str) -> bool:
    """Whether the page that an article's URL redirects to is still that article: it has the same text or, on the same
    host, the same date. A removed article often redirects to another one, or to whoever bought the domain."""
    if _one_text(conn, there, new):
        return True
    dated = there.published is not None and there.published == new.published
    return dated and urlsplit(there.url).hostname == urlsplit(final_url).hostname


def _one_text(conn: Connection, there: Any, new: Article) -> bool:
    """Whether a page that claims to be an article has its text: word for word or, except for flashes and templates,
    edited."""
    if there.content_hash == new.content_hash:
        return True
    return there.mergeable and mergeable(new) and near_duplicates.is_text_of(conn, there.id, new.headline, new.body)


def _same_text(conn: Connection, new: Article) -> tuple[Any, AliasReason | None]:
    for there in conn.execute(_EQUAL_TEXT, {"site": new.site, "content_hash": new.content_hash}):
        if there.canonical_url == new.url:
            return there, AliasReason.CANONICAL
        if there.mergeable and mergeable(new) and not _dates_differ(there, new):
            return there, AliasReason.SAME_TEXT
    return None, None


def mergeable(article: Article) -> bool:
    """Whether equal text is evidence of the same article: it is not a template, and it is long enough."""
    return not article.template and len(_WORD.findall(article.body)) >= LEAST_WORDS


def _dates_differ(there: Any, new: Article) -> bool:
    if there.published and new.published:
        return bool(there.published != new.published)
    return bool(there.modified and new.modified and there.modified != new.modified)


def get_article_row(conn: Connection, article_id: str) -> Any:
    """The row of an article, or None."""
    return conn.execute(_BY_ID, {"id": article_id}).one_or_none()
