"""A template and its values -> an answer in HTML: the page's language, its links, and what text may be shown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request

from index import locale
from index.dedup.version_diff import DiffSpan
from index.model.article import IndexDocument
from index.search.query_language import MAX_CHARACTERS, sentence
from index.web import i18n
from index.web.static_files import static

HERE = Path(__file__).parent
CARRIED = (  # parameters that the link to the other language keeps
    *("q", "site", "country", "lang", "section", "author", "after", "until", "sort", "by", "cursor"),
)

# Controls, lone surrogates (UTF-8 has none) and the two overrides, which make a text read otherwise than it is
# written. Other marks of direction are part of Arabic and Hebrew texts; <bdi> and blocks keep them from running over.
UNSHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202d\u202e]")


@dataclass(frozen=True, slots=True)
class Ui:
    """The page's own language: "ar" or "en"; `chosen` where the address says it, so that links carry it on."""

    language: str
    chosen: bool = False

    @property
    def direction(self) -> str:
        """rtl or ltr."""
        return i18n.DIRECTIONS[self.language]


def ui_of(request: Request) -> Ui:
    """The page's language: as `?ui=` says, else the one that the browser prefers (RFC 9110, 12.5.4), else English."""
    asked = request.query_params.get("ui", "")
    if asked in i18n.WORDS:
        return Ui(asked, chosen=True)
    best, liked = "en", 0.0
    for part in request.headers.get("accept-language", "")[:1000].split(","):
        name, _, quality = part.strip().partition(";q=")
        language = name.split("-")[0].lower()
        weight = float(quality) if re.fullmatch(r"[01](\.\d{0,3})?", quality) else 0.0 if quality else 1.0
        if language in i18n.WORDS and weight > liked:
            best, liked = language, weight
    return Ui(best)


def theme_of(request: Request) -> str:
    """Light or dark as the reader chose in this browser; empty where the system's counts. Sent with the page, so that
    nothing waits for a script that would set it before the first paint."""
    chosen = request.cookies.get("arshif-theme", "")
    return chosen if chosen in ("light", "dark") else ""


def render(request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """The page that this template makes of these values, in the language of the request."""
    ui = ui_of(request)
    asked = {name: request.query_params.getlist(name) for name in CARRIED if name in request.query_params}
    helpers = {
        "ui": ui,
        "theme": theme_of(request),
        "t": i18n.WORDS[ui.language],
        "count": partial(i18n.count, ui.language),
        "said": lambda message: locale.translate(message, ui.language) if message else "",
        "elsewhere": request.app.state.elsewhere,
        "day": partial(i18n.day, ui.language),
        "clock": partial(i18n.clock, ui.language),
        "countries": i18n.COUNTRIES[ui.language],
        "syntax": i18n.SYNTAX[ui.language],
        "keys": i18n.KEYS[ui.language],
        "examples": i18n.EXAMPLES[ui.language],
        "languages": i18n.NAMES,
        "url": partial(address, ui),
        "in_language": lambda code: address(Ui(code, chosen=True), request.url.path, **asked),
        "max_characters": MAX_CHARACTERS,
        "path": request.url.path,
    }
    html = _templates().get_template(template).render(helpers | context)
    headers = {"vary": "Accept-Language", "cache-control": "private, no-cache"}
    return HTMLResponse(html, status, headers)


def address(ui: Ui, path: str, **parameters: str | Sequence[str] | None) -> str:
    """A link to a page of ours, without empty parameters, in the language that was chosen."""
    kept = {name: value for name, value in parameters.items() if value}
    if ui.chosen:
        kept["ui"] = ui.language
    return quote(path) + ("?" + urlencode(kept, doseq=True) if kept else "")


def strip_controls(value: object) -> object:
    """A value as a template may write it: a text without what UNSHOWN names. Escaping comes after."""
    return UNSHOWN.sub("", value) if isinstance(value, str) and not isinstance(value, Markup) else value


def web_link(url: str | None) -> str | None:
    """The address, if a click on it can only open a page of the web; None for javascript:, data: and the like."""
    if not url or not re.match(r"https?://", url, re.IGNORECASE) or re.search(r"[\s\x00-\x1f\x7f\\]", url):
        return None
    try:
        return url if urlsplit(url).hostname else None
    except ValueError:
        return None


def join_authors(authors: Sequence[str], language: str) -> str:
    """Names as a citation begins with them, with what parts them from its title; empty where there are none."""
    comma = "، " if language == "ar" else ", "
    return comma.join((*authors, "")) if authors else ""


def groups(body: Sequence[Sequence[DiffSpan]]) -> list[tuple[bool, list[Sequence[DiffSpan]]]]:
    """Paragraphs of a diff in runs: those in which nothing changed (True), and the others."""
    runs = groupby(body, key=lambda paragraph: all(piece.op == "same" for piece in paragraph))
    return [(same, list(run)) for same, run in runs]


def readable(url: str) -> str:
    """An address as people read it: %D8%A3 becomes أ where that gives letters; what has a meaning in it stays."""

    def decoded(match: re.Match[str]) -> str:
        text = unquote(match[0], errors="replace")
        return text if text.isprintable() and "\ufffd" not in text and not re.search(r"\s", text) else match[0]

    return re.sub(r"(?:%[89A-Fa-f][0-9A-Fa-f])+", decoded, url)


def host(url: str) -> str:
    """The host of an address, or the address where it has none."""
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url


def to_local_time(moment: datetime) -> datetime:
    """A moment of ours in the zone of this machine, which is also the reader's."""
    return moment.astimezone()


def published(document: IndexDocument) -> datetime | None:
    """When the article was published, as its page gave it; None where that is unknown or cannot be, such as 2099."""
    date = document.article.published
    return date if date is not None and date == document.sort_date else None


def paragraphs(body: str) -> list[str]:
    """The paragraphs of a body."""
    return [paragraph for paragraph in re.split(r"\n\s*\n", body.strip()) if paragraph.strip()]


def duration(started: datetime, ended: datetime) -> str:
    """How long something took, such as 0:42 or 1:05:00."""
    seconds = max(0, round((ended - started).total_seconds()))
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=strip_controls,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: Mapping[str, Any] = {
        "counted": lambda counts, name: counts.get(name, 0),
        "dir": i18n.direction,
        "groups": groups,
        "host": host,
        "iso": lambda moment: moment.astimezone(UTC).isoformat(timespec="seconds") if moment else "",
        "listed": join_authors,
        "local": to_local_time,
        "number": lambda n: f"{n:,}",
        "paragraphs": paragraphs,
        "published": published,
        "readable": readable,
        "web_link": web_link,
    }
    environment.filters.update(filters)
    environment.globals.update(static=static, duration=duration, sentence=sentence)
    return environment
