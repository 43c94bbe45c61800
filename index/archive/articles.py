"""Articles: deciding whether a page is new, changed, the same or a copy, and storing it, in one transaction.

Within a site, one article has one id; another URL becomes its alias if it redirects there, names it as canonical, or
has the same text and no conflicting dates. Pages on different sites are always separate articles, grouped into one
story if their text is equal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from index.archive import (
    article_counts,
    dialect,
    documents,
    edits,
    frontier,
    notices,
    outbox,
    past_versions,
    readings,
    stories,
    warc_records,
)
from index.archive import tables as t
from index.archive.article_matching import find_double, get_article_row, match_article, mergeable, sort_date
from index.archive.documents import by_url, touch
from index.archive.frontier import Visit
from index.archive.merging import merge_articles
from index.archive.readings import IS_SHOWN, article_of, columns_of, shown, shown_columns
from index.archive.warc_records import Redirect
from index.dedup import version_diff
from index.dedup.content_loss import is_emptied, is_paywall_truncated
from index.model.article import Article
from index.model.codes import AliasReason, FetchOutcome, PageReason, ReadingReason
from index.model.message import Message
from index.warc.record import WarcRef

OUTCOMES = {
    "new": FetchOutcome.NEW,
    "changed": FetchOutcome.CHANGED,
    "same": FetchOutcome.SAME,
    "copy": FetchOutcome.COPY,
}
MOST_ALIASES = 200  # of an article: some sites have another address for it at each visit
AHEAD = timedelta(days=1)  # a date by so much later than the page was seen is no mistake about its time zone
# Built once: building a statement costs as much as running it.
_VERSION = (
    select(
        *(t.versions.c[name] for name in ("body_hash", "confirmed", "seen", "raw")),
        t.versions.c.url.label("page"),
        *shown_columns(),
    )
    .select_from(t.versions.outerjoin(t.readings, IS_SHOWN))
    .where(t.versions.c.article == bindparam("article"), t.versions.c.number == bindparam("number"))
)
_ARTICLE, _ADD = insert(t.articles), insert(t.versions)


@dataclass(frozen=True, slots=True)
class Continuation:
    """A further page of an article: its URL in canonical form, the one after redirects as its raw response has it, when
    it was fetched (UTC), the hash of its body, and what writes its raw response; None if there is none."""

    url: str
    final_url: str
    fetched: datetime
    body_hash: str
    raw: Callable[[], WarcRef] | None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page that turned out to be an article, and how it was fetched.

    `url` is the requested URL in canonical form, `final_url` the one after redirects; `spellings` are other URLs under
    which a server may serve the same page. `body_hash` covers the bytes of the body; `fetched` and `revisit_at` are
    UTC. `raw` writes the raw response, whose record names `raw_url` (by default `final_url`), and returns its location;
    it is called only for a page that becomes a version. `redirects` are the responses on the way to it, in their order.
    `run` is the run's number, `guid` what the source identifies the article by. `state` names the rules and learned
    blocks that the page was read with, None if unknown; with `strict`, a page that differs from a version read
    otherwise is not stored, but raises NotCompared. `further` are the pages after the first, which are aliases of the
    article, and whose raw responses are kept if there is one of each. A page that someone else `archived` may be
    older than what is stored; it becomes a version of its time.
    """

    site: str
    url: str
    final_url: str
    article: Article
    fetched: datetime
    body_hash: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    raw: Callable[[], WarcRef] | None = None
    raw_url: str | None = None
    redirects: tuple[Redirect, ...] = ()
    revisit_at: datetime | None = None
    run: int | None = None
    status: int = 200
    spellings: tuple[str, ...] = ()
    guid: str | None = None
    state: str | None = None
    strict: bool = False
    archived: bool = False
    further: tuple[Continuation, ...] = ()

    @property
    def signs(self) -> frozenset[str]:
        """The URLs and the text hash by which it is known whether it was erased on request."""
        article = self.article
        return frozenset(
            (self.url, self.final_url, article.url, article.canonical_url or article.url, article.content_hash)
        )


