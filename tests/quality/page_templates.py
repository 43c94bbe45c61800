"""The project's own pages: texts of the newsroom, and of `texts.txt`, printed in the manner of systems in real use.

Each page is a template of `templates/articles` around one text, with what such a system hangs around it; what the page
says is known, because it was printed from that. `templates/others` are pages that are no articles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from jinja2 import Environment, FileSystemLoader

from tests.support.news_sites.article import Draft
from tests.support.news_sites.dates import day
from tests.support.news_sites.drafts import paragraphs, prepared, read
from tests.support.news_sites.story_generator import story
from tests.support.news_sites.ui_strings import WORDS as NEWSROOM_WORDS

HERE = Path(__file__).parent
WORDS: Mapping[str, Mapping[str, str]] = {
    **NEWSROOM_WORDS,
    **yaml.safe_load((HERE / "ui_strings.yaml").read_text("utf-8")),
}
SYSTEMS = tuple(sorted(path.stem for path in (HERE / "templates" / "articles").iterdir()))
RTL = ("ar", "fa", "ur", "he", "ckb")
ZONES = {"ar": "Asia/Damascus", "en": "Europe/London", "fa": "Asia/Tehran", "zh": "Asia/Shanghai", "ja": "Asia/Tokyo"}
STYLES = {"ar": "levant", "en": "en", "fr": "fr", "ru": "ru", "fa": "fa", "zh": "zh"}  # of dates; others print numbers
LEGACY = {"ar": "windows-1256", "ru": "windows-1251", "zh": "gb18030", "el": "windows-1253", "he": "windows-1255"}
NAMES = {
    "ar": ("صدى الجبل", "أخبار الوادي", "مرآة الساحل"),
    "en": ("Harbour Courier", "The Northbank Post", "Estuary Times"),
}
UNCAPTIONED = ("divi", "joomla", "phpnuke")  # systems that show a picture without what its uploader wrote
STAFF = ("Courier staff", "La rédaction", "Редакция", "فريق التحرير")  # bylines that name nobody
FIRST = datetime(2026, 3, 2, 9, 20)  # when the first text appeared, on its site's clock
_ENVIRONMENT = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, trim_blocks=True)


@dataclass(frozen=True)
class Printed:
    """A page and what it says, by the names of `index.model.article.Article`."""

    name: str
    system: str
    language: str
    url: str
    html: bytes
    truth: Mapping[str, Any]


@dataclass(frozen=True)
class Other:
    """A page that is no article, and the reason for which it is to be refused."""

    name: str
    reason: str
    language: str
    url: str
    html: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Text:
    """A text in its language, before any system printed it."""

    language: str
    draft: Draft


def articles() -> list[Printed]:
    """All article pages: each text once, the systems in turn, Arabic ones through all of them more than twice."""
    texts = _texts()
    return [_printed(text, SYSTEMS[n % len(SYSTEMS)], n, texts) for n, text in enumerate(texts)]


def _texts() -> list[Text]:
    arabic = [*prepared("jannah"), *prepared("arabic2"), *(story("ar", n) for n in range(8))]
    english = [*prepared("english")[:6], *(story("en", n) for n in range(4))]
    found = [Text("ar", d) for d in arabic] + [Text("en", d) for d in english]
    found += [Text(language, d) for language in ("fa", "fr", "ru", "zh") for d in prepared(language)]
    found += list(_own())
    return [_with_caption(text) for text in found]


def _own() -> Iterator[Text]:
    for entry in (HERE / "texts.txt").read_text("utf-8").split("\n---\n"):
        first, rest = entry.split("\n", 1)
        yield Text(first.removeprefix("language: "), read(rest))


def _with_caption(text: Text) -> Text:
    """The text with a caption in two of three cases, as it comes: its own, else none."""
    return text if text.draft.caption else Text(text.language, replace(text.draft, caption=None))


def _printed(text: Text, system: str, number: int, texts: list[Text]) -> Printed:
    language, draft = text.language, text.draft
    base = f"https://{system}-{language}.example"
    site = NAMES.get(language, ("Kronika 24", "Aurora News"))[number % 2]
    when = (FIRST + timedelta(days=number, minutes=7 * number)).replace(tzinfo=ZoneInfo(ZONES.get(language, "UTC")))
    article = {
        "url": f"{base}/2026/{draft.slug}-{1000 + number}",
        "base": base,
        "language": language,
        "headline": draft.headline,
        "body": list(draft.body),
        "section": draft.sections[0] if draft.sections else "News",
        "authors": list(draft.authors) or ["Mira Tallow"],
        "keywords": list(draft.keywords),
        "caption": draft.caption,
        "description": _beginning(draft.body[0]),
        "image": f"{base}/uploads/2026/03/{draft.slug}-{number}.jpg",
        "iso": when.isoformat(),
        "day": day(when, STYLES[language]) if language in STYLES else when.strftime("%Y-%m-%d %H:%M"),
    }
    article["persons"] = [{"@type": "Person", "name": name} for name in article["authors"]]
    charset = LEGACY.get(language, "utf-8") if system == "phpnuke" else "utf-8"
    html = _ENVIRONMENT.get_template(f"articles/{system}.html").render(
        a=article, w=WORDS[language], site=site, others=_others(text, texts), charset=charset,
        dir="rtl" if language in RTL else "ltr",
    )  # fmt: skip
    body = html.encode(charset, "xmlcharrefreplace")
    truth = {"published": when, **{key: article[key] for key in ("headline", "body", "authors", "section", "caption")}}
    truth["authors"] = [name for name in draft.authors if name not in STAFF]
    truth["image"] = article["image"] if draft.caption else None
    truth["caption"] = None if system in UNCAPTIONED else draft.caption
    return Printed(f"{system}-{language}-{draft.slug}", system, language, str(article["url"]), body, truth)


def _others(text: Text, texts: list[Text]) -> list[dict[str, str]]:
    """Three other articles that the page links to, of its language where there are so many."""
    near = [t for t in texts if t.language == text.language and t is not text] + [t for t in texts if t is not text]
    start = len(text.draft.slug) % 3
    return [{"headline": t.draft.headline, "path": f"/2026/{t.draft.slug}"} for t in near[start : start + 3]]


def _beginning(paragraph: str) -> str:
    return paragraph if len(paragraph) <= 150 else paragraph[:150].rsplit(" ", 1)[0] + "…"


def pages_that_are_none() -> list[Other]:
    """Section and home pages, consent pages, walls, "not found" with 200, pages of a video alone."""
    listing = yaml.safe_load((HERE / "non_articles.yaml").read_text("utf-8"))
    return [page for entry in listing for page in _other(entry)]


def _other(entry: Mapping[str, Any]) -> Iterator[Other]:
    """One page a language that the entry names: the template's, with the entry's further values."""
    texts = _texts()
    for language in entry.get("languages", ["en"]):
        own = [t.draft for t in texts if t.language == language]
        drafts = (own + [t.draft for t in texts if t.language == "en"])[: entry.get("links", 12)]
        said = entry.get("said", {}).get(language, {})
        items = [{"headline": d.headline, "path": f"/2026/{d.slug}", "lead": _beginning(d.body[0])} for d in drafts]
        base = f"https://{entry['name']}-{language}.example"
        html = _ENVIRONMENT.get_template(f"others/{entry['template']}.html").render(
            w=WORDS[language], language=language, dir="rtl" if language in RTL else "ltr", items=items, base=base,
            site=NAMES.get(language, ("Kronika 24",))[0], said=said, **entry.get("with", {}),
        )  # fmt: skip
        url = base + entry.get("path", "/news/a-story-12345")
        name = f"{entry['name']}-{language}"
        yield Other(name, entry["reason"], language, url, html.encode(), entry.get("status", 200))


__all__ = ["SYSTEMS", "Other", "Printed", "articles", "pages_that_are_none", "paragraphs"]
