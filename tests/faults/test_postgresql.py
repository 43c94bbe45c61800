"""An archive in PostgreSQL whose server stops, or breaks connections, in the middle of the work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faults.consistency import ARSHIF, Installation, articles_of, check_settled, count_versions
from tests.integration.daemon_process import daemon
from tests.integration.harness import Harness
from tests.support.news_sites import Newsroom
from tests.support.patience import PATIENCE, wait_for
from tests.support.postgresql import Server


def restart(server: Server) -> None:
    server.stop()
    server.start()


@pytest.mark.parametrize("harm", ["its server is restarted", "its connections are cut"])
def test_a_crawl_goes_on(
    harm: str,
    build: Callable[..., Installation],
    undisturbed: dict[str, Any],
    postgresql_server: Server,
    tmp_path: Path,
) -> None:
    url = postgresql_server.empty()
    house = build(tmp_path / "data", ARSHIF_ARCHIVE=url)
    process = house.start(*ARSHIF, "crawl")
    said: list[str] = []
    reading = threading.Thread(target=lambda: said.append(process.communicate()[0]))  # or the pipe would fill up
    reading.start()
    for stored in (1, 9, 17):
        wait_for(lambda stored=stored: process.poll() is not None or count_versions(house) >= stored)  # type: ignore[misc]
        if harm == "its server is restarted":
            restart(postgresql_server)
        else:
            postgresql_server.disconnect(url)
    reading.join(PATIENCE)
    assert process.returncode == 0, said
    check_settled(house)
    assert articles_of(house) == undisturbed


def test_the_daemon_goes_on_and_stays_the_only_one(postgresql_server: Server, tmp_path: Path) -> None:
    with Newsroom(via="proxy", only=("english",)) as room:
        house = Harness(room, tmp_path, postgresql_server, every=0.05)
        with daemon(house) as service:
            service.wait_for(lambda: len(house.documents()) == len(room.articles("english")))
            restart(postgresql_server)
            new = room.publish("english")
            service.wait_for(lambda: service.found(f'"{new.headline}"'))
            house.arshif("run", code=3)
            assert f"process {service.process.pid} on " in house.log
            assert service.end() == 0
        assert "Traceback" not in service.log, service.log
