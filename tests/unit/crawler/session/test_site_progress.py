"""What is told of a site whose sources failed, and of one whose host another machine was asking."""

from __future__ import annotations

import asyncio
from itertools import permutations
from pathlib import Path

import pytest

from crawler.session.session import CrawlSession
from crawler.session.site_progress import SiteProgress
from crawler.storage import open_archive
from index.archive import runs, site_state, source_state
from index.model.codes import FetchReason, RunStatus, SourceReason
from index.model.message import Message
from tests.support.newspaper import InlineWorkers, configured
from tests.support.samples import a_site

SOURCES = [f"https://news.example.com/{name}" for name in ("feed", "sitemap.xml", "posts.xml")]


def test_of_several_sources_that_fail_the_first_of_the_file_is_told_whichever_answers_first() -> None:
    site = a_site(sources=[{"kind": "sitemap", "url": url} for url in SOURCES])
    told = []
    for order in permutations(SOURCES[1:]):
        progress = SiteProgress(site, problem=Message(FetchReason.NO_ANSWER))
        for url in order:
            progress.fail_source(url, Message(SourceReason.OF_URL, {"url": url, "why": Message(FetchReason.NO_ANSWER)}))
        told.append(progress.problem)
    assert [problem and problem.params["url"] for problem in told] == [SOURCES[1], SOURCES[1]]


@pytest.mark.parametrize("answered", [False, True], ids=["alone", "beside one that answers"])
def test_a_source_whose_host_another_machine_asks_is_no_failure_and_stays_due(tmp_path: Path, answered: bool) -> None:
    config = configured(tmp_path)
    taken = Message(FetchReason.HOST_TAKEN, {"host": "paper.example"})

    async def crawl() -> int:
        session = CrawlSession(config, InlineWorkers(), pytest.fail)  # type: ignore[arg-type]
        await session.open([config.sites["paper"]])
        (poll,) = await session.sources.polls(config.sites["paper"], frozenset({"feed"}))
        session.progress.defer("paper", taken)
        session.progress.sites["paper"].answered += answered
        await session.close("finished", reached=True)
        assert poll.key in {str(source.url) for source in config.sites["paper"].sources}
        return session.store.run

    run = asyncio.run(crawl())
    with open_archive(config) as archive, archive.read() as conn:
        state, record = site_state.state(conn, "paper"), runs.get(conn, run)
        assert [one.asked for one in source_state.states(conn, "paper")] == []
    assert record is not None
    (part,) = record.sites
    assert (part.status, part.detail) == ((RunStatus.OK, None) if answered else (RunStatus.HOST_BUSY, taken))
    assert (state.failures, state.verdict, state.detail) == (0, None, None)
    assert (state.last_run is None) == (not answered)
