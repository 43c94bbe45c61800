"""Binding the server's socket: to this machine alone, or to any address if a token is set."""

from __future__ import annotations

import errno
import socket
from typing import Any

from index.errors import ArshifError
from index.model.message import Message
from index.web.security_headers import is_loopback


def resolve_bind(host: str, port: int, token: str = "") -> Any:
    """The first address of this host, as returned by `socket.getaddrinfo`.

    :raises ArshifError: when the host has no address, or one can be reached from other machines and no token is set.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, OverflowError) as error:
        raise ArshifError(Message("bind.no_host", {"host": host, "why": str(error)})) from None
    if not token and not all(is_loopback(str(where[0]).partition("%")[0]) for *_, where in found):
        raise ArshifError(Message("bind.public", {"host": host}))
    return found[0]


def bind_socket(host: str, port: int, token: str = "") -> socket.socket:
    """A listening socket at this address.

    :raises ArshifError: as `resolve_bind`, and when the port is not available.
    """
    family, kind, protocol, _, address = resolve_bind(host, port, token)
    listener = socket.socket(family, kind, protocol)  # explicit TCP: else asyncio leaves Nagle on, 40 ms per response
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # allows an immediate restart
    try:
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        code = {errno.EADDRINUSE: "bind.in_use", errno.EACCES: "bind.privileged"}.get(error.errno or 0)
        why = Message(code) if code else str(error)
        raise ArshifError(Message("bind.failed", {"host": host, "port": port, "why": why})) from None
    return listener
