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


PROSE = "".join(
    f"<p>The {one} of the town said on Monday that nobody had asked the people who live by the river, and that {n} of "
    "them would have to wait for an answer until the summer of the year after next.</p>"
    for n, one in enumerate(("mayor", "doctor", "teacher", "farmer", "judge", "baker", "gardener", "painter") * 3)
)
ANOTHER_DAY = {
    "an event's": ("", "<p>The fair begins on <time datetime='2025-05-05'>5 May</time> in the town hall.</p>", ""),
    "told in the text": ("", "", "<p>It was created on 3 May 2019.</p><p>First published 4 May 2019.</p>"),
    "a timeline's": ("", "", "<ul><li>First case in the town on 3 May 2020</li><li>The bridge is closed</li></ul>"),
    "of a picture": ("", "", "<figure><img src='/a.jpg'><span>A photo posted on 3 May 2019</span></figure>"),
    "quoted": ("", "", "<blockquote><p>What a day it was</p>Posted by Ann on May 3, 2019</blockquote>"),
    "a head's, of a page kept for a day": (
        "<header><div class='date'>Saturday, 28 February 2026</div></header>",
        "",
        "",
    ),
    "of the weather": ("<div class='weather-date'>28 February 2026</div>", "", ""),
    "picked": ("<div class='datepicker'>3 May 2025</div>", "", ""),
    "a reply's": ("", "", "<div class='reply'><p>Ann</p><p>Posted on 3 January 2025 at 10:00</p></div>"),
    "a caption's": ("", "<figure><figcaption>A ship on Aug. 31, 2019. (AP)</figcaption></figure>", ""),
    "a statement's": (
        "",
        "<p>On 5 May 1997, the old bridge over the river was opened by the mayor with a feast.</p>",
        "",
    ),
}


@pytest.mark.parametrize("kind", ANOTHER_DAY)
def test_the_day_of_something_else_is_not_that_of_publication(kind: str) -> None:
    above, first, last = ANOTHER_DAY[kind]
    shown = f"{above}<main><article><h1>Nobody asked the people by the river</h1>{first}{PROSE}{last}</article></main>"
    for slug, day in (("some-long-story-slug", None), ("2025/06/07/story", "2025-06-07")):
        url = f"https://a.example/{slug}"
        page = Page(url, url, f"<html lang='en'><body>{shown}</body></html>".encode(), datetime(2026, 3, 1, tzinfo=UTC))
        article = stages.article(page, NOBODY).article
        assert (article.published and article.published.date().isoformat()) == day


@pytest.mark.parametrize(
    "shown",
    [
        "<span class='fa-calendar meta'>5 May 2025</span>",
        "<div class='post-calendar'>5 May 2025</div>",
        "<p>By Ann Lee, <time datetime='2025-05-05'>5 May 2025</time>.</p>",
        "<header class='entry-meta'><span class='entry-date'>5 May 2025</span></header>",
    ],
)
def test_the_day_below_a_headline_is_that_of_publication(shown: str) -> None:
    html = f"<html lang='en'><body><article><h1>Nobody asked the people</h1>{shown}{PROSE}</article></body></html>"
    url = "https://a.example/some-long-story-slug"
    article = stages.article(Page(url, url, html.encode(), datetime(2026, 3, 1, tzinfo=UTC)), NOBODY).article
    assert article.published is not None
    assert article.published.date().isoformat() == "2025-05-05"
