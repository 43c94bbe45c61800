"""A real S3 server for a test session: Versity's gateway, which keeps objects as files. Go builds it, from the source
that its checksum database knows; its data ends with the session."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.error import HTTPError

from tests.support.go_programs import built
from tests.support.patience import PATIENCE

MODULE, VERSION = "github.com/versity/versitygw/cmd/versitygw", "v1.8.0"
HOME = Path(__file__).parents[2] / ".versitygw"
KEYS = {"AWS_ACCESS_KEY_ID": "arshif-tests", "AWS_SECRET_ACCESS_KEY": "said-by-no-log-and-no-error"}
LOOK = 0.05  # s between two looks whether it answers


class ObjectStore:
    """A server on a port of its own at this address, which may be stopped and started again."""

    def __init__(self, program: Path, folder: Path, address: str) -> None:
        self._program, self._folder, self._address = program, folder, address
        self._numbers = count(1)
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as found:
            found.bind((address, 0))
            self.port: int = found.getsockname()[1]
        for name in ("data", "meta"):
            (folder / name).mkdir()

    def bucket(self) -> str:
        """The URL of a new bucket with a prefix, as in the settings."""
        name = f"bucket-{next(self._numbers)}"
        (self._folder / "data" / name).mkdir()
        return f"s3://{name}/raw?endpoint=http://{self._address}:{self.port}"

    def folder(self, url: str) -> Path:
        """Where the objects of a bucket are files."""
        return self._folder / "data" / url.removeprefix("s3://").partition("?")[0]

    def start(self) -> None:
        """Start it, unless it runs, and wait until it answers."""
        if self._process is not None:
            return
        environment = os.environ | {
            "ROOT_ACCESS_KEY": KEYS["AWS_ACCESS_KEY_ID"],
            "ROOT_SECRET_KEY": KEYS["AWS_SECRET_ACCESS_KEY"],
        }
        command = [self._program, "--port", f"{self._address}:{self.port}", "--quiet", "posix"]
        command += ["--sidecar", self._folder / "meta", self._folder / "data"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        until = time.monotonic() + PATIENCE
        while not self._answers():
            assert self._process.poll() is None, (self._folder / "log").read_text("utf-8", "replace")
            assert time.monotonic() < until
            time.sleep(LOOK)

    def stop(self) -> None:
        """Kill it: nothing answers any more."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"http://{self._address}:{self.port}/", timeout=PATIENCE).close()
        except HTTPError:
            return True  # it wants keys
        except OSError:
            return False
        return True


def built_server() -> Path:
    """The server's program, which takes some minutes the first time."""
    return built(HOME, MODULE, VERSION)


@contextmanager
def serving(address: str = "127.0.0.1") -> Iterator[ObjectStore]:
    """A server of our own, until the end of the block."""
    program = built_server()
    with tempfile.TemporaryDirectory(prefix="arshif-s3-") as name:
        server = ObjectStore(program, Path(name), address)
        server.start()
        try:
            yield server
        finally:
            server.stop()
