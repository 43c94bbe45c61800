"""What is answered when something is wrong: a page where people ask, JSON below /api/."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import Request

from index.errors import ArchiveError, IndexMismatch, IndexUnavailable, QueryError
from index.web import i18n
from index.web.templating import render, ui_of

log = logging.getLogger("arshif.web")

RETRY = 10  # seconds after which a browser or a script may ask an index again that did not answer

HEADINGS = {404: "missing", 405: "method", 414: "long"}  # by status, keys of what the page says
MISSING = {  # what HTTPException names, and how that is said
    "article": "missing_article",
    "version": "missing_version",
    "copy": "copy_none",
    "search": "missing_search",
}
MAX_URL_BYTES = 32_768  # bytes of an address: a whole query with a hundred filters has less

Handler = Callable[[Request, Exception], Awaitable[Response]]


async def mistake(request: Request, error: Exception) -> Response:
    """A search that cannot be read: the search box again, with the place of the mistake."""
    assert isinstance(error, QueryError)
    if _json(request):
        return JSONResponse({"error": str(error), "position": error.position}, 400)
    q = request.query_params.get("q", "")
    return render(request, "mistake.html", 400, q=q, error=error, position=min(max(error.position, 0), len(q)))


async def index_down(request: Request, error: Exception) -> Response:
    """An index that does not answer, or is none of ours."""
    log.warning("%s", error)
    return _problem(request, "down.html", 503, str(error), q=request.query_params.get("q", ""))


async def archive_down(request: Request, error: Exception) -> Response:
    """An archive that cannot be read."""
    log.error("%s", error)
    return _problem(request, "archive_down.html", 503, str(error))


async def refused(request: Request, error: Exception) -> Response:
    """Nothing at this address, or what it is asked for or by cannot be."""
    assert isinstance(error, HTTPException)
    status, language = error.status_code, "en" if _json(request) else ui_of(request).language
    heading = i18n.WORDS[language][HEADINGS.get(status, "unusable")]
    if key := MISSING.get(error.detail):
        told = i18n.WORDS[language][key]
    else:
        told = error.detail if error.detail != HTTPStatus(status).phrase else heading
    answer = _problem(request, "missing.html", status, told, heading=heading)
    answer.headers.update(error.headers or {})
    return answer


async def unusable(request: Request, error: Exception) -> Response:
    """Parameters that cannot be used."""
    assert isinstance(error, RequestValidationError)
    language = ui_of(request).language
    wrong = {".".join(map(str, one["loc"][1:])): one["msg"] for one in error.errors()}
    if _json(request):
        return _problem(request, "", 400, "; ".join(f"{name}: {told}" for name, told in wrong.items()))
    told = " ".join(i18n.WORDS[language]["unusable_value"].format(name=name) for name in wrong)
    return _problem(request, "missing.html", 400, told, heading=i18n.WORDS[language]["unusable"])


async def broken(request: Request, error: Exception) -> Response:  # noqa: ARG001 - the server logs the error itself
    """A fault of ours. It may be one of the templates, so none is needed to say it."""
    if _json(request):
        return JSONResponse({"error": "a fault of Arshif: the log of the server says more"}, 500)
    language = ui_of(request).language
    return PlainTextResponse(f"{i18n.WORDS[language]['broken']}\n{i18n.WORDS[language]['broken_text']}\n", 500)


HANDLERS: dict[type[Exception], Handler] = {
    QueryError: mistake,
    IndexUnavailable: index_down,
    IndexMismatch: index_down,
    ArchiveError: archive_down,
    HTTPException: refused,
    RequestValidationError: unusable,
    Exception: broken,
}


async def short(request: Request) -> None:
    """Raises HTTPException for an address that is longer than any of ours."""
    if len(request.scope["raw_path"]) + len(request.scope["query_string"]) > MAX_URL_BYTES:
        raise HTTPException(414, i18n.WORDS[ui_of(request).language]["long_text"].format(n=MAX_URL_BYTES))


def handle(app: FastAPI) -> None:
    """Let the application answer with these."""
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)


def _json(request: Request) -> bool:
    return request.url.path.startswith("/api/")


def _problem(request: Request, template: str, status: int, message: str, **context: Any) -> Response:
    answer: Response = JSONResponse({"error": message}, status)
    if not _json(request):
        answer = render(request, template, status, error=message, **context)
    if status == 503:
        answer.headers["retry-after"] = str(RETRY)
    return answer
