"""Resolving the addresses that pages give, which may be no addresses at all."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit


def joined(base: str, address: str) -> str | None:
    """The absolute URL of an address on a page with this base; None if it leads to no host by http or https, or is
    none, such as `https://[x/`, on which urllib raises ValueError."""
    try:
        url = urljoin(base, address.strip())
        parts = urlsplit(url)
        return url if parts.scheme in ("http", "https") and parts.hostname else None
    except ValueError:
        return None
