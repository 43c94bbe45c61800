"""What the search page says in its two languages, and how it looks: pure functions, templates and the sheet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from index.web import i18n
from index.web.static_files import STATIC
from index.web.templating import paragraphs
from tests.support.filled_archive import Shelf, fill, newsroom, page
from tests.support.web_client import Client, client_of, tree

WEB = Path(str(STATIC)).parent


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """The newsroom's articles in several languages."""
    filled = fill(tmp_path_factory.mktemp("shelf"), map(page, newsroom()))
    yield filled
    filled.close()


@pytest.fixture(scope="module")
def client(shelf: Shelf) -> Client:
    return client_of(shelf)


def fields(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


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


def test_both_languages_say_everything() -> None:
    assert i18n.WORDS["ar"].keys() == i18n.WORDS["en"].keys()
    assert i18n.SAYINGS["ar"].keys() == i18n.SAYINGS["en"].keys()
    assert all(fields(i18n.SAYINGS["ar"][key]) == fields(text) for key, text in i18n.SAYINGS["en"].items())
    assert i18n.NOUNS["ar"].keys() == i18n.NOUNS["en"].keys()
    assert all(len(forms) == 6 for forms in i18n.NOUNS["ar"].values())
    used = {key for path in WEB.glob("templates/*.html") for key in re.findall(r"\bt\.(\w+)", path.read_text("utf-8"))}
    assert used <= i18n.WORDS["en"].keys()
    assert not used & set(dir(dict))  # such as t.copy, which would be a method


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (0, "لا نتائج"),
        (1, "نتيجة واحدة"),
        (2, "نتيجتان"),
        (3, "3 نتائج"),
        (10, "10 نتائج"),
        (11, "11 نتيجة"),
        (99, "99 نتيجة"),
        (100, "100 نتيجة"),
        (103, "103 نتائج"),
        (1_234_511, "1,234,511 نتيجة"),
    ],
)
def test_arabic_counts(n: int, said: str) -> None:
    assert i18n.count("ar", "results", n) == said


@pytest.mark.parametrize(
    ("language", "way"),
    [
        ("ar", "rtl"),
        ("ar-EG", "rtl"),
        ("he", "rtl"),
        ("ckb", "rtl"),
        ("ku", "ltr"),
        ("ku-Arab", "rtl"),
        ("az-Latn", "ltr"),
        ("ar-Latn", "ltr"),
        ("pa-Arab-PK", "rtl"),
        ("zh-Hant", "ltr"),
        ("fr", "ltr"),
        ("", "auto"),
        (None, "auto"),
    ],
)
def test_the_way_a_language_runs(language: str | None, way: str) -> None:
    assert i18n.direction(language) == way


def test_a_moment_says_its_zone() -> None:
    assert i18n.clock("en", datetime(2026, 1, 2, 3, 4, tzinfo=UTC)) == "2 January 2026, \u206603:04 UTC\u2069"
    west = datetime(2026, 1, 2, 3, 4, tzinfo=timezone(timedelta(hours=-4, minutes=-30)))
    assert i18n.clock("ar", west) == "2 يناير 2026، \u206603:04 UTC−4:30\u2069"


def test_paragraphs() -> None:
    assert paragraphs(" a\nb\n\n \n\nc\n") == ["a\nb", "c"]
    assert paragraphs("") == []


# --- the sheet and the templates -------------------------------------------------------------------------------------


def test_nothing_comes_from_elsewhere() -> None:
    for sheet in STATIC.glob("**/*.css"):
        links = re.findall(r"url\((.*?)\)", sheet.read_text("utf-8"))
        assert all(re.fullmatch(r'"fonts/[\w.-]+\?v=[\d.]+"', link) for link in links), sheet.name
        assert all((STATIC / link.strip('"').partition("?")[0]).exists() for link in links)
        assert not re.search(r"@import|expression\(", sheet.read_text("utf-8"))
    active = r"https?:|<script|<style|<img|\bstyle=|\bon\w+=|\|\s*safe\b|autoescape"
    for template in WEB.glob("templates/*.html"):
        source = re.sub(r"<script src=\"{{ static\('[\w./-]+'\) }}\" defer></script>", "", template.read_text("utf-8"))
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
    assert {f"verdict_{verdict.replace(' ', '_')}" for verdict in verdicts} <= i18n.WORDS["en"].keys()
