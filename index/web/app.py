"""The web application and its server."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer
from starlette.types import ASGIApp

from index.archive import Archive
from index.engines import Engine
from index.warc.store import WarcStore
from index.web import (
    annotation_api,
    annotation_pages,
    api,
    article_pages,
    auth,
    edit_pages,
    error_handlers,
    export_slots,
    exports,
    live,
    metrics,
    operations,
    request_pages,
    run_pages,
    saved_search_api,
    saved_searches,
    search_pages,
    site_edit_pages,
    site_pages,
    static_files,
    templating,
)
from index.web.bind import bind_socket
from index.web.http_protocol import ACCEPTED_AT_ONCE, QUEUE, DeadlineProtocol, most_connections
from index.web.request_limiter import RequestLimiter
from index.web.search_limiter import SearchLimiter
from index.web.security_headers import SecurityMiddleware, is_loopback

GRACE = 3  # seconds that responses in progress get to finish on shutdown
SPARE = 2 * ACCEPTED_AT_ONCE  # connections for which there is room while all requests are answered that may be at once


def present() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


class _Page(FastAPI):
    """FastAPI inside the security middleware, so that error responses have its headers as well."""

    hosts: Sequence[str] = ()
    token: str = ""
    most_requests = 1  # that are answered at once

    def openapi(self) -> dict[str, Any]:
        return operations.described(super().openapi())

    def build_middleware_stack(self) -> ASGIApp:
        app: ASGIApp = super().build_middleware_stack()
        app = RequestLimiter(app, self.most_requests)
        return SecurityMiddleware(auth.TokenAuthMiddleware(app, self.token) if self.token else app, self.hosts)


def create_app(  # noqa: PLR0913 - all that the pages are made of
    archive: Archive,
    engine: Engine,
    *,
    hosts: Sequence[str] = (),
    raw: WarcStore | None = None,
    token: str = "",
    url: str = "",
    now: Callable[[], datetime] = present,
    site_files: Callable[[str], Sequence[Path]] = lambda _: (),
    ask: request_pages.Ask | None = None,
    site_desk: site_edit_pages.SiteDesk | None = None,
) -> FastAPI:
    """The web interface to this archive and index as an ASGI application; it writes saved searches, requests for
    addresses, and what people add to articles, nothing else.

    It serves requests for localhost, any loopback address, and the names in `hosts` and `url`, and answers 421 to
    others. `url` is the public base URL, with a trailing slash, if it differs from the one in requests. Without `raw`,
    saved copies are not available. With a `token`, only requests that carry it are served. `now` gives the present
    moment (aware), from which recent ones are told; `site_files` the files that describe the site of an id. `ask` takes
    an address that a person wants fetched now; without it, or on a server that others reach without a token, none is.
    Such a server does not show what people add to articles either, and changes no site, which `site_desk` does.
    """
    app = _Page(
        title="Arshif",
        description="What the archive and the index hold; reads only, but for addresses to be archived now, "
        "saved searches, collections, tags and notes.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        redirect_slashes=False,
        dependencies=[Depends(error_handlers.short)]  # HTTPBearer only for OpenAPI: the middleware checks the token
        + ([Depends(HTTPBearer(auto_error=False))] if token else []),
    )
    named = [*hosts, *filter(None, [urlsplit(url).hostname])]
    app.hosts, app.token, app.most_requests = named, token, max(1, most_connections() - SPARE)
    app.state.url, app.state.elsewhere = url, not all(map(is_loopback, named))
    app.state.archive, app.state.engine, app.state.raw = archive, engine, raw
    app.state.now, app.state.site_files = now, site_files
    app.state.annotates = bool(token) or not app.state.elsewhere
    app.state.ask = ask if app.state.annotates else None
    app.state.site_desk = site_desk if app.state.annotates else None
    app.state.live, app.state.live_seconds = 0, live.LIVE_SECONDS
    app.state.metrics = metrics.Metrics(archive)
    app.state.searches = SearchLimiter(app.state.metrics.searches)
    app.state.exports = threading.BoundedSemaphore(export_slots.MAX_CONCURRENT_EXPORTS)
    if token:
        app.include_router(auth.router(token))
    app.include_router(search_pages.router)
    app.include_router(run_pages.router)
    app.include_router(site_pages.router)
    app.include_router(site_edit_pages.router)
    app.include_router(article_pages.router)
    app.include_router(annotation_pages.router)
    app.include_router(edit_pages.router)
    app.include_router(request_pages.router)
    app.include_router(exports.router)
    app.include_router(saved_searches.router)
    app.include_router(metrics.router)
    app.include_router(api.router)
    app.include_router(request_pages.api)
    app.include_router(annotation_api.router)
    app.include_router(saved_search_api.router)
    app.mount(static_files.PATH, static_files.answer)
    templating.prepare()
    error_handlers.handle(app)
    return app


class _Server(uvicorn.Server):
    """A server that also ends the responses which would go on, before it waits for those in progress; and that calls
    `tick` again and again, from its own thread."""

    tick: Callable[[], None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or ():
            listener.listen(QUEUE)  # uvicorn's `backlog` is both this and how many are accepted at once

    async def on_tick(self, counter: int) -> bool:
        if self.tick is not None:
            self.tick()
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        app: Any = self.config.app
        app.state.live_seconds = 0.0
        super().handle_exit(sig, frame)


def serve(app: FastAPI, host: str, port: int, token: str = "", tick: Callable[[], None] | None = None) -> None:
    """Serve at this address until SIGINT or SIGTERM, and call `tick` several times a second; prints nothing.

    :raises ArshifError: when the host can be reached from other machines and there is no token, or when the port is not
        available.
    """
    with bind_socket(host, port, token) as listener:
        server = server_of(app)
        server.tick = tick
        server.run(sockets=[listener])


def server_of(app: FastAPI) -> _Server:
    """What serves the application on a socket that listens."""
    return _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # any proxy in front is unknown: a header must not pass for an address
            http=DeadlineProtocol,
            ws="none",
            lifespan="off",
            backlog=ACCEPTED_AT_ONCE,
            timeout_graceful_shutdown=GRACE,
        )
    )
