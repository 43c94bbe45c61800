"""Where our own reader finds no date, htmldate is asked, and must not guess what we would not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bench.extraction import NOBODY
from crawler import stages
from crawler.models import Page

TEXT = "".join(
    f"<p>{'نص طويل من الخبر يقول شيئا عن المدينة والناس والطريق إليها في هذا اليوم. ' * 3}</p>" for _ in range(4)
)
PLACES = ("<span class='date'>{}</span>", "<time>{}</time>", "<div class='entry-date published'>{}</div>")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("15 كانون الثاني 2024", "2024-01-15"),  # which htmldate takes for the first of January
        ("15 آذار 2024", "2024-03-15"),
        ("٠٤/٠٣/٢٠٢٤", "2024-03-04"),  # whose digits make it the fourth month
        ("۰۴/۰۳/۲۰۲۴", "2024-03-04"),
        ("15 ك2 2024", "2024-01-15"),
        ("كانون الثاني 2024", None),
        ("31 شباط 2024", None),
        ("3 تشرين 2021", None),
    ],
)
def test_dates_in_arabic_are_ours_or_none(place: str, said: str, day: str | None) -> None:
    shown = f"<h1>خبر عن شيء ما هنا اليوم</h1>{place.format(said)}{TEXT}"
    html = f"<html lang='ar'><body><article>{shown}</article></body></html>"
    url = "https://a.example/some-long-story-slug"
    article = stages.article(Page(url, url, html.encode(), datetime(2026, 3, 1, tzinfo=UTC)), NOBODY).article
    assert (article.published and article.published.date().isoformat()) == day
