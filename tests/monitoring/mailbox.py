"""A mail server on this machine, as far as a message needs one (RFC 5321), and the messages that it got."""

from __future__ import annotations

import email
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import policy
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any


@contextmanager
def mailbox() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The address of a mailbox for Apprise, and the title and text of each message that came."""
    got: list[dict[str, Any]] = []

    class Smtp(StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 localhost")
            while line := self.rfile.readline():
                verb = line.strip().upper()[:4]
                if verb == b"DATA":
                    self._say("354 go on")
                    body = b"".join(iter(self.rfile.readline, b".\r\n"))
                    got.append(_read(body))
                self._say("221 bye" if verb == b"QUIT" else "250 localhost")
                if verb == b"QUIT":
                    return

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    with ThreadingTCPServer(("127.0.0.1", 0), Smtp) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"mailto://127.0.0.1:{server.server_address[1]}/?from=a@b.example&to=desk@b.example", got
        finally:
            server.shutdown()
            thread.join()


def _read(body: bytes) -> dict[str, Any]:
    message = email.message_from_bytes(body, policy=policy.default)
    text = message.get_body(("plain",))
    return {"title": message["subject"], "message": text.get_content() if text is not None else ""}
