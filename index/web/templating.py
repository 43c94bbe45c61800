"""A template and its values -> an answer in HTML: the page's language, its links, and what text may be shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request

from index import locale
from index.dedup.version_diff import DiffSpan
from index.model.article import IndexDocument
from index.model.query import MAX_QUERY_CHARACTERS
from index.search.query_language import sentence
from index.web.sayings import said
from index.web.static_files import static

HERE = Path(__file__).parent
SYNTAX = (  # entries of the catalogues: how a search can be written, and what it means
    *("words", "phrase", "either", "without", "title", "prefix", "fuzzy", "near", "has", "changed", "gone"),
    *("versions", "copies"),
)
EXAMPLES = ("words", "phrase", "either", "without", "title", "language")
KEYS = {"/": "search", "j": "next", "k": "previous", "Enter": "open", "?": "help", "Esc": "close"}
CARRIED = (  # parameters that the link to the other language keeps
    *("q", "site", "country", "lang", "section", "author", "after", "until", "sort", "by", "cursor"),
)

# Controls, lone surrogates (UTF-8 has none) and the two overrides, which make a text read otherwise than it is
# written. Other marks of direction are part of Arabic and Hebrew texts; <bdi> and blocks keep them from running over.
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
UNSHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202d\u202e]")


@dataclass(frozen=True, slots=True)
class Ui:
    """The page's own language, one of the catalogues; `chosen` where the address says it, so that links carry it on."""

    language: str
    chosen: bool = False

    @property
    def direction(self) -> str:
        """rtl or ltr."""
        return locale.catalogue(self.language).direction


def ui_of(request: Request) -> Ui:
    """The page's language: as `?ui=` says, else the one that the browser prefers (RFC 9110, 12.5.4), else English."""
    asked = request.query_params.get("ui", "")
    if asked in locale.languages():
        return Ui(asked, chosen=True)
    return Ui(locale.negotiate(request.headers.get("accept-language", "")))


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
        **_helpers(ui.language),
        "ui": ui,
        "theme": theme_of(request),
        "elsewhere": request.app.state.elsewhere,
        "url": partial(address, ui),
        "in_language": lambda code: address(Ui(code, chosen=True), request.url.path, **asked),
        "path": request.url.path,
    }
    html = _templates().get_template(template).render({**helpers, **context})
    headers = {"vary": "Accept-Language", "cache-control": "private, no-cache"}
    return HTMLResponse(html, status, headers)


def say(language: str, key: str, /, **params: Any) -> str:
    """The entry of a key in the page's language; with parameters that are markup, it is markup too."""
    if any(hasattr(value, "__html__") for value in params.values()):
        return Markup("").join(escape(strip_controls(piece)) for piece in locale.segments(key, language, **params))
    return locale.translate(key, language, **params)


def word(language: str, family: str, stored: str) -> str:
    """What is said for a word that the archive keeps, such as "feed dead" of `verdict`; itself where it is unknown."""
    key = f"{family}.{_CAMEL.sub('_', stored).replace(' ', '_').lower()}"
    return locale.translate(key, language) if locale.catalogue(language).has(key) else stored


def listing(language: str, values: Sequence[object]) -> Markup:
    """Several values in a row, as the language has it: "a, b and c"."""
    return Markup(locale.listed(language, [escape(strip_controls(value)) for value in values]))


def bdi(value: object) -> Markup:
    """A text in an element of its own direction."""
    return Markup("<bdi>{}</bdi>").format(strip_controls(value))


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


def prepare() -> None:
    """Read the catalogues now, and not while the first reader waits."""
    for language in locale.languages():
        _helpers(language)


@cache
def _helpers(language: str) -> Mapping[str, Any]:
    """What templates say in this language."""
    named: Mapping[str, Callable[..., Any]] = {
        "t": say,
        "word": word,
        "said": said,
        "listing": listing,
        "number": locale.number,
        "day": locale.day,
        "clock": locale.clock,
        "country": locale.country,
        "language_name": locale.language_name,
    }
    t = partial(say, language)
    tables = {
        "languages": {code: locale.own_name(code) for code in locale.languages()},
        "syntax": [(t(f"syntax.{name}"), t(f"syntax.{name}.means")) for name in SYNTAX],
        "examples": [(t(f"example.{name}"), t(f"example.{name}.means")) for name in EXAMPLES],
        "keys": [(key, t(f"keys.{name}")) for key, name in KEYS.items()],
    }
    return {name: partial(function, language) for name, function in named.items()} | tables


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
        "bdi": bdi,
        "counted": lambda counts, name: counts.get(name, 0),
        "dir": locale.direction,
        "groups": groups,
        "host": host,
        "iso": lambda moment: moment.astimezone(UTC).isoformat(timespec="seconds") if moment else "",
        "local": to_local_time,
        "paragraphs": paragraphs,
        "published": published,
        "readable": readable,
        "web_link": web_link,
    }
    environment.filters.update(filters)
    environment.globals.update(static=static, duration=duration, sentence=sentence, max_characters=MAX_QUERY_CHARACTERS)
    return environment
