"""The canary: where every connection leads that goes anywhere but to 127.0.0.1; and names that lead to such places.

`python -m tests.security.canary PORT` is `tests.security.fetch_cli`, and with `crawl` behind it `scrapy crawl site`,
in a process whose connections to other addresses all end at 127.0.0.1:PORT: a guard that fails is seen there, and
nothing is sent anywhere else.
"""

from __future__ import annotations

import ipaddress
import itertools
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

OURS = "127.0.0.1"  # what the tests allow; all other addresses of this machine are as forbidden as the world's

LITERALS = (  # addresses that are not public, as a URL's host
    "127.0.0.2", "127.8.8.8", "127.255.255.254", "0.0.0.0", "0.0.0.1", "10.0.0.1", "10.255.255.255", "172.16.0.1",
    "172.31.255.255", "192.168.0.1", "192.168.255.255", "169.254.169.254", "169.254.0.1", "100.64.0.1",
    "100.127.255.254", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "239.255.255.250", "240.0.0.1", "255.255.255.255", "[::1]", "[::]", "[fe80::1]", "[fc00::1]", "[fd12:3456::1]",
    "[ff02::1]", "[::ffff:127.0.0.2]", "[::ffff:7f00:2]", "[::ffff:169.254.169.254]", "[::ffff:10.0.0.1]",
    "[64:ff9b::7f00:2]", "[64:ff9b::a9fe:a9fe]", "[2002:7f00:2::]", "[2002:a00:1::1]", "[2001:db8::1]",
    "[0:0:0:0:0:0:0:1]", "[100::1]", "[::127.0.0.2]", "[fec0::1]", "[5f00::1]",
)  # fmt: skip
SPELLINGS = (  # the same in the ways that only some parsers know
    "127.2", "127.0.2", "0x7f.2", "0x7f.0.0.2", "0x7f000002", "0X7F000002", "2130706434", "017700000002", "0177.0.0.2",
    "0177.0.0.02", "0x7f.0.2", "127.0.0.2.", "2852039166", "0xa9fea9fe", "0xA9.0xFE.0xA9.0xFE",
    "0251.0376.0251.0376", "10.1", "0xa000001", "192.168.257", "3232235521", "0", "①②⑦.0.0.2", "127。0。0。2",
    "127.0.0.２",
)  # fmt: skip
NAMES = {  # and names that lead there, by what a resolver answers
    "loopback.example": "127.0.0.2", "metadata.example": "169.254.169.254", "home.example": "192.168.1.1",
    "nowhere.example": "0.0.0.0", "six.example": "127.0.0.3", "localhost.example": "127.0.0.2",
}  # fmt: skip
HOSTS = (*LITERALS, *SPELLINGS, *NAMES)
ALLOWED = ".allowed.example"  # names that end so lead to 127.0.0.1


def public(address: str) -> bool:
    """Whether it is the one address that the tests allow."""
    return address == OURS


@contextmanager
def diverted(port: int) -> Iterator[None]:
    """For the block, this process's connections to anything but 127.0.0.1 lead to that port there, and the names of
    NAMES resolve as they say; `rebinding.example` does so to 127.0.0.1 first, and to 127.0.0.2 ever after;
    `mixed.example` to one of them by turns, as a name with two addresses does; other names lead nowhere."""
    rebinding = itertools.chain([OURS], itertools.repeat("127.0.0.2"))
    mixed = itertools.cycle([OURS, "127.0.0.2"])

    def resolve(name: str) -> str:
        name = name.decode() if isinstance(name, bytes) else str(name)
        if name == "rebinding.example":
            return next(rebinding)
        if name == "mixed.example":
            return next(mixed)
        if name.endswith(ALLOWED):
            return OURS
        try:
            return NAMES.get(name) or str(ipaddress.ip_address(name))
        except ValueError:
            pass
        try:
            return socket.inet_ntoa(socket.inet_aton(name))
        except OSError:
            raise socket.gaierror(socket.EAI_NONAME, f"no address for {name}") from None

    def getaddrinfo(host: Any, at: Any, *_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (resolve(host), int(at or 0)))]

    def divert(method: Any) -> Any:
        def connect(self: socket.socket, address: Any) -> Any:
            if self.family not in (socket.AF_INET, socket.AF_INET6) or public(address[0]):
                return method(self, address)
            if self.family == socket.AF_INET6:  # it could not reach the canary: a hit all the same
                with socket.create_connection((OURS, port)) as hit:
                    hit.sendall(b"GET /six HTTP/1.1\r\nHost: six\r\n\r\n")
                raise ConnectionRefusedError(address)
            return method(self, (OURS, port))

        return connect

    real = socket.socket
    with (
        patch.object(real, "connect", divert(real.connect)),
        patch.object(real, "connect_ex", divert(real.connect_ex)),
        patch.object(socket, "getaddrinfo", getaddrinfo),
        patch.object(socket, "gethostbyname", resolve),
    ):
        yield


if __name__ == "__main__":
    import sys

    from scrapy.cmdline import execute

    from tests.security.fetch_cli import main

    with diverted(int(sys.argv[1])):
        execute(["scrapy", "crawl", "site"]) if sys.argv[2:] == ["crawl"] else main()
