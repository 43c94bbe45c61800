"""Site health: compares a site with its own history, and gives a verdict when something is no longer as usual. Pure.

A share that used to be p counts as fallen when the recent observation has a probability below RARE under p (binomial),
so that no site needs thresholds of its own. Silence is measured against the articles expected for these hours and
weekdays (Poisson). A verdict is reported once it has lasted, and one that flaps must last longer each time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from math import comb
from statistics import median
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from crawler.urls import registered_domain
from index.archive.health import Evidence, Health, PageSeen, Sample, SourceSeen
from index.model.codes import FetchReason, PageReason, PageState, SourceReason, Verdict
from index.model.message import Given, Message

# Probability by chance: 100 sites, 24 checks a day and six tests each give one false alarm a week, before confirmation
RARE = 1e-5
SILENT = 14.0  # missing articles before a site is quiet: e^-14 is 1e-6, and news comes in bursts
SLEEP = timedelta(hours=6)  # silence that never makes a site quiet
KNOWN_DAYS = 7  # of history before a site's silence means anything
MIN_EARLIER_ARTICLES = 16  # before a missing field means anything
RECENT = 12  # newest articles or pages, which are compared with the earlier ones
MIN_RECENT = 4  # of these, before a comparison is made
WINDOW = timedelta(days=14)  # anything older is not recent
LATELY = timedelta(days=2)  # the time before a silence that shows whether the site publishes less than usual
DEAD_AFTER = timedelta(hours=6)  # without an answer, and with DEAD_POLLS failures in a row, a source is dead
DEAD_POLLS = 3
CONFIRM = timedelta(hours=2)  # for which a verdict must last before it is reported
CONFIRM_MOST = timedelta(days=2)  # the same, if the verdict has changed often
TURNS = timedelta(days=7)  # each change of verdict within this time doubles CONFIRM
SHRUNK = 0.3  # of the usual length; half the length is a matter of style

# Statuses with which a healthy server rejects us, such as 202 with a bot check in place of the page
BLOCK_STATUSES = frozenset((202, 401, 403, 406, 429, 451, 503))
VERDICTS: Mapping[str, Verdict] = {  # by the failure reasons that imply a verdict on their own
    PageReason.WALL: Verdict.BLOCKED,
    PageReason.CONSENT: Verdict.BLOCKED,
    SourceReason.BOT_WALL: Verdict.BLOCKED,
    FetchReason.HOST_BLOCKS: Verdict.BLOCKED,
    FetchReason.ROBOTS_DISALLOWED: Verdict.ROBOTS_CLOSED,
    PageReason.REDIRECTED_HOME: Verdict.MOVED,
    SourceReason.ALL_ELSEWHERE: Verdict.MOVED,
    FetchReason.HOST_SILENT: Verdict.DOWN,
    FetchReason.DNS: Verdict.DOWN,
    FetchReason.TIMEOUT: Verdict.DOWN,
    FetchReason.CONNECTION_REFUSED: Verdict.DOWN,
    FetchReason.CONNECTION_FAILED: Verdict.DOWN,
    FetchReason.CONNECTION_LOST: Verdict.DOWN,
    FetchReason.FAILED: Verdict.DOWN,
}
HEALTHY = Health()


class HealthReason(StrEnum):
    """Why a site looks unhealthy; `why` is a Reason, and `n` of the last `of` pages or articles show it."""

    SOURCE_ANSWERS = "health.source_answers"  # why
    SOURCE_DEAD = "health.source_dead"  # why: its only one
    SOURCES_DEAD = "health.sources_dead"  # n, of, why
    PAGES = "health.pages"  # n, of, why
    WERE_ARTICLES = "health.were_articles"  # n, of, why
    MOVED = "health.moved"  # host
    FIELD_MISSING = "health.field_missing"  # field: a message, n, of, usual: a share
    SHORT_TEXTS = "health.short_texts"  # n, of, characters
    SAME_HEADLINE = "health.same_headline"  # n, headline
    NO_DATES = "health.no_dates"  # n, of
    ODD_DATES = "health.odd_dates"  # n, of, date
    QUIET = "health.quiet"  # since, n: articles expected
    WELL_AGAIN = "health.well_again"


@dataclass(frozen=True, slots=True)
class HealthFinding:
    """What is unusual: the verdict, the evidence for it, and an example URL."""

    verdict: Verdict
    detail: Message
    example: str | None = None


# --- what is wrong -------------------------------------------------------------------------------------------------


def judge(
    seen: Evidence, hosts: frozenset[str], zone: str, now: datetime, known: Health = HEALTHY
) -> HealthFinding | None:
    """What is unusual about a site now; None if nothing is.

    `hosts` are those in its YAML file, `zone` is its time zone, `now` is UTC. Anything since the `known` verdict began
    does not count as usual. A site that was not polled, or did not answer, is not quiet.
    """
    since = known.since
    recent = [page for page in seen.pages if now - page.discovered < WINDOW]
    pages = [page for page in seen.pages if page.discovered < since] if since else seen.pages[RECENT:]
    samples = [sample for sample in seen.samples if sample.first_seen < since] if since else seen.samples[RECENT:]
    dead = _dead(seen.sources, now)
    if dead and len(dead) == len(seen.sources):
        return _unheard(dead, len(seen.sources))
    lasts = known.verdict is not None
    if finding := _pages(recent[:RECENT], pages, lasts) or _moved(seen.samples[:RECENT], hosts):
        return finding
    if dead:
        return _unheard(dead, len(seen.sources))
    home = [sample for sample in seen.samples[:RECENT] if _at_home(sample, hosts) and now - sample.first_seen < WINDOW]
    if finding := _fields(home, samples, lasts):
        return finding
    heard = max((source.polled for source in seen.sources if source.polled), default=now)
    silence = _silence(seen.arrivals, ZoneInfo(zone), min(now, heard), known)
    return _left(seen, known, silent=silence is not None) or silence


def _dead(sources: Sequence[SourceSeen], now: datetime) -> list[SourceSeen]:
    """The sources that have not answered for a long time."""
    return [s for s in sources if s.failures >= DEAD_POLLS and (s.polled is None or now - s.polled > DEAD_AFTER)]


def _unheard(dead: Sequence[SourceSeen], of: int) -> HealthFinding:
    why = dead[0].problem or Message(FetchReason.NO_ANSWER)
    if verdict := verdict_of(why):
        return HealthFinding(verdict, Message(HealthReason.SOURCE_ANSWERS, {"why": why}), dead[0].url)
    detail = Message(HealthReason.SOURCE_DEAD, {"why": why})
    if of > 1:
        detail = Message(HealthReason.SOURCES_DEAD, {"n": len(dead), "of": of, "why": why})
    return HealthFinding(Verdict.FEED_DEAD, detail, dead[0].url)


def verdict_of(reason: Message) -> Verdict | None:
    """The verdict that a failure reason implies on its own, by its code and HTTP status; None if it implies none."""
    match reason.code, reason.params:
        case FetchReason.HTTP_STATUS, {"status": int(status)}:
            if status in BLOCK_STATUSES:
                return Verdict.BLOCKED
            return Verdict.DOWN if status >= 500 else None
        case FetchReason.ROBOTS_UNREACHABLE, {"why": Message() as why}:
            return verdict_of(why)
    return VERDICTS.get(reason.code)


def _pages(recent: Sequence[PageSeen], before: Sequence[PageSeen], lasts: bool) -> HealthFinding | None:
    """Detects pages that no longer yield articles; the most frequent reason gives the verdict."""
    good = sum(_good(page) for page in recent)
    usual = (sum(map(_good, before)) + 4) / (len(before) + 5)  # the prior: an unknown site yields articles
    if len(recent) < MIN_RECENT or not fallen(good, len(recent), usual, lasts):
        return None
    bad = [(page, page.reason or Message(FetchReason.NO_ANSWER)) for page in recent if not _good(page)]
    (kind, count), *_ = Counter(_kind(reason) for _, reason in bad).most_common(1)
    example, why = next((page, reason) for page, reason in bad if _kind(reason) == kind)
    params: dict[str, Given] = {"n": count, "of": len(recent), "why": why}
    if verdict := verdict_of(why):
        return HealthFinding(verdict, Message(HealthReason.PAGES, params), example.url)
    return HealthFinding(Verdict.LAYOUT_CHANGED, Message(HealthReason.WERE_ARTICLES, params), example.url)


def _kind(reason: Message) -> tuple[str, object]:
    """The key by which failures are counted: the same code and HTTP status, whatever the other parameters."""
    return reason.code, reason.params.get("status")


def _good(page: PageSeen) -> bool:
    return page.state in (PageState.STORED, PageState.DUPLICATE, PageState.GONE)


def _moved(samples: Sequence[Sample], hosts: frozenset[str]) -> HealthFinding | None:
    """Detects articles on a host that is not the site's: all of the newest, and most of the recent ones."""
    away = [not _at_home(sample, hosts) for sample in samples]
    if len(away) < MIN_RECENT or not all(away[:MIN_RECENT]) or sum(away) <= len(away) / 2:
        return None
    host = urlsplit(samples[0].url).hostname
    return HealthFinding(Verdict.MOVED, Message(HealthReason.MOVED, {"host": host}), samples[0].url)