class NotCompared(Exception):
    """A page differs from the newest version of this article (id), which was read by other rules or with other learned
    blocks, so that the difference may be ours. Nothing was stored: read the version again, then store the page."""

    def __init__(self, article: str) -> None:
        super().__init__(article)
        self.article = article


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a page turned out to be.

    `kind` is "new"; "changed", which added a version; "same"; "copy", another URL of an article; or "emptied", an
    article's page that no longer contains it, so that nothing was stored. `id` is the article's, `version` the number
    of its newest version. `corrected` means that the same page is read better now, and that the version shows that
    further reading. `uncompared` means that the page was not compared with the newest version yet, so that the article
    is due again.
    """

    kind: Literal["new", "changed", "same", "copy", "emptied"]
    id: str
    version: int
    corrected: bool = False
    uncompared: bool = False


def store(conn: Connection, page: Fetched) -> Outcome:
    """Store a page with its fetch state and the updates for every index, and return what the page turned out to be.

    Everything happens in the transaction of `conn`: either all of it is stored or nothing is.

    :raises NotCompared: when the page is `strict` and its article's newest version must be read again first.
    """
    home, reason = match_article(
        conn, page.article, page.url, page.final_url, page.spellings, page.guid, seen=page.fetched
    )
    if home is None:
        outcome = _store_new(conn, page)
    else:
        home, reason, joined = _joined(conn, page, home, reason)
        outcome = _store_known(conn, page, home, reason, joined=joined)
        if outcome.kind == "emptied":
            visit = Visit(page.fetched, None, page.status)  # no date: revisited soon, and the second look counts
            if not page.archived:
                frontier.mark_refused(conn, page.site, page.url, Message(PageReason.EMPTIED), visit)
                own = frontier.row(conn, page.site, page.url)  # which may lead to the page of another article now
                for gone in dict.fromkeys((home.id, (own and own.article) or home.id)):
                    _keep_notice(conn, gone, page)
            return outcome
        if home.gone_since is None or page.fetched > (home.gone_until or home.gone_since):
            _mark_returned(conn, home, page.fetched)
        if outcome.kind == "same":
            _date_anew(conn, home, page.fetched)
        if reason is not None and outcome.kind == "same":
            outcome = replace(outcome, kind="copy")
    again = outcome.kind in ("new", "changed")
    warc_records.keep_redirects(conn, page.site, outcome.id, page.redirects, again=again)
    _add_aliases(conn, page, outcome.id, home.url if home is not None else page.article.url, reason)
    known = frontier.row(conn, page.site, page.url) if page.archived else None
    if known is not None and known.fetched is not None and known.fetched >= page.fetched:
        return outcome  # what its page is like now is known better
    validators = page.etag, page.last_modified, page.body_hash
    visit = Visit(page.fetched, page.revisit_at, page.status, *validators, archived=page.archived)
    came = Message(OUTCOMES[outcome.kind])
    if page.final_url != page.url:
        came = Message(FetchOutcome.REDIRECTED, {"outcome": came, "url": page.final_url})
    before = frontier.mark_fetched(conn, page.site, page.url, visit, came, outcome.id)
    if before is not None and before != outcome.id:
        frontier.reopen(conn, before, page.fetched)  # the page redirects to another article now
    if outcome.uncompared:
        frontier.read_anew(conn, outcome.id, page.fetched)
    return outcome


def unchanged(conn: Connection, site: str, url: str, visit: Visit, redirects: Sequence[Redirect] = ()) -> None:
    """Record that a page answered 304 or with the same bytes: only its fetch state changes; a gone article is back."""
    known = frontier.row(conn, site, url)
    if known is not None and known.article is not None:
        warc_records.keep_redirects(conn, site, known.article, redirects)
        home = get_article_row(conn, known.article)
        _mark_returned(conn, home, visit.fetched)
        _date_anew(conn, home, visit.fetched)
    if known is not None and known.article is not None and known.body_hash is None:
        # It was to be read anew since it was requested: the same as before is not what the article has now
        visit = replace(visit, due=known.due, etag=None, last_modified=None)
    elif visit.body_hash is None and known is not None:
        visit = replace(visit, body_hash=known.body_hash)
    came = FetchOutcome.NOT_MODIFIED if visit.status == 304 else FetchOutcome.SAME_BYTES
    frontier.mark_fetched(conn, site, url, visit, Message(came))


def keep_raw(conn: Connection, page: Fetched) -> int | None:
    """Write a page's raw response and record its location, both or neither; return the number of that record."""
    if page.raw is None:
        return None
    url = page.raw_url or page.final_url
    return warc_records.add(conn, page.site, page.raw(), url, page.fetched, page.body_hash)


