"""Rendering HTML responses from templates: the page's language, its links, and which characters are shown."""

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
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.routing import Match, Mount

from index import locale
from index.dedup.version_diff import DiffSpan
from index.export.citation import context_object
from index.export.linked_data import as_script
from index.export.schema_org import document_fields
from index.model.article import IndexDocument
from index.model.message import Message
from index.model.query import MAX_QUERY_CHARACTERS
from index.search.query_language import sentence
from index.web.moments import Reader, reader_of, zones
from index.web.static_files import static

HERE = Path(__file__).parent
SYNTAX = (  # entries of the catalogues that explain the query language
    *("words", "phrase", "either", "without", "title", "prefix", "fuzzy", "near", "has", "changed", "edited", "gone"),
    *("versions", "count", "copies"),
)
EXAMPLES = ("words", "phrase", "either", "without", "title", "language")
KEYS = {"/": "search", "j": "next", "k": "previous", "Enter": "open", "?": "help", "Esc": "close"}
CARRIED = (  # parameters that links to other languages keep
    *(
        "q",
        "site",
        "country",
        "lang",
        "section",
        "author",
        "after",
        "until",
        "sort",
        "by",
        "span",
        "cursor",
        "kind",
        "since",
        "tag",
        "page",
    ),
)

# Control characters, lone surrogates (UTF-8 has none) and the two overrides, which make a text read differently from
# how it is written. Other directional marks are part of Arabic and Hebrew texts; <bdi> and blocks contain their effect.
UNSHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202d\u202e]")


@dataclass(frozen=True, slots=True)
class Ui:
    """The page's own language, one of the catalogues'; `chosen` if the URL names it, so that links keep it."""

    language: str
    chosen: bool = False

    @property
    def direction(self) -> str:
        """rtl or ltr."""
        return locale.catalogue(self.language).direction


def answer_in(request: Request, language: str) -> None:
    """Have whatever this request is answered with, be it an error, in this language, if it is one of the page's."""
    if language in locale.languages():
        request.state.ui = language


def ui_of(request: Request) -> Ui:
    """The page's language: the one of the form that was sent, else the one in `?ui=`, else the one the browser prefers
    (RFC 9110, 12.5.4), else English."""
    asked = getattr(request.state, "ui", "") or request.query_params.get("ui", "")
    if asked in locale.languages():
        return Ui(asked, chosen=True)
    return Ui(locale.negotiate(request.headers.get("accept-language", "")))


def opened(request: Request) -> str:
    """The path of a page, or if it does nothing but answer a form, of the next one above it that can be opened."""
    path = request.url.path
    while request.method not in ("GET", "HEAD") and path != "/" and not takes(request, "GET", path):
        path = path.rpartition("/")[0] or "/"
    return path


def takes(request: Request, method: str, path: str) -> bool:
    """Whether the server that got this request has an answer to that method at that path; static files apart."""
    asked = {**request.scope, "method": method, "path": path}
    return any(route.matches(asked)[0] == Match.FULL for route in request.app.routes if not isinstance(route, Mount))


def theme_of(request: Request) -> str:
    """The theme chosen in this browser, light or dark; empty for the system's. It is part of the page, so that no
    script has to set it before the first paint."""
    chosen = request.cookies.get("arshif-theme", "")
    return chosen if chosen in ("light", "dark") else ""


