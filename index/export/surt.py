"""Sort-friendly URIs (SURT), the keys of a web archive's index, as the Internet Archive's `surt` makes them: programs
that replay look an address up by the key that this one gives, so it has to be the same.

Written from what that program answers (`tests/interop/test_replay.py` holds one against the other), since its licence,
AGPL, is not ours.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, unquote_to_bytes, urlsplit

_PORTS = {"http": 80, "https": 443}
_WWW = re.compile(r"^www\d*\.")
_ESCAPED = frozenset((*range(0x21), 0x23, 0x25, *range(0x7F, 0x100)))  # bytes written as %xx: controls, space, #, %
_NET_SESSION = re.compile(r"/\([a-z]\([0-9a-z]{24}\)\)(?=/[^?]+\.aspx)")  # in a path, of ASP.NET
_SESSION = re.compile(  # parameters that differ with each visitor
    r"(?:^|(?<=&))(?:(?:jsessionid|phpsessid|sid)=[0-9a-z]{32}|aspsessionid[a-z]{8}=[a-z]{24}|cfid=[^&]+&cftoken=[^&]+)(?:&|$)"
)


def surt(url: str) -> str:
    """The key of an http or https URL: its host from the end, then the path and the sorted parameters, in lower case;
    without what rarely tells two pages apart, such as `www.`, a slash at the end or a session's number. That of another
    URL, such as `urn:fullPage:https://example.org/`, has its parts in their order.

    :raises ValueError: when it has no valid host or port.
    """
    parts = urlsplit(url)
    if parts.scheme in _PORTS:
        place = f"{_host(parts)}){_NET_SESSION.sub('', '/' + '/'.join(_segments(_once(parts.path))))}"
    else:
        place = f"{parts.scheme}:{_NET_SESSION.sub('', _once(parts.path)).removesuffix('/')}"
    query = _SESSION.sub("", _once(parts.query))
    parameters = "&".join(sorted(query.split("&"), key=lambda one: one.partition("=")[::2]))
    return f"{place}{'?' + parameters if parameters else ''}"


def _host(parts: SplitResult) -> str:
    host = _WWW.sub("", (parts.hostname or "").rstrip("."), count=1)
    labels = [host] if ":" in host else host.split(".")[::-1]
    port = "" if parts.port in (None, _PORTS.get(parts.scheme)) else f":{parts.port}"
    return f"{','.join(labels)}{port}"


def _once(text: str) -> str:
    """A text whose characters are escaped only where they have to be, and once."""
    data = text.encode("utf-8", "surrogatepass")
    while (plain := unquote_to_bytes(data)) != data:
        data = plain
    return "".join(f"%{byte:02x}" if byte in _ESCAPED else chr(byte) for byte in data).lower()


def _segments(path: str) -> list[str]:
    """The segments of a path without `.` and `..`, and then without empty ones."""
    kept: list[str] = []
    for segment in path.split("/")[1:]:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    return list(filter(None, kept))
