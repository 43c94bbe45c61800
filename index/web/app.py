"""The web application, and the server that runs it on this machine."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Sequence

import uvicorn
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.types import ASGIApp

from index.archive import Archive
from index.engines import Engine
from index.errors import ArshifError
from index.raw import Raw
from index.web import api, exports, metrics, pages, problems, reading
from index.web.guard import Guard, is_loopback
from index.web.limits import Searches
from index.web.render import STATIC

GRACE = 3  # seconds that answers under way are given when the server is asked to end


class _Page(FastAPI):
    """FastAPI with the guard around all of it: an answer to an error has its headers as well."""

    hosts: Sequence[str] = ()

    def build_middleware_stack(self) -> ASGIApp:
        return Guard(super().build_middleware_stack(), self.hosts)


def create_app(archive: Archive, engine: Engine, *, hosts: Sequence[str] = (), raw: Raw | None = None) -> FastAPI:
    """The search page over this archive and index, as an ASGI application that only reads.

    It answers requests for localhost, any loopback address, and the names in `hosts`; 421 for others. Without `raw`
    there are no saved copies to be seen."""
    app = _Page(
        title="Arshif",
        description="What the archive and the index hold. Reads only.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        redirect_slashes=False,
    )
    app.hosts = tuple(hosts)
    app.state.archive, app.state.engine, app.state.raw = archive, engine, raw
    app.state.metrics = metrics.Metrics(archive)
    app.state.searches = Searches(app.state.metrics.searches)
    app.state.exports = threading.BoundedSemaphore(exports.AT_ONCE)
    app.include_router(pages.router)
    app.include_router(reading.router)
    app.include_router(exports.router)
    app.include_router(metrics.router)
    app.include_router(api.router)
    app.mount("/static", StaticFiles(directory=STATIC))
    problems.handle(app)
    return app


def serve(archive: Archive, engine: Engine, host: str, port: int, *, raw: Raw | None = None) -> None:
    """Answer at this loopback address until SIGINT or SIGTERM; prints nothing.

    Raises ArshifError where the host is not this machine alone, and where the port cannot be had."""
    with _listen(host, port) as listener:
        config = uvicorn.Config(
            create_app(archive, engine, hosts=[host], raw=raw),
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # nobody stands before it: a header of a page's making must not pass for an address
            ws="none",
            lifespan="off",
            timeout_graceful_shutdown=GRACE,
        )
        uvicorn.Server(config).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    """A socket at the first address of this host, all of whose addresses are loopback."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, OverflowError) as error:
        raise ArshifError(f"web.host {host!r}: no such host ({error}): write 127.0.0.1") from None
    if not all(is_loopback(str(where[0]).partition("%")[0]) for *_, where in found):
        raise ArshifError(
            f"web.host {host!r} can be reached from other machines, and the search page asks nobody for a password: "
            "write 127.0.0.1, and come from elsewhere through a tunnel (ssh -L 8000:127.0.0.1:8000) or a proxy of "
            "yours that asks for one"
        )
    family, kind, protocol, _, where = found[0]
    listener = socket.socket(family, kind, protocol)  # TCP by name: else asyncio leaves Nagle on, 40 ms an answer
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # started again at once after it ended
    try:
        listener.bind(where)
        listener.listen(128)
    except OSError as error:
        listener.close()
        why = {
            errno.EADDRINUSE: "another program uses it: end that one, or give another port (--port, web.port)",
            errno.EACCES: "ports below 1024 are root's: give another port (--port, web.port)",
        }.get(error.errno or 0, str(error))
        raise ArshifError(f"cannot listen at {host} port {port}: {why}") from None
    return listener
