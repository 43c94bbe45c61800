"""Pages that give no article: what each counts as, and which responses are not even read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crawler.errors import PageProblem, Refused, Unreadable
from crawler.models import Page
from crawler.session.pages import response_problem
from crawler.session.rejections import rejection
from index.model.codes import FetchReason, PageReason, ParseReason
from index.model.message import Message

URL = "https://step.example/2026/a-story"
MAX_BYTES = 1_000


def page(url: str = URL, status: int = 200, length: int = 10, asked: str | None = None) -> Page:
    return Page(url, url, b"x" * length, datetime(2026, 3, 1, tzinfo=UTC), status, asked=asked)


@pytest.mark.parametrize(
    ("problem", "counts_as"),
    [
        (Refused(PageReason.LISTING), "refused"),
        (Refused(FetchReason.TOO_LARGE), "refused"),
        (Refused(PageReason.WALL), "failed"),
        (Refused(PageReason.CONSENT), "failed"),
        (Unreadable(ParseReason.TOO_SLOW), "quarantined"),
        (PageProblem(FetchReason.HTTP_STATUS, status=503), "failed"),
        (PageProblem(FetchReason.TIMEOUT), "failed"),
    ],
)
def test_what_is_no_article_stays_refused_and_all_else_is_tried_again(problem: PageProblem, counts_as: str) -> None:
    assert rejection(problem) == counts_as


@pytest.mark.parametrize(
    ("came", "reason"),
    [
        (page(), None),
        (page(length=MAX_BYTES), None),
        (page(length=MAX_BYTES + 1), Message(FetchReason.TOO_LARGE, {"bytes": MAX_BYTES + 1})),
        (page(status=503), Message(FetchReason.HTTP_STATUS, {"status": 503})),
        (
            page("https://step.example/", asked=URL),
            Message(PageReason.REDIRECTED_HOME, {"url": "https://step.example/"}),
        ),
        (page("https://step.example/2026/another-story", asked=URL), None),
    ],
)
def test_a_response_that_is_not_even_read(came: Page, reason: Message | None) -> None:
    problem = response_problem(came, MAX_BYTES)
    assert (problem.message if problem else None) == reason
