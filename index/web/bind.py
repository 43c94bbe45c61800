"""Where the page is served: on this machine alone, or elsewhere behind a token."""

from __future__ import annotations

import errno
import socket
from typing import Any

from index.errors import ArshifError
from index.web.security_headers import is_loopback


def resolve_bind(host: str, port: int, token: str = "") -> Any:
    """The first address of this host, as `socket` has it. Raises ArshifError where there is none, and where one can be
    reached from other machines, and no token is asked for."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, OverflowError) as error:
        raise ArshifError(f"web.host {host!r}: no such host ({error}): write 127.0.0.1") from None
    if not token and not all(is_loopback(str(where[0]).partition("%")[0]) for *_, where in found):
        raise ArshifError(
            f"web.host {host!r} can be reached from other machines, and the search page asks nobody for a token: set "
            "web.token (`openssl rand -hex 16` makes one), or write 127.0.0.1 and come from elsewhere through a tunnel "
            "(ssh -L 8000:127.0.0.1:8000)"
        )
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
        why = {
            errno.EADDRINUSE: "another program uses it: end that one, or give another port (--port, web.port)",
            errno.EACCES: "ports below 1024 are root's: give another port (--port, web.port)",
        }.get(error.errno or 0, str(error))
        raise ArshifError(f"cannot listen at {host} port {port}: {why}") from None
    return listener
