"""The same server with its security on: users, API keys, and TLS with a certificate that no system trusts."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import secrets
import signal
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.elasticsearch import server
from tests.support.patience import PATIENCE

USER = "keeper"  # of the file realm; may do all
ROUNDS = 10_000  # of PBKDF2
MEGABYTES = 384  # of heap


@dataclass(frozen=True)
class Secured:
    """A running server: its address, the certificate that signed its own, and its superuser."""

    url: str
    ca_file: Path
    user: str
    password: str


@contextlib.contextmanager
def secured(say: server.Say = print) -> Iterator[Secured]:
    """A server for the length of the block. Raises `server.CannotRun`, as that does."""
    with server.own_folder("secured-", say) as (java, home):
        password = secrets.token_urlsafe(24)
        (http, transport) = server.free_ports(2)
        found = Secured(f"https://127.0.0.1:{http}", home / "config/ca.pem", USER, password)
        _prepare(home, http, transport, found)
        server.own(home)
        process = server.spawn(java, home / "config", home / "tmp", home / "server.log")
        try:
            _wait(process, found, home / "server.log")
            yield found
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(server.STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _prepare(home: Path, http: int, transport: int, found: Secured) -> None:
    config = server.furnish(home)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=arshif-test",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", config / "key.pem", "-out", found.ca_file],
        check=True, capture_output=True,
    )  # fmt: skip
    (config / "users").write_text(f"{found.user}:{_hashed(found.password)}\n")
    (config / "users_roles").write_text(f"superuser:{found.user}\n")
    settings = {
        "path.data": str(home / "data"),
        "path.logs": str(home / "logs"),
        "path.repo": [str(home / "snapshots")],
        "xpack.security.enabled": True,
        "xpack.security.enrollment.enabled": False,
        "xpack.security.http.ssl.enabled": True,
        "xpack.security.http.ssl.key": "key.pem",
        "xpack.security.http.ssl.certificate": "ca.pem",
        "xpack.security.authc.api_key.enabled": True,
    }
    server.configure(config, http, transport, settings, megabytes=MEGABYTES)


def _hashed(password: str) -> str:
    """As Elasticsearch's file realm has it: PBKDF2 with HMAC-SHA-512, salt and key of 256 bits."""
    salt = secrets.token_bytes(32)
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ROUNDS, 32)
    return "{PBKDF2}" + f"{ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}"


def _wait(process: subprocess.Popen[bytes], found: Secured, log: Path) -> None:
    context = ssl.create_default_context(cafile=str(found.ca_file))
    known = base64.b64encode(f"{found.user}:{found.password}".encode()).decode()
    request = urllib.request.Request(
        f"{found.url}/_cluster/health?wait_for_status=yellow&timeout=5s", headers={"Authorization": f"Basic {known}"}
    )
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE, context=context):
                return
        except OSError as error:  # URLError is one
            if process.poll() is not None or time.monotonic() > deadline:
                raise server.CannotRun(f"Elasticsearch did not come up ({error}):\n{log.read_text()[-3000:]}") from None
        time.sleep(0.3)
