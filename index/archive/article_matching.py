"""Matching a page to a known article of its site: by redirect, canonical link, a variant of its URL, or its text; or,
where the URL follows the headline, by what stays: the source's guid, the canonical link, the number in the URL."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, time
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, bindparam, select

from index.archive import near_duplicates
from index.archive import tables as t
from index.archive.documents import by_url, by_urls
from index.archive.near_window import month_of
from index.archive.readings import IS_SHOWN, hashes, shown
from index.dedup import text_similarity
from index.model.article import Article
from index.model.codes import AliasReason

MAX_CLAIMING = 8  # articles that name a page as canonical and whose texts are compared with it
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
_OF_GUID = select(t.frontier.c.article).where(
    t.frontier.c.site == bindparam("site"),
    t.frontier.c.guid == bindparam("guid"),
    t.frontier.c.article.is_not(None),
)
_OF_CANONICAL = _TODAYS.where(t.versions.c.canonical_url == bindparam("url"))
_BELOW = _TODAYS.where(t.articles.c.url > bindparam("first"), t.articles.c.url < bindparam("last"))
# The first number of four digits or more in a URL, which is no date, with all that is before it
_NUMBER = re.compile(r"[^#]*?[/_.=-](?=\d{4})(?!(?:19|20)\d\d(?:[/_.-]|\d{4}(?!\d)))\d+(?!\d)")
_FEW = 5  # articles whose URLs begin alike; more are a section, whose number it is
_MAX_OF_MOMENT = 20  # articles that are compared; more were all published at once, such as those of another system
_OF_MOMENT = (
    select(t.articles)
    .where(t.articles.c.site == bindparam("site"), t.articles.c.sort_date == bindparam("published"))
    .order_by(t.articles.c.first_seen.desc(), t.articles.c.id)
    .limit(_MAX_OF_MOMENT + 1)
)
_WITH_QUERY = _TODAYS.where(
    shown("canonical_url").element == bindparam("url"),
    t.articles.c.url > bindparam("first"),
    t.articles.c.url < bindparam("last"),
).limit(MAX_CLAIMING)


def match_article(
    conn: Connection,
    new: Article,
    url: str,
    final_url: str,
    variants: Sequence[str],
    guid: str | None = None,
    *,
    seen: datetime,
) -> tuple[Any, AliasReason | None]:
    """The article that a page belongs to, and the reason if the page is new to it; (None, None) for a new article.

    `url` is as requested, `final_url` after redirects; `variants` are other URLs of the same page; `guid` is what the
    source identifies the article by; the page was `seen` when it was fetched (UTC).
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
    there, reason = _same_text(conn, new)
    if there is None and (there := _renamed(conn, new, guid, seen)) is not None:
        reason = AliasReason.MOVED
    return there, reason


def find_double(
    conn: Connection, new: Article, url: str, final_url: str, home: Any
) -> tuple[Any, Any, AliasReason] | None:
    """Another stored article that a page of the article `home` shows to be that one, where there is one: the row of the
    one to give up, the row of the one to keep, and why the URL of the first is one of the second.

    A page that redirects to another article shows it, if both share the text, edited or as it was before, the moment of
    publication, the source's guid or the number in the URL; the one that was seen first is kept. So does an article's
    own page that names another one as canonical, if that has its text; then that one is kept.
    """
    if final_url != url:
        other = by_url(conn, url, new.site)
        if other is None or other == home.id or by_url(conn, final_url, new.site) != home.id:
            return None
        there = get_article_row(conn, other)
        if not _led_here(conn, there, home, new):
            return None
        older = (there.first_seen, there.id) < (home.first_seen, home.id)
        return (home, there, AliasReason.MOVED) if older else (there, home, AliasReason.REDIRECT)
    if new.id != home.id or not new.canonical_url or new.canonical_url == new.url:
        return None
    other = by_url(conn, new.canonical_url, new.site)
    if other is None or other == home.id:
        return None
    there = get_article_row(conn, other)
    named = there.url == new.canonical_url and _one_text(conn, there, new, claimed=False)
    return (home, there, AliasReason.CANONICAL) if named else None


def _led_here(conn: Connection, there: Any, home: Any, new: Article) -> bool:
    """Whether an article whose page redirects to another one's page, with the text `new`, is that article: a removed
    article often redirects to another one."""
    if there.content_hash in hashes(conn, home.id) or _one_text(conn, there, new):
        return True
    if _is_exact(new) and there.published == new.published:
        return True
    numbers = [_NUMBER.match(one.url) for one in (there, home)]
    if all(numbers) and len({re.split(r"[/_.=-]", found[0])[-1] for found in numbers if found}) == 1:
        return True
    mine = select(t.frontier.c.guid).where(t.frontier.c.article == home.id, t.frontier.c.guid.is_not(None))
    its = select(t.frontier.c.id).where(t.frontier.c.article == there.id, t.frontier.c.guid.in_(mine))
    return conn.execute(its).first() is not None


