"""The frontier: every URL that a source ever offered, what became of it (a PageState), and when it is to be fetched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from index.archive import erasure, site_state, trust
from index.archive.column_types import join_message, split_message
from index.archive.documents import touch
from index.archive.tables import articles, fetches, frontier
from index.archive.upsert import change, chunks
from index.model.candidate import Candidate
from index.model.codes import FetchOutcome, FetchReason, PageReason, PageState
from index.model.message import Message

SECOND_LOOK = timedelta(hours=1)  # after a page that had an article came without it: sites are mended within the hour
# Refusals that do not tell whether an article is there
INCONCLUSIVE_REASONS = frozenset((PageReason.WALL, PageReason.CONSENT, PageReason.FORGOTTEN, FetchReason.TOO_LARGE))
GONE_LOOK = timedelta(days=30)  # at one that stays so, where nothing else says when
FETCHES = 50  # of a page, the last ones, are kept: those of a year or more
FIRST_VISIT = timedelta(days=7)  # how far back a site's first visit reaches; older ones come by `since` only
_COLUMNS = {"content_changed_at": "turned", "lastmod_at_fetch": "carried"}  # of FrontierRow, where they differ
# Built once: building one costs as much as running it.
_ROW = select(frontier).where(frontier.c.site == bindparam("site"), frontier.c.url == bindparam("url"))
_SIBLINGS = select(frontier.c.id).where(
    frontier.c.article == bindparam("article"),
    frontier.c.state == bindparam("state"),
    frontier.c.id != bindparam("id"),
)
_NOTE, _LAST = insert(fetches), select(func.max(fetches.c.number)).where(fetches.c.page == bindparam("page"))


@dataclass(frozen=True, slots=True)
class OfferResult:
    """What became of offered candidates: new ones that will be fetched, new ones that are too old, known ones, and
    those of the known ones that are due again because their source gave a later date."""

    new: int = 0
    old: int = 0
    known: int = 0
    moved: int = 0
    dates: tuple[datetime | None, ...] = field(default=(), compare=False)  # when the new ones were published, if said


@dataclass(frozen=True, slots=True)
class FrontierRow:
    """A candidate and the fetch state of its page; times are UTC, `published` and `modified` have the source's zone.

    A site's pages are fetched in the order of `newest`: the candidate's date, else when it was discovered. `visits`
    counts the fetches that were read to their end, `tries` the failures since the last of them. `content_changed_at` is
    when the page was last found to say something else, `lastmod_at_fetch` the source's `modified` at the last fetch.
    """

    url: str
    state: str
    discovered: datetime
    newest: datetime
    source: str | None = None
    title: str | None = None
    published: datetime | None = None
    modified: datetime | None = None
    language: str | None = None
    article: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    fetched: datetime | None = None
    status: int | None = None
    visits: int = 0
    tries: int = 0
    due: datetime | None = None
    reason: str | None = None
    detail: Message | None = None
    content_changed_at: datetime | None = None
    lastmod_at_fetch: datetime | None = None

    @property
    def candidate(self) -> Candidate:
        """What the page's source said of it."""
        return Candidate(self.url, self.title, self.published, self.modified, self.language)

    @property
    def published_or_discovered(self) -> datetime:
        """When the page was published, as far as its source said, else discovered."""
        return min(self.newest, self.discovered)

    @property
    def why(self) -> Message | None:
        """Why it is in its state, for people."""
        return join_message(self.reason, self.detail)


@dataclass(frozen=True, slots=True)
class Visit:
    """A fetch of a page that was read to its end. `due` is when to look again, None: when its source says so.
    A 304 leaves `etag`, `last_modified` and `body_hash` None: the ones known before stay."""

    fetched: datetime
    due: datetime | None = None
    status: int = 200
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Fetch:
    """A request for a page: when (UTC), the HTTP status (None where no answer was taken), and what came of it: a
    FetchOutcome, or why nothing did."""

    at: datetime
    status: int | None
    outcome: Message


# --- what sources offer --------------------------------------------------------------------------------------------


