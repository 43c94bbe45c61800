"""What a run remembers of hosts: all that its own sites' tell, and of few others."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from crawler.config import load
from crawler.session import host_records
from crawler.session.host_records import HostRecords
from crawler.session.store import SessionStore
from index.archive import hosts
from tests.support.archive_samples import NOW

SITE = """
name: Step
homepage: https://step.example/
country: SY
languages: [ar]
enabled: true
sources: [{kind: feed, url: "https://feeds.example/step"}]
"""


def test_of_hosts_that_are_no_sites_a_run_remembers_some(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_records, "FOREIGN_HOSTS", 3)
    folder = tmp_path / "config" / "sites"
    folder.mkdir(parents=True)
    (tmp_path / "config" / "arshif.yaml").write_text("least_free: 1\n", "utf-8")
    (folder / "step.yaml").write_text(SITE, "utf-8")
    store = SessionStore(load(tmp_path / "config", {"ARSHIF_DATA": str(tmp_path / "data")}), None, pytest.fail)

    async def crawl() -> dict[str, bool]:
        await store.open(["step"])
        records = HostRecords(store)
        others = [f"https://{number}.example" for number in range(5)]
        asked = [*others, "https://step.example", "https://feeds.example", others[0]]
        for origin in asked:
            await records.put(origin, robots=b"User-agent: *\nDisallow: /x\n", answered=NOW)
        await records.put(others[0], not_before=NOW + timedelta(hours=1))
        states = {origin: await records.state(origin) for origin in asked}
        assert states[others[0]].not_before is not None, "what it has begun to remember, it goes on with"
        await store.close()
        return {hosts.origin(origin): state.robots is not None for origin, state in states.items()}

    assert asyncio.run(crawl()) == {
        **{f"https://{number}.example": number < 3 for number in range(5)},
        "https://step.example": True, "https://feeds.example": True,
    }  # fmt: skip