def render(request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """A page rendered from a template with these values, in the language of the request."""
    headers = {"vary": "Accept-Language", "cache-control": "private, no-cache"}
    return HTMLResponse(fragment(request, template, **context), status, headers)


def fragment(request: Request, template: str, **context: Any) -> Markup:
    """What a template makes of these values, in the language of the request: a page, or a part of one."""
    ui = ui_of(request)
    asked = {name: request.query_params.getlist(name) for name in CARRIED if name in request.query_params}
    helpers = {
        **_helpers(ui.language),
        "ui": ui,
        "theme": theme_of(request),
        "reader": reader_of(request),
        "elsewhere": request.app.state.elsewhere,
        "takes": request.app.state.ask is not None,
        "annotates": request.app.state.annotates,
        "changes_sites": request.app.state.site_desk is not None,
        "url": partial(address, ui),
        "in_language": lambda code: address(Ui(code, chosen=True), opened(request), **asked),
        "path": request.url.path,
    }
    return Markup(_templates().get_template(template).render({**helpers, **context}))


def say(language: str, key: str, /, **params: Any) -> str:
    """The catalogue's entry for a key, in the page's language; it is markup if a parameter is."""
    if any(hasattr(value, "__html__") for value in params.values()):
        return Markup("").join(escape(strip_controls(piece)) for piece in locale.segments(key, language, **params))
    return locale.translate(key, language, **params)


def translated(language: str, message: Message | None) -> str:
    """A stored message in this language; empty for None."""
    return locale.translate(message, language) if message else ""


def word(language: str, family: str, stored: str) -> str:
    """The display text of a stored code, such as "feed dead" of the family `verdict`; an unknown one stays as it is."""
    key = locale.label(family, stored)
    return locale.translate(key, language) if locale.catalogue(language).has(key) else stored


def listing(language: str, values: Sequence[object]) -> Markup:
    """Several values as a list in this language, such as "a, b and c"."""
    return Markup(locale.listed(language, [escape(strip_controls(value)) for value in values]))


def bdi(value: object) -> Markup:
    """A text in an element that isolates its direction."""
    return Markup("<bdi>{}</bdi>").format(strip_controls(value))


def address(ui: Ui, path: str, **parameters: str | Sequence[str] | None) -> str:
    """A link to a page of ours, without empty parameters and with the chosen language."""
    kept = {name: value for name, value in parameters.items() if value}
    if ui.chosen:
        kept["ui"] = ui.language
    return quote(path) + ("?" + urlencode(kept, doseq=True) if kept else "")


def strip_controls(value: object) -> object:
    """A value for use in a template: text loses the characters in UNSHOWN, and is escaped afterwards."""
    return UNSHOWN.sub("", value) if isinstance(value, str) and not isinstance(value, Markup) else value


def web_link(url: str | None) -> str | None:
    """The URL if clicking it can only open a web page; None for javascript:, data: and the like."""
    if not url or not re.match(r"https?://", url, re.IGNORECASE) or re.search(r"[\s\x00-\x1f\x7f\\]", url):
        return None
    try:
        return url if urlsplit(url).hostname else None
    except ValueError:
        return None


def groups(body: Sequence[Sequence[DiffSpan]]) -> list[tuple[bool, list[Sequence[DiffSpan]]]]:
    """The paragraphs of a diff in runs: unchanged ones (True), and others (False)."""
    runs = groupby(body, key=lambda paragraph: all(piece.op == "same" for piece in paragraph))
    return [(same, list(run)) for same, run in runs]


def readable(url: str) -> str:
    """A URL in readable form: %D8%A3 becomes أ if that gives letters; whatever has a meaning in URLs stays encoded."""

    def decoded(match: re.Match[str]) -> str:
        text = unquote(match[0], errors="replace")
        return text if text.isprintable() and "\ufffd" not in text and not re.search(r"\s", text) else match[0]

    return re.sub(r"(?:%[89A-Fa-f][0-9A-Fa-f])+", decoded, url)


def host(url: str) -> str:
    """The host of a URL, or the URL itself if it has none."""
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url


@pass_context
def to_local_time(context: Context, moment: datetime) -> datetime:
    """A moment in the reader's time zone."""
    reader: Reader = context["reader"]
    return reader.local(moment)


def published(document: IndexDocument) -> datetime | None:
    """When the article was published according to its page; None if unknown or impossible, such as 2099."""
    date = document.article.published
    return date if date is not None and date == document.sort_date else None


def paragraphs(body: str) -> list[str]:
    """The paragraphs of a body."""
    return [paragraph for paragraph in re.split(r"\n\s*\n", body.strip()) if paragraph.strip()]


def duration(started: datetime, ended: datetime) -> str:
    """The time between two moments, such as 0:42 or 1:05:00."""
    seconds = max(0, round((ended - started).total_seconds()))
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def prepare() -> None:
    """Load the catalogues and the names of time zones now rather than while the first reader waits."""
    zones()
    for language in locale.languages():
        _helpers(language)


@cache
def _helpers(language: str) -> Mapping[str, Any]:
    """The templates' helpers for this language."""
    named: Mapping[str, Callable[..., Any]] = {
        "t": say,
        "word": word,
        "said": translated,
        "listing": listing,
        "number": locale.number,
        "day": locale.day,
        "days_of": locale.days,
        "clock": locale.clock,
        "ago": locale.relative,
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
        "context_object": context_object,
        "counted": lambda counts, name: counts.get(name, 0),
        "dir": locale.direction,
        "groups": groups,
        "host": host,
        "iso": lambda moment: moment.astimezone(UTC).isoformat(timespec="seconds") if moment else "",
        "linked_data": lambda document: Markup(as_script(document_fields(document))),
        "local": to_local_time,
        "paragraphs": paragraphs,
        "published": published,
        "readable": readable,
        "web_link": web_link,
    }
    environment.filters.update(filters)
    environment.globals.update(static=static, duration=duration, sentence=sentence, max_characters=MAX_QUERY_CHARACTERS)
    return environment
