"""A time-stamping authority of one's own: `openssl ts` behind a server on this machine."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CONFIG = """
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
[authority]
basicConstraints = critical, CA:false
extendedKeyUsage = critical, timeStamping
keyUsage = critical, digitalSignature
[stamps]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""


@dataclass
class Authority:
    """Its address, the file with the certificate of its root, and how many stamps it gave. `status` is what it answers
    with: 200, unless it is to fail."""

    folder: Path
    name: str
    url: str = ""
    status: int = 200
    stamps: list[bytes] = field(default_factory=list)

    @property
    def root(self) -> Path:
        return self.folder / "root.pem"

    def stamp(self, request: bytes) -> bytes:
        """The answer to a request."""
        (self.folder / "request").write_bytes(request)
        self._openssl(
            *("ts", "-reply", "-queryfile", "request", "-signer", "own.pem", "-inkey", "own.key"),
            *("-chain", "root.pem", "-config", "config", "-section", "stamps", "-out", "answer"),
        )
        self.stamps.append((self.folder / "answer").read_bytes())
        return self.stamps[-1]

    def prepare(self) -> None:
        """Make its keys and certificates."""
        self.folder.mkdir()
        (self.folder / "config").write_text(CONFIG)
        (self.folder / "serial").write_text("01\n")
        new = ("-newkey", "rsa:2048", "-nodes", "-config", "config")
        root = ("-keyout", "root.key", "-out", "root.pem", "-subj", f"/CN={self.name} root", "-extensions", "root")
        self._openssl("req", "-x509", *new, *root)
        self._openssl("req", *new, "-keyout", "own.key", "-out", "own.csr", "-subj", f"/CN={self.name}")
        signed = ("-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-out", "own.pem")
        self._openssl("x509", "-req", "-in", "own.csr", *signed, "-extfile", "config", "-extensions", "authority")

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, capture_output=True, check=True)


@contextmanager
def authority(folder: Path, name: str = "Made-up stamps") -> Iterator[Authority]:
    """An authority that answers for the duration of the block."""
    own = Authority(folder, name)
    own.prepare()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/timestamp-query"
            status = own.status
            self.send_response(status)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(own.stamp(request) if status == 200 else b"closed today")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        own.url = f"http://127.0.0.1:{server.server_address[1]}/stamps"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield own
        finally:
            server.shutdown()
            thread.join()
