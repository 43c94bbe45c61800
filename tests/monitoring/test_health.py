"""Sites that break are named rightly and told of once; sites that are well are left alone."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from crawler.monitoring.site_health import HealthFinding, advance
from index.archive.health import Health
from tests.monitoring.breakages import FIRST, SECOND, Breakage, Recorded, record
from tests.monitoring.simulation import BROKEN, START, Simulated

KINDS: list[tuple[str, str, Breakage]] = [
    *(("first", site, kind) for site, kind in FIRST.items()),
    *(("second", site, kind) for site, kind in SECOND.items()),
]
A_DAY = 12.0
FOUND_IN = timedelta(
    days=2, hours=12
)  # of a site of that size: four articles must have come, and a weekend may lie there


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Recorded]:
    """What crawls of the newsroom make of the sites, healthy and broken."""
    found = {}
    for name, kinds in (("first", FIRST), ("second", SECOND)):
        for site, seen in record(kinds, tmp_path_factory.mktemp(name)).items():
            found[name, site] = seen
    return found


@pytest.mark.parametrize(("crawl", "site", "kind"), KINDS, ids=[f"{c}-{s}-{k.verdict}" for c, s, k in KINDS])
def test_a_broken_site_is_named_rightly_and_told_once(
    recorded: dict[tuple[str, str], Recorded], crawl: str, site: str, kind: Breakage
) -> None:
    seen = recorded[crawl, site]
    hosts = frozenset(urlsplit(sample.url).hostname or "" for sample in seen.before)
    turns = Simulated(seen, A_DAY, seed=7, broken=BROKEN).turns(hosts)
    assert [verdict for _, verdict, _ in turns] == [kind.verdict, None], (turns, seen.pages, seen.problems)
    (fell, _, example), (rose, _, _) = turns
    assert BROKEN[0] < fell < BROKEN[0] + FOUND_IN
    assert BROKEN[1] < rose < BROKEN[1] + FOUND_IN
    assert example is not None or kind.verdict == "quiet"


@pytest.mark.parametrize(("a_day", "seed"), [(1.5, 1), (1.5, 2), (12, 3), (12, 4), (60, 5)])
def test_a_healthy_site_gives_no_alarm(recorded: dict[tuple[str, str], Recorded], a_day: float, seed: int) -> None:
    seen = recorded["first", "english"]
    hosts = frozenset(urlsplit(sample.url).hostname or "" for sample in seen.before)
    assert Simulated(seen, a_day, seed).turns(hosts) == []


def told(pattern: str) -> list[str | None]:
    """The verdicts that are told where each letter is what a look finds: . all is well, b blocked, q quiet."""
    finding = {"b": HealthFinding("blocked", "x"), "q": HealthFinding("quiet", "y"), ".": None}
    known, verdicts = Health(), []
    for number, letter in enumerate(pattern):
        after = advance(known, finding[letter], START + number * timedelta(hours=1))
        if after.verdict != known.verdict:
            verdicts.append(after.verdict)
        known = after
    return verdicts


def test_what_lasts_is_told_once() -> None:
    assert told("." * 5 + "b" * 40) == ["blocked"]
    assert told("bbbb" + "." * 40) == ["blocked", None]
    assert told("bbbb" + "q" * 40) == ["blocked", "quiet"]


def test_what_flickers_is_not_told() -> None:
    assert told("bb.." * 60) == []
    assert len(told("bbbb...." * 60)) <= 4  # twenty days, 120 changes


def test_a_state_has_the_time_when_it_began() -> None:
    known = Health()
    for hours in range(5):
        known = advance(known, HealthFinding("quiet", "no article", None), START + hours * timedelta(hours=1))
    assert (known.verdict, known.since) == ("quiet", START)
