"""Registered domains (`example.co.uk`), by the Public Suffix List bundled with tldextract: no request, no cache."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from tldextract import TLDExtract
    from tldextract.tldextract import ExtractResult


def parts(url: str, *, include_psl_private_domains: bool = False) -> ExtractResult:
    """The subdomain, domain and public suffix of a host or an address, each "" where it has none; those of a blog on
    `blogspot.com` and the like with `include_psl_private_domains`."""
    return _suffixes().extract_str(url, include_psl_private_domains=include_psl_private_domains)


@cache
def _suffixes() -> TLDExtract:
    from tldextract import TLDExtract  # a fifth of a second, of which most commands that read a configuration need none

    return TLDExtract(suffix_list_urls=(), cache_dir=None)


def domain_of(url: str) -> str:
    """The domain that one publisher has registered, such as `example.co.uk` or `name.blogspot.com`; host and port where
    there is none, as of an IP address."""
    return _registered(urlsplit(url).netloc.rpartition("@")[2].lower())


@lru_cache(maxsize=4_096)  # a list names few hosts, thousands of times
def _registered(netloc: str) -> str:
    found = parts(netloc, include_psl_private_domains=True)
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
