"""python -m scripts.demo: `arshif demo`, of which INDEX=elasticsearch is for those who have the source.

It searches in a real Elasticsearch then: that of ARSHIF_TEST_ELASTICSEARCH, or one that is lent for the time
(tests/elasticsearch). What it makes there goes with it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch

from crawler.cli.demo import demo, show
from crawler.errors import ArshifError
from crawler.logging_setup import set_up_log
from tests.support.elasticsearch import server


def main() -> int:
    """Runs until SIGINT or SIGTERM; 0 then, 1 where something is missing."""
    engine = os.environ.get("INDEX") or "embedded"
    if engine not in ("embedded", "elasticsearch"):
        print(f"INDEX={engine}: write INDEX=embedded or INDEX=elasticsearch", file=sys.stderr)
        return 1
    set_up_log()
    try:
        if engine == "elasticsearch":
            show(_elasticsearch)
        else:
            demo()
    except (ArshifError, server.CannotRun) as problem:
        print(f"demo: {problem}", file=sys.stderr)
        return 1
    return 0


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
