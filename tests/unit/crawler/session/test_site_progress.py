"""What is told of a site whose sources failed."""

from __future__ import annotations

from itertools import permutations

from crawler.session.site_progress import SiteProgress
from index.model.codes import FetchReason, SourceReason
from index.model.message import Message
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
