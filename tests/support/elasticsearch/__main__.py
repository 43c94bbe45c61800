"""python -m tests.support.elasticsearch start | stop | path: see `server.py`."""

from __future__ import annotations

import sys

from crawler.cli.progress import progress
from tests.support.elasticsearch.server import HOME, CannotRun, start, stop

USAGE = "usage: python -m tests.support.elasticsearch start | stop | path"


def main(arguments: list[str]) -> int:
    match arguments:
        case ["start"]:
            try:
                with progress() as shown:
                    url = start(say=lambda line: print(line, file=sys.stderr, flush=True), shown=shown)
                print(url)
            except CannotRun as problem:
                print(problem, file=sys.stderr)
                return 1
        case ["stop"]:
            print("stopped" if stop() else "it was not running", file=sys.stderr)
        case ["path"]:
            print(HOME)
        case _:
            print(USAGE, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
