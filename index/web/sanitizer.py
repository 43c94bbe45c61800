"""Sanitizing saved pages: the text and its structure remain, nothing is active and nothing is loaded.

Untrusted bytes are parsed in a separate process (`python -m index.web.sanitizer`) with limits on time and memory.
"""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass

from index.errors import ArshifError
from index.text.charset import decode

MAX_BYTES = 10 << 20  # shown of a page, unpacked: twice what a crawl reads by default
_LAYERS = 3  # of gzip, whatever the headers say
SECONDS = 10.0  # of CPU time; the slowest real page takes a tenth of a second
BACKSTOP = 120.0  # seconds of wall time, for a process that gets no CPU time
MEMORY = 2 << 30  # bytes of address space
TAGS = frozenset(
    (
        *("p", "br", "hr", "div", "span", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "q", "cite", "pre", "code"),
        *("ul", "ol", "li", "dl", "dt", "dd", "figure", "figcaption", "article", "section", "header", "footer", "main"),
        *("aside", "nav", "address", "time", "b", "strong", "i", "em", "u", "s", "small", "sub", "sup", "mark", "abbr"),
        *("table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "bdi", "bdo", "ruby", "rt", "rp", "wbr"),
    )
)
REMOVED_WITH_CONTENT = frozenset(  # removed including their content
    (
        *("script", "style", "noscript", "template", "title", "iframe", "noembed", "noframes", "object", "embed"),
        *("svg", "math", "select", "option", "textarea", "button", "audio", "video", "canvas", "head", "xmp"),
    )
)
ATTRIBUTES = {"*": {"dir", "lang"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
COUNTED = {  # removed elements that readers are told about, by CSS selector
    "scripts": "script, noscript",
    "styles": "style, link[rel~=stylesheet], [style]",
    "images": "img, picture, svg, image, canvas, [background]",
    "media": "audio, video, object, embed, applet",
    "frames": "iframe, frame",
    "forms": "form, input, select, textarea, button",
    "links": "a[href], area[href]",
}


class CannotSanitize(ArshifError):
    """A saved page that cannot be shown: too large, too deep, or impossible to unpack."""


@dataclass(frozen=True, slots=True)
class SanitizedPage:
    """A page as HTML with no tags but TAGS, and the number of removed elements per kind in COUNTED."""

    html: str
    removed: dict[str, int]


def sanitize(headers: Sequence[tuple[str, str]], body: bytes, languages: Sequence[str] = ()) -> SanitizedPage:
    """The page of a saved response in a form that is safe to show.

    :raises CannotSanitize: when the page cannot be parsed, or takes too much time or memory.
    """
    told = json.dumps({"headers": list(headers), "languages": list(languages), "seconds": SECONDS}).encode()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "index.web.sanitizer"],
            input=told + b"\n" + body,
            capture_output=True,
            timeout=BACKSTOP,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CannotSanitize(f"this page takes more than {BACKSTOP:g} s to be read") from None
    if done.returncode == -signal.SIGPROF:
        raise CannotSanitize(f"this page takes more than {SECONDS:g} s of CPU time to be read")
    if done.returncode:
        raise CannotSanitize("this page cannot be read")
    return SanitizedPage(**json.loads(done.stdout))


def clean(text: str) -> SanitizedPage:
    """A page's HTML in a form that is safe to show."""
    import nh3
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(text)
    removed = {name: len(tree.css(selector)) for name, selector in COUNTED.items()}
    html = nh3.clean(
        text,
        tags=set(TAGS),
        clean_content_tags=set(REMOVED_WITH_CONTENT),
        attributes=ATTRIBUTES,  # no URLs at all: not even links, which would open within the frame
        url_schemes=set(),
        link_rel=None,
        strip_comments=True,
    )
    return SanitizedPage(html, {name: count for name, count in removed.items() if count})


def _unpacked(headers: dict[str, str], body: bytes) -> bytes:
    """The body as it was before it was compressed, whatever its Content-Encoding says, up to MAX_BYTES."""
    if headers.get("content-encoding", "").lower() == "deflate":
        with suppress(zlib.error):
            body = zlib.decompressobj().decompress(body, MAX_BYTES)
    for _ in range(_LAYERS):
        if body.startswith(b"\x1f\x8b"):
            body = zlib.decompressobj(zlib.MAX_WBITS + 16).decompress(body, MAX_BYTES)
    return body[:MAX_BYTES]


def _main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    told, _, body = sys.stdin.buffer.read().partition(b"\n")
    said = json.loads(told)
    signal.setitimer(signal.ITIMER_PROF, said["seconds"])  # then SIGPROF ends this process, even inside a C parser
    headers = {name.lower(): value for name, value in said["headers"]}
    shown = clean(decode(_unpacked(headers, body), headers, said["languages"]).text)
    print(json.dumps(asdict(shown)))


if __name__ == "__main__":
    _main()
