"""A real Chromium from the system's packages, and the page served to it on loopback."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, sync_playwright

from index.web import live
from index.web.app import create_app
from tests.support.filled_archive import SearchFixture


@contextmanager
def running(path: str) -> Iterator[Browser]:
    """That Chromium, started; its sandbox is off only for root, who cannot have one. It draws by itself: where there is
    no GPU, it would emulate one."""
    arguments = ["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def served(shelf: SearchFixture, **more: Any) -> Iterator[str]:
    """The page of this archive on a free port of loopback; gives its address. `more` as `create_app` has it."""
    with socket.socket(proto=socket.IPPROTO_TCP) as listener, pytest.MonkeyPatch.context() as patch:
        patch.setattr(live, "LOOK_SECONDS", 0.2)  # seconds in which a person reads, and a test waits
        listener.bind(("127.0.0.1", 0))
        app = create_app(shelf.archive, shelf.engine, **more)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