def offer(
    conn: Connection,
    site: str,
    source: str,
    candidates: Sequence[Candidate],
    now: datetime,
    *,
    since: datetime | None = None,
    first_visit: timedelta = FIRST_VISIT,
) -> OfferResult:
    """Bring what a source offers into the frontier; goes with `sources.polled` into one transaction.

    A site's first offer sets its horizon, `now - first_visit`: candidates dated before it are kept as "old". `since`
    moves it further back, for good. What any source gives without a date is never old, whichever is read first: a list
    of today has it. A page is due again when its candidate's date moves, unless the site's dates are not believed.
    """
    horizon, believed = _horizon(conn, site, now, first_visit), "dates" not in trust.untrusted(conn, site)
    if since is not None and since < horizon:
        extend_horizon(conn, site, since, now)
        horizon = since
    # Backwards: the first of a listing is the newest, and gets the highest number; of twins the first is kept.
    offered = {candidate.url: candidate for candidate in reversed(candidates)}
    for url in erasure.among(conn, site, offered):
        del offered[url]
    new, known, moved = [], 0, 0
    for piece in chunks(list(offered)):
        there = (frontier.c.site == site) & frontier.c.url.in_(piece)
        rows = {row.url: row for row in conn.execute(select(frontier).where(there))}
        known += len(rows)
        for url in piece:
            if url not in rows:
                new.append(_new(site, source, offered[url], now, horizon))
            elif values := _news(rows[url], offered[url], now, horizon):
                if not believed and values.get("state") is None:
                    values.pop("due", None)
                moved += "due" in values
                change(conn, frontier, {"id": rows[url].id}, values)
    if new:
        conn.execute(insert(frontier), new)
    fresh = [row for row in new if row["state"] != PageState.OLD]
    dates = tuple(row["published"] or row["modified"] for row in fresh)
    return OfferResult(len(fresh), len(new) - len(fresh), known, moved, dates)


def extend_horizon(conn: Connection, site: str, since: datetime, now: datetime) -> int:
    """Move the site's horizon back to `since`: old candidates from then on become pending; gives how many."""
    horizon = site_state.state(conn, site).horizon
    if horizon is None or since < horizon:
        site_state.put(conn, site, horizon=since)
    again = (frontier.c.site == site) & (frontier.c.state == PageState.OLD) & (frontier.c.newest >= since)
    return conn.execute(update(frontier).where(again).values(state=PageState.PENDING, due=now)).rowcount


def _horizon(conn: Connection, site: str, now: datetime, first_visit: timedelta) -> datetime:
    horizon = site_state.state(conn, site).horizon
    if horizon is None:
        horizon = now - first_visit
        site_state.put(conn, site, horizon=horizon)
    return horizon


def _new(site: str, source: str | None, offer: Candidate, now: datetime, horizon: datetime | None) -> dict[str, Any]:
    date = offer.published or offer.modified
    old = date is not None and horizon is not None and date < horizon
    return {
        **{name: getattr(offer, name) for name in ("url", "title", "published", "modified", "language")},
        "site": site,
        "source": source,
        "newest": min(date or now, now),
        "discovered": now,
        "state": PageState.OLD if old else PageState.PENDING,
        "due": None if old else now,
    }


def _news(row: Any, offer: Candidate, now: datetime, horizon: datetime) -> dict[str, Any]:
    """The columns that change because a source offers a known candidate (again)."""
    values = {
        name: getattr(offer, name)
        for name in ("title", "published", "language")
        if getattr(row, name) is None and getattr(offer, name) is not None
    }
    if offer.modified is not None and (row.modified is None or offer.modified > row.modified):
        values |= {"modified": offer.modified, "moved": now}
        carried = row.carried or row.fetched  # none was given then: what changed since we looked
        if row.state not in {PageState.PENDING, PageState.FAILED, PageState.OLD} and (
            carried is None or offer.modified > carried
        ):
            values["due"] = now
    date = values.get("published") or row.published or values.get("modified") or row.modified
    if date is not None and min(date, now) != row.newest:
        values["newest"] = min(date, now)
    undated = offer.published is None and offer.modified is None
    if row.state == PageState.OLD and (undated or (date is not None and date >= horizon)):
        values |= {"state": PageState.PENDING, "due": now}
    return values


# --- what is to be fetched -----------------------------------------------------------------------------------------


def due(conn: Connection, site: str, now: datetime, limit: int) -> list[FrontierRow]:
    """The site's pages that are to be fetched now, newest first: never fetched, failed and to be tried again, moved
    on by their source, or to be looked at again."""
    rows = frontier.select().where(frontier.c.site == site, frontier.c.due <= now)
    return [
        _row(row) for row in conn.execute(rows.order_by(frontier.c.newest.desc(), frontier.c.id.desc()).limit(limit))
    ]


