"""Asking the search page without a server, and reading its answers."""

from __future__ import annotations

import asyncio
import re
import socket
from typing import Any

import httpx
from fastapi import FastAPI
from lxml import html

from index.engines import Engine, open_engine
from index.web.app import create_app
from tests.support.filled_archive import SearchFixture


class Client:
    """A browser's view of an application: an error of ours is an answer."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    def get(self, path: str, **how: Any) -> httpx.Response:
        """The answer to GET; `how` as httpx has it."""
        return self.request("GET", path, **how)

    def request(self, method: str, path: str, **how: Any) -> httpx.Response:
        """The answer to a request for a path of this application."""

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
                return await client.request(method, path, **how)

        return asyncio.run(ask())


def client_of(shelf: SearchFixture, **more: Any) -> Client:
    """A client of the page over this archive and index."""
    return Client(create_app(shelf.archive, shelf.engine, **more))


def tree(answer: httpx.Response) -> Any:
    """The page, parsed."""
    return html.fromstring(answer.text)


def text_of(node: Any) -> str:
    """What a reader reads of an element, with single blanks."""
    return re.sub(r"\s+", " ", str(node.text_content())).strip()


def unreachable() -> Engine:
    """Elasticsearch at a port where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return open_engine("elasticsearch", url=f"http://127.0.0.1:{port}")
