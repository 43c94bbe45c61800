"""Forms of our pages: `application/x-www-form-urlencoded`, which is always UTF-8
(https://url.spec.whatwg.org/#application/x-www-form-urlencoded)."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response

from index.locale import languages
from index.web.error_handlers import Refused
from index.web.templating import Ui, address, ui_of

MAX_FORM_BYTES = 16_384
MAX_FIELDS = 10


async def fields(request: Request) -> dict[str, str]:
    """The non-empty fields of a form; of several with the same name, the last.

    :raises Refused: when the form is longer than MAX_FORM_BYTES (413) or has more than MAX_FIELDS fields (400).
    """
    try:
        return dict(parse_qsl((await content(request)).decode("utf-8", "replace"), max_num_fields=MAX_FIELDS))
    except ValueError:
        raise Refused(400, "error.form_fields", n=MAX_FIELDS) from None


async def content(request: Request) -> bytes:
    """The body of a request.

    :raises Refused: when it is longer than MAX_FORM_BYTES (413).
    """
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_FORM_BYTES:
            raise Refused(413, "error.form_large", n=MAX_FORM_BYTES)
    return bytes(body)


async def _own_form(request: Request) -> dict[str, str]:
    """The fields of a form sent by a page of ours. A foreign page can make a reader's browser send us a form, but
    cannot make it claim that the form comes from here.

    :raises Refused: when the form comes from elsewhere (403), or is too large (413) or too long (400).
    """
    if not from_here(request):
        raise Refused(403, "error.form_foreign")
    return await fields(request)


Form = Annotated[dict[str, str], Depends(_own_form)]


def from_here(request: Request) -> bool:
    """Whether the request comes from a page of this server, by the browser's Sec-Fetch-Site
    (https://www.w3.org/TR/fetch-metadata/) or else its Origin. The Host header has been checked before."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin", "")
    return bool(origin) and urlsplit(origin).netloc.lower() == request.headers["host"].lower()


def on_to(request: Request, form: dict[str, str], path: str) -> Response:
    """The way from a form to a page of ours, in the form's language."""
    language = form.get("ui", "")
    ui = Ui(language, chosen=True) if language in languages() else ui_of(request)
    return RedirectResponse(address(ui, path), 303)
