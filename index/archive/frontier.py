"""The frontier: every URL that a source ever offered, the state of its page (PageState), and when to fetch it next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select, update

from index.archive import dialect, edits, erasure, past_versions, site_state, trust
from index.archive.column_types import Instant, join_message, split_message
from index.archive.documents import touch
from index.archive.tables import articles, fetches, frontier
from index.archive.upsert import change, chunks
from index.model.candidate import Candidate, come
from index.model.codes import FetchOutcome, FetchReason, PageReason, PageState
from index.model.message import Message

SECOND_LOOK = timedelta(hours=1)  # after an article's page came without it: sites repair such faults within the hour
# Refusals that do not tell whether the article is still there
INCONCLUSIVE_REASONS = frozenset((PageReason.WALL, PageReason.CONSENT, PageReason.FORGOTTEN, FetchReason.TOO_LARGE))
# Revisit interval of a page that stays without its article, or does not tell whether it has it, unless another is given
GONE_LOOK = timedelta(days=30)
FETCHES = 50  # most recent fetches kept per page: those of a year or more
FIRST_VISIT = timedelta(days=7)  # how far back a site's first visit reaches; older candidates need `since`
_COLUMNS = {"content_changed_at": "turned", "lastmod_at_fetch": "carried"}  # FrontierRow's fields named otherwise here
# Built once: building a statement costs as much as running it.
_ROW = select(frontier).where(frontier.c.site == bindparam("site"), frontier.c.url == bindparam("url"))
_SIBLINGS = select(frontier.c.id).where(
    frontier.c.article == bindparam("article"),
    frontier.c.state == bindparam("state"),
    frontier.c.id != bindparam("id"),
)
MANY_DUE = 1_000  # pages from which they are no longer sorted, but looked for in the order of their dates
# By either of two indexes: the few that are due, which are then sorted; or all in order, until enough of them are due
_ANY_DUE = "SELECT 1 FROM frontier INDEXED BY ix_frontier_site_due WHERE site = ? AND due <= ? LIMIT ?"
_DUE_FIRST = "SELECT id FROM frontier INDEXED BY ix_frontier_site_due WHERE site = ? AND due <= ?"
_NEWEST_FIRST = "SELECT id FROM frontier INDEXED BY ix_frontier_due_newest WHERE site = ? AND due <= ?"
_NUMBER = func.coalesce(func.max(fetches.c.number), 0) + 1  # of the next fetch of a page
_NOTED = [column for column in fetches.c if column.name != "number"]
_NOTE = (
    insert(fetches)
    .from_select(
        [fetches.c.number, *_NOTED],
        select(_NUMBER, *(bindparam(column.name, type_=column.type) for column in _NOTED)).where(
            fetches.c.page == bindparam("page")
        ),
    )
    .returning(fetches.c.number)
)


@dataclass(frozen=True, slots=True)
class Room:
    """How much a run may add to the frontier of a site: rows, and bytes of their URLs and titles. Whoever fills it
    takes less than 5 MB of the archive, and what is beyond comes with later runs, the newest first. `old` is whether
    candidates that are too old are noted as well."""

    rows: int = 3_000
    size: int = 1_000_000
    old: bool = True


LITTLE = Room(50, 50_000)  # where more waits already than runs can fetch for long: the newest
# Of a site, of what waits and of what is too old, each; then there is little room
MOST_WAITING = Room(20_000, 10_000_000)
# Bytes that a row takes, about: URLs are in an index too
SIZE = 2 * func.length(frontier.c.url) + func.coalesce(func.length(frontier.c.title), 0)


@dataclass(frozen=True, slots=True)
class OfferResult:
    """How many offered candidates are new and will be fetched, are new but too old, were known, and, of the known ones,
    are due again because their source gave a later date."""

    new: int = 0
    old: int = 0
    known: int = 0
    moved: int = 0
    dates: tuple[datetime | None, ...] = field(default=(), compare=False)  # publication dates of the new ones, if given
    left: int = 0  # new ones beyond the room there was: a later offer adds them
    room: Room | None = field(default=None, compare=False)  # what is left of it


@dataclass(frozen=True, slots=True)
class FrontierRow:
    """A candidate and the fetch state of its page; times are UTC, `published` and `modified` have the source's offset.

    A site's pages are fetched in descending order of `newest`: the candidate's date, else when it was discovered.
    `visits` counts our own completed fetches, `tries` the failures since the last of them. `content_changed_at` is when
    the page's content was last found to have changed, `lastmod_at_fetch` the source's `modified` at the last fetch.
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
    guid: str | None = None

    @property
    def candidate(self) -> Candidate:
        """The candidate as its source gave it."""
        return Candidate(self.url, self.title, self.published, self.modified, self.language, self.guid)

    @property
    def published_or_discovered(self) -> datetime:
        """When the page was published according to its source, if that is past, else when it was discovered."""
        if self.newest == self.published:  # also after its discovery, by a clock that was behind
            return self.newest
        return min(self.newest, self.discovered)

    @property
    def why(self) -> Message | None:
        """Why the page is in its state, as a message to display."""
        return join_message(self.reason, self.detail)


