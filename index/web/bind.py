"""Where the page is served: on this machine alone, or elsewhere behind a token."""

from __future__ import annotations

import errno
import socket
from typing import Any

from index.errors import ArshifError
from index.model.message import Message
from index.web.security_headers import is_loopback


def resolve_bind(host: str, port: int, token: str = "") -> Any:
    """The first address of this host, as `socket` has it. Raises ArshifError where there is none, and where one can be
    reached from other machines, and no token is asked for."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, OverflowError) as error:
        raise ArshifError(Message("bind.no_host", {"host": host, "why": str(error)})) from None
    if not token and not all(is_loopback(str(where[0]).partition("%")[0]) for *_, where in found):
        raise ArshifError(Message("bind.public", {"host": host}))
    return found[0]


def bind_socket(host: str, port: int, token: str = "") -> socket.socket:
    """A socket there. Raises ArshifError also where the port cannot be had."""
    family, kind, protocol, _, address = resolve_bind(host, port, token)
    listener = socket.socket(family, kind, protocol)  # TCP by name: else asyncio leaves Nagle on, 40 ms an answer
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # started again at once after it ended
    try:
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        code = {errno.EADDRINUSE: "bind.in_use", errno.EACCES: "bind.privileged"}.get(error.errno or 0)
        why = Message(code) if code else str(error)
        raise ArshifError(Message("bind.failed", {"host": host, "port": port, "why": why})) from None
    return listener
