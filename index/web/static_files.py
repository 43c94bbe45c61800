"""Style sheets, scripts and fonts: read once and served from memory, at URLs that change with their content."""

from __future__ import annotations

import mimetypes
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from index.locale import negotiate, translate

STATIC = Path(__file__).parent / "static"
PATH = "/static/"
SHEETS = ("fonts.css", "arshif.css", "search.css")  # sent as one, as nothing is rendered before all have arrived
SHEET = "page.css"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}


@cache
def files() -> MappingProxyType[str, bytes]:
    """All files by their path below static/, and the style sheets of every page combined; about half a megabyte."""
    found = {path.relative_to(STATIC).as_posix(): path.read_bytes() for path in STATIC.rglob("*") if path.is_file()}
    return MappingProxyType(found | {SHEET: b"\n".join(found[name] for name in SHEETS)})


@cache
def static(name: str) -> str:
    """The URL of a file, which changes with its content, so that a browser never uses an outdated one."""
    return f"{PATH}{name}?v={sha256(files()[name]).hexdigest()[:12]}"


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application that serves the files below PATH."""
    name = scope["path"].removeprefix(scope.get("root_path", "")).lstrip("/")
    body = files().get(name)
    reply: Response
    if scope["method"] not in ("GET", "HEAD"):
        reply = PlainTextResponse(_error_text(scope, "error.method"), 405, {"allow": "GET, HEAD"})
    elif body is None:
        reply = PlainTextResponse(_error_text(scope, "error.not_found"), 404)
    else:
        kind = TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        lasting = "public, max-age=31536000, immutable" if b"v=" in scope["query_string"] else "no-cache"
        reply = Response(body, media_type=kind, headers={"cache-control": lasting})
    await reply(scope, receive, send)


def _error_text(scope: Scope, key: str) -> str:
    return translate(key, negotiate(Headers(scope=scope).get("accept-language", ""))) + "\n"
