"""Variants of a URL under which servers publish the same page.

A page at one of these URLs is the same article only if its text is the same too; it is then recorded as an alias with
the reason "spelling" (`index/archive/articles.py`). No URL is ever rewritten to another variant."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import product
from typing import Literal
from urllib.parse import quote, unquote_to_bytes, urlsplit

from crawler.urls import registered_domain

_SCHEMES = ("https", "http")
_EDITIONS = ("www", "m", "mobile", "amp")  # subdomains that serve another edition of the same pages
_AMP = {"amp", "amp=1", "amp=true", "outputType=amp"}  # parameters: those of https://amp.dev and of CMSs
_FOREIGN = re.compile(r"[A-Za-z]?(?:%[89A-F][0-9A-F])+")  # non-ASCII escapes, with the letter that carries an accent


def variants(url: str) -> tuple[str, ...]:
    """The variants of a canonical URL: http or https; www, mobile and AMP host; with or without a trailing slash; the
    path in NFC or NFD; the AMP or the plain page. The query stays the same, except for AMP's parameter."""
    parts = urlsplit(url)
    query = "&".join(p for p in parts.query.split("&") if p and p not in _AMP)
    behind = ("?" + query if query else "") + ("#" + parts.fragment if parts.fragment else "")
    hosts = _hosts(parts.netloc)
    found = [f"{s}://{host}{path}{behind}" for s, host, path in product(_SCHEMES, hosts, _paths(parts.path))]
    return tuple(dict.fromkeys(one for one in found if one != url))


@lru_cache(maxsize=1_024)
def _hosts(place: str) -> tuple[str, ...]:
    """The host (and port) with and without the subdomain of an edition; never shorter than a registered domain."""
    host, colon, port = place.partition(":")
    first, _, rest = host.partition(".")
    whole = rest if first in _EDITIONS and registered_domain.parts(rest).domain else host
    # IP addresses and local host names have no public suffix and no editions
    labels = ["", *(f"{label}." for label in _EDITIONS)] if registered_domain.parts(whole).suffix else [""]
    return tuple(f"{label}{whole}{colon}{port}" for label in labels)


def _paths(path: str) -> list[str]:
    plain = re.sub(r"^/amp(?=/.)|/amp/?$", "", path).removesuffix("/")
    plain = re.sub(r"\.amp\.html$", ".html", plain)
    if not plain:
        return []  # a home page is not an article
    forms = dict.fromkeys((plain, _in_form(plain, "NFC"), _in_form(plain, "NFD")))
    ends = ("", "/amp") if "." in plain.rpartition("/")[2] else ("", "/", "/amp", "/amp/")
    return [form + end for form in forms for end in ends] + [f"/amp{form}" for form in forms]


def _in_form(path: str, form: Literal["NFC", "NFD"]) -> str:
    return _FOREIGN.sub(lambda escaped: _normal(escaped[0], form), path)


def _normal(escaped: str, form: Literal["NFC", "NFD"]) -> str:
    try:
        return quote(unicodedata.normalize(form, unquote_to_bytes(escaped).decode()))
    except UnicodeDecodeError:
        return escaped
