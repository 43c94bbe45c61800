"""What the search page says in its two languages, and how it looks: pure functions, templates and the sheet."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from index.web.static_files import STATIC
from index.web.templating import paragraphs, word
from tests.support.filled_archive import SearchFixture
from tests.support.web_client import Client, client_of, tree

WEB = Path(str(STATIC)).parent


@pytest.fixture(scope="module")
def client(shelf: SearchFixture) -> Client:
    return client_of(shelf)


# --- the page's own language -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepts", "language"),
    [
        ("", "en"),
        ("ar", "ar"),
        ("ar-SY,en;q=0.8", "ar"),
        ("en,ar;q=0.9", "en"),
        ("fr,ar;q=0.3,en;q=0.2", "ar"),
        ("zh", "en"),
        ("ar;q=0", "en"),
        ("ar;q=x", "en"),
        ("*", "en"),
        ("," * 5000, "en"),
        ("en;q=0.5, ar;q=0.7", "ar"),
    ],
)
def test_speaks_the_browsers_language(client: Client, accepts: str, language: str) -> None:
    answer = client.get("/search?q=حلب", headers={"accept-language": accepts})
    assert tree(answer).get("lang") == language
    assert answer.headers["vary"] == "Accept-Language"
    assert "ui=" not in "".join(tree(answer).xpath("//ol//a/@href"))


def test_a_chosen_language_stays(client: Client) -> None:
    root = tree(client.get("/search?q=حلب&ui=ar", headers={"accept-language": "en"}))
    assert root.get("dir") == "rtl"
    assert root.cssselect("input[name=ui]")[0].get("value") == "ar"
    assert all("ui=ar" in link for link in root.xpath("//ol//a/@href"))
    (other,) = root.cssselect("nav a[hreflang=en]")
    assert tree(client.get(other.get("href"))).cssselect("input[name=q]")[0].get("value") == "حلب"


def test_paragraphs() -> None:
    assert paragraphs(" a\nb\n\n \n\nc\n") == ["a\nb", "c"]
    assert paragraphs("") == []


# --- the sheet and the templates -------------------------------------------------------------------------------------


LINKED_DATA = '<script type="application/ld+json">{{ document|linked_data }}</script>'  # data, which nothing runs


def test_nothing_comes_from_elsewhere() -> None:
    for sheet in STATIC.glob("**/*.css"):
        links = re.findall(r"url\((.*?)\)", sheet.read_text("utf-8"))
        assert all(re.fullmatch(r'"fonts/[\w.-]+\?v=[\d.]+"', link) for link in links), sheet.name
        assert all((STATIC / link.strip('"').partition("?")[0]).exists() for link in links)
        assert not re.search(r"@import|expression\(", sheet.read_text("utf-8"))
    active = r"https?:|<script|<style|<img|\bstyle=|\bon\w+=|\|\s*safe\b|autoescape"
    for template in WEB.glob("templates/*.html"):
        source = re.sub(r"<script src=\"{{ static\('[\w./-]+'\) }}\" defer></script>", "", template.read_text("utf-8"))
        source = re.sub(r"<img (class=\"\w+\" )?src=\"{{ url\([^\"]+\) }}\"", "", source)  # of our own
        source = source.replace(LINKED_DATA, "")
        assert not re.search(active, source), template.name


def test_the_sheets_have_no_left_and_right() -> None:
    physical = (
        r"(?:margin|padding|border|inset)-(?:left|right)|(?<![\w-])(?:left|right)\s*:|text-align: (?:left|right)|float:"
    )
    for name in ("arshif.css", "search.css"):
        assert re.findall(physical, (STATIC / name).read_text("utf-8")) == [], name


def test_what_others_wrote_has_its_licence_beside_it() -> None:
    for kind, pattern in (("vendor", "*.min.js"), ("fonts", "*.woff2")):
        licences = {path.name.removesuffix("-LICENSE.txt") for path in (STATIC / kind).glob("*-LICENSE.txt")}
        assert licences
        for path in (STATIC / kind).glob(pattern):
            assert any(path.name.startswith(name) for name in licences), path.name


def luminance(color: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_have_contrast(scheme: str) -> None:
    sheet = (STATIC / "arshif.css").read_text("utf-8")
    pairs = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);", sheet)
    colours = {name: dark if scheme == "dark" else light for name, light, dark in pairs}
    on_paper = [
        (ink, paper) for ink in ("ink", "soft", "link", "visited", "wrong", "fine") for paper in ("paper", "sheet")
    ]
    on_tint = [(ink, "tint") for ink in ("ink", "soft", "link", "wrong", "fine")]
    for ink, paper in [*on_paper, *on_tint, ("on-mark", "mark"), ("on-button", "button")]:
        light, dark = sorted((luminance(colours[ink]), luminance(colours[paper])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, f"{ink} on {paper}"  # WCAG 2.2, 1.4.3 (AA)


def test_every_verdict_has_its_words() -> None:
    table = (WEB.parents[1] / "docs" / "operations.md").read_text("utf-8")
    verdicts = re.findall(r"^\| ([a-z ]+) \|", table[table.index("| quiet |") :].partition("\n\n")[0], re.MULTILINE)
    assert len(verdicts) >= 8
    assert [verdict for verdict in verdicts if word("ar", "verdict", verdict) == verdict] == []
    assert word("ar", "verdict", "unheard of") == "unheard of"
