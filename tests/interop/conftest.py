"""The programs, each in its pinned version, in folders of their own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from sqlalchemy import Connection

from crawler.onboarding.site_desk import SiteDesk
from crawler.requested.desk import Desk
from index.archive import collections, notes, saved_searches, site_previews
from index.web.app import create_app
from tests.support import previews
from tests.support.filled_archive import NOW, SearchFixture, fill, newsroom, page
from tests.support.newspaper import configured
from tests.support.patience import PATIENCE, wait_for
from tests.support.programs import installed


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with these programs and without Arshif."""
    return installed(tmp_path_factory.mktemp("programs") / "venv", "interop.txt", "make test-interop") / "python"


def _used(conn: Connection) -> None:
    """What people have done with the archive."""
    collections.create(conn, "ملف المرفأ", NOW)
    for one in list(newsroom())[:3]:
        collections.add(conn, 1, [one.id], NOW)
        notes.set_tags(conn, one.id, ["مرفأ", "للتحقق"])
        notes.set_note(conn, one.id, "سطر أول\nسطر ثانٍ", NOW)
    saved_searches.add(conn, "قمح", "قمح", NOW)
    previews.settle(conn, site_previews.ask(conn, previews.HOME, NOW).id)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of a server with the newsroom's articles, some of them noted, tagged and collected, a saved search
    and a preview of a site; and the id of one of the articles."""
    with _serving(tmp_path_factory, asks=False) as told:
        yield told


@pytest.fixture(scope="session")
def asking_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Another such server, which also takes requests for addresses."""
    with _serving(tmp_path_factory, asks=True) as told:
        yield told


@pytest.fixture
def tried_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of one of a test's own: nobody has deleted or changed anything, and it may, and ask for addresses."""
    with _serving(tmp_path_factory, asks=True) as (url, _):
        yield url


@contextmanager
def _serving(tmp_path_factory: pytest.TempPathFactory, *, asks: bool) -> Iterator[tuple[str, str]]:
    shelf: SearchFixture = fill(tmp_path_factory.mktemp("shelf"), [*map(page, newsroom())])
    shelf.archive.write(_used).result()
    config = configured(tmp_path_factory.mktemp("config"))
    ask = Desk(config, shelf.archive) if asks else None
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        desk = SiteDesk(config, shelf.archive)
        app = create_app(shelf.archive, shelf.engine, site_files=config.site_files, ask=ask, site_desk=desk)
        service = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", ws="none"))
        thread = threading.Thread(target=service.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        wait_for(lambda: service.started)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        hits = httpx.get(f"{url}/api/search", timeout=PATIENCE, trust_env=False).json()["hits"]
        yield url, hits[0]["archive"]["id"]
        service.should_exit = True
        thread.join()
    shelf.close()