def count_due(conn: Connection, site: str, now: datetime) -> int:
    """How many of the site's pages are to be fetched now, without any limit."""
    query = select(func.count()).select_from(frontier).where(frontier.c.site == site, frontier.c.due <= now)
    return conn.execute(query).scalar_one()


def first_due(conn: Connection, site: str) -> datetime | None:
    """When the first of the site's pages is to be fetched; None: none of them by itself."""
    query = select(func.min(frontier.c.due)).where(frontier.c.site == site)
    first: datetime | None = conn.execute(query).scalar_one()
    return first


def row(conn: Connection, site: str, url: str) -> FrontierRow | None:
    """What is known of one URL, or None."""
    found = conn.execute(_ROW, {"site": site, "url": url}).one_or_none()
    return _row(found) if found else None


def fetches_of(conn: Connection, site: str, url: str) -> list[Fetch]:
    """The last FETCHES requests for a page, oldest first."""
    its = select(fetches.c.at, fetches.c.status, fetches.c.came, fetches.c.detail).join(frontier)
    its = its.where(frontier.c.site == site, frontier.c.url == url).order_by(fetches.c.number)
    return [Fetch(row.at, row.status, join_message(row.came, row.detail)) for row in conn.execute(its)]  # type: ignore[arg-type]


def sites_of(conn: Connection, url: str) -> list[str]:
    """The sites whose sources have offered this URL, in alphabetical order."""
    return list(conn.execute(select(frontier.c.site).where(frontier.c.url == url).order_by(frontier.c.site)).scalars())


def counts(conn: Connection, site: str) -> dict[str, int]:
    """How many of the site's candidates are in each state, all states named; they add up to those discovered."""
    query = select(frontier.c.state, func.count().label("n")).where(frontier.c.site == site).group_by(frontier.c.state)
    return dict.fromkeys(map(str, PageState), 0) | {row.state: row.n for row in conn.execute(query)}


def _row(row: Any) -> FrontierRow:
    return FrontierRow(**{name: getattr(row, _COLUMNS.get(name, name)) for name in FrontierRow.__slots__})


# --- what became of it ---------------------------------------------------------------------------------------------


def mark_fetched(
    conn: Connection, site: str, url: str, visit: Visit, outcome: Message, article: str | None = None
) -> str | None:
    """A page was read and stored (`article`: whose it is), or is what it was (304, or the same bytes); gives the
    article that it had before. `outcome` says which.

    One page of an article is "stored", every further one is a "duplicate" and not looked at again by itself."""
    row = _known(conn, site, url, visit.fetched)
    article = article or row.article
    duplicate = article is not None and bool(_siblings(conn, row, article, PageState.STORED))
    values = _visited(row, replace(visit, due=None) if duplicate else visit)
    values |= {"article": article, "reason": None, "detail": None, "tries": 0, "missing": None}
    if article is not None:
        values["state"] = PageState.DUPLICATE if duplicate else PageState.STORED
    for name in ("etag", "last_modified", "body_hash"):
        if visit.status != 304 or getattr(visit, name) is not None:
            values[name] = getattr(visit, name)
    change(conn, frontier, {"id": row.id}, values)
    _note(conn, row.id, Fetch(visit.fetched, visit.status, outcome))
    before: str | None = row.article
    return before


def mark_content_changed(conn: Connection, site: str, url: str, now: datetime, due: datetime | None) -> None:
    """A page that was just fetched says something else than before: `due` is when to look again, unless it is another
    page of its article that is looked at."""
    mine = (frontier.c.site == site) & (frontier.c.url == url)
    conn.execute(update(frontier).where(mine).values(turned=now))
    conn.execute(update(frontier).where(mine & (frontier.c.state == PageState.STORED)).values(due=due))


def mark_refused(conn: Connection, site: str, url: str, reason: Message, visit: Visit) -> None:
    """A page is no article. No validators are kept. Of one that was an article before this is the first sign that it is
    gone; when it is none at a second look, the article is marked gone, since the first."""
    row = _known(conn, site, url, visit.fetched)
    code, detail = split_message(reason)
    values = _visited(row, visit) | {"reason": code, "detail": detail, "tries": 0}
    if row.article is None:
        values |= {"state": PageState.REFUSED, "etag": None, "last_modified": None, "body_hash": None}
    elif code in INCONCLUSIVE_REASONS:
        pass
    elif row.missing is None:
        values |= {"missing": visit.fetched, "due": visit.due or visit.fetched + SECOND_LOOK}
    else:
        values |= {"state": PageState.GONE, "due": visit.due or visit.fetched + GONE_LOOK}
    change(conn, frontier, {"id": row.id}, values)
    _note(conn, row.id, Fetch(visit.fetched, visit.status, reason))
    if "state" in values and row.article is not None:
        reopen(conn, row.article, visit.fetched, row.missing)


