"""The canonical form of a URL.

`canonical` decides which URLs are the same, conservatively: two URLs that a server could answer differently stay
distinct, and the canonical URL is what a browser would request. http and https, www, AMP and mobile URLs stay distinct:
the archive links them as aliases, with a reason."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

import idna
from pydantic_core import Url

from crawler.urls.patterns import TRACKING, TRACKING_PREFIXES

MAX_LENGTH = 2_048  # characters of a canonical URL; the limit of sitemaps.org and of Chrome's address bar
MAX_RAW_LENGTH = 8_192  # characters before tracking parameters are removed

_OUTER_SPACE = " \t\r\n\f\v\u00a0\ufeff\u200b\u200e\u200f"  # around a link in a feed or an attribute: never part of it
_UNUSABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\\\ud800-\udfff\ufffd]"  # controls, backslash, lone surrogates, U+FFFD
    r"|&(?:[A-Za-z][A-Za-z0-9]{1,31}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});"  # an unresolved HTML entity
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_WEB = re.compile(r"https?://[^/?#]", re.IGNORECASE)
_HOST = re.compile(r"(?=.{1,253}\Z)(?=.*[a-z0-9])[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})?")
# Sessions of Java and of ASP.NET (https://learn.microsoft.com/en-us/previous-versions/dotnet/articles/aa479314(v=msdn.10))
_SESSION_PATH = re.compile(r";jsessionid=[^/?#;]*|/\((?:[A-Z]\([^()/]{1,200}\)){1,4}\)(?=/)", re.IGNORECASE)
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")  # RFC 3986, 2.3
_SAFE_PATH = "/!$&'()*+,;=:@[]%"  # RFC 3986 pchar, and the brackets that browsers leave alone
_SAFE_QUERY = _SAFE_PATH + "?"
_PORTS = {"http": 80, "https": 443}


def canonical(url: str, base: str | None = None) -> str | None:
    """The canonical form of a URL, ASCII only, or None if it is not a usable http(s) URL.

    `base` resolves relative and `//` links. Scheme and host are lower-cased (IDNA 2008 with UTS 46); default port, dot
    segments, fragment (except `#!`), tracking parameters and an empty query are removed; percent-encoding follows RFC
    3986, 6.2.2, so that an Arabic slug is the same raw or encoded. Parameters keep their order, paths their case. A
    space inside becomes %20, as in browsers. Unicode is not normalised: a server may know only the form used in the
    site's links. None for other schemes, control characters, backslashes, `http:/x`, user names, an invalid host or
    port, an unresolved HTML entity, or more than `MAX_LENGTH` characters.
    """
    url = url.strip(_OUTER_SPACE)
    if not url or url.startswith("///") or len(url) > MAX_RAW_LENGTH or _UNUSABLE.search(url):
        return None
    try:
        if not _SCHEME.match(url):
            url = urljoin(base or "", url)
        if not _WEB.match(url):
            return None
        parts = urlsplit(url)
        host = _host(parts)
    except ValueError:  # brackets, ports, characters and encoded names that are rejected
        return None
    if host is None:
        return None
    path = _without_dots(_encode(_SESSION_PATH.sub("", parts.path), _SAFE_PATH)) or "/"
    query = "&".join(_encode(p, _SAFE_QUERY) for p in parts.query.split("&") if p and not _tracks(p))
    fragment = _encode(parts.fragment, _SAFE_QUERY) if parts.fragment.startswith("!") else ""
    found = f"{parts.scheme}://{host}{path}{'?' + query if query else ''}{'#' + fragment if fragment else ''}"
    return found if len(found) <= MAX_LENGTH else None


def _host(parts: SplitResult) -> str | None:
    """Host and port in canonical form; None if they are unusable.

    :raises ValueError: when urllib, ipaddress, idna or the URL standard reject them.
    """
    host, port = parts.hostname, parts.port
    if not host or "@" in parts.netloc or port == 0:
        return None
    if ":" in host:
        host = f"[{ipaddress.IPv6Address(host).compressed}]"
    else:
        host = host if host.isascii() else idna.encode(host, uts46=True).decode("ascii")
        host = host.removesuffix(".")
        if not _HOST.fullmatch(host):
            return None
        if "xn--" in host:
            Url(f"http://{host}/")  # an encoded name may stand for none, which browsers refuse
    return host if port in (None, _PORTS[parts.scheme]) else f"{host}:{port}"


def _encode(text: str, safe: str) -> str:
    """Percent-encodes as in RFC 3986, 6.2.2: upper-case escapes, only where needed, none for unreserved characters."""

    def one(match: re.Match[str]) -> str:
        if match[1] is None:
            return "%25"  # a bare percent sign: "100%"
        character = chr(int(match[1], 16))
        return character if character in _UNRESERVED else match[0].upper()

    return quote(_PERCENT.sub(one, text), safe=safe)


def _without_dots(path: str) -> str:
    """The path without "." and ".." segments, as in RFC 3986, 5.2.4."""
    if "/." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            del kept[max(1, len(kept) - 1) :]  # keeps the empty segment before the root
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/".join(kept)


def _tracks(parameter: str) -> bool:
    name = unquote(parameter.partition("=")[0]).lower()
    return name in TRACKING or name.startswith(TRACKING_PREFIXES)
