"""A crawl of requested addresses, and the sites that another crawl has begun with since they were claimed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection

from crawler.session.addresses import AddressSession
from crawler.site_config import stranger
from crawler.storage import open_archive
from index.archive import leases, requests, runs
from index.model.codes import FetchReason, RequestWay, RunDetail
from index.model.message import Message
from tests.support.newspaper import HOME, InlineWorkers, configured

NOW = datetime.now(UTC)
BUSY, FREE = f"{HOME}/one", "https://other.example/1"


def test_what_another_crawl_has_begun_with_waits_again_and_a_commands_is_told(tmp_path: Path) -> None:
    config = configured(tmp_path)
    sites = (config.sites["paper"], stranger(FREE))
    asked = [(BUSY, "paper", RequestWay.PAGE), (BUSY, "paper", RequestWay.COMMAND), (FREE, sites[1].id, RequestWay.API)]

    def claim(conn: Connection) -> tuple[int, list[int]]:
        numbers = [requests.ask(conn, *one, NOW).id for one in asked]
        run = runs.start(conn, [], NOW, owner="arshif")
        requests.claim(conn, numbers, run)
        leases.acquire(conn, ["paper"], "another run", NOW)
        return run, numbers

    with open_archive(config) as archive:
        run, numbers = archive.write(claim).result()
        session = AddressSession(config, InlineWorkers(), pytest.fail, run=run)  # type: ignore[arg-type]

        async def crawl() -> dict[str, list[str]]:
            found = await session.open_for(sites)
            await session.close("finished", reached=True)
            return found

        assert asyncio.run(crawl()) == {sites[1].id: [FREE]}
        with archive.read() as conn:
            waits, told, goes_on = (requests.get(conn, number) for number in numbers)
    assert waits is not None
    assert told is not None
    assert goes_on is not None
    assert (waits.run, waits.ended) == (None, None)
    assert told.outcome == Message(RunDetail.BUSY)
    assert (goes_on.run, goes_on.ended) == (run, None)


def test_what_another_machine_kept_from_its_host_waits_again_and_a_commands_is_told(tmp_path: Path) -> None:
    config, taken = configured(tmp_path), Message(FetchReason.HOST_TAKEN, {"host": "paper.example"})

    def claim(conn: Connection) -> tuple[int, list[int]]:
        ways = RequestWay.PAGE, RequestWay.COMMAND
        numbers = [requests.ask(conn, BUSY, "paper", way, NOW).id for way in ways]
        run = runs.start(conn, [], NOW, owner="arshif")
        requests.claim(conn, numbers, run)
        return run, numbers

    with open_archive(config) as archive:
        run, numbers = archive.write(claim).result()
        session = AddressSession(config, InlineWorkers(), pytest.fail, run=run)  # type: ignore[arg-type]

        async def crawl() -> None:
            await session.open_for((config.sites["paper"],))
            session.progress.defer("paper", taken)
            await session.close("finished", reached=True)

        asyncio.run(crawl())
        with archive.read() as conn:
            waits, told = (requests.get(conn, number) for number in numbers)
    assert waits is not None
    assert told is not None
    assert (waits.run, waits.ended) == (None, None)
    assert told.outcome == taken
