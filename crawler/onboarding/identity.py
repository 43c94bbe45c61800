"""A new site's id, country and time zone, from its address and from what it says about itself. Pure."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from ipaddress import ip_address
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import get_global
from babel.languages import get_territory_language_info

from crawler.site_config import authority
from crawler.urls import country_domains, registered_domain
from crawler.urls.country_domains import UNKNOWN

NOT_CHOSEN = frozenset(("ar_AR", "en_US", "es_ES"))  # default locales of CMSs, which tell nothing about the country
OFFICIAL = ("official", "de_facto_official")  # CLDR's status of a language in the whole of a country
GENERIC = frozenset(
    ("www", "web", "m", "mobile", "amp", "news", "feed", "feeds", "rss")
)  # subdomains that name nothing
ID_CHARS = 63


def site_id(homepage: str, name: str) -> str:
    """The id of a site: its registered domain, then its subdomain if that names an edition, as in arabic.example.com:
    example-arabic. Of an address without a domain, the outlet's name, else the address with its port."""
    host = (urlsplit(homepage).hostname or "").lower()
    labels = _labels(host)
    slug = _slug(" ".join(labels))
    if not slug or slug.startswith("xn--"):
        slug = _slug(name) if name.isascii() and name != host else ""
    return (slug or _slug(authority(homepage)))[:ID_CHARS].strip("-") or "site"


def free_id(wanted: str, taken: Container[str]) -> str:
    """The id, with a number if it is taken."""
    number, free = 1, wanted
    while free in taken:
        number += 1
        free = f"{wanted[: ID_CHARS - 5]}-{number}"
    return free


def _labels(host: str) -> list[str]:
    """The labels of a host that name the outlet, the domain first; none of an IP address or of a host without a dot."""
    if "." not in host or _is_ip(host):
        return []
    found = registered_domain.parts(host, include_psl_private_domains=True)
    known = found.domain and found.suffix
    labels = [*found.subdomain.split("."), found.domain] if known else host.split(".")[:-1]
    *sub, domain = [label for label in labels if label] or [host]
    return [domain, *(label for label in sub if label not in GENERIC)]


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") if "xn--" not in text else text


def country(host: str, locale: str | None, said: str = "") -> str:
    """The outlet's ISO 3166-1 code, from its top-level domain, the address that it gives (`said`, a code or a name in
    English) or its locale; UN if none of them tells it."""
    if (code := country_domains.country(host)) in zones():
        return code
    written = said.upper().replace(".", "")
    given, *_ = get_global("territory_aliases").get(written, [written])  # UK, USA and others that ISO 3166-1 has not
    told = given if given in zones() else _by_name().get(said.casefold(), "")
    region = (locale or "").rpartition("_")[2]
    chosen = region if region in zones() and locale not in NOT_CHOSEN else UNKNOWN
    return told or chosen


def only_country(languages: Iterable[str]) -> str:
    """The country of a site in these languages, if one of them is official in one country alone; else UN."""
    found = {code for language in languages if len(codes := _official().get(language, ())) == 1 for code in codes}
    return found.pop() if len(found) == 1 else UNKNOWN


def time_zone(country_code: str, offset: timedelta | None, now: datetime) -> str:
    """The time zone of a country; of several the one with this UTC offset at `now`, else the first in tz's zone.tab;
    UTC for an unknown country."""
    theirs = zones().get(country_code, ())
    fitting = [name for name in theirs if offset is not None and now.astimezone(ZoneInfo(name)).utcoffset() == offset]
    return next(iter(fitting or theirs), "UTC")


@cache
def zones() -> dict[str, tuple[str, ...]]:
    """The time zones of each country (ISO 3166-1), in the order of tz's zone.tab."""
    found: dict[str, tuple[str, ...]] = {}
    for row in (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8").splitlines():
        if not row.startswith("#"):
            code, _, name, *_ = row.split("\t")
            found[code] = (*found.get(code, ()), name)
    return found


@cache
def _by_name() -> dict[str, str]:
    """Countries by their English name in CLDR, folded."""
    names = Locale.parse("en").territories
    return {name.casefold(): code for code, name in names.items() if code in zones()}


@cache
def _official() -> dict[str, tuple[str, ...]]:
    """The countries in which each language is official, by CLDR."""
    found: dict[str, tuple[str, ...]] = {}
    for code in zones():
        for language, info in get_territory_language_info(code).items():
            if info["official_status"] in OFFICIAL:
                found[language] = (*found.get(language, ()), code)
    return found
