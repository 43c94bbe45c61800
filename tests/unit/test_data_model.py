"""docs/data-model.md names each table with its key, and draws the frontier's states as the code moves them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, UniqueConstraint, create_engine, insert, select

from index.archive import frontier, tables
from index.archive.frontier import Visit
from index.model.candidate import Candidate
from index.model.codes import FetchOutcome, FetchReason, PageReason, PageState
from index.model.message import Message

ROOT = Path(__file__).parents[2]
TOLD = (ROOT / "docs" / "data-model.md").read_text("utf-8")
LINES = [line for line in TOLD.splitlines() if re.match(r"\| `\w+` \|", line)]
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in LINES]
TABLES = {row[0].strip("`"): row for row in ROWS if len(row) == 6}

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=30)  # older than the horizon of a first visit
PAGE, TWIN = "https://s.example/page", "https://s.example/twin"
Step = Callable[[Connection], object]
Edge = tuple[str, str, str]  # state before, state after, function


# --- tables ----------------------------------------------------------------------------------------------------------


def test_each_table_is_told_and_no_other() -> None:
    assert TABLES.keys() == tables.metadata.tables.keys()


@pytest.mark.parametrize("name", sorted(tables.metadata.tables))
def test_a_table_is_told_with_its_key(name: str) -> None:
    table = tables.metadata.tables[name]
    primary, _, unique = TABLES[name][2].partition("unique")
    assert re.findall(r"`(\w+)`", primary) == list(table.primary_key.columns.keys())
    rules = [one for one in table.constraints if isinstance(one, UniqueConstraint)]
    assert re.findall(r"`(\w+)`", unique) == [key for rule in rules for key in rule.columns.keys()]  # noqa: SIM118


@pytest.mark.parametrize("name", sorted(tables.metadata.tables))
def test_the_owner_of_a_table_has_its_sql(name: str) -> None:
    owner = (ROOT / re.findall(r"`([\w/]+\.py)`", TABLES[name][3])[0]).read_text("utf-8")
    as_name = rf"\bt\.{name}\b|\b(INTO|FROM) {name}\b|from index\.archive\.tables import [^\n]*\b{name}\b"
    assert re.search(as_name, owner)


# --- the frontier ----------------------------------------------------------------------------------------------------


def drawn() -> Iterator[Edge]:
    """The arrows of the diagram; those through its choice, from each state that leads into it."""
    diagram = TOLD.partition("stateDiagram-v2")[2].partition("```")[0]
    arrows = re.findall(r"^ +(\S+) --> (\w+)(?: : (.+))?$", diagram, re.MULTILINE)
    into = [before for before, after, _ in arrows if after == "fetched"]
    for before, after, functions in arrows:
        for function in functions.split(", ") if functions else ():
            for one in into if before == "fetched" else [before]:
                if one != after:
                    yield one, after, function


def visit(status: int = 200) -> Visit:
    return Visit(NOW, None, status)


def offered(url: str = PAGE, published: datetime | None = None) -> Step:
    return lambda conn: frontier.offer(conn, "s", "feed", [Candidate(url, published=published)], NOW)


def fetched(url: str = PAGE, article: str = "a") -> Step:
    return lambda conn: frontier.mark_fetched(conn, "s", url, visit(), Message(FetchOutcome.NEW), article)


def refused(url: str = PAGE) -> Step:
    return lambda conn: frontier.mark_refused(conn, "s", url, Message(PageReason.LISTING), visit())


def failed(url: str = PAGE) -> Step:
    return lambda conn: frontier.mark_failed(conn, "s", url, Message(FetchReason.TIMEOUT), NOW, NOW)


def gone(url: str = PAGE) -> Step:
    return lambda conn: frontier.mark_gone(conn, "s", url, visit(404))


def detached(url: str = PAGE) -> Step:
    return lambda conn: frontier.detach(conn, "s", url, NOW)


TWIN_STORED = [offered(TWIN), fetched(TWIN)]  # another page has the article already
HISTORIES: dict[str, list[list[Step]]] = {  # how a page comes into each state
    "[*]": [[]],
    "pending": [[offered()], [*TWIN_STORED, offered()]],
    "old": [[offered(published=LONG_AGO)]],
    "stored": [
        [offered(), fetched()],
        [offered(), fetched(), refused()],  # a first look at it without its article
        [offered(TWIN), fetched(TWIN, "b"), offered(), fetched()],  # another page has another article
    ],
    "duplicate": [
        [*TWIN_STORED, offered(), fetched()],
        [*TWIN_STORED, offered(), fetched(), refused()],
        [*TWIN_STORED, offered(), fetched(), detached(TWIN)],
    ],
    "refused": [[offered(), refused()], [*TWIN_STORED, offered(), refused()]],
    "failed": [[offered(), failed()], [*TWIN_STORED, offered(), failed()]],
    "gone": [[offered(), gone()], [offered(), fetched(), gone()], [*TWIN_STORED, offered(), gone()]],
}
FETCHED: dict[str, list[Step]] = {
    "mark_fetched": [fetched(), fetched(article="b")],
    "mark_refused": [refused()],
    "mark_failed": [failed()],
    "mark_gone": [gone()],
}
STEPS: dict[str, dict[str, list[Step]]] = {  # what happens to a page in each state
    "[*]": {"offer": [offered(), offered(published=LONG_AGO)]},
    "old": {
        "offer": [offered()],
        "extend_horizon": [lambda conn: frontier.extend_horizon(conn, "s", LONG_AGO, NOW)],
    },
    "stored": FETCHED | {"detach": [detached()]},
    "duplicate": FETCHED | {"detach": [detached()], "reopen": [gone(TWIN)]},
} | dict.fromkeys(("pending", "refused", "failed", "gone"), FETCHED)


def moves() -> Iterator[Edge]:
    """Each change of a page's state, from each state, by what may happen to it there."""
    engine = create_engine("sqlite://")
    tables.metadata.create_all(engine)
    for state, histories in HISTORIES.items():
        for history in histories:
            for function, steps in STEPS[state].items():
                for step in steps:
                    with engine.connect() as conn:  # rolled back at its end
                        for article in "ab":
                            conn.execute(insert(tables.articles).values(_article(article)))
                        for earlier in history:
                            earlier(conn)
                        assert _state(conn) == state, history
                        step(conn)
                        if (after := _state(conn)) != state:
                            yield state, after, function


def _article(name: str) -> dict[str, object]:
    known: dict[str, object] = {"id": name, "site": "s", "url": f"https://s.example/{name}", "content_hash": name}
    return known | {"number": 1, "revision": 1, "mergeable": True, "first_seen": NOW, "sort_date": NOW}


def _state(conn: Connection) -> str:
    page = select(tables.frontier.c.state).where(tables.frontier.c.url == PAGE)
    return str(conn.execute(page).scalar() or "[*]")


def test_the_states_that_are_told_are_those_of_the_frontier() -> None:
    told = [row[0].strip("`") for row in ROWS if len(row) == 2 and row[0].strip("`") in TOLD.partition("stateDia")[2]]
    assert [state for state in told if state in set(map(str, PageState))] == list(PageState)
    states = {state for before, after, _ in drawn() for state in (before, after)} - {"[*]"}
    assert states == set(PageState)


def test_the_diagram_has_each_change_of_a_state_and_no_other() -> None:
    assert set(drawn()) == set(moves())
