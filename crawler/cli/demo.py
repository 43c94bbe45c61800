"""arshif demo: Arshif at work on made-up news sites, without a network."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

import typer

from crawler.cli.run import run
from crawler.errors import ArshifError

app = typer.Typer()

PUBLISH = 4.0  # s between two changes at the newsroom
EVERY = 0.1  # min between two crawls of a site
DELAY = 0.05  # s between two requests: the sites share one address, so they are asked one after the other
PORT = 8000  # of the search page; a free one where another program has it
NEWSROOMS = ("crawler._newsroom", "tests.support.news_sites")  # the made-up sites: in the wheel, in the source tree

SEEN = """\
You see {sites} made-up news sites on this machine; every {publish:g} s one of them publishes or edits an article.
Arshif crawls them every few seconds; a line such as "run 2: ok; 1 new, 1 changed" says what it stored.
Look:   {page} in a browser; the newest come first if you search for nothing
Search: ARSHIF_CONFIG={config} {arshif} search أسعار   in a second terminal, in this folder
End:    Ctrl-C; all that was written goes with it. No network is needed, and none is used
"""


@app.command()
def demo() -> None:
    """Crawl made-up news sites on this machine, and serve the search page.

    Runs until it is stopped, with Ctrl-C, and needs no network. All that it writes is in a temporary folder, and goes
    with it.
    """
    show(lambda _: nullcontext({"engine": "embedded"}), nullcontext(""))


def show(
    index: Callable[[Path], AbstractContextManager[dict[str, Any]]],
    archive: AbstractContextManager[str],
) -> None:
    """Runs the demo until it is stopped. `index` gives the settings of the index for a temporary folder, `archive` the
    URL of an empty database, or "" for a file.

    :raises ArshifError: when no port is free or the made-up sites are not there.
    """
    sites = _newsroom()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="arshif-demo-")))
        engine = stack.enter_context(index(folder))
        # without the sites that need a browser: one started every few seconds shows little and costs much
        outlets = import_module(f"{sites.__name__}.profiles").OUTLETS
        only = [outlet.id for outlet in outlets if outlet.rendering == "none"]
        room = stack.enter_context(sites.Newsroom(only=only))
        port = _port()
        at = stack.enter_context(archive)
        settings = {"data": str(folder / "data"), "archive": at, "index": engine, "web": {"port": port}}
        config = room.config(folder / "config", delay=DELAY, every=EVERY, settings=settings)
        for name in ("ARSHIF_DATA", "ARSHIF_ARCHIVE"):  # those of a real archive, which is none of the demo's
            os.environ.pop(name, None)
        os.environ["ARSHIF_CONFIG"] = str(config)
        stack.enter_context(_at_work(room, import_module(f"{sites.__name__}.autopublish").happen))
        page = f"http://127.0.0.1:{port}/"
        text = SEEN.format(sites=len(only), publish=PUBLISH, page=page, config=config, arshif=_command())
        print(text, flush=True)
        run(web=True)


def _newsroom() -> Any:
    for name in NEWSROOMS:
        try:
            return import_module(name)
        except ModuleNotFoundError as error:
            if error.name not in (name, *(name[:at] for at, sign in enumerate(name) if sign == ".")):
                raise
    raise ArshifError("the made-up sites are not part of this installation: install Arshif from its wheel, or clone it")


def _command() -> str:
    """How this command is called in this folder."""
    command = Path(sys.executable).with_name("arshif")
    return os.path.relpath(command) if command.is_relative_to(Path.cwd()) else str(command)


@contextmanager
def _at_work(room: Any, happen: Callable[[Any, int], object]) -> Iterator[None]:
    """Things happen at the newsroom for the length of the block."""
    stop = threading.Event()

    def work() -> None:
        for turn in count():
            if stop.wait(PUBLISH):
                return
            happen(room, turn)

    thread = threading.Thread(target=work, name="desk")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _port() -> int:
    """A port of loopback that is free now."""
    for wanted in (PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ArshifError("no port of 127.0.0.1 is free")