@dataclass(frozen=True, slots=True)
class Visit:
    """A completed fetch of a page. `due` is when to revisit it; None means only when its source gives a reason to.
    `status` is None where no response was accepted. A 304 leaves `etag`, `last_modified` and `body_hash` None, and the
    known values stay. A visit that someone else made and `archived` decides neither when the page is due nor which of
    its source's dates has been followed."""

    fetched: datetime
    due: datetime | None = None
    status: int | None = 200
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Fetch:
    """A request for a page: when (UTC), the HTTP status (None if no response was accepted), and the outcome: a
    FetchOutcome, or the reason for the failure."""

    at: datetime
    status: int | None
    outcome: Message


# --- what sources offer --------------------------------------------------------------------------------------------


def offer(  # noqa: PLR0913 - what a source offers, and how far it is believed
    conn: Connection,
    site: str,
    source: str,
    candidates: Sequence[Candidate],
    now: datetime,
    *,
    since: datetime | None = None,
    first_visit: timedelta = FIRST_VISIT,
    room: Room | None = None,
) -> OfferResult:
    """Add a source's candidates to the frontier; belongs in one transaction with `sources.polled`.

    A site's first offer sets its horizon, `now - first_visit`: candidates dated before it are kept as "old". `since`
    moves the horizon further back, permanently. A candidate that any source lists without a date is never old,
    whichever source is read first, because it is on a current list. One of which there are only copies that others
    archived is due like a new one. A page is due again when its candidate's date moves forward, unless the site's dates
    are not trusted. Dates that have not come are none. New candidates beyond `room` are left out, the oldest first;
    None takes all.
    """
    horizon, believed = _horizon(conn, site, now, first_visit), "dates" not in trust.untrusted(conn, site)
    if since is not None and since < horizon:
        extend_horizon(conn, site, since, now)
        horizon = since
    # In reverse: the first of a listing is the newest and gets the highest number; of duplicates, the first is kept.
    offered = {candidate.url: candidate.until(now) for candidate in reversed(candidates)}
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
            elif values := _news(rows[url], source, offered[url], now, horizon):
                if not believed and values.get("state") is None:
                    values.pop("due", None)
                moved += "due" in values
                change(conn, frontier, {"id": rows[url].id}, values)
    if room is not None and not room.old:
        new = [row for row in new if row["state"] != PageState.OLD]
    offers = len(new)
    if room is not None:
        new, room = _fitting(new, room)
    if new:
        conn.execute(insert(frontier), new)
    fresh = [row for row in new if row["state"] != PageState.OLD]
    dates = tuple(row["published"] or row["modified"] for row in fresh)
    return OfferResult(len(fresh), len(new) - len(fresh), known, moved, dates, offers - len(new), room)