def _renamed(conn: Connection, new: Article, guid: str | None, seen: datetime) -> Any:
    """The article that had another URL until its headline changed, or None. That they share a guid, a canonical link or
    a number is believed if they also share the text, edited, or the moment of publication; of a guid, also where no
    such moment is known. Without any of these they have to share the text and the moment, or all but the headline."""
    asked = {"site": new.site}
    ids = conn.execute(_OF_GUID, asked | {"guid": guid}).scalars() if guid else ()
    for there in (get_article_row(conn, one) for one in dict.fromkeys(ids)):
        if not (there.published and new.published) or there.published == new.published or _one_text(conn, there, new):
            return there
    claims: list[Any] = []
    if new.canonical_url and new.canonical_url != new.url:
        claims += conn.execute(_OF_CANONICAL, asked | {"url": new.canonical_url}).all()
    if number := _NUMBER.match(new.url):
        bounds = {"first": number[0], "last": number[0] + "\U0010ffff"}
        below = conn.execute(_BELOW.limit(_FEW + 1), asked | bounds).all()
        claims += [one for one in below if not one.url[len(number[0])].isdigit()] if len(below) <= _FEW else []
    for there in claims:
        if (_is_exact(new) and there.published == new.published) or _one_text(conn, there, new):
            return there
    if not (new.signature and mergeable(new)):
        return None
    together = _published_with(conn, new, new.signature, seen)
    if not (together := [one for one in together if one.published == new.published and one.mergeable]):
        return None
    mine = text_similarity.comparable(new.headline, new.body)
    for there in together:
        its = near_duplicates.comparable_text(conn, there.id)
        if its.words == mine.words or (_is_exact(new) and text_similarity.is_same_text(mine, its)):
            return there
    return None


def _published_with(conn: Connection, new: Article, signature: bytes, seen: datetime) -> Sequence[Any]:
    """Articles of the site that may be this one: those of the same moment, or, where it tells none or very many have
    the same, those with similar signatures, among which one that was edited a lot can be missed."""
    if _is_exact(new):
        together = conn.execute(_OF_MOMENT, {"site": new.site, "published": new.published}).all()
        if len(together) <= _MAX_OF_MOMENT:
            return together
    month = month_of(sort_date(new, seen, seen))
    return [get_article_row(conn, one) for one in near_duplicates.of_site(conn, new.site, signature, month)]


def _is_exact(article: Article) -> bool:
    """Whether an article tells the time of its publication: many are published on a day, and few at the same moment."""
    return article.published is not None and article.published.time() != time()


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


def _one_text(conn: Connection, there: Any, new: Article, *, claimed: bool = True) -> bool:
    """Whether a page that claims to be an article has its text: word for word or, except for flashes and templates,
    edited. Without a claim, a page that differs in a few slots is another report."""
    if there.content_hash == new.content_hash:
        return True
    return (
        there.mergeable
        and mergeable(new)
        and near_duplicates.is_text_of(conn, there.id, new.headline, new.body, claimed=claimed)
    )


def _same_text(conn: Connection, new: Article) -> tuple[Any, AliasReason | None]:
    for there in conn.execute(_EQUAL_TEXT, {"site": new.site, "content_hash": new.content_hash}):
        if there.canonical_url == new.url:
            return there, AliasReason.CANONICAL
        if there.mergeable and mergeable(new) and not _dates_differ(there, new):
            return there, AliasReason.SAME_TEXT
    return None, None


def mergeable(article: Article) -> bool:
    """Whether equal text is evidence of the same article: it is not a template, and it is long enough."""
    return not article.template and sum(1 for _ in islice(_WORD.finditer(article.body), LEAST_WORDS)) >= LEAST_WORDS


def sort_date(article: Article, first_seen: datetime, now: datetime) -> datetime:
    """When an article counts as published: as it says, or when it was first seen if it does not say or names a time
    that is yet to come."""
    return first_seen if article.published is None or article.published > now else article.published


def _dates_differ(there: Any, new: Article) -> bool:
    if there.published and new.published:
        return bool(there.published != new.published)
    return bool(there.modified and new.modified and there.modified != new.modified)


def get_article_row(conn: Connection, article_id: str) -> Any:
    """The row of an article, or None."""
    return conn.execute(_BY_ID, {"id": article_id}).one_or_none()
