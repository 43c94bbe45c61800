"""What pages say of their use is kept, and refuses nothing."""

from __future__ import annotations

import pytest

from crawler import stages
from tests.support.samples import a_page, a_site

TEXT = (
    "<article><h1>A headline of some length</h1><p>" + "The council met on Monday and agreed. " * 12 + "</p></article>"
)


@pytest.mark.parametrize(
    ("head", "headers", "use"),
    [
        ('<meta name="robots" content="index, follow, max-image-preview:large">', {}, None),
        ('<meta name="robots" content="NOINDEX,nofollow, noai">', {}, "meta robots: noindex, noai"),
        ('<meta name="arshif" content="noarchive">', {}, "meta robots: noarchive"),
        ('<meta name="googlebot" content="noindex">', {}, None),
        ("", {"x-robots-tag": "noarchive"}, "X-Robots-Tag: noarchive"),
        ("", {"x-robots-tag": "googlebot: noindex"}, None),
        ("", {"x-robots-tag": "arshif: noai, noimageai"}, "X-Robots-Tag: noai, noimageai"),
        ('<meta name="tdm-reservation" content="1">', {}, "tdm-reservation: 1"),
        ("", {"tdm-reservation": "0", "content-usage": "train-ai=n"}, "tdm-reservation: 0; Content-Usage: train-ai=n"),
    ],
)
def test_what_a_page_says_of_its_use_is_kept(head: str, headers: dict[str, str], use: str | None) -> None:
    page = a_page(
        f"<html lang=en><head>{head}</head><body>{TEXT}</body></html>", headers={"content-type": "text/html", **headers}
    )
    article = stages.article(page, a_site()).article
    assert article.headline == "A headline of some length"
    assert article.origins.get("use") == use