def _keep_notice(conn: Connection, gone: str, page: Fetched) -> None:
    """Keep what a page has in place of an article (id): its text, with its headline if that is not the article's."""
    (newest,) = documents.versions(conn, gone, [get_article_row(conn, gone).number])
    now = page.article
    known = version_diff.visible_text(newest.article.headline) == version_diff.visible_text(now.headline)
    text = "\n\n".join(part for part in ("" if known else now.headline, now.body) if part)
    notices.keep(conn, gone, page.fetched, page.final_url, text, partial(keep_raw, conn, page))


# --- aliases -------------------------------------------------------------------------------------------------------


def _add_aliases(conn: Connection, page: Fetched, article_id: str, own_url: str, reason: AliasReason | None) -> None:
    """Make every URL of the page lead to its article, unless it already leads to one, or so many do."""
    moved = page.final_url != page.url
    own, redirect = reason or AliasReason.CANONICAL, AliasReason.REDIRECT
    names = {page.article.url: own, page.final_url: redirect, page.url: redirect}
    if not moved:
        names[page.url] = own
    elif page.url == own_url:  # the article's own URL now redirects elsewhere
        names[page.final_url] = AliasReason.MOVED
    names |= {further.url: AliasReason.FURTHER_PAGE for further in page.further if further.url not in names}
    new = [url for url in names if url != own_url and by_url(conn, url, page.site) is None]
    if not new:
        return
    known = conn.execute(select(func.count()).where(t.aliases.c.article == article_id)).scalar_one()
    about = {"site": page.site, "article": article_id, "seen": page.fetched}
    for url in new[: max(0, MOST_ALIASES - known)]:
        conn.execute(insert(t.aliases).values(**about, url=url, reason=names[url]))


# --- two articles that are one -------------------------------------------------------------------------------------


def _joined(
    conn: Connection, page: Fetched, home: Any, reason: AliasReason | None
) -> tuple[Any, AliasReason | None, bool]:
    """The article that a page belongs to, the reason if the page is new to it, and whether another article was merged
    with it, because the page shows that they are one."""
    found = None if page.archived else find_double(conn, page.article, page.url, page.final_url, home)
    if found is None:
        return home, reason, False
    gone, kept, why = found
    number = merge_articles(conn, gone, kept, page.fetched, why)
    (newest,) = documents.versions(conn, kept.id, [number])
    _update_head(conn, get_article_row(conn, kept.id), newest.article, page.fetched, number)
    return get_article_row(conn, kept.id), why, True


# --- versions ------------------------------------------------------------------------------------------------------


def _store_new(conn: Connection, page: Fetched) -> Outcome:
    article = page.article
    values = {"id": article.id, "site": article.site, "url": article.url, "first_seen": page.fetched, "revision": 1}
    conn.execute(_ARTICLE, {**values, **_facts(article, page.fetched, page.fetched), "number": 1})
    _add_version(conn, page, article, 1)
    dialect.of(conn).hold_articles(conn)  # after the raw response is on disk, which takes longest
    article_counts.add(conn, article.site, 1)
    outbox.enqueue(conn, [article.id], page.fetched)
    stories.settle(conn, article.id, article.signature, page.fetched, new=True)
    return Outcome("new", article.id, 1)


