"""Around every answer, those to errors included: who may ask, and what a browser may do with the answer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from index.locale import negotiate, translate

HEADERS = {  # scripts of our own only, no form to elsewhere, no frame but of a saved copy, nothing from another server
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
    "img-src 'self'; connect-src 'self'; form-action 'self'; frame-src 'self'; frame-ancestors 'none'; "
    "base-uri 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # with no-referrer, a browser does not say where a form was sent from
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
NO_HEAD_PREFIX = "/export."  # what HEAD does not ask for: it would read all that a search finds
_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^\s:\[\]@/]+))(?::\d*)?")  # RFC 9110, 7.2
_RAW = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
_POLICY = b"content-security-policy"
_SANDBOX = b"sandbox;"  # begins the one policy that an answer may have of its own: it allows less


class SecurityMiddleware:
    """The application, answering only to requests for a loopback name or one of `hosts`, with HEADERS on each answer.

    The name that the browser asked for is checked, for a hostile page can have its own name lead to 127.0.0.1 and
    read the archive from inside the browser (DNS rebinding). The port does not matter: a tunnel has its own.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = ()) -> None:
        self.app = app
        self.hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return

        head = scope["method"] == "HEAD" and not scope["path"].startswith(NO_HEAD_PREFIX)
        if head:  # is answered as GET is, without the body
            scope = {**scope, "method": "GET"}

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.body" and head:
                message = {**message, "body": b""}
            if message["type"] == "http.response.start":
                said = message.get("headers", [])
                own = [pair for pair in said if pair[0].lower() == _POLICY and pair[1].startswith(_SANDBOX)]
                kept = [pair for pair in said if pair[0].lower().decode() not in HEADERS]
                message["headers"] = kept + own + [pair for pair in _RAW if not own or pair[0] != _POLICY]
            await send(message)

        names = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if len(names) == 1 and self.is_allowed_host(names[0]):
            await self.app(scope, receive, send_guarded)
        else:
            language = negotiate(Headers(scope=scope).get("accept-language", ""))
            refusal = translate("error.host", language) + "\n"
            await PlainTextResponse(refusal, 421)(scope, receive, send_guarded)

    def is_allowed_host(self, host: str) -> bool:
        """Whether this Host header (name or address, maybe with a port) is of this machine or a configured host."""
        name = host_name(host)
        return bool(name) and (name in self.hosts or is_loopback(name))


def host_name(host: str) -> str:
    """The name in a Host header, without port and brackets, in lower case; empty where it has none."""
    match = _HOST.fullmatch(host.lower())
    return (match[1] or match[2]).removesuffix(".") if match else ""


def is_loopback(name: str) -> bool:
    """Whether a name or an address can only be this machine."""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")  # RFC 6761, 6.3