def _left(seen: Evidence, known: Health, *, silent: bool) -> HealthFinding | None:
    """Detects a site that is quiet because a source lists nothing but addresses on other domains."""
    problems = ((source.problem, source.url) for source in seen.sources if not source.failures)
    away = [(why, url) for why, url in problems if why is not None and why.code == SourceReason.ALL_ELSEWHERE]
    since = known.since if known.verdict == Verdict.MOVED else None
    if not away or not (silent or (since is not None and not any(moment > since for moment in seen.arrivals))):
        return None
    why, url = away[0]
    return HealthFinding(Verdict.MOVED, Message(HealthReason.MOVED, {"host": why.params["domain"]}), url)


def _at_home(sample: Sample, hosts: frozenset[str]) -> bool:
    return _domain(urlsplit(sample.url).hostname or "") in {_domain(host) for host in hosts}


@cache
def _domain(host: str) -> str:
    return registered_domain.parts(host).top_domain_under_public_suffix or ".".join(host.split(".")[-2:])


def _fields(recent: Sequence[Sample], before: Sequence[Sample], lasts: bool) -> HealthFinding | None:
    """Detects fields that used to be filled, and texts that used to be longer."""
    if len(recent) < MIN_RECENT or len(before) < MIN_EARLIER_ARTICLES:
        return None
    if finding := _dates(recent, before, lasts):
        return finding
    for name in ("section", "authors", "images"):
        usual = sum(name in sample.filled for sample in before) / len(before)
        now = sum(name in sample.filled for sample in recent)
        if fallen(now, len(recent), usual, lasts):
            params: dict[str, Given] = {
                "field": Message(f"field.{name}"),
                "n": now,
                "of": len(recent),
                "usual": round(usual, 2),
            }
            return HealthFinding(Verdict.LAYOUT_CHANGED, Message(HealthReason.FIELD_MISSING, params), recent[0].url)
    usual_length = median(sample.length for sample in before)
    short = [sample for sample in recent if sample.length < SHRUNK * usual_length]
    usual = sum(sample.length >= SHRUNK * usual_length for sample in before) / len(before)
    if fallen(len(recent) - len(short), len(recent), usual, lasts):
        params = {"n": len(short), "of": len(recent), "characters": round(usual_length * SHRUNK)}
        return HealthFinding(Verdict.LAYOUT_CHANGED, Message(HealthReason.SHORT_TEXTS, params), short[0].url)
    headline, times = Counter(sample.headline for sample in recent).most_common(1)[0]
    if times == len(recent) and len({sample.headline for sample in before}) > len(before) / 2:
        params = {"n": times, "headline": headline}
        return HealthFinding(Verdict.LAYOUT_CHANGED, Message(HealthReason.SAME_HEADLINE, params), recent[0].url)
    return None