def mark_failed(conn: Connection, site: str, url: str, reason: Message, retry_at: datetime, now: datetime) -> int:
    """A page could not be fetched or read: it is tried again from `retry_at` on; gives the failures in a row."""
    row = _known(conn, site, url, now)
    code, detail = split_message(reason)
    values = {"reason": code, "detail": detail, "tries": row.tries + 1, "due": retry_at}
    if row.article is None:
        values["state"] = PageState.FAILED
    change(conn, frontier, {"id": row.id}, values)
    _note(conn, row.id, Fetch(now, None, reason))
    return int(row.tries) + 1


def mark_gone(conn: Connection, site: str, url: str, visit: Visit) -> bool:
    """A page is no more (404, 410): its article is marked gone and kept, unless another page still has it.

    Gives whether the article became gone just now."""
    row = _known(conn, site, url, visit.fetched)
    code, detail = split_message(Message(FetchReason.HTTP_STATUS, {"status": visit.status}))
    values = _visited(row, visit) | {"state": PageState.GONE, "reason": code, "detail": detail, "tries": 0}
    change(conn, frontier, {"id": row.id}, values)
    _note(conn, row.id, Fetch(visit.fetched, visit.status, Message(FetchOutcome.GONE)))
    return row.article is not None and reopen(conn, row.article, visit.fetched)


def reopen(conn: Connection, article: str, now: datetime, missing: datetime | None = None) -> bool:
    """One page of an article is no more: another one takes its place, or the article is marked gone and kept, since
    now or since it was found `missing`.

    Gives whether the article became gone just now."""
    has = frontier.c.article == article
    pages = conn.execute(select(frontier.c.id, frontier.c.state).where(has).order_by(frontier.c.id)).all()
    states = {page.state: page.id for page in reversed(pages)}
    if PageState.STORED in states:
        return False
    if PageState.DUPLICATE in states:
        twin = frontier.c.id == states[PageState.DUPLICATE]
        conn.execute(update(frontier).where(twin).values(state=PageState.STORED, due=now))
        return False
    its = articles.c.id == article
    since = conn.execute(select(articles.c.gone_since).where(its)).scalar_one()
    conn.execute(update(articles).where(its).values(gone_since=since or missing or now, gone_until=now))
    if since is None:
        touch(conn, [article], now)
    return since is None


def detach(conn: Connection, site: str, url: str, now: datetime) -> None:
    """A page turned out not to be the article's that it was taken for: it is fetched anew, as its own."""
    mine = (frontier.c.site == site) & (frontier.c.url == url)
    conn.execute(
        update(frontier).where(mine).values(article=None, state=PageState.PENDING, due=now, body_hash=None, etag=None)
    )


def _siblings(conn: Connection, row: Any, article: str, state: str) -> Sequence[Any]:
    return conn.execute(_SIBLINGS, {"article": article, "state": state, "id": row.id}).all()


def _known(conn: Connection, site: str, url: str, now: datetime) -> Any:
    key = {"site": site, "url": url}
    found = conn.execute(_ROW, key).one_or_none()
    if found is None:  # asked for by a person, offered by no source
        conn.execute(insert(frontier).values(**_new(site, None, Candidate(url), now, None)))
        found = conn.execute(_ROW, key).one()
    return found


def _note(conn: Connection, page: int, fetch: Fetch) -> None:
    number = (conn.execute(_LAST, {"page": page}).scalar() or 0) + 1
    code, detail = split_message(fetch.outcome)
    values = {"page": page, "number": number, "at": fetch.at, "status": fetch.status, "came": code, "detail": detail}
    conn.execute(_NOTE, values)
    if number > FETCHES:
        conn.execute(delete(fetches).where(fetches.c.page == page, fetches.c.number <= number - FETCHES))


def _visited(row: Any, visit: Visit) -> dict[str, Any]:
    values: dict[str, Any] = {"fetched": visit.fetched, "status": visit.status, "visits": row.visits + 1}
    if row.moved is not None and row.moved > visit.fetched:
        return values | {"due": row.due}  # its source gave a later date while the page was on its way
    return values | {"due": visit.due, "carried": row.modified}
