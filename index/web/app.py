"""The web application, and the server that runs it on this machine."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from urllib.parse import urlsplit

import uvicorn
from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer
from starlette.types import ASGIApp

from index.archive import Archive
from index.engines import Engine
from index.warc.store import WarcStore
from index.web import (
    api,
    article_pages,
    auth,
    error_handlers,
    exports,
    metrics,
    saved_searches,
    search_pages,
    static_files,
    templating,
)
from index.web.bind import bind_socket
from index.web.search_limiter import SearchLimiter
from index.web.security_headers import SecurityMiddleware, is_loopback

GRACE = 3  # seconds that answers under way are given when the server is asked to end


class _Page(FastAPI):
    """FastAPI with the guard around all of it: an answer to an error has its headers as well."""

    hosts: Sequence[str] = ()
    token: str = ""

    def build_middleware_stack(self) -> ASGIApp:
        app = super().build_middleware_stack()
        return SecurityMiddleware(auth.TokenAuthMiddleware(app, self.token) if self.token else app, self.hosts)


def create_app(
    archive: Archive,
    engine: Engine,
    *,
    hosts: Sequence[str] = (),
    raw: WarcStore | None = None,
    token: str = "",
    url: str = "",
) -> FastAPI:
    """The search page over this archive and index, as an ASGI application that writes saved searches and nothing else.

    It answers requests for localhost, any loopback address, and the names in `hosts` and `url`; 421 for others. `url`
    is the address by which readers reach it, with a slash at its end, where that is not the one that it is asked by.
    Without `raw` there are no saved copies to be seen. With a `token` only those who have it are answered."""
    app = _Page(
        title="Arshif",
        description="What the archive and the index hold. Reads only.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        redirect_slashes=False,
        dependencies=[Depends(error_handlers.short)]  # the other for the description alone: Door asks for the token
        + ([Depends(HTTPBearer(auto_error=False))] if token else []),
    )
    named = [*hosts, *filter(None, [urlsplit(url).hostname])]
    app.hosts, app.token = named, token
    app.state.url, app.state.elsewhere = url, not all(map(is_loopback, named))
    app.state.archive, app.state.engine, app.state.raw = archive, engine, raw
    app.state.metrics = metrics.Metrics(archive)
    app.state.searches = SearchLimiter(app.state.metrics.searches)
    app.state.exports = threading.BoundedSemaphore(exports.MAX_CONCURRENT_EXPORTS)
    if token:
        app.include_router(auth.router(token))
    app.include_router(search_pages.router)
    app.include_router(article_pages.router)
    app.include_router(exports.router)
    app.include_router(saved_searches.router)
    app.include_router(metrics.router)
    app.include_router(api.router)
    app.mount(static_files.PATH, static_files.answer)
    templating.prepare()
    error_handlers.handle(app)
    return app


def serve(app: FastAPI, host: str, port: int, token: str = "") -> None:
    """Answer at this address until SIGINT or SIGTERM; prints nothing.

    Raises ArshifError where the host is not this machine alone and there is no token, and where the port cannot be
    had."""
    with bind_socket(host, port, token) as listener:
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # who stands before it is not known: a header must not pass for an address
            ws="none",
            lifespan="off",
            timeout_graceful_shutdown=GRACE,
        )
        uvicorn.Server(config).run(sockets=[listener])