def _store_known(conn: Connection, page: Fetched, home: Any, reason: AliasReason | None, *, joined: bool) -> Outcome:
    """Store the page of a known article: unchanged, better extracted, or changed. If another one was `joined` with it
    now, the newest version may be the other's."""
    article = replace(page.article, id=home.id, url=home.url)
    current = conn.execute(_VERSION, {"article": home.id, "number": home.number}).one()
    known = article_of({**current._mapping, "id": home.id, "site": home.site, "own_url": home.url})
    if page.article.id != home.id:
        reason = reason or _reason(conn, page)
    if _is_edition(page, known, reason):
        return Outcome("emptied" if is_emptied(known, article) else "same", home.id, home.number)
    own = _is_own(page, home, reason)
    if page.archived and _latest(conn, home, current) > page.fetched:
        return _store_past(conn, page, article, home, known, current, own)
    if _same(known, article, own, page.fetched, current.seen) or is_paywall_truncated(known, article):
        return Outcome("same", home.id, home.number)
    if page.strict and (page.state is None or page.state != current.confirmed):
        if joined:  # what would be read again is not stored as this article's yet: the next visit compares
            return Outcome("same", home.id, home.number, uncompared=True)
        raise NotCompared(home.id)
    if is_emptied(known, article):
        return Outcome("emptied", home.id, home.number)
    if page.body_hash is not None and page.body_hash == current.body_hash:
        return correct(conn, article, page.fetched, reason=ReadingReason.SAME_BYTES, state=page.state)
    if not joined and current.page != page.article.url:  # else this very page said again what it had said before
        first = page.article.id == home.id
        if article.content_hash in _texts_before(conn, home, home.url if first else None):
            if not first:
                return Outcome("same", home.id, home.number)  # an old copy, such as a cached AMP page
            _split_alias(conn, home, current.page, page.fetched)
    number = home.number + 1
    _add_version(conn, page, article, number)
    dialect.of(conn).hold_articles(conn)  # after the raw response is on disk, and before its edits are
    _note_edit(conn, page, article, number, joined=joined)
    _update_head(conn, home, article, page.fetched, number)
    return Outcome("changed", home.id, number)


def _latest(conn: Connection, home: Any, current: Any) -> datetime:
    """When the newest version was last seen."""
    seen: datetime = current.seen
    return max(seen, past_versions.last_seen(conn, home.id) or seen)


def _store_past(
    conn: Connection, page: Fetched, article: Article, home: Any, known: Article, current: Any, own: bool
) -> Outcome:
    """Store a page from before the newest version, or from before that was last seen, at its place.

    It is unchanged if it says what the version before or after it says; the one after was then there already.
    """
    before, after = past_versions.around(conn, home.id, page.fetched)
    for row in (before, after):
        if row is None:
            continue
        near = article_of({**row._mapping, "id": home.id, "site": home.site, "own_url": home.url})
        same = _same(near, article, own, page.fetched, row.seen)
        if same or is_paywall_truncated(near, article) or is_emptied(near, article):
            if same and row is after:
                dialect.of(conn).hold_articles(conn)
                past_versions.set_seen(conn, home.id, row.number, page.fetched)
                edits.note(conn, home.id, row.number)
                _update_past(conn, home, page.fetched, home.number)
            return Outcome("same", home.id, home.number)
        if page.strict and (page.state is None or page.state != row.confirmed):
            raise NotCompared(home.id)
    if after is not None:
        dialect.of(conn).hold_articles(conn)
        past_versions.make_room(conn, home.id, after.number)
        _add_version(conn, page, article, after.number)
        edits.note(conn, home.id, after.number, after.number + 1)
        _update_past(conn, home, page.fetched, home.number + 1)
        return Outcome("changed", home.id, home.number + 1)
    _add_version(conn, page, article, home.number + 1)  # then it said again what it had said before
    how = {
        "seen": _latest(conn, home, current),
        "url": current.page,
        "body_hash": current.body_hash,
        "raw": current.raw,
    }
    how |= {"state": current.confirmed, "confirmed": current.confirmed}
    conn.execute(_ADD, {"article": home.id, "number": home.number + 2, "run": None, **how, **columns_of(known)})
    warc_records.copy_further_pages(conn, home.id, home.number, home.number + 2)
    dialect.of(conn).hold_articles(conn)
    edits.note(conn, home.id, home.number + 1, home.number + 2)
    _update_past(conn, home, page.fetched, home.number + 2)
    return Outcome("changed", home.id, home.number + 2)


