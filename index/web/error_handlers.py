"""Error responses: HTML pages for people, JSON below /api/."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from index.archive import documents
from index.errors import ArchiveError, ArshifError, IndexMismatch, IndexUnavailable, InvalidValue, QueryError
from index.locale import FALLBACK, negotiate, plain, translate
from index.model.message import LEGACY, Message
from index.web.templating import address, opened, render, takes, ui_of

log = logging.getLogger("arshif.web")

NOT_CACHED = "private, no-store"  # Cache-Control of all that is behind the token, whatever a route says
RETRY = 10  # seconds after which a client may retry if the index did not answer

OF_VERSIONS = ("version", "old", "new")  # parameters that are numbers of an article's versions
HEADINGS = {404: "error.not_found", 405: "error.method", 414: "error.long"}
WRITTEN = {  # fields of forms in which people write, and what a form calls them
    "name": "saved.name",
    "note": "note.one",
    "tags": "tag.title",
    "url": "archive.address",
}
METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")  # whatever takes GET takes HEAD
MAX_URL_BYTES = 32_768  # a complete query with a hundred filters is shorter

Handler = Callable[[Request, Exception], Awaitable[Response]]


class Refused(HTTPException):
    """A request to answer with this status and a message, or a key of the catalogues with its parameters."""

    def __init__(self, status: int, message: Message | str, /, **params: Any) -> None:
        self.message = message if isinstance(message, Message) else Message(message, params)
        super().__init__(status)


class RefusedForm(Refused):
    """A form to answer with this status and a message, as something in it cannot be taken: it is shown again as it was
    sent, to be mended."""


class NoArticle(Refused):
    """A request about an article (id) that the archive does not have, or no longer under this id."""

    def __init__(self, article: str) -> None:
        self.article = article
        super().__init__(404, "error.no_article")


async def no_article(request: Request, error: Exception) -> Response:
    """The way to the article that the asked one was merged into, with the version that this one had under the number
    asked for; else an error like others."""
    assert isinstance(error, NoArticle)
    with request.app.state.archive.read() as conn:
        merged = documents.merged_into(conn, error.article)
    if merged is None:
        return await refused(request, error)
    numbers = {str(n): str(number) for n, number in enumerate(merged.versions, start=1)}
    given = request.query_params.multi_items()
    if any(k in OF_VERSIONS and v and v not in numbers for k, v in given):  # there, it is the number of another text
        return await refused(request, Refused(404, "error.no_version"))
    asked = [(k, numbers.get(v, v) if k in OF_VERSIONS else v) for k, v in given]
    path = request.url.path.replace(f"/articles/{error.article}", f"/articles/{merged.article}", 1)
    return RedirectResponse(f"{path}?{urlencode(asked)}" if asked else path, 308)


@contextmanager
def refusing() -> Iterator[None]:
    """Answers what cannot be stored with the reason: 404 where there is no such thing, else 400."""
    try:
        yield
    except InvalidValue as error:
        if error.code.startswith("error.no_"):
            raise Refused(404, error.message) from None
        raise RefusedForm(400, error.message) from None


async def mistake(request: Request, error: Exception) -> Response:
    """A query that cannot be parsed: the search box again, with the position of the mistake."""
    assert isinstance(error, QueryError)
    if of_program(request):
        return as_json(400, error.message, code=error.code, position=error.position)
    q = request.query_params.get("q", "")
    told = translate(error.message, _language(request))
    return render(request, "mistake.html", 400, q=q, error=told, position=min(max(error.position, 0), len(q)))


async def index_down(request: Request, error: Exception) -> Response:
    """An index that does not answer, or is not ours."""
    assert isinstance(error, ArshifError)
    log.warning("%s", error)
    return _problem(request, "down.html", 503, error.message, q=request.query_params.get("q", ""))


async def archive_down(request: Request, error: Exception) -> Response:
    """An archive that cannot be read."""
    assert isinstance(error, ArshifError)
    log.error("%s", error)
    return _problem(request, "archive_down.html", 503, error.message)


async def refused(request: Request, error: Exception) -> Response:
    """A request refused: there is nothing at this URL, or the method or a value is not allowed."""
    assert isinstance(error, HTTPException)
    heading = Message(HEADINGS.get(error.status_code, "error.request"))
    message = error.message if isinstance(error, Refused) else heading
    context: dict[str, Any] = {"heading": translate(heading, _language(request)), "back": way_back(request)}
    context["sent"] = _sent(request) if isinstance(error, RefusedForm) else []
    answer = _problem(request, "missing.html", error.status_code, message, **context)
    answer.headers.update(error.headers or {})
    if error.status_code == 405:
        answer.headers["allow"] = ", ".join(_allowed(request))
    return answer


def _sent(request: Request) -> list[tuple[str, str, str]]:
    """The fields of the form that was sent, with what those are called in which people write; none if there are only
    others."""
    pairs: list[tuple[str, str]] = getattr(request.state, "sent", [])
    found = [(name, value, WRITTEN.get(name, "")) for name, value in pairs]
    return found if any(label for _, _, label in found) else []


def _allowed(request: Request) -> list[str]:
    """The methods that this URL takes, of all its routes (RFC 9110 10.2.1); Starlette names those of the first one."""
    path = request.scope["path"]
    taken = {method for method in METHODS if takes(request, method, path)} or {"GET"}  # of a static file
    return sorted(taken | ({"HEAD"} if "GET" in taken else set()))


async def unusable(request: Request, error: Exception) -> Response:
    """Invalid parameters."""
    assert isinstance(error, RequestValidationError)
    wrong = {".".join(map(str, one["loc"][1:])): one["msg"] for one in error.errors()}
    if of_program(request):
        told = "; ".join(f"{name}: {told}" for name, told in wrong.items())
        return JSONResponse({"error": told, "code": "error.value", "params": {"name": ", ".join(wrong)}}, 400)
    language = _language(request)
    told = " ".join(translate("error.value", language, name=name) for name in wrong)
    heading = translate("error.request", language)
    return render(request, "missing.html", 400, error=told, heading=heading, back=way_back(request), sent=[])


async def left(request: Request, error: Exception) -> Response:  # noqa: ARG001 - nobody is there to be told
    """A client that left in the middle of its request, which is no fault of ours."""
    return Response(status_code=400)


async def broken(request: Request, error: Exception) -> Response:  # noqa: ARG001 - the server logs the error itself
    """A bug of ours. As it may be in a template, the response does not use one."""
    language = _language(request)
    told = [translate(key, language) for key in ("error.internal", "error.internal.why")]
    if of_program(request):
        return JSONResponse({"error": " ".join(told), "code": "error.internal", "params": {}}, 500)
    return PlainTextResponse("\n".join((*told, "")), 500)


HANDLERS: dict[type[Exception], Handler] = {
    QueryError: mistake,
    IndexUnavailable: index_down,
    IndexMismatch: index_down,
    ArchiveError: archive_down,
    NoArticle: no_article,
    HTTPException: refused,
    RequestValidationError: unusable,
    ClientDisconnect: left,
    Exception: broken,
}


async def short(request: Request) -> None:
    """Check the length of the URL.

    :raises Refused: when it is longer than any of ours (414).
    """
    if len(request.scope["raw_path"]) + len(request.scope["query_string"]) > MAX_URL_BYTES:
        raise Refused(414, "error.long.most", n=MAX_URL_BYTES)


def way_back(request: Request) -> str:
    """The page of ours from which a request comes (RFC 9110, 10.1.3), as a path with its parameters; of a form of which
    that is not told, the one above its own path. Empty if it can be none but the home page, or this one."""
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    try:
        from_ = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        from_ = urlsplit("")
    if from_.netloc.lower() == request.headers.get("host", "").lower() and takes(request, "GET", unquote(from_.path)):
        path = from_.path + (f"?{from_.query}" if from_.query else "")
        return "" if (request.method, path) == ("GET", asked) else path
    above = opened(request)
    return address(ui_of(request), above) if above not in ("/", request.url.path) else ""


def handle(app: FastAPI) -> None:
    """Register these handlers with the application."""
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)


def as_json(status: int, message: Message, *, code: str = "", **place: Any) -> Response:
    """The error as an `api_models.Error`."""
    said = plain({"detail": message})
    return JSONResponse(
        {"error": said["detail"], "code": code or message.code, "params": said["params"], **place}, status
    )


def bare(request: Request, status: int, message: Message) -> Response:
    """The error as JSON or as one line, which costs next to nothing. It is told before anybody asks for a token, and so
    kept by no cache either."""
    if of_program(request):
        answer: Response = as_json(status, message)
    else:
        told = translate(message, negotiate(request.headers.get("accept-language", "")))
        answer = PlainTextResponse(f"{told}\n", status)
    answer.headers["cache-control"] = NOT_CACHED
    return answer


def of_program(request: Request) -> bool:
    """Whether the client is a program: all of the API's are, and those that export and do not ask for a page."""
    path = request.url.path
    return path.startswith("/api/") or (
        path.startswith("/export.") and "text/html" not in request.headers.get("accept", "")
    )


def _language(request: Request) -> str:
    """The page's language; programs get English."""
    return FALLBACK if of_program(request) else ui_of(request).language


def _problem(request: Request, template: str, status: int, message: Message, **context: Any) -> Response:
    if of_program(request):
        answer = as_json(status, message)
    else:
        told = translate(message, _language(request))
        answer = render(request, template, status, error=told, legacy=message.code == LEGACY, **context)
    if status == 503:
        answer.headers["retry-after"] = str(RETRY)
    return answer
