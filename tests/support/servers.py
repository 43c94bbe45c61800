"""What the tests' servers need once: an Elasticsearch to download and an S3 server to build.

`python -m tests.support.servers` has both there, for the tests to find. Where one cannot be had, the first test that
needs it says why.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from tests.support.elasticsearch import server
from tests.support.object_store import built_server


def _build() -> None:
    with suppress(pytest.skip.Exception, pytest.fail.Exception):
        built_server()


def _download() -> None:
    with suppress(server.CannotRun), server.own_folder("once-", lambda line: print(line, file=sys.stderr, flush=True)):
        pass


if __name__ == "__main__":
    with ThreadPoolExecutor() as both:  # the one computes, the other waits for the network
        for work in (both.submit(_build), both.submit(_download)):
            work.result()