def _update_past(conn: Connection, home: Any, seen: datetime, number: int) -> None:
    """Bring the article's row and the indexes up to date with a version that is not the newest."""
    dialect.of(conn).hold_articles(conn)
    values: dict[str, Any] = {"number": number, "first_seen": min(home.first_seen, seen)}
    if home.sort_date == home.first_seen:
        values["sort_date"] = values["first_seen"]
    conn.execute(update(t.articles).where(t.articles.c.id == home.id).values(**values))
    touch(conn, [home.id], seen)
    if "sort_date" in values:
        stories.date(conn, home.id, seen)


def _reason(conn: Connection, page: Fetched) -> AliasReason | None:
    """Why the URL of a page is an alias; None if it is none."""
    at = (t.aliases.c.site == page.site) & (t.aliases.c.url == page.article.url)
    found = conn.execute(select(t.aliases.c.reason).where(at)).scalar()
    return None if found is None else AliasReason(found)


def _is_edition(page: Fetched, own: Article, reason: AliasReason | None) -> bool:
    """Whether the page is another edition of the article, such as its AMP page, now or when it was first seen, so that
    different wording is not a change. The page that the article itself names as canonical is not an edition, nor is one
    that names itself where the article has moved to since, though its AMP page was met there first."""
    if page.url == own.url or page.article.url == own.canonical_url:
        return False
    names_itself = page.article.canonical_url == page.article.url
    if reason == AliasReason.SPELLING and names_itself and own.url not in page.spellings:
        return False
    return reason in (AliasReason.CANONICAL, AliasReason.SPELLING, AliasReason.FURTHER_PAGE)


def _is_own(page: Fetched, home: Any, reason: AliasReason | None) -> bool:
    """Whether the page is the article's own, at the URL where it was first seen or one to which it moved: other authors
    and dates there are changes by the site. A copy may lack them, such as an AMP page."""
    if page.article.id == home.id:
        return True
    moved = reason in (AliasReason.MOVED, AliasReason.REDIRECT) or page.final_url not in (page.url, home.url)
    return moved and page.article.canonical_url != home.url


def _same(old: Article, new: Article, own: bool, seen: datetime, before: datetime) -> bool:
    if not own:  # an AMP page may lack the authors; only a different text counts as a change there
        return old.content_hash == new.content_hash
    return not version_diff.is_changed(old, new, seen=seen, before=before)


def _texts_before(conn: Connection, home: Any, own: str | None) -> set[str]:
    earlier = (t.versions.c.article == home.id) & (t.versions.c.number < home.number)
    query = select(shown("content_hash")).select_from(t.versions.outerjoin(t.readings, IS_SHOWN)).where(earlier)
    return set(conn.execute(query if own is None else query.where(t.versions.c.url == own)).scalars())


def _note_edit(conn: Connection, page: Fetched, article: Article, number: int, *, joined: bool) -> None:
    """Note the edit that a new version is, unless two articles were `joined` and its page last said the same: the
    version before is the other page's, which was shown at the same time."""
    if joined:
        query = select(shown("content_hash")).select_from(t.versions.outerjoin(t.readings, IS_SHOWN))
        its = (t.versions.c.article == article.id) & (t.versions.c.number < number)
        last = query.where(its, t.versions.c.url == page.article.url).order_by(t.versions.c.number.desc()).limit(1)
        if conn.execute(last).scalar() == article.content_hash:
            past_versions.set_beside(conn, article.id, number)
    edits.note(conn, article.id, number)


def _split_alias(conn: Connection, home: Any, url: str, now: datetime) -> None:
    """Split off an alias that showed a change while the article's own page still has the text from before it: the two
    are different articles."""
    conn.execute(delete(t.aliases).where(t.aliases.c.site == home.site, t.aliases.c.url == url))
    frontier.detach(conn, home.site, url, now)


