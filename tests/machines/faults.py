"""What goes wrong among machines: each fault begins, lasts, and is over, while others may begin."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from index.archive import machines
from index.archive.heartbeat import LIFE
from tests.integration.harness import Harness
from tests.machines.crawler import Crawler
from tests.support.object_store import ObjectStore
from tests.support.postgresql import Server

PAUSE = (6.0, 24.0)  # seconds between the beginnings of two
MOST_HARMED = 2  # machines at once, of four: the others take over
OFF = (60.0, 3_600.0)  # seconds by which a clock is wrong all of a sudden
LEASE = LIFE.total_seconds()

End = Callable[[], None]


@dataclass
class Scene:
    """What faults act upon."""

    house: Harness
    dice: random.Random
    crawlers: Sequence[Crawler]
    database: Server
    store: ObjectStore
    away: bool = False  # the database

    def victim(self, harm: str, *, at_work: bool = False) -> Crawler | None:
        """A machine that nothing is wrong with, one that is crawling if any is; None if enough are harmed."""
        well = [one for one in self.crawlers if not one.harmed]
        if len(self.crawlers) - len(well) >= MOST_HARMED:
            return None
        if at_work and not self.away:
            with self.house.archive() as conn:
                busy = {one.name for one in machines.listed(conn) if one.running}
            well = [one for one in well if one.name in busy] or well
        found = self.dice.choice(well)
        found.harmed = harm
        return found


Fault = Callable[[Scene], End | None]  # how it ends; None: it cannot be now


def kill(scene: Scene) -> End | None:
    if (found := scene.victim("killed", at_work=True)) is None:
        return None
    found.kill()
    return lambda: _heal(found)


def freeze(scene: Scene) -> End | None:
    if (found := scene.victim("frozen", at_work=True)) is None:
        return None
    found.stop()
    return lambda: (found.go_on(), _heal(found))[-1]


def partition(scene: Scene) -> End | None:
    if (found := scene.victim("cut off", at_work=True)) is None:
        return None
    found.host.pull_out()
    return lambda: (found.host.plug_in(), _heal(found))[-1]


def wrong_clock(scene: Scene) -> End | None:
    if (found := scene.victim("at another time")) is None:
        return None
    before = found.clock.ahead
    found.clock.jump(scene.dice.choice((-1, 1)) * scene.dice.uniform(*OFF))
    return lambda: (found.clock.jump(before), _heal(found))[-1]


def database_away(scene: Scene) -> End | None:
    if scene.away:
        return None
    scene.away = True
    scene.database.stop(scene.dice.choice(("fast", "immediate")))

    def end() -> None:
        scene.database.start()
        scene.away = False

    return end


def store_away(scene: Scene) -> End | None:
    scene.store.stop()
    return scene.store.start


def _heal(crawler: Crawler) -> None:
    crawler.harmed = ""


LASTS: dict[Fault, tuple[float, float]] = {  # seconds
    kill: (1.0, 1.0),
    freeze: (LEASE + 10, LEASE + 40),
    partition: (10.0, LEASE + 40),
    wrong_clock: (15.0, 60.0),
    database_away: (0.5, 10.0),
    store_away: (3.0, 25.0),
}


@dataclass(frozen=True, slots=True)
class Planned:
    """A fault that begins so many seconds after the start, and lasts for so many."""

    at: float
    lasts: float
    fault: Fault


def plan(dice: random.Random, seconds: float) -> Iterator[Planned]:
    """Faults at random within so many seconds: each kind once, then all again in another order."""
    at = dice.uniform(*PAUSE)
    while True:
        for fault in dice.sample(list(LASTS), len(LASTS)):
            lasts = dice.uniform(*LASTS[fault])
            if at + lasts <= seconds:
                yield Planned(at, lasts, fault)
            at += dice.uniform(*PAUSE)
            if at > seconds:
                return
