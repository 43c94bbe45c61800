"""Registered domains (`example.co.uk`), by the Public Suffix List bundled with tldextract: no request, no cache."""

from __future__ import annotations

from urllib.parse import urlsplit

from tldextract import TLDExtract

parts = TLDExtract(suffix_list_urls=(), cache_dir=None)
"""The subdomain, domain and public suffix of a host or an address, each "" where it has none."""


def same(one: str, other: str) -> bool:
    """Whether two URLs have the same registered domain, or the same host if there is none."""
    first, second = parts(one), parts(other)
    if not first.domain or not first.suffix:
        return urlsplit(one).hostname == urlsplit(other).hostname
    return (first.domain, first.suffix) == (second.domain, second.suffix)