def _fitting(new: list[dict[str, Any]], room: Room) -> tuple[list[dict[str, Any]], Room]:
    """Those of these rows that there is room for, in their order, and the room left: first what will be fetched."""
    ranked = sorted(
        range(len(new)), key=lambda n: (new[n]["state"] == PageState.OLD, -new[n]["newest"].timestamp(), -n)
    )
    taken, rows, size = set(), room.rows, room.size
    for n in ranked:
        needs = 2 * len(new[n]["url"].encode()) + len((new[n]["title"] or "").encode())  # URLs are in an index too
        needs += 2 * len((new[n]["guid"] or "").encode())  # and so are these
        if not rows or needs > size:
            break
        taken.add(n)
        rows, size = rows - 1, size - needs
    return [row for n, row in enumerate(new) if n in taken], replace(room, rows=rows, size=size)


def room(conn: Connection, site: str) -> Room:
    """How much the next run may add to the frontier of a site: little where much waits there already, and nothing that
    is too old where much of that is noted, so that a site that lists other addresses each time comes to an end."""
    there = frontier.c.site == site
    rows, size = func.count(), func.sum(SIZE)
    full = {}
    for state in (PageState.PENDING, PageState.OLD):
        n, taken = conn.execute(select(rows, size).where(there, frontier.c.state == state)).one()
        full[state] = n >= MOST_WAITING.rows or (taken or 0) >= MOST_WAITING.size
    return replace(LITTLE if full[PageState.PENDING] else Room(), old=not full[PageState.OLD])


def extend_horizon(conn: Connection, site: str, since: datetime, now: datetime) -> int:
    """Move the site's horizon back to `since`; return how many old candidates are due now."""
    horizon = site_state.state(conn, site).horizon
    if horizon is None or since < horizon:
        site_state.put(conn, site, horizon=since)
    again = (frontier.c.site == site) & (frontier.c.newest >= since)
    old = again & (frontier.c.state == PageState.OLD)
    pending = conn.execute(update(frontier).where(old).values(state=PageState.PENDING, due=now)).rowcount
    unvisited = (frontier.c.state == PageState.STORED) & (frontier.c.visits == 0) & frontier.c.due.is_(None)
    copied = again & unvisited & frontier.c.source.is_not(None)
    return pending + conn.execute(update(frontier).where(copied).values(due=now)).rowcount


def left_out(conn: Connection, site: str) -> tuple[int, datetime | None]:
    """How many candidates of a site are older than its horizon and so not fetched, and the date of the oldest (UTC;
    None if there are none)."""
    old = (frontier.c.site == site) & (frontier.c.state == PageState.OLD)
    n, oldest = conn.execute(select(func.count(), func.min(frontier.c.newest)).where(old)).one()
    return n, oldest


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
        **{name: getattr(offer, name) for name in ("url", "title", "published", "modified", "language", "guid")},
        "site": site,
        "source": source,
        "newest": min(date or now, now),
        "discovered": now,
        "state": PageState.OLD if old else PageState.PENDING,
        "due": None if old else now,
    }


def _news(row: Any, source: str, offer: Candidate, now: datetime, horizon: datetime) -> dict[str, Any]:
    """The columns that change because a source offers a known candidate again."""
    said = {"source": source} | {name: getattr(offer, name) for name in ("title", "published", "language", "guid")}
    values = {name: value for name, value in said.items() if getattr(row, name) is None and value is not None}
    known, carried = come(row.modified, now), come(row.carried, now)
    if offer.modified is not None and (known is None or offer.modified > known):
        values |= {"modified": offer.modified, "moved": now}
        carried = carried or row.fetched  # no date was given then: changes since our fetch count
        if row.state not in {PageState.PENDING, PageState.FAILED, PageState.OLD} and (
            carried is None or offer.modified > carried
        ):
            values["due"] = now
    date = come(values.get("published") or row.published, now) or values.get("modified") or known
    if date is not None and min(date, now) != row.newest:
        values["newest"] = min(date, now)
    undated = offer.published is None and offer.modified is None
    within = undated or (date is not None and date >= horizon)
    if row.state == PageState.OLD and within:
        values |= {"state": PageState.PENDING, "due": now}
    elif row.state == PageState.STORED and not row.visits and row.due is None and within:  # others archived it
        values |= {"state": row.state, "due": now}
    return values


