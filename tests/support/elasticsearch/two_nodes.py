"""Two servers that are one cluster, of which the second can be killed: what it held has copies on the first."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.elasticsearch import server
from tests.support.patience import PATIENCE

MEGABYTES = 384  # of heap, each
NAMES = ("first", "second")  # the first alone decides, so that a cluster is left when the second is killed


@dataclass(frozen=True)
class Pair:
    """The addresses of two running servers, and the second one's process."""

    urls: tuple[str, str]
    second: subprocess.Popen[bytes]

    def kill(self) -> None:
        """Ends the second server at once, with whatever it is at."""
        os.killpg(self.second.pid, signal.SIGKILL)
        self.second.wait()

    def health(self, query: str) -> str:
        """What the first says of the cluster."""
        with urllib.request.urlopen(f"{self.urls[0]}/_cluster/health?{query}", timeout=PATIENCE) as answer:
            return str(answer.read().decode())


@contextlib.contextmanager
def pair(say: server.Say = print, address: str = "127.0.0.1") -> Iterator[Pair]:
    """Both for the length of the block, for clients at this address. Raises `server.CannotRun`, as that does."""
    with server.own_folder("pair-", say) as (java, home), contextlib.ExitStack() as stack:
        http, transport = (dict(zip(NAMES, server.free_ports(2), strict=True)) for _ in range(2))
        processes = {}
        for name in NAMES:
            _prepare(home / name, name, http[name], transport, address)
            server.own(home / name)
            processes[name] = server.spawn(java, home / name / "config", home / name / "tmp", home / f"{name}.log")
            stack.callback(_end, processes[name])
        found = Pair((f"http://{address}:{http['first']}", f"http://{address}:{http['second']}"), processes["second"])
        _wait(found, home)
        yield found


def _prepare(home: Path, name: str, http: int, transport: dict[str, int], address: str) -> None:
    config = server.furnish(home)
    settings = {
        "cluster.name": f"arshif-pair-{transport['first']}",
        "node.name": name,
        "http.host": address,
        "node.roles": ["data", "ingest", *(["master"] if name == "first" else [])],
        "discovery.type": "multi-node",
        "discovery.seed_hosts": [f"127.0.0.1:{port}" for port in transport.values()],
        "path.data": str(home / "data"),
        "path.logs": str(home / "logs"),
        "xpack.security.enabled": False,
    }
    if name == "first":
        settings["cluster.initial_master_nodes"] = [name]
    server.configure(config, http, transport[name], settings, megabytes=MEGABYTES)


def _wait(found: Pair, home: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            if '"timed_out":false' in found.health("wait_for_nodes=2&timeout=5s"):
                return
        except OSError:  # URLError is one
            time.sleep(0.3)
        if time.monotonic() > deadline:
            said = "\n".join(log.read_text()[-2000:] for log in sorted(home.glob("*.log")))
            raise server.CannotRun(f"two nodes of Elasticsearch did not come together:\n{said}")


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # nothing of it is kept
    process.wait()
