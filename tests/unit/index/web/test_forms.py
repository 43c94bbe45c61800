"""Forms as pages of ours send them, whoever else sends one: which fields are in it, and when it is too much."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi import Request
from starlette.exceptions import HTTPException

from index.web.forms import MAX_FIELDS, MAX_FORM_BYTES, fields


def read(*pieces: bytes) -> dict[str, str]:
    left = list(pieces)

    async def receive() -> dict[str, Any]:
        piece = left.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(left)}

    return asyncio.run(fields(Request({"type": "http", "method": "POST", "headers": []}, receive)))


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"", {}),
        (b"name=a&query=b", {"name": "a", "query": "b"}),
        (b"name=%D8%AD%D9%84%D8%A8&query=site%3Aasi+%2B", {"name": "حلب", "query": "site:asi +"}),
        ("name=حلب&query=é".encode(), {"name": "حلب", "query": "é"}),  # Starlette reads latin-1, which is no form's
        (b"name=a%00%E2%82%AC", {"name": "a\0€"}),
        (b"name=%D8&query=%&ui=%zz", {"name": "�", "query": "%", "ui": "%zz"}),
        (b"name=\xff", {"name": "�"}),
        (b"a=1&a=2&&=3&b&c=", {"a": "2", "": "3"}),
        (b"a=b=c;d=e", {"a": "b=c;d=e"}),
    ],
)
def test_a_form_is_utf_8(body: bytes, found: dict[str, str]) -> None:
    assert read(body) == found
    assert read(*(bytes([byte]) for byte in body), b"") == found


@pytest.mark.parametrize(
    ("pieces", "status"),
    [
        ([b"a=" + b"x" * MAX_FORM_BYTES], 413),
        ([b"&" * MAX_FORM_BYTES, b"&"], 413),
        ([urlencode({f"f{n}": "x" for n in range(MAX_FIELDS + 1)}).encode()], 400),
    ],
)
def test_a_form_that_is_too_much_is_refused(pieces: list[bytes], status: int) -> None:
    with pytest.raises(HTTPException) as refused:
        read(*pieces)
    assert refused.value.status_code == status


def test_the_largest_form_is_read() -> None:
    assert read(b"a=" + b"x" * (MAX_FORM_BYTES - 2)) == {"a": "x" * (MAX_FORM_BYTES - 2)}
    assert len(read(urlencode({f"f{n}": "x" for n in range(MAX_FIELDS)}).encode())) == MAX_FIELDS
