"""Sixty days of a site: what a checkup sees of it each hour, before it breaks, while it is broken, and after."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from crawler.monitoring.site_health import advance, judge
from index.archive.health import PAGES, SAMPLES, Evidence, Health, PageSeen, Sample, SourceSeen
from index.model.codes import PageReason, SourceReason
from index.model.message import Message
from tests.monitoring.breakages import Recorded

START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
DAYS = 60
HOUR = timedelta(hours=1)
BROKEN = (START + timedelta(days=40, hours=9), START + timedelta(days=50, hours=9))
AWAKE = range(6, 20)  # hours in which four of five articles come
WEEK = (1.1, 1.15, 1.1, 1.1, 0.9, 0.35, 0.45)  # of a day's articles, from Monday on
HOLIDAY = range(20, 23)  # days on which little comes
NOT_ARTICLES = 0.1  # of the candidates: videos, pages that have gone


@dataclass
class Simulated:
    """A site that publishes `a_day` articles; `recorded` is what a crawl made of one like it, `broken` when (None:
    never)."""

    recorded: Recorded
    a_day: float
    seed: int
    broken: tuple[datetime, datetime] | None = None

    def turns(self, hosts: frozenset[str]) -> list[tuple[datetime, str | None, str | None]]:
        """When its health was told to have changed, to what, and the example."""
        known, told = Health(), []
        for now, seen in self.hours():
            after = advance(known, judge(seen, hosts, "UTC", now, known), now)
            if after.verdict != known.verdict:
                told.append((now, after.verdict, after.example))
            known = after
        return told

    def hours(self) -> Iterator[tuple[datetime, Evidence]]:
        """What is seen at the end of each hour."""
        chance = random.Random(self.seed)
        pages: list[PageSeen] = []
        samples: list[Sample] = []
        arrivals: list[datetime] = []
        problems = self.recorded.problems
        sources = [SourceSeen(f"https://site.example/{n}", None, START, 0) for n in range(len(problems))]
        born = 0
        for number in range(DAYS * 24):
            hour = START + number * HOUR
            ill = self.broken is not None and self.broken[0] <= hour < self.broken[1]
            sources = [
                replace(s, problem=p, polled=hour + HOUR)  # it answers
                if ill and p and p.code == SourceReason.ALL_ELSEWHERE
                else replace(s, problem=p, failures=s.failures + 2)
                if ill and p
                else replace(s, polled=hour + HOUR, failures=0, problem=None)
                for s, p in zip(sources, problems, strict=True)
            ]
            mute = ill and (all(problems) or not self.recorded.pages)
            born += _poisson(chance, self.rate(hour)) * (not mute or bool(all(problems)))
            for _ in range(0 if mute else born):  # what came while its sources were dead comes when they are back
                came = hour + chance.random() * HOUR
                page, sample = self._page(chance, came, ill, len(pages))
                pages.insert(0, page)
                if sample is not None:
                    samples.insert(0, sample)
                    arrivals.insert(0, came)
            born = born if mute else 0
            yield hour + HOUR, Evidence(tuple(sources), tuple(pages[:PAGES]), tuple(samples[:SAMPLES]), tuple(arrivals))

    def rate(self, hour: datetime) -> float:
        """Articles that come in an hour."""
        daily = self.a_day * WEEK[hour.weekday()] * (0.3 if (hour - START).days in HOLIDAY else 1)
        return daily * (0.8 / len(AWAKE) if hour.hour in AWAKE else 0.2 / (24 - len(AWAKE)))

    def _page(self, chance: random.Random, came: datetime, ill: bool, number: int) -> tuple[PageSeen, Sample | None]:
        recorded = self.recorded
        url = f"https://site.example/{number}"
        if ill:
            page = chance.choice(recorded.pages)
            sample = chance.choice(recorded.samples) if page.state == "stored" else None
        else:
            good = chance.random() > NOT_ARTICLES
            page = PageSeen(url, came, "stored" if good else "refused", None if good else Message(PageReason.VIDEO))
            sample = chance.choice(recorded.before) if good else None
        if sample is not None:
            sample = _as_of(sample, came, number, recorded.samples if ill else ())
            url = sample.url
        return replace(page, url=url, discovered=came), sample


def _as_of(sample: Sample, came: datetime, number: int, alike: tuple[Sample, ...]) -> Sample:
    """The same article, had it come at another time: what all of its kind have in common stays as it is."""
    same_date = sample.published is not None and sample.first_seen - sample.published > HOUR and len(alike) > 1
    same_headline = len({other.headline for other in alike}) == 1 and len(alike) > 1
    published = sample.published if same_date else sample.published and came
    headline = sample.headline if same_headline else f"{sample.headline} {number}"
    seen = came + timedelta(minutes=20)
    return replace(sample, url=f"{sample.url}-{number}", first_seen=seen, published=published, headline=headline)


def _poisson(chance: random.Random, mean: float) -> int:
    """Knuth, The Art of Computer Programming 2, 3.4.1."""
    limit, count, product = math.exp(-mean), 0, chance.random()
    while product > limit:
        count += 1
        product *= chance.random()
    return count
