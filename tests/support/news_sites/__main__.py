"""python -m tests.support.news_sites [--port 8099] [--config DIR] [--via ports|proxy] [--publish-every SECONDS]"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from .autopublish import happen
from .server_group import Newsroom


def main(arguments: list[str] | None = None) -> int:
    """Open the newsroom until SIGTERM or SIGINT; 0 then, 1 where a port is taken."""
    options = _options().parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        room = Newsroom(port=options.port, seed=options.seed, via=options.via)
    except OSError as error:
        print(f"newsroom: port {options.port} or one of the nine after it: {error.strerror}", file=sys.stderr)
        return 1
    with room:
        _introduce(room)
        if options.config:
            print(f"configuration: {room.config(options.config, delay=options.delay)}", flush=True)
        turn = 0
        while not stop.wait(options.publish_every or None):
            print(happen(room, turn), flush=True)
            turn += 1
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.support.news_sites", description="Local news sites that change."
    )
    parser.add_argument("--port", type=int, default=8099, help="the common port, also a proxy; the sites' follow it")
    parser.add_argument("--config", type=Path, help="write a configuration of Arshif for these sites there")
    parser.add_argument("--via", choices=("ports", "proxy"), default="ports", help="how it reaches the sites")
    parser.add_argument("--delay", type=float, default=0.2, help="seconds between requests, in the configuration")
    parser.add_argument("--publish-every", type=float, default=0.0, help="seconds between two changes; 0: none")
    parser.add_argument("--seed", type=int, default=0, help="decides the texts")
    return parser


def _introduce(room: Newsroom) -> None:
    print(f"newsroom: {room.proxy} (all sites, as a proxy)")
    for place in room.sites.values():
        print(f"  {place.id:8} http://127.0.0.1:{place.port}/  {place.outlet.name}")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
