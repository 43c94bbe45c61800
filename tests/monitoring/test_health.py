"""Sites that break are named rightly and told of once; sites that are well are left alone."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from crawler.monitoring.site_health import HealthFinding, HealthReason, advance, judge, verdict_of
from index.archive.health import Evidence, Health, PageSeen, SourceSeen
from index.locale import catalogues
from index.model.codes import FetchReason, PageReason, PageState, SourceReason, Verdict
from index.model.message import LEGACY, Message
from tests.monitoring.breakages import FIRST, SECOND, Breakage, Recorded, record
from tests.monitoring.simulation import BROKEN, START, Simulated

KINDS: list[tuple[str, str, Breakage]] = [
    *(("first", site, kind) for site, kind in FIRST.items()),
    *(("second", site, kind) for site, kind in SECOND.items()),
]
A_DAY = 12.0
QUIET = Message(HealthReason.QUIET, {"since": START, "n": 14})
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
    finding = {
        "b": HealthFinding(Verdict.BLOCKED, Message(PageReason.WALL)),
        "q": HealthFinding(Verdict.QUIET, QUIET),
        ".": None,
    }
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
        known = advance(known, HealthFinding(Verdict.QUIET, QUIET), START + hours * timedelta(hours=1))
    assert (known.verdict, known.since) == ("quiet", START)


# --- by codes, and not by what a sentence holds ----------------------------------------------------------------------


def dead(url: str, reason: Message) -> HealthFinding | None:
    """What is found of a site whose only source has failed for long."""
    source = SourceSeen(url, reason, START - timedelta(days=1), 5)
    return judge(Evidence((source,)), frozenset({"a.example"}), "UTC", START)


def answered(status: int, url: str) -> Message:
    return Message(FetchReason.HTTP_STATUS, {"status": status, "url": url})


@pytest.mark.parametrize(
    "url",
    [
        "https://wallstreet-journal.example/rss",
        "https://news.example/silent-cities/feed",
        "https://elsewhere.example/robots/consent/HTTP 503 Error",
    ],
)
def test_a_feed_that_is_gone_is_dead_whatever_its_address_holds(url: str) -> None:
    found = dead(url, answered(404, url))
    assert found == HealthFinding(
        Verdict.FEED_DEAD, Message(HealthReason.SOURCE_DEAD, {"why": answered(404, url)}), url
    )


@pytest.mark.parametrize(
    ("reason", "verdict"),
    [
        *((answered(status, "https://a.example/"), Verdict.BLOCKED) for status in (202, 401, 403, 406, 429, 451, 503)),
        *((answered(status, "https://a.example/"), Verdict.DOWN) for status in (500, 502, 504, 522)),
        *((answered(status, "https://a.example/"), Verdict.FEED_DEAD) for status in (404, 410, 400)),
        (Message(FetchReason.ROBOTS_DISALLOWED), Verdict.ROBOTS_CLOSED),
        (Message(FetchReason.ROBOTS_UNREACHABLE, {"why": answered(429, "")}), Verdict.BLOCKED),
        (Message(FetchReason.ROBOTS_UNREACHABLE, {"why": answered(500, "")}), Verdict.DOWN),
        (Message(FetchReason.ROBOTS_UNREACHABLE, {"why": Message(FetchReason.TIMEOUT)}), Verdict.DOWN),
        (Message(FetchReason.DNS), Verdict.DOWN),
        (Message(SourceReason.BOT_WALL, {"phrase": "just a moment"}), Verdict.BLOCKED),
        (Message(SourceReason.WEB_PAGE, {"expected": "feed"}), Verdict.FEED_DEAD),
        (Message(FetchReason.NO_ANSWER), Verdict.FEED_DEAD),
        (Message(LEGACY, {"text": "HTTP 403: https://a.example/ answered 403"}), Verdict.FEED_DEAD),
    ],
)
def test_the_verdict_on_a_source_follows_from_the_code_and_its_status(reason: Message, verdict: Verdict) -> None:
    found = dead("https://a.example/feed", reason)
    assert found is not None
    assert found.verdict == verdict


def test_pages_that_fail_for_the_same_reason_are_counted_together_whatever_their_parameters() -> None:
    sizes = (Message(PageReason.REDIRECTED_HOME, {"url": f"https://a.example/?{n}"}) for n in range(12))
    pages = tuple(PageSeen(f"https://a.example/{n}", START, PageState.REFUSED, why) for n, why in enumerate(sizes))
    found = judge(Evidence(pages=pages), frozenset({"a.example"}), "UTC", START)
    assert found is not None
    assert (found.verdict, found.detail.params["n"], found.detail.params["of"]) == (Verdict.MOVED, 12, 12)


def test_another_sentence_in_the_catalogue_changes_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    reasons = [Message(PageReason.WALL), answered(404, "https://a.example/"), Message(FetchReason.DNS)]
    before = [(verdict_of(reason), dead("https://a.example/feed", reason)) for reason in reasons]
    monkeypatch.setattr(catalogues.Catalogue, "text", lambda *_: "a wall, silent: HTTP 403 Error, robots, elsewhere")
    assert [(verdict_of(reason), dead("https://a.example/feed", reason)) for reason in reasons] == before