def _dates(recent: Sequence[Sample], before: Sequence[Sample], lasts: bool) -> HealthFinding | None:
    """Detects dates that used to be present and plausible: recent, and not all the same."""
    same = (
        len({sample.published for sample in recent}) == 1
        and len({sample.published for sample in before}) > MIN_EARLIER_ARTICLES / 2
    )
    good = 0 if same else sum(map(_dated, recent))
    if not fallen(good, len(recent), sum(map(_dated, before)) / len(before), lasts):
        return None
    worst = next((sample for sample in recent if same or not _dated(sample)), recent[0])
    count: dict[str, Given] = {"n": len(recent) - good, "of": len(recent)}
    detail = Message(HealthReason.NO_DATES, count)
    if worst.published is not None:
        detail = Message(HealthReason.ODD_DATES, count | {"date": worst.published})
    return HealthFinding(Verdict.DATES_BROKEN, detail, worst.url)


def _dated(sample: Sample) -> bool:
    if sample.published is None:
        return False
    return -timedelta(hours=1) < sample.first_seen - sample.published < timedelta(days=30)


def _silence(arrivals: Sequence[datetime], zone: ZoneInfo, now: datetime, known: Health) -> HealthFinding | None:
    """Detects more missing articles than chance explains, even at a recently reduced rate (a holiday, a strike)."""
    if not arrivals or known.verdict not in (None, Verdict.QUIET):
        return None
    last, first = max(arrivals), min(arrivals)
    if now - last < SLEEP or (last - first).days < KNOWN_DAYS or (known.since is not None and last > known.since):
        return None
    days = [arrival for arrival in arrivals if last - arrival < LATELY]
    sway = min((len(days) + 3) / (expected(arrivals, last - LATELY, last, zone) + 3), 1)
    missing = expected(arrivals, last, now, zone) * sway
    if missing < SILENT:
        return None
    return HealthFinding(
        Verdict.QUIET, Message(HealthReason.QUIET, {"since": last.astimezone(zone), "n": round(missing)})
    )