# --- what is due ---------------------------------------------------------------------------------------------------


def due(conn: Connection, site: str, now: datetime, limit: int) -> list[FrontierRow]:
    """The site's pages that are due, newest first: never fetched, to be retried after a failure, given a later date by
    their source, or to be revisited."""
    moment = Instant().process_bind_param(now, conn.dialect)
    order, asked = "ORDER BY newest DESC, id DESC LIMIT ?", (site, moment, limit)
    sql = dialect.of(conn).sql
    few = len(conn.exec_driver_sql(sql(_ANY_DUE), (site, moment, MANY_DUE)).all()) < MANY_DUE
    ids = conn.exec_driver_sql(sql(f"{_DUE_FIRST if few else _NEWEST_FIRST} {order}"), asked).scalars().all()
    found: dict[int, Any] = {}
    for piece in chunks(ids):
        found |= {row.id: row for row in conn.execute(frontier.select().where(frontier.c.id.in_(piece)))}
    return [_row(found[number]) for number in ids]


def count_due(conn: Connection, site: str, now: datetime) -> int:
    """The number of the site's pages that are due, without any limit."""
    query = select(func.count()).select_from(frontier).where(frontier.c.site == site, frontier.c.due <= now)
    return conn.execute(query).scalar_one()


def first_due(conn: Connection, site: str) -> datetime | None:
    """When the site's next page is due; None if no page has a due time."""
    query = select(func.min(frontier.c.due)).where(frontier.c.site == site)
    first: datetime | None = conn.execute(query).scalar_one()
    return first


def requested(conn: Connection, site: str, url: str, now: datetime) -> FrontierRow:
    """The frontier's row for a URL that a person asks for, whether or not a source has offered it."""
    return _row(_known(conn, site, url, now))


def row(conn: Connection, site: str, url: str) -> FrontierRow | None:
    """The frontier's row for one URL, or None."""
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
    """The number of the site's candidates in each state, zeros included; their sum is the number discovered."""
    query = select(frontier.c.state, func.count().label("n")).where(frontier.c.site == site).group_by(frontier.c.state)
    return dict.fromkeys(map(str, PageState), 0) | {row.state: row.n for row in conn.execute(query)}


def _row(row: Any) -> FrontierRow:
    return FrontierRow(**{name: getattr(row, _COLUMNS.get(name, name)) for name in FrontierRow.__slots__})


# --- outcomes of fetches -------------------------------------------------------------------------------------------


def mark_fetched(
    conn: Connection, site: str, url: str, visit: Visit, outcome: Message, article: str | None = None
) -> str | None:
    """Record that a page was read and stored for `article`, or is unchanged (304, or the same bytes), see `outcome`.

    One page of an article is "stored"; every other one is a "duplicate" and not revisited on its own. Returns the id of
    the article that the page had before.
    """
    row = _known(conn, site, url, visit.fetched, wanted=not visit.archived)
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
    """Record that a page just fetched has changed; `due` is when to revisit it, unless its article is revisited at
    another page."""
    mine = (frontier.c.site == site) & (frontier.c.url == url)
    conn.execute(update(frontier).where(mine).values(turned=now))
    conn.execute(update(frontier).where(mine & (frontier.c.state == PageState.STORED)).values(due=due))


