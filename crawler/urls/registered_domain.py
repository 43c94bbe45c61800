"""Domains as they are registered (`example.co.uk`), by the public suffix list within a package: no request, no file."""

from __future__ import annotations

from urllib.parse import urlsplit

from tldextract import TLDExtract

parts = TLDExtract(suffix_list_urls=(), cache_dir=None)
"""The subdomain, domain and public suffix of a host or an address, each "" where it has none."""


def same(one: str, other: str) -> bool:
    """Whether two addresses are of one registered domain, or of one host where there is none."""
    first, second = parts(one), parts(other)
    if not first.domain or not first.suffix:
        return urlsplit(one).hostname == urlsplit(other).hostname
    return (first.domain, first.suffix) == (second.domain, second.suffix)
