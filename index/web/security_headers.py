"""Security of every response, errors included: a check of the Host header, and headers that restrict the browser."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from index.model import message as said
from index.web.error_handlers import bare

HEADERS = {  # only our own scripts, no form to elsewhere, no frame but a saved copy's, nothing from another server
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
    "img-src 'self'; connect-src 'self'; form-action 'self'; frame-src 'self'; frame-ancestors 'none'; "
    "base-uri 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # with no-referrer, a browser would not reveal where a form comes from
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
NO_HEAD_PREFIX = "/export."  # HEAD is not supported there: it would read all results of a search
_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^\s:\[\]@/]+))(?::\d*)?")  # RFC 9110, 7.2
_RAW = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
_POLICY = b"content-security-policy"
_SANDBOX = b"sandbox;"  # start of the one policy that a response may set itself: a stricter one


class SecurityMiddleware:
    """ASGI middleware that serves only requests for a loopback name or one of `hosts`, and sets HEADERS on responses.

    The requested host name is checked because a hostile page can point its own name at 127.0.0.1 and read the archive
    from inside the browser (DNS rebinding). The port does not matter: a tunnel has its own.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = ()) -> None:
        self.app = app
        self.hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return

        head = scope["method"] == "HEAD" and not scope["path"].startswith(NO_HEAD_PREFIX)
        if head:  # answered like GET, without the body
            scope = {**scope, "method": "GET"}

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.body" and head:
                message = {**message, "body": b""}
            if message["type"] == "http.response.start":
                given = message.get("headers", [])
                own = [pair for pair in given if pair[0].lower() == _POLICY and pair[1].startswith(_SANDBOX)]
                kept = [pair for pair in given if pair[0].lower().decode() not in HEADERS]
                message["headers"] = kept + own + [pair for pair in _RAW if not own or pair[0] != _POLICY]
            await send(message)

        names = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if len(names) == 1 and self.is_allowed_host(names[0]):
            await self.app(scope, receive, send_guarded)
        else:
            await bare(Request(scope), 421, said.Message("error.host"))(scope, receive, send_guarded)

    def is_allowed_host(self, host: str) -> bool:
        """Whether this Host header (name or address, perhaps with a port) is this machine's or a configured host's."""
        name = host_name(host)
        return bool(name) and (name in self.hosts or is_loopback(name))


def host_name(host: str) -> str:
    """The name in a Host header, without port and brackets, in lower case; empty if it has none."""
    match = _HOST.fullmatch(host.lower())
    return (match[1] or match[2]).removesuffix(".") if match else ""


def is_loopback(name: str) -> bool:
    """Whether a name or address can only refer to this machine."""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")  # RFC 6761, 6.3
