"""Web servers of a folder: one that gives parts of files, and one that does not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread


class Ranges(SimpleHTTPRequestHandler):
    """Gives one range of a file, as RFC 9110 has it; SimpleHTTPRequestHandler gives files as a whole."""

    def do_GET(self) -> None:
        file = Path(self.translate_path(self.path))
        if not file.is_file():
            return self.send_error(404)
        if "Range" not in self.headers:
            return super().do_GET()
        data, (first, last) = file.read_bytes(), self.headers["Range"].removeprefix("bytes=").split("-")
        if int(first) >= len(data):
            return self.send_error(416)
        part = data[int(first) : int(last) + 1]
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {first}-{int(first) + len(part) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)
        return None

    def log_message(self, *_: object) -> None:
        """Nothing."""


class Whole(Ranges):
    """Gives files as a whole."""

    do_GET = SimpleHTTPRequestHandler.do_GET


@contextmanager
def serving(folder: Path, handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address of a server of a folder."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