def mark_refused(conn: Connection, site: str, url: str, reason: Message, visit: Visit) -> None:
    """Record that a page is not an article; its validators are not kept.

    For a page that was an article before, this is the first sign that the article is gone. If the second look finds no
    article either, it is marked gone as of the first. Where it does not tell whether the article is there, neither is
    decided: the page is looked at again, and a date that its source gave is still to be followed.
    """
    row = _known(conn, site, url, visit.fetched)
    code, detail = split_message(reason)
    values = _visited(row, visit) | {"reason": code, "detail": detail, "tries": 0}
    if row.article is None:
        values |= {"state": PageState.REFUSED, "etag": None, "last_modified": None, "body_hash": None}
    elif code in INCONCLUSIVE_REASONS:
        values |= {"due": values["due"] or visit.fetched + GONE_LOOK, "carried": row.carried}
    elif row.missing is None:
        values |= {"missing": visit.fetched, "due": visit.due or visit.fetched + SECOND_LOOK}
    else:
        values |= {"state": PageState.GONE, "due": visit.due or visit.fetched + GONE_LOOK}
    change(conn, frontier, {"id": row.id}, values)
    _note(conn, row.id, Fetch(visit.fetched, visit.status, reason))
    if "state" in values and row.article is not None:
        reopen(conn, row.article, visit.fetched, row.missing)


def mark_failed(conn: Connection, site: str, url: str, reason: Message, retry_at: datetime, now: datetime) -> int:
    """Record that a page could not be fetched or read and is due again at `retry_at`; return its failures in a row."""
    row = _known(conn, site, url, now)
    code, detail = split_message(reason)
    values = {"reason": code, "detail": detail, "tries": row.tries + 1, "due": retry_at}
    if row.article is None:
        values["state"] = PageState.FAILED
    change(conn, frontier, {"id": row.id}, values)
    _note(conn, row.id, Fetch(now, None, reason))
    return int(row.tries) + 1


def mark_gone(conn: Connection, site: str, url: str, visit: Visit) -> bool:
    """Record that a page no longer exists (404, 410): its article is marked gone but kept, unless another page still
    has it. Returns whether the article is newly gone."""
    row = _known(conn, site, url, visit.fetched)
    code, detail = split_message(Message(FetchReason.HTTP_STATUS, {"status": visit.status}))
    values = _visited(row, visit) | {"state": PageState.GONE, "reason": code, "detail": detail, "tries": 0}
    change(conn, frontier, {"id": row.id}, values)
    _note(conn, row.id, Fetch(visit.fetched, visit.status, Message(FetchOutcome.GONE)))
    return row.article is not None and reopen(conn, row.article, visit.fetched)


def reopen(conn: Connection, article: str, now: datetime, missing: datetime | None = None) -> bool:
    """Replace a vanished page of an article by another of its pages, or mark the article gone: as of when this page was
    found `missing`, if no page had the article after that, else as of now. Returns whether the article is newly gone.

    What its other pages have in its place is then to be kept, so those are looked at again."""
    has = frontier.c.article == article
    pages = conn.execute(select(frontier.c.id, frontier.c.state).where(has).order_by(frontier.c.id)).all()
    states = {page.state: page.id for page in reversed(pages)}
    if PageState.STORED in states:  # one that others archived, or an old one, would not be looked at again
        unplanned = (frontier.c.id == states[PageState.STORED]) & frontier.c.due.is_(None)
        conn.execute(update(frontier).where(unplanned).values(due=now))
        return False
    if PageState.DUPLICATE in states:
        twin = frontier.c.id == states[PageState.DUPLICATE]
        conn.execute(update(frontier).where(twin).values(state=PageState.STORED, due=now))
        return False
    dialect.of(conn).hold_articles(conn)
    its = articles.c.id == article
    site, since = conn.execute(select(articles.c.site, articles.c.gone_since).where(its)).one()
    seen = past_versions.last_seen(conn, article) if missing is not None else None
    at = now if missing is None or (seen is not None and seen >= missing) else missing
    conn.execute(update(articles).where(its).values(gone_since=since or at, gone_until=now))
    if since is None:
        edits.record_removal(conn, article, site, at)
        touch(conn, [article], now)
        silent = (frontier.c.state == PageState.GONE) & (frontier.c.reason != FetchReason.HTTP_STATUS)
        conn.execute(update(frontier).where(has, silent, frontier.c.fetched < now).values(due=now))
    return since is None


