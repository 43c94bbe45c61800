"""Registered domains (`example.co.uk`), by the Public Suffix List bundled with tldextract: no request, no cache."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

from tldextract import TLDExtract

parts = TLDExtract(suffix_list_urls=(), cache_dir=None)
"""The subdomain, domain and public suffix of a host or an address, each "" where it has none."""


def domain_of(url: str) -> str:
    """The domain that one publisher has registered, such as `example.co.uk` or `name.blogspot.com`; host and port where
    there is none, as of an IP address."""
    return _registered(urlsplit(url).netloc.rpartition("@")[2].lower())


@lru_cache(maxsize=4_096)  # a list names few hosts, thousands of times
def _registered(netloc: str) -> str:
    found = parts.extract_str(netloc, include_psl_private_domains=True)
    if found.domain and found.suffix:
        return f"{found.domain}.{found.suffix}"
    labels = netloc.partition(":")[0].rstrip(".").split(".")
    if found.ipv4 or found.ipv6 or len(labels) == 1:
        return netloc
    return ".".join(labels[-2:])  # of an unknown top-level domain, as https://publicsuffix.org/list/ has it: rule "*"


def same(one: str, other: str) -> bool:
    """Whether two URLs have the same registered domain, or the same host if there is none."""
    first, second = parts(one), parts(other)
    if not first.domain or not first.suffix:
        return urlsplit(one).hostname == urlsplit(other).hostname
    return (first.domain, first.suffix) == (second.domain, second.suffix)
