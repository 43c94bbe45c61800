"""Forms of our pages: `application/x-www-form-urlencoded`, which is always UTF-8
(https://url.spec.whatwg.org/#application/x-www-form-urlencoded)."""

from __future__ import annotations

from urllib.parse import parse_qsl

from fastapi import Request

from index.web.error_handlers import Refused

MAX_FORM_BYTES = 16_384
MAX_FIELDS = 10


async def fields(request: Request) -> dict[str, str]:
    """The non-empty fields of a form; of several with the same name, the last.

    :raises Refused: when the form is longer than MAX_FORM_BYTES (413) or has more than MAX_FIELDS fields (400).
    """
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_FORM_BYTES:
            raise Refused(413, "error.form_large", n=MAX_FORM_BYTES)
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=MAX_FIELDS))
    except ValueError:
        raise Refused(400, "error.form_fields", n=MAX_FIELDS) from None
