#!/bin/sh
# Starlette reads a form's raw UTF-8 as latin-1.
#
# Seen with starlette 1.10.0 and python-multipart 0.0.34. A body of `application/x-www-form-urlencoded` is UTF-8 by the URL
# Standard (https://url.spec.whatwg.org/#urlencoded-parsing: bytes as they are, percent-decoded, then "UTF-8 decode
# without BOM"), whether its bytes are percent-encoded, as browsers have them, or not, as `curl -d` has them.
# `Request.form()` decodes names and values as latin-1 before it takes percent-encoding off (starlette/formparsers.py,
# FormParser.on_field_end), so that the same word is another one:
#
#     percent-encoded: '\u062d\u0644\u0628'
#     as it is:        '\xd8\xad\xd9\x84\xd8\xa8'
#
# Exits 1 when that has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check starlette==1.10.0 python-multipart==0.0.34
"$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import sys

from starlette.requests import Request

KIND = [(b"content-type", b"application/x-www-form-urlencoded")]


async def read(body):
    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    form = await Request({"type": "http", "method": "POST", "headers": KIND}, receive).form()
    return form["name"]


encoded = asyncio.run(read(b"name=%D8%AD%D9%84%D8%A8"))
plain = asyncio.run(read("name=حلب".encode()))
print(f"percent-encoded: {ascii(encoded)}\nas it is:        {ascii(plain)}")
sys.exit((encoded, plain) != ("حلب", "حلب".encode().decode("latin-1")))
PYTHON