def ask_again(conn: Connection, site: str, now: datetime, article: str | None = None) -> int:
    """Make the pages of a site's articles due now, of all or of this one (id), whether they are there or gone; return
    how many."""
    held = (frontier.c.site == site) & frontier.c.article.is_not(None)
    its = held & frontier.c.state.in_((PageState.STORED, PageState.GONE))
    if article is not None:
        its &= frontier.c.article == article
    return conn.execute(update(frontier).where(its).values(due=now)).rowcount


def read_anew(conn: Connection, article: str, now: datetime) -> None:
    """Make the page of an article (id) due now, and have it read whether or not its server says that it is the same."""
    its = (frontier.c.article == article) & (frontier.c.state == PageState.STORED)
    conn.execute(update(frontier).where(its).values(due=now, etag=None, last_modified=None, body_hash=None))


def redatable(
    conn: Connection, site: str, state: PageState, now: datetime, after: int, most: int
) -> dict[int, FrontierRow]:
    """The site's pages of articles that are there or gone, by their numbers, in that order, from `after` on and at most
    `most`: those whose next visit depends on their age alone. What is due now, to be retried after a failure or looked
    at a second time, or was given a later date by its source, is left out."""
    mine = (frontier.c.site == site) & (frontier.c.state == state) & (frontier.c.id > after)
    if state == PageState.GONE:
        mine &= frontier.c.reason == FetchReason.HTTP_STATUS
    settled = frontier.c.article.is_not(None) & (frontier.c.visits > 0) & frontier.c.missing.is_(None)
    calm = or_(frontier.c.moved.is_(None), frontier.c.moved <= frontier.c.fetched) & (frontier.c.tries == 0)
    ahead = or_(frontier.c.due.is_(None), frontier.c.due > now)
    query = select(frontier).where(mine, settled, calm, ahead).order_by(frontier.c.id).limit(most)
    return {row.id: _row(row) for row in conn.execute(query)}


def set_due(conn: Connection, dates: Mapping[int, datetime | None]) -> None:
    """Set when these pages (by number) are fetched next; None: not until something happens."""
    if dates:
        rows = [{"by_id": number, "due": due} for number, due in dates.items()]
        conn.execute(update(frontier).where(frontier.c.id == bindparam("by_id")).values(due=bindparam("due")), rows)


def detach(conn: Connection, site: str, url: str, now: datetime) -> None:
    """Separate a page from an article that it was wrongly matched to; it is fetched again as a page of its own."""
    mine = (frontier.c.site == site) & (frontier.c.url == url)
    conn.execute(
        update(frontier).where(mine).values(article=None, state=PageState.PENDING, due=now, body_hash=None, etag=None)
    )


def _siblings(conn: Connection, row: Any, article: str, state: str) -> Sequence[Any]:
    return conn.execute(_SIBLINGS, {"article": article, "state": state, "id": row.id}).all()


def _known(conn: Connection, site: str, url: str, now: datetime, *, wanted: bool = True) -> Any:
    key = {"site": site, "url": url}
    found = conn.execute(_ROW, key).one_or_none()
    if found is None:  # requested by a person or archived by someone else, not offered by any source
        new = _new(site, None, Candidate(url), now, None)
        conn.execute(insert(frontier).values(**new | {"due": now if wanted else None}))
        found = conn.execute(_ROW, key).one()
    return found


def _note(conn: Connection, page: int, fetch: Fetch) -> None:
    code, detail = split_message(fetch.outcome)
    values = {"page": page, "at": fetch.at, "status": fetch.status, "came": code, "detail": detail}
    number = conn.execute(_NOTE, values).scalar_one()
    if number > FETCHES:
        conn.execute(delete(fetches).where(fetches.c.page == page, fetches.c.number <= number - FETCHES))


def _visited(row: Any, visit: Visit) -> dict[str, Any]:
    values: dict[str, Any] = {"fetched": visit.fetched, "status": visit.status}
    if visit.archived:
        return values
    values["visits"] = row.visits + 1
    if row.moved is not None and row.moved > visit.fetched:
        return values | {"due": row.due}  # its source gave a later date while the page was in flight
    return values | {"due": visit.due, "carried": row.modified}