def expected(arrivals: Sequence[datetime], since: datetime, until: datetime, zone: ZoneInfo) -> float:
    """The number of articles expected between two times, by earlier `arrivals`: the local hour's rate times the
    weekday's share. Hours and weekdays with few observations are shrunk towards the mean."""
    local = [arrival.astimezone(zone) for arrival in arrivals]
    weeks = max((max(local) - min(local)).days / 7, 1)
    mean = len(local) / weeks / 168
    hours, days = Counter(at.hour for at in local), Counter(at.weekday() for at in local)
    by_hour = [(hours[h] + mean * 7) / (weeks * 7 + 7) for h in range(24)]
    by_day = [(days[d] + mean * 24 * 2) / (weeks + 2) / (mean * 24 or 1) for d in range(7)]
    total, at = 0.0, since
    while at < until:
        step = min(until, at + timedelta(hours=1))
        there = at.astimezone(zone)
        total += by_hour[there.hour] * by_day[there.weekday()] * (step - at).total_seconds() / 3_600
        at = step
    return total


def fallen(good: int, of: int, usual: float, lasts: bool) -> bool:
    """Whether `good` out of `of` is fewer than chance explains for a share that was `usual`, and few enough to matter.

    If the problem already `lasts`, it is over once there are more than half as many as usual.
    """
    if lasts:
        return good <= of * usual / 2
    share = min(max(usual, 0.02), 0.98)
    tail = sum(comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(good + 1))
    return good <= of / 3 and tail < RARE


# --- what is reported ----------------------------------------------------------------------------------------------


def advance(known: Health, found: HealthFinding | None, now: datetime) -> Health:
    """The site's health after one more check.

    The verdict changes once another one has lasted for CONFIRM, doubled for each change in the last week; `turns` then
    has a new entry.
    """
    word = found.verdict if found else None
    if word == known.verdict:
        calm = replace(known, suspect=None, suspected=None)
        return replace(calm, detail=found.detail, example=found.example or known.example) if found else calm
    if known.suspect != (word or ""):
        return replace(known, suspect=word or "", suspected=now)
    turns = tuple(turn for turn in known.turns if now - turn < TURNS)
    wait = min(CONFIRM * 2 ** len(turns), CONFIRM_MOST)
    began = known.suspected or now
    if now - began < wait:
        return known
    turns = (*turns, now.astimezone(UTC))
    return Health(word, found.detail, found.example, began, turns=turns) if found else Health(turns=turns)
