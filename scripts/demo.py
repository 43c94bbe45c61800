"""python -m scripts.demo: Arshif at work on made-up news sites on this machine, with its search page and no network.

INDEX=elasticsearch searches in a real Elasticsearch: that of ARSHIF_TEST_ELASTICSEARCH, or one that is lent for the
time (tests/elasticsearch). Everything that it writes lies in a temporary folder, which goes with it.
"""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch

from crawler.cli.run import run
from crawler.errors import ArshifError
from crawler.logging_setup import set_up_log
from tests.support.elasticsearch import server
from tests.support.news_sites import Newsroom
from tests.support.news_sites.autopublish import happen
from tests.support.news_sites.profiles import OUTLETS

PUBLISH = 4.0  # s between two changes at the newsroom
EVERY = 0.1  # min between two crawls of a site
DELAY = 0.05  # s between two requests: the sites share one address, so they are asked one after the other
PORT = 8000  # of the search page; a free one where another program has it

SEEN = """\
You see {sites} made-up news sites on this machine; every {publish:g} s one of them publishes or edits an article.
Arshif crawls them every few seconds; a line such as "run 2: ok; 1 new, 1 changed" says what it stored.
Look:   {page} in a browser; the newest come first if you search for nothing
Search: ARSHIF_CONFIG={config} {arshif} search أسعار   in a second terminal, in this folder
End:    Ctrl-C; all that was written goes with it. No network is needed, and none is used
"""


def main() -> int:
    """Runs until SIGINT or SIGTERM; 0 then, 1 where something is missing."""
    engine = os.environ.get("INDEX") or "embedded"
    if engine not in ("embedded", "elasticsearch"):
        print(f"INDEX={engine}: write INDEX=embedded or INDEX=elasticsearch", file=sys.stderr)
        return 1
    set_up_log()
    try:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="arshif-demo-")))
            index = stack.enter_context(_elasticsearch(folder)) if engine == "elasticsearch" else {"engine": engine}
            # without the sites that need a browser: one started every few seconds shows little and costs much
            only = [outlet.id for outlet in OUTLETS if outlet.rendering == "none"]
            room = stack.enter_context(Newsroom(only=only))
            port = _port()
            settings = {"data": str(folder / "data"), "index": index, "web": {"port": port}}
            config = room.config(folder / "config", delay=DELAY, every=EVERY, settings=settings)
            os.environ["ARSHIF_CONFIG"] = str(config)
            stack.enter_context(_at_work(room))
            arshif = os.path.relpath(Path(sys.executable).with_name("arshif"))
            page = f"http://127.0.0.1:{port}/"
            print(SEEN.format(sites=len(only), publish=PUBLISH, page=page, config=config, arshif=arshif), flush=True)
            run(web=True)
    except (ArshifError, server.CannotRun) as problem:
        print(f"demo: {problem}", file=sys.stderr)
        return 1
    return 0


@contextmanager
def _at_work(room: Newsroom) -> Iterator[None]:
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


@contextmanager
def _elasticsearch(folder: Path) -> Iterator[dict[str, Any]]:
    """The settings of an index on a real Elasticsearch; what it makes there is removed afterwards."""
    prefix = folder.name.lower().replace("_", "-")
    with ExitStack() as stack:
        given = os.environ.get("ARSHIF_TEST_ELASTICSEARCH")
        url = given or stack.enter_context(server.lent(lambda line: print(line, flush=True)))
        client = stack.enter_context(Elasticsearch(url))  # not the engine: it does not drop what is searched
        stack.callback(_remove, client, f"{prefix}-v*")
        yield {"engine": "elasticsearch", "url": url, "prefix": prefix}


def _remove(client: Elasticsearch, names: str) -> None:
    for index in client.indices.get(index=names):
        client.indices.delete(index=index)
    for template in client.indices.get_index_template(name=names)["index_templates"]:
        client.indices.delete_index_template(name=template["name"])


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


if __name__ == "__main__":
    sys.exit(main())
