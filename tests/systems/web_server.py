"""Real web servers and what they were asked for; nginx, set up as its package's own file does it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support.patience import PATIENCE, wait_for
from tests.support.requirements import missing

MIDDLING = (
    "text/plain text/css application/xml application/rss+xml application/atom+xml"  # what is compressed beside HTML
)
LOOK = "/a-look-at-the-log-after-"  # what a look at the log asks for itself, with how many lines it had
NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
{user}
events {{ worker_connections 256; }}
http {{
    include /etc/nginx/mime.types; default_type application/octet-stream; charset utf-8;
    log_format asked '$status\\t$request\\t$http_if_none_match'; access_log {folder}/access.log asked;
    client_body_temp_path {folder}/tmp; proxy_temp_path {folder}/tmp; fastcgi_temp_path {folder}/tmp;
    uwsgi_temp_path {folder}/tmp; scgi_temp_path {folder}/tmp;
    gzip on; gzip_types {types};
    server {{
        listen 127.0.0.1:{port}; absolute_redirect off;
        {place}
        {moved}
    }}
}}
"""
PROXY = "location / {{ proxy_pass http://127.0.0.1:{behind}{under}; proxy_set_header Host $http_host; }}"


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@dataclass(frozen=True)
class Asked:
    """A request: its path, the status of the answer, and whether it was sent with a validator."""

    path: str
    status: int
    conditional: bool


class WebServer(ABC):
    """A server on a port of its own, in a folder of its own, which every user can read; a site that is served anew is
    as if it had been copied there."""

    name: str
    program: str  # its command
    package: str  # what to install of Debian's

    def __init__(self) -> None:
        self.command = shutil.which(self.program, path=f"{os.environ['PATH']}:/usr/sbin") or missing(
            f"There is no {self.name} on this machine: install it (Debian: apt install {self.package})."
        )
        self.folder = Path(tempfile.mkdtemp(prefix=f"{self.program}-"))
        self.folder.chmod(0o755)
        self.root = self.folder / "root"
        self.log = self.folder / "access.log"
        self.port = free_port()
        self.home = f"http://127.0.0.1:{self.port}"
        self._seen = 0
        self._running: list[subprocess.Popen[bytes]] = []

    @property
    @abstractmethod
    def version(self) -> str:
        """Such as 1.22.1."""

    @abstractmethod
    def commands(self, moved: Mapping[str, str]) -> Sequence[Sequence[str]]:
        """Write the configuration in which these paths lead to those by a 301; return what starts the server."""

    def read(self, line: str) -> Asked:
        """A line of the log: the status, the request's line and its validators, with tabs between them."""
        status, asked, sent = line.split("\t")
        return Asked(asked.split()[1], int(status), bool(sent.strip("-")))

    def serve(self, built: Path, moved: Mapping[str, str]) -> None:
        """Serve what was built in place of what is there; these paths lead to those, by a 301."""
        self.stop()
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(built, self.root)
        self.start(moved)

    def start(self, moved: Mapping[str, str]) -> None:
        """Serve what is there."""
        for command in self.commands(moved):  # at its end a server may end all of its group
            env = {**os.environ, "HOME": str(self.folder)}
            self._running.append(subprocess.Popen(command, start_new_session=True, env=env))
            wait_for(lambda: httpx.get(f"{self.home}/", trust_env=False, timeout=PATIENCE).status_code < 400)
        self.asked()

    def asked(self) -> list[Asked]:
        """What was asked for since the last look, robots.txt left out."""
        lines = wait_for(self._lines)  # some servers write them a moment later
        new, self._seen = lines[self._seen :], len(lines)
        return [one for one in map(self.read, new) if one.path != "/robots.txt" and not one.path.startswith(LOOK)]

    def _lines(self) -> list[str]:
        """Those of the log, once a look is among them: whatever writes it may only just have begun."""
        httpx.get(f"{self.home}{LOOK}{self._seen}", trust_env=False, timeout=PATIENCE)
        lines = self.log.read_text("utf-8").splitlines()
        return lines if any(f"{LOOK}{self._seen}" in one for one in lines[self._seen :]) else []

    def stop(self) -> None:
        """Stop serving."""
        for process in reversed(self._running):
            process.terminate()
            process.wait()
        self._running.clear()

    def close(self) -> None:
        """Stop serving, and remove all."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text, "utf-8")
        return str(self.folder / name)

    def _told(self, argument: str) -> str:
        done = subprocess.run([self.command, argument], capture_output=True, text=True, check=True)
        return done.stdout + done.stderr


class Nginx(WebServer):
    """nginx: types, gzip; each page at its folder, and its own error page; or it passes on what is at another port, at
    the same path or at another one."""

    name, program, package = "nginx", "nginx", "nginx"

    def __init__(self, behind: int | None = None, under: str = "") -> None:
        super().__init__()
        self.behind, self.under = behind, under

    @property
    def version(self) -> str:
        return self._told("-v").strip().rpartition("/")[2]

    def commands(self, moved: Mapping[str, str]) -> Sequence[Sequence[str]]:
        user = "user root;" if os.geteuid() == 0 else ""
        lines = " ".join(f"location = {old} {{ return 301 {new}; }}" for old, new in moved.items())
        place = f"root {self.root}; index index.html;"
        if self.behind is not None:
            place = PROXY.format(behind=self.behind, under=self.under)
        text = NGINX.format(folder=self.folder, port=self.port, types=MIDDLING, user=user, place=place, moved=lines)
        return [[self.command, "-c", self._write("nginx.conf", text)]]
