"""What is answered when something is wrong: a page where people ask, JSON below /api/."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import Request

from index.errors import ArchiveError, ArshifError, IndexMismatch, IndexUnavailable, QueryError
from index.locale import FALLBACK, translate
from index.model.message import LEGACY, Message
from index.web.templating import render, ui_of

log = logging.getLogger("arshif.web")

RETRY = 10  # seconds after which a browser or a script may ask an index again that did not answer

HEADINGS = {404: "error.not_found", 405: "error.method", 414: "error.long"}
MAX_URL_BYTES = 32_768  # bytes of an address: a whole query with a hundred filters has less

Handler = Callable[[Request, Exception], Awaitable[Response]]


class Refused(HTTPException):
    """A request that is answered with this status, and a message or an entry of the catalogues with its parameters."""

    def __init__(self, status: int, message: Message | str, /, **params: Any) -> None:
        self.message = message if isinstance(message, Message) else Message(message, params)
        super().__init__(status)


async def mistake(request: Request, error: Exception) -> Response:
    """A search that cannot be read: the search box again, with the place of the mistake."""
    assert isinstance(error, QueryError)
    if _json(request):
        return JSONResponse({"error": str(error), "position": error.position}, 400)
    q = request.query_params.get("q", "")
    told = translate(error.message, _language(request))
    return render(request, "mistake.html", 400, q=q, error=told, position=min(max(error.position, 0), len(q)))


async def index_down(request: Request, error: Exception) -> Response:
    """An index that does not answer, or is none of ours."""
    assert isinstance(error, ArshifError)
    log.warning("%s", error)
    return _problem(request, "down.html", 503, error.message, q=request.query_params.get("q", ""))


async def archive_down(request: Request, error: Exception) -> Response:
    """An archive that cannot be read."""
    assert isinstance(error, ArshifError)
    log.error("%s", error)
    return _problem(request, "archive_down.html", 503, error.message)


async def refused(request: Request, error: Exception) -> Response:
    """Nothing at this address, or what it is asked for or by cannot be."""
    assert isinstance(error, HTTPException)
    heading = Message(HEADINGS.get(error.status_code, "error.request"))
    message = error.message if isinstance(error, Refused) else heading
    answer = _problem(
        request, "missing.html", error.status_code, message, heading=translate(heading, _language(request))
    )
    answer.headers.update(error.headers or {})
    return answer


async def unusable(request: Request, error: Exception) -> Response:
    """Parameters that cannot be used."""
    assert isinstance(error, RequestValidationError)
    wrong = {".".join(map(str, one["loc"][1:])): one["msg"] for one in error.errors()}
    if _json(request):
        return JSONResponse({"error": "; ".join(f"{name}: {told}" for name, told in wrong.items())}, 400)
    language = _language(request)
    told = " ".join(translate("error.value", language, name=name) for name in wrong)
    return render(request, "missing.html", 400, error=told, heading=translate("error.request", language))


async def broken(request: Request, error: Exception) -> Response:  # noqa: ARG001 - the server logs the error itself
    """A fault of ours. It may be one of the templates, so none is needed to say it."""
    language = _language(request)
    told = [translate(key, language) for key in ("error.internal", "error.internal.why")]
    if _json(request):
        return JSONResponse({"error": " ".join(told)}, 500)
    return PlainTextResponse("\n".join((*told, "")), 500)


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
    """Raises Refused for an address that is longer than any of ours."""
    if len(request.scope["raw_path"]) + len(request.scope["query_string"]) > MAX_URL_BYTES:
        raise Refused(414, "error.long.most", n=MAX_URL_BYTES)


def handle(app: FastAPI) -> None:
    """Let the application answer with these."""
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)


def _json(request: Request) -> bool:
    return request.url.path.startswith("/api/")


def _language(request: Request) -> str:
    """A page's own language; programs are answered in English."""
    return FALLBACK if _json(request) else ui_of(request).language


def _problem(request: Request, template: str, status: int, message: Message, **context: Any) -> Response:
    told = translate(message, _language(request))
    answer: Response = JSONResponse({"error": told}, status)
    if not _json(request):
        answer = render(request, template, status, error=told, legacy=message.code == LEGACY, **context)
    if status == 503:
        answer.headers["retry-after"] = str(RETRY)
    return answer
