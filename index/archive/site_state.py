"""The state of sites: their health and schedule, recorded by the crawler and shown by the web interface and the CLI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Integer,
    Select,
    bindparam,
    case,
    func,
    or_,
    select,
    update,
)

from index.archive import dialect
from index.archive.tables import article_counts, health, sites, turns
from index.archive.upsert import chunks, upsert
from index.model.message import Message
from index.text.analysis import fold

Order = Literal["attention", "name", "articles", "last_run", "next_run"]
CONDITIONS = ("wrong", "fine", "waiting", "off")  # in the order in which they need attention
_NAMES = ("name", "homepage", "country")  # by which a site is found, beside its id


@dataclass(frozen=True, slots=True)
class SiteState:
    """What is known of a site. Times are UTC, None if it has not happened.

    `failures` counts failed runs in a row. `verdict` is a Verdict with its reason in `detail`, both None if all is
    normal: the verdict on the site's health, with an `example` and `since` when, or else the one on its last run.
    Nothing older than `horizon` is fetched. `rendered` is since when the site's pages are known to need a browser,
    `plain` when that was last checked. `revisit` are the ages (seconds) at which its pages are looked at again, by
    which their dates were last set; None: the default ones. `next_run` and `next_why` are its turn
    (`index/archive/turns.py`); a site that is switched off has none.
    """

    id: str
    name: str | None = None
    homepage: str | None = None
    country: str | None = None
    languages: tuple[str, ...] = ()
    enabled: bool = True
    verdict: str | None = None
    detail: Message | None = None
    example: str | None = None
    since: datetime | None = None
    failures: int = 0
    last_run: datetime | None = None
    last_success: datetime | None = None
    next_run: datetime | None = None
    next_why: Message | None = None
    horizon: datetime | None = None
    looked: float = 0.0
    changed: float = 0.0
    rendered: datetime | None = None
    plain: datetime | None = None
    revisit: tuple[float, ...] | None = None


def put(conn: Connection, site: str, **columns: Any) -> None:
    """Set these fields of SiteState for the site, known or not, apart from its turn; the others keep their values."""
    for name in ("languages", "revisit"):
        if columns.get(name) is not None:
            columns[name] = list(columns[name])
    upsert(conn, sites, {"id": site}, columns)
    if not columns.keys().isdisjoint(_NAMES):
        row = conn.execute(_NAMED, {"site": site}).one()
        if (told := words(site, row.name, row.homepage, row.country)) != row.words:
            conn.execute(update(sites).where(sites.c.id == site).values(words=told))


_NAMED = select(sites.c.words, *(sites.c[name] for name in _NAMES)).where(sites.c.id == bindparam("site"))


def words(site: str, name: str | None, homepage: str | None, country: str | None) -> str:
    """What a site is found by and sorted by."""
    return fold(" ".join(filter(None, (name, site, homepage, country))))


def follow(conn: Connection, facts: Mapping[str, Mapping[str, Any]]) -> None:
    """Have these sites known, with what their files say of them: fields of SiteState by id, the same ones for each."""
    names = sorted({name for fact in facts.values() for name in fact})
    known = {row.id: tuple(row[1:]) for row in conn.execute(select(sites.c.id, *(sites.c[name] for name in names)))}
    new = []
    for site, fact in facts.items():
        values: dict[str, Any] = {
            name: list(value) if isinstance(value, tuple) else value for name, value in fact.items()
        }
        if site not in known:
            told = words(site, values["name"], values["homepage"], values["country"])
            new.append({"id": site, "words": told, **values})
        elif known[site] != tuple(values[name] for name in names):
            put(conn, site, **values)
    if new:
        conn.execute(dialect.of(conn).insert(sites).on_conflict_do_nothing(), new)


def unknown_ids(conn: Connection, ids: Sequence[str]) -> list[str]:
    """The ids among these that belong to no site known to the archive, in the given order."""
    query = select(sites.c.id)
    known = {one for piece in chunks(ids) for one in conn.execute(query.where(sites.c.id.in_(piece))).scalars()}
    return [one for one in ids if one not in known]


def record_revisit(conn: Connection, site: str, changed: bool, fade: float) -> None:
    """Count a revisit of one of the site's pages, and whether its text had changed; earlier counts decay by `fade`."""
    conn.execute(_LOOKED, {"site": site, "fade": fade, "found": int(changed)})


_LOOKED = (
    update(sites)
    .where(sites.c.id == bindparam("site"))
    .values(
        looked=sites.c.looked * bindparam("fade", type_=Float) + 1,
        changed=sites.c.changed * bindparam("fade", type_=Float) + bindparam("found", type_=Integer),
    )
)


def state(conn: Connection, site: str) -> SiteState:
    """What is known of the site; only its id is set if nothing is known."""
    row = conn.execute(_ALL.where(sites.c.id == site)).mappings().one_or_none()
    return _state(dict(row)) if row else SiteState(site)


def states(conn: Connection, after: str = "", n: int | None = None) -> list[SiteState]:
    """The known sites by id, from the one after this id on: all, or so many."""
    query = _ALL.where(sites.c.id > after).order_by(sites.c.id).limit(n)
    return [_state(dict(row)) for row in conn.execute(query).mappings()]


