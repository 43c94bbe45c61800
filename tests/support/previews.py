"""What a look at a made-up site finds, for whoever shows it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import HttpUrl
from sqlalchemy import Connection

from crawler.onboarding import preview
from crawler.onboarding.messages import ProposalMessage
from crawler.onboarding.proposal import Proposal, SourceOffer, TrialArticle
from crawler.site_config import Site, Source
from index.model.article import Article
from index.model.candidate import Candidate
from index.model.codes import FetchReason
from index.model.message import Message
from tests.support.filled_archive import NOW, ZONE, article

HOME = "https://village.example/"


def proposal(**fields: Any) -> Proposal:
    """The proposal of a village's paper with an article that was read and one that was not; `fields` of the article."""
    feed = Source(kind="feed", url=HttpUrl(f"{HOME}feed"))
    site = Site(
        id="village", name=str(fields.get("headline", "أخبار القرية")), homepage=HttpUrl(HOME), country="SY",
        languages=("ar",), time_zone="Asia/Damascus", sources=(feed,), enabled=True,
    )  # fmt: skip
    told: Mapping[str, Any] = {
        "headline": "فتح طريق القرية", "body": "فقرة أولى من الخبر.\n\nفقرة ثانية منه.", "authors": ("ليلى حداد",),
        "section": "محليات", "published": NOW.astimezone(ZONE), "description": "عاد الطريق.",
    } | fields  # fmt: skip
    read: Article = article(f"{HOME}1", site="village", **told)
    offer = SourceOffer(feed, (Candidate(f"{HOME}1", published=NOW), Candidate(f"{HOME}2", published=NOW)))
    left = SourceOffer(Source(kind="sitemap", url=HttpUrl(f"{HOME}sitemap.xml")), (Candidate(f"{HOME}1"),))
    failed = TrialArticle(f"{HOME}2", problem=Message(FetchReason.HTTP_STATUS, {"status": 500}))
    return Proposal(
        site, (offer,), ((left, Message(ProposalMessage.LEFT_REPEATS)),), (TrialArticle(f"{HOME}1", read), failed), 3.2,
        (Message(ProposalMessage.NO_TIME_ZONE),),
    )  # fmt: skip


def settle(conn: Connection, number: int, **fields: Any) -> None:
    """Record that as what a preview found."""
    preview.settle(conn, number, proposal(**fields), datetime.now(UTC))
