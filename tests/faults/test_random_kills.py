"""Kills at times that nobody chose, each followed by a new start at once: each article is there once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.faults.consistency import (
    ARSHIF,
    Installation,
    articles_of,
    check_settled,
    check_sound,
    clear,
    count_versions,
)
from tests.support.long_form import LONG, LONG_MARKS
from tests.support.news_sites import Newsroom
from tests.support.patience import wait_for
from tests.support.postgresql import Server

KILLS = 500 if LONG else 3  # of each kind
LATER = 0.3  # s at most from when a crawl came to where it is to be killed: then it is at anything
PUBLISH_EACH = 2  # kills: such a crawl is killed when it has stored something new, however slow the machine is
SOUND_EACH = 3  # kills


pytestmark = LONG_MARKS


@pytest.fixture
def elasticsearch(request: pytest.FixtureRequest) -> dict[str, str]:
    """Settings that lead to an index on a real Elasticsearch; where there is none, to the embedded one."""
    try:
        url = request.getfixturevalue("elasticsearch_url")
    except pytest.skip.Exception:
        return {}
    prefix = f"t{uuid.uuid4().hex[:10]}"
    return {"ARSHIF_INDEX__ENGINE": "elasticsearch", "ARSHIF_INDEX__URL": url, "ARSHIF_INDEX__PREFIX": prefix}


@pytest.mark.timeout(0 if LONG else 3_600)
def test_kills_at_random_times(tmp_path: Path, elasticsearch: dict[str, str], postgresql_server: Server) -> None:
    in_postgresql = {"ARSHIF_ARCHIVE": postgresql_server.empty()}
    with ThreadPoolExecutor(2) as both:  # most of the time they wait
        alone = both.submit(kill_and_kill, tmp_path / "alone", in_postgresql, alone=True)
        together = both.submit(kill_and_kill, tmp_path / "together", elasticsearch, alone=False)
    assert (alone.result(), together.result()) == (KILLS, KILLS), "crawls came to their end before they were killed"


WHO = ("Fishermen", "Teachers", "Nurses", "Farmers", "Pupils", "Bakers", "Sailors", "Builders", "Drivers")
DID = ("repaired", "visited", "praised", "measured", "counted", "painted", "moved", "opened", "defended")
WHAT = ("bridges", "boats", "gardens", "roads", "schools", "wells", "mills", "towers", "markets", "engines")
WHERE = ("upstream", "downtown", "overseas", "indoors", "nearby", "inland", "uphill", "abroad", "offshore")


def report(number: int) -> str:
    """A text of which no other article has a paragraph: what several have is learned to be none of theirs, in an order
    that depends on what was crawled when."""
    dice = random.Random(number)

    def sentence() -> str:
        return f"{dice.choice(WHO)} {dice.choice(DID)} {dice.choice(WHAT)} {dice.choice(WHERE)} before {number} guests."

    return "\n\n".join(" ".join(sentence() for _ in range(4)) for _ in range(4))


def kill_and_kill(folder: Path, settings: dict[str, str], alone: bool) -> int:
    """How many crawls were killed: the command `alone`, with which its children must die, or all at once."""
    dice = random.Random(f"alone: {alone}")
    killed = 0
    with Newsroom(only=("english", "fr")) as room:
        config = room.config(folder / "config")
        Installation(config, {"ARSHIF_DATA": str(folder / "calm")}).arshif("crawl")
        whole = float(len(room.log))
        house = Installation(config, {"ARSHIF_DATA": str(folder / "data"), **settings})
        for number in range(1, 3 * KILLS + 1):
            versions = 0
            if number % PUBLISH_EACH == 0:
                room.publish(dice.choice(list(room.sites)), body=report(number))
                versions = count_versions(house) + 1
            requests = int(dice.triangular(0, whole, 0))
            if start_and_kill(house, room, requests, versions, dice.uniform(0, LATER), alone):
                killed += 1
            else:
                whole *= 0.8  # it had less to do than the first one
            if number % SOUND_EACH == 0:
                check_sound(house)
            if killed == KILLS:
                break
        assert articles_of(house), "no crawl came as far as to store anything"

        house.arshif("crawl")
        check_settled(house)
        untouched = Installation(config, {"ARSHIF_DATA": str(folder / "untouched")})
        untouched.arshif("crawl")
        found, calm = articles_of(house), articles_of(untouched)
        for article, told in found.items():  # lists led to some by other addresses too, while these were new
            assert {*calm[article].pop("aliases")} <= {*told.pop("aliases")}
        assert found == calm
        assert len(found) == sum(len(room.articles(site)) for site in room.sites)
    wait_for(lambda: left_over(house) == [])
    clear(house)
    return killed


def start_and_kill(
    house: Installation, room: Newsroom, requests: int, versions: int, later: float, alone: bool
) -> bool:
    """Whether a crawl was killed before it came to its end: `later` seconds after so many requests, and once the
    archive has so many versions."""
    before = len(room.log)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = house.start(*ARSHIF, "crawl", start_new_session=True, **quiet)

    def reached() -> bool:
        return len(room.log) >= before + requests and (not versions or count_versions(house) >= versions)

    wait_for(lambda: process.poll() is not None or reached())
    time.sleep(later)
    family = [process.pid]
    if not alone:
        with suppress(psutil.NoSuchProcess):
            family += [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
    for pid in family:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def left_over(house: Installation) -> list[psutil.Process]:
    """Processes that still work in this house."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("ARSHIF_DATA") == house.settings["ARSHIF_DATA"]:
                found.append(process)
    return found