def by_state(conn: Connection) -> dict[str, int]:
    """How many sites are in each state: off, new (not crawled yet), their verdict, failing, or ok."""
    return _counted(conn, _STATE)


def by_condition(conn: Connection) -> dict[str, int]:
    """How many sites are in each of CONDITIONS: `off`, `wrong`, `waiting` for their first crawl, or `fine`."""
    return dict.fromkeys(CONDITIONS, 0) | _counted(conn, _CONDITION)


def listed(
    conn: Connection, n: int, *, skip: int = 0, condition: str = "", find: str = "", order: Order = "attention"
) -> list[SiteState]:
    """So many of the sites in this condition, if it is one, whose name, id, homepage or country has these letters, from
    the place `skip` of this order on: those that need attention first, by name, those with most articles, or the last
    crawl, first, or the next crawl first."""
    query = _chosen(_ALL, condition, find)
    if order == "articles":
        query = query.outerjoin(article_counts, article_counts.c.site == sites.c.id)
        query = query.order_by(func.coalesce(article_counts.c.articles, 0).desc())
    query = query.order_by(*_ORDERS[order], _WORDS, sites.c.id).limit(n).offset(skip)
    return [_state(dict(row)) for row in conn.execute(query).mappings()]


def count(conn: Connection, condition: str = "", find: str = "") -> int:
    """How many sites `listed` has."""
    query = _chosen(select(func.count()).select_from(_JOINED), condition, find)
    many: int = conn.execute(query).scalar_one()
    return many


def crawled_since(conn: Connection, since: datetime) -> set[str]:
    """The sites whose last crawl ended after this moment."""
    return set(conn.execute(select(sites.c.id).where(sites.c.last_run > since)).scalars())


def last_success(conn: Connection) -> datetime | None:
    """When a crawl of any site last succeeded."""
    last: datetime | None = conn.execute(select(func.max(sites.c.last_success))).scalar_one()
    return last


def _chosen(query: Select[Any], condition: str, find: str) -> Select[Any]:
    if condition in CONDITIONS:
        query = query.where(_CONDITION.in_((condition,)))
    if asked := fold(find.strip()):
        query = query.where(_WORDS.contains(asked, autoescape=True))
    return query


def _counted(conn: Connection, what: ColumnElement[Any]) -> dict[str, int]:
    kind = what.label("kind")
    return {row[0]: row[1] for row in conn.execute(select(kind, func.count()).select_from(_JOINED).group_by(kind))}


def some(conn: Connection, ids: Sequence[str]) -> dict[str, SiteState]:
    """Those of these sites of which something is known, by id."""
    rows = (row for piece in chunks(ids) for row in conn.execute(_ALL.where(sites.c.id.in_(piece))).mappings())
    return {state.id: state for state in (_state(dict(row)) for row in rows)}


_HEALTH = ("verdict", "detail", "example", "since")
_JOINED = sites.outerjoin(health, (health.c.site == sites.c.id) & health.c.verdict.is_not(None))
_ALL = select(
    *(column for column in sites.columns if column is not sites.c.words),
    turns.c.at.label("next_run"),
    turns.c.why.label("next_why"),
    *(health.c[name].label(f"health_{name}") for name in _HEALTH),
).select_from(_JOINED.outerjoin(turns, turns.c.site == sites.c.id))
_WORDS = func.coalesce(sites.c.words, sites.c.id)
_VERDICT = func.coalesce(health.c.verdict, sites.c.verdict)
_STATE: ColumnElement[Any] = case(
    (~sites.c.enabled, "off"),
    (_VERDICT.is_not(None), _VERDICT),
    (sites.c.last_run.is_(None), "new"),
    (sites.c.failures > 0, "failing"),
    else_="ok",
)
_CONDITION: ColumnElement[Any] = case(
    (~sites.c.enabled, "off"),
    (or_(_VERDICT.is_not(None), sites.c.failures > 0), "wrong"),
    (sites.c.last_run.is_(None), "waiting"),
    else_="fine",
)
_NEXT = case((sites.c.enabled, turns.c.at))
_ORDERS: Mapping[Order, tuple[ColumnElement[Any], ...]] = {
    "attention": (case({name: place for place, name in enumerate(CONDITIONS)}, value=_CONDITION),),
    "name": (),
    "articles": (),
    "last_run": (sites.c.last_run.is_(None), sites.c.last_run.desc()),
    "next_run": (_NEXT.is_(None), _NEXT),
}
ORDERS = tuple(_ORDERS)


def _state(row: dict[str, Any]) -> SiteState:
    concluded = {name: row.pop(f"health_{name}") for name in _HEALTH}
    if concluded["verdict"] is not None:
        row |= concluded
    if not row["enabled"]:
        row |= {"next_run": None, "next_why": None}
    revisit = None if row["revisit"] is None else tuple(row["revisit"])
    return SiteState(**row | {"languages": tuple(row["languages"] or ()), "revisit": revisit})
