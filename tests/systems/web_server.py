"""A real nginx in front of a folder, and what it was asked for."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support.patience import wait_for
from tests.support.requirements import missing

# As Debian's file has it: types, gzip; each page at its folder, and the error page of nginx
CONFIG = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
{user}
events {{ worker_connections 256; }}
http {{
    include /etc/nginx/mime.types; default_type application/octet-stream; charset utf-8;
    log_format asked '$status\\t$request\\t$http_if_none_match'; access_log {folder}/access.log asked;
    client_body_temp_path {folder}/tmp; proxy_temp_path {folder}/tmp; fastcgi_temp_path {folder}/tmp;
    uwsgi_temp_path {folder}/tmp; scgi_temp_path {folder}/tmp;
    gzip on; gzip_types text/plain text/css application/xml application/rss+xml application/atom+xml;
    server {{
        listen 127.0.0.1:{port}; root {root}; index index.html; absolute_redirect off;
        include {folder}/moved.conf;
    }}
}}
"""


@dataclass(frozen=True)
class Asked:
    """A request: its path, the status of the answer, and whether it was sent with a validator."""

    path: str
    status: int
    conditional: bool


def asked_in(log: Path, seen: int) -> tuple[list[Asked], int]:
    """The requests in a log after so many lines, robots.txt left out, and how many lines it has now; a line has the
    status, the request's line and its validators, with tabs between them."""
    lines = log.read_text("utf-8").splitlines()
    parts = [line.split("\t") for line in lines[seen:]]
    found = [Asked(asked.split()[1], int(status), bool(sent.strip("-"))) for status, asked, sent in parts]
    return [one for one in found if one.path != "/robots.txt"], len(lines)


class Nginx:
    """A server on a port of its own; a folder that is served anew is as if it had been copied there."""

    def __init__(self, folder: Path) -> None:
        self.program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or missing(
            "There is no nginx on this machine: install it (Debian: apt install nginx)."
        )
        self.folder = folder
        self.root = folder / "root"
        (folder / "moved.conf").touch()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.home = f"http://127.0.0.1:{self.port}"
        user = "user root;" if os.geteuid() == 0 else ""
        config = CONFIG.format(folder=folder, port=self.port, root=self.root, user=user)
        (folder / "nginx.conf").write_text(config, "utf-8")
        self._seen = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def version(self) -> str:
        """Such as 1.22.1."""
        done = subprocess.run([self.program, "-v"], capture_output=True, text=True, check=True)
        return done.stderr.strip().rpartition("/")[2]

    def serve(self, built: Path, moved: Mapping[str, str]) -> None:
        """Serve what was built in place of what is there; these paths lead to those, by a 301."""
        self.stop()
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(built, self.root)
        lines = [f"location = {old} {{ return 301 {new}; }}\n" for old, new in moved.items()]
        (self.folder / "moved.conf").write_text("".join(lines), "utf-8")
        self._process = subprocess.Popen([self.program, "-c", str(self.folder / "nginx.conf")])
        wait_for(lambda: httpx.get(f"{self.home}/", trust_env=False).status_code == 200)
        self.asked()

    def asked(self) -> list[Asked]:
        """What was asked for since the last look, robots.txt left out."""
        new, self._seen = asked_in(self.folder / "access.log", self._seen)
        return new

    def stop(self) -> None:
        """Stop serving."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None
