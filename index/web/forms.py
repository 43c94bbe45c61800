"""The forms that pages of ours send: `application/x-www-form-urlencoded`, which is UTF-8 always
(https://url.spec.whatwg.org/#application/x-www-form-urlencoded)."""

from __future__ import annotations

from urllib.parse import parse_qsl

from fastapi import Request
from starlette.exceptions import HTTPException

MOST = 16_384  # bytes of a form
FIELDS = 10


async def fields(request: Request) -> dict[str, str]:
    """The fields of a form that are not empty; of those with one name the last.

    :raises HTTPException: it is longer than MOST (413), or has more than FIELDS (400).
    """
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MOST:
            raise HTTPException(413, f"at most {MOST} bytes")
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=FIELDS))
    except ValueError:
        raise HTTPException(400, f"at most {FIELDS} fields") from None
