"""python -m scripts.demo: `arshif demo`, of which INDEX=elasticsearch and ARCHIVE=postgresql are for those who have the
source.

It searches in a real Elasticsearch then: that of ARSHIF_TEST_ELASTICSEARCH, or one that is lent for the time
(tests/support/elasticsearch); its archive is in a real PostgreSQL of its own (tests/support/postgresql.py). What it
makes there goes with it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch

from crawler.cli.demo import show
from crawler.errors import ArshifError
from crawler.logging_setup import set_up_log
from tests.support.elasticsearch import server


def main() -> int:
    """Runs until SIGINT or SIGTERM; 0 then, 1 where something is missing."""
    engine, archive = os.environ.get("INDEX") or "embedded", os.environ.get("ARCHIVE") or "file"
    if engine not in ("embedded", "elasticsearch") or archive not in ("file", "postgresql"):
        choices = "write INDEX=embedded or INDEX=elasticsearch, ARCHIVE=file or ARCHIVE=postgresql"
        print(f"INDEX={engine} ARCHIVE={archive}: {choices}", file=sys.stderr)
        return 1
    set_up_log()
    try:
        show(
            _elasticsearch if engine == "elasticsearch" else lambda _: nullcontext({"engine": "embedded"}),
            _postgresql() if archive == "postgresql" else nullcontext(""),
        )
    except (ArshifError, server.CannotRun) as problem:
        print(f"demo: {problem}", file=sys.stderr)
        return 1
    return 0


@contextmanager
def _postgresql() -> Iterator[str]:
    """The URL of a database of a real PostgreSQL, which ends with the demo."""
    from tests.support.postgresql import serving  # its driver and server are development dependencies

    with serving() as server:
        yield server.empty()


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


if __name__ == "__main__":
    sys.exit(main())
