"""Resolving the addresses that pages give, which may be no addresses at all."""

from __future__ import annotations

from urllib.parse import unquote, urljoin, urlsplit

from index.text.placeholders import is_placeholder


def with_host(link: str, base: str) -> str:
    """The link as one to a host where it begins with that of its page: `example.com/story` is no path below it."""
    try:
        own = urlsplit(base).netloc.lower().removeprefix("www.")
    except ValueError:
        return link
    begins = link[: len(own) + 5].lower().removeprefix("www.").startswith(f"{own}/")
    return f"//{link}" if own and begins else link


def joined(base: str, address: str) -> str | None:
    """The absolute URL of an address on a page with this base; None if it leads to no host by http or https, ends in
    what a template left unfilled, or is none, such as `https://[x/`, on which urllib raises ValueError."""
    try:
        url = urljoin(base, address.strip())
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and not is_placeholder(_last(parts.path))
        return url if usable else None
    except ValueError:
        return None


def _last(path: str) -> str:
    """The last segment of a path, decoded."""
    return unquote(path.rpartition("/")[2])
