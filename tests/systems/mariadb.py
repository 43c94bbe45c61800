"""A MariaDB of a test's own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.support.patience import wait_for
from tests.support.requirements import missing
from tests.systems.commands import run


class MariaDb:
    """A server in a folder, for whoever may open its socket or, if it has a port, asks at that as `site`, without a
    password."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.program = shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin") or missing(
            "There is no MariaDB on this machine: install it (Debian: apt install mariadb-server)."
        )
        self.data, self.socket, self.port = folder / "db", folder / "db.sock", port
        self._running: subprocess.Popen[bytes] | None = None

    def start(self, database: str) -> None:
        """Start it, with an empty database of this name."""
        own = ["--no-defaults", f"--datadir={self.data}"]
        run("mariadb-install-db", *own, "--auth-root-authentication-method=normal", "--skip-test-db", "--user=root")
        open_to = ["--skip-networking"] if self.port is None else [f"--port={self.port}", "--bind-address=127.0.0.1"]
        command = [self.program, *own, f"--socket={self.socket}", *open_to, "--user=root"]
        self._running = subprocess.Popen(command)
        ask = ["mariadb", "--no-defaults", f"--socket={self.socket}", "-u", "root", "-e"]
        wait_for(lambda: subprocess.run([*ask, "SELECT 1"], capture_output=True, check=False).returncode == 0)
        run(*ask, f"CREATE DATABASE {database} CHARACTER SET utf8mb4")
        run(*ask, "CREATE USER site@127.0.0.1; GRANT ALL ON *.* TO site@127.0.0.1")

    def stop(self) -> None:
        """End it."""
        if self._running is not None:
            self._running.terminate()
            self._running.wait()