def correct(
    conn: Connection,
    article: Article,
    now: datetime,
    *,
    number: int | None = None,
    reason: ReadingReason = ReadingReason.REEXTRACTED,
    state: str | None = None,
) -> Outcome:
    """Show a further reading of a version of `article.id`, by default the newest, without a new version: the page is
    read better now. The version's first reading stays as it is.

    For a page that did not change, or a raw response that was extracted again; `state` names what it was read with.

    :raises KeyError: when the archive has no such article or version.
    """
    home = get_article_row(conn, article.id)
    if home is None:
        raise KeyError(article.id)
    number = home.number if number is None else number
    corrected = readings.add(conn, article, number, now, reason, state)
    if corrected:
        dialect.of(conn).hold_articles(conn)
        edits.note(conn, home.id, number, number + 1)
    if corrected and number == home.number:
        _update_head(conn, home, article, now, number)
    elif corrected:
        touch(conn, [home.id], now)  # earlier versions are found by search, too
    return Outcome("same", home.id, home.number, corrected=corrected)


def _update_head(conn: Connection, home: Any, article: Article, now: datetime, number: int) -> None:
    """Bring the article's row, its story, the story of its old text, and the indexes up to date with its new text."""
    dialect.of(conn).hold_articles(conn)
    values = _facts(article, home.first_seen, now) | {"number": number}
    other_text = article.content_hash != home.content_hash or values["mergeable"] != home.mergeable
    if other_text:
        values |= {"story": None, "lead": True}
    conn.execute(update(t.articles).where(t.articles.c.id == home.id).values(**values))
    touch(conn, [home.id], now)
    if home.story is not None:
        stories.lead(conn, home.story, now)
    if other_text:
        stories.settle(conn, home.id, article.signature, now)
    elif values["sort_date"] != home.sort_date:
        stories.date(conn, home.id, now)


def _add_version(conn: Connection, page: Fetched, article: Article, number: int) -> None:
    how = {"seen": page.fetched, "url": page.article.url, "body_hash": page.body_hash, "run": page.run}
    writers = [(one, one.raw) for one in page.further if one.raw is not None]
    whole = len(writers) == len(page.further)  # of some of its pages, only a part of the text could be read again
    how |= {"raw": keep_raw(conn, page) if whole else None, "state": page.state, "confirmed": page.state}
    conn.execute(_ADD, {"article": article.id, "number": number, **how, **columns_of(article)})
    if how["raw"] is not None:
        raws = [
            warc_records.add(conn, page.site, write(), one.final_url, one.fetched, one.body_hash)
            for one, write in writers
        ]
        warc_records.add_further_pages(conn, article.id, number, raws)


def _facts(article: Article, first_seen: datetime, now: datetime) -> dict[str, Any]:
    return {
        "content_hash": article.content_hash,
        "mergeable": mergeable(article),
        "published": article.published,
        "modified": article.modified,
        "sort_date": sort_date(article, first_seen, now),
    }


def _date_anew(conn: Connection, home: Any, now: datetime) -> None:
    """Sort an article by its own date that was stored before that, as by a clock that was behind, once it has come."""
    if home.published is None or not home.first_seen + AHEAD < home.published <= now:
        return
    mine = (t.articles.c.id == home.id) & (t.articles.c.sort_date == t.articles.c.first_seen)
    mine &= t.articles.c.published == home.published  # else it was dated by a reading of now
    dialect.of(conn).hold_articles(conn)
    if conn.execute(update(t.articles).where(mine).values(sort_date=home.published)).rowcount:
        touch(conn, [home.id], now)
        if home.story is not None:
            stories.lead(conn, home.story, now)


def _mark_returned(conn: Connection, home: Any, now: datetime) -> None:
    if home.gone_since is not None:
        dialect.of(conn).hold_articles(conn)
        absence = {"since": home.gone_since, "until": home.gone_until, "back": now}
        conn.execute(insert(t.absences).values(article=home.id, **absence))
        back = update(t.articles).where(t.articles.c.id == home.id).values(gone_since=None, gone_until=None)
        conn.execute(back)
        touch(conn, [home.id], now)
