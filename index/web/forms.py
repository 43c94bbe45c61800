"""Forms of our pages: `application/x-www-form-urlencoded`, which is always UTF-8
(https://url.spec.whatwg.org/#application/x-www-form-urlencoded)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, ValidationError

from index.web.error_handlers import Refused
from index.web.templating import address, answer_in, ui_of

MAX_FORM_BYTES = 16_384
MAX_LONG_FORM_BYTES = 131_072  # with a note, of which a letter may take 12
MAX_FIELDS = 10
MAX_SELECTED = 200  # articles that are ticked at once: their ids fit into a form and into a URL
JSON = "application/json"

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Selection:
    """The ids of the articles that a person ticked, and the other fields of the form."""

    ids: tuple[str, ...]
    fields: dict[str, str]


async def fields(request: Request, most: int = MAX_FORM_BYTES) -> dict[str, str]:
    """The non-empty fields of a form; of several with the same name, the last.

    :raises Refused: when the form has more bytes than `most` (413) or more than MAX_FIELDS fields (400).
    """
    try:
        return dict(parse_qsl((await content(request, most)).decode("utf-8", "replace"), max_num_fields=MAX_FIELDS))
    except ValueError:
        raise Refused(400, "error.form_fields", n=MAX_FIELDS) from None


async def content(request: Request, most: int = MAX_FORM_BYTES) -> bytes:
    """The body of a request.

    :raises Refused: when it has more bytes than `most` (413).
    """
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            raise Refused(413, "error.form_large", n=most)
    return bytes(body)


async def _own_form(request: Request, most: int = MAX_FORM_BYTES) -> dict[str, str]:
    """The fields of a form sent by a page of ours. A foreign page can make a reader's browser send us a form, but
    cannot make it claim that the form comes from here.

    :raises Refused: when the form comes from elsewhere (403), or is too large (413) or too long (400).
    """
    if not from_here(request):
        raise Refused(403, "error.form_foreign")
    sent = await fields(request, most)
    request.state.sent = list(sent.items())
    answer_in(request, sent.get("ui", ""))
    return sent


async def _selection(request: Request) -> Selection:
    """Ticked articles and the other fields of their form.

    :raises Refused: as for other forms, and when there are more than MAX_SELECTED (400).
    """
    if not from_here(request):
        raise Refused(403, "error.form_foreign")
    sent = (await content(request)).decode("utf-8", "replace")
    try:
        pairs = parse_qsl(sent, max_num_fields=MAX_SELECTED + MAX_FIELDS)
    except ValueError:
        raise Refused(400, "error.selection", n=MAX_SELECTED) from None
    request.state.sent = pairs
    answer_in(request, dict(pairs).get("ui", ""))
    return Selection(tuple(value for name, value in pairs if name == "id"), dict(pairs))


async def _form(request: Request) -> dict[str, str]:
    return await _own_form(request)


async def _long_form(request: Request) -> dict[str, str]:
    return await _own_form(request, MAX_LONG_FORM_BYTES)


Form = Annotated[dict[str, str], Depends(_form)]
SelectionForm = Annotated[Selection, Depends(_selection)]
LongForm = Annotated[dict[str, str], Depends(_long_form)]


async def from_program(request: Request) -> None:
    """Let no page of another site make a reader's browser change anything.

    :raises Refused: when a request that may change something comes from one (403).
    """
    said = {"origin", "sec-fetch-site"} & set(request.headers)
    if request.method not in ("GET", "HEAD") and said and not from_here(request):
        raise Refused(403, "error.form_foreign")


async def told(request: Request, model: type[M], most: int = MAX_FORM_BYTES) -> M:
    """What the JSON of a program says. A foreign page can make a reader's browser send a form or plain text, but no
    JSON, and cannot hide where it comes from.

    :raises Refused: when it comes from elsewhere (403), or is not JSON (415), has more bytes than `most` (413), or is
        not as the model has it (400).
    """
    await from_program(request)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        raise Refused(415, "error.json")
    try:
        return model.model_validate_json(await content(request, most))
    except ValidationError as error:
        names = {".".join(map(str, one["loc"])) for one in error.errors()}
        raise Refused(400, "error.value", name=", ".join(sorted(filter(None, names))) or "JSON") from None


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """How OpenAPI describes a body that `told` reads; what its model refers to is in a response, too."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    return {"openapi_extra": {"requestBody": {"required": True, "content": {JSON: {"schema": schema}}}}}


def from_here(request: Request) -> bool:
    """Whether the request comes from a page of this server, by the browser's Sec-Fetch-Site
    (https://www.w3.org/TR/fetch-metadata/) or else its Origin. The Host header has been checked before."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin", "")
    return bool(origin) and urlsplit(origin).netloc.lower() == request.headers["host"].lower()


def on_to(request: Request, path: str, place: str = "") -> Response:
    """The way from a form to a page of ours, or to a place on it (an id), in the form's language."""
    return RedirectResponse(address(ui_of(request), path) + (f"#{place}" if place else ""), 303)
