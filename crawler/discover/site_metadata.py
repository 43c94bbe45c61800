"""A site's home page and robots.txt -> the outlet's name and locale, and where its articles are listed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from crawler.discover.section import alternates
from crawler.discover.source_document import SourceDocument, read
from crawler.extract import jsonld
from crawler.text import line
from crawler.urls.article_filter import ARTICLE_SCORE, article_score, may_be_article
from crawler.urls.canonical import canonical
from crawler.urls.joining import with_host
from crawler.urls.reasons import UrlReason
from crawler.urls.wiki_pages import MEDIAWIKI

_OUTLETS = frozenset(("NewsMediaOrganization", "WebSite", "Organization", "Corporation"))
_SEPARATORS = re.compile(r"\s+[|–—»:•-]\s+")  # between an outlet's name and its motto in <title>
# After a line's end of any system, and the byte order mark of a file that was put behind another
_SITEMAP = re.compile(r"(?:^|[\r\n])[ \t\ufeff\u200b]*site-?map[ \t]*:[ \t]*<?([^\s<>#]+)", re.IGNORECASE)
_LOCALE = re.compile(r"^([a-z]{2,3})(?:[_-]([a-z]{2}))?$", re.IGNORECASE)
# Lexbor reads `:is(nav, header) a` as children only, so the combinations are written out.
_MENUS = ", ".join(f"{menu} a[href]" for menu in ("nav", "header", "[role=navigation]", ".menu", "#menu"))
_WORDPRESS = re.compile(r"/wp-(?:content|includes|json)/")
MAX_SITEMAPS = 10  # per robots.txt


@dataclass(frozen=True, slots=True)
class SiteMetadata:
    """The metadata on a home page: the outlet's `name` ("" if unknown), its `locale` (ar or ar_SY), the `feeds` that it
    links to, the URL of its WordPress API, and its `sections`: the targets of its menus, those that are certainly
    sections first, then those with shorter paths. `country` is what its JSON-LD gives as that of its address, a code or
    a name; "" if nothing."""

    name: str = ""
    locale: str | None = None
    feeds: tuple[str, ...] = ()
    wordpress: str | None = None
    sections: tuple[str, ...] = ()
    country: str = ""


def site_metadata(body: bytes, url: str, headers: Mapping[str, str]) -> SiteMetadata:
    """The metadata on the home page at `url`. `headers` have lower-case names.

    :raises SourceProblem: when gzip data cannot be decompressed.
    """
    document = read(body, headers)
    tree = LexborHTMLParser(document.text)
    wordpress = _wordpress(tree, url, document.text)
    return SiteMetadata(
        _name(tree), _locale(tree), _feeds(tree, document, url), wordpress, _sections(tree, url), _country(tree)
    )


def sitemaps(robots: str, url: str) -> tuple[str, ...]:
    """The sitemaps listed in a robots.txt, in order (https://www.sitemaps.org/protocol.html#submit_robots)."""
    found = (canonical(with_host(address, url), url) for address in _SITEMAP.findall(robots))
    return tuple(dict.fromkeys(address for address in found if address))[:MAX_SITEMAPS]


def _name(tree: LexborHTMLParser) -> str:
    named = _meta(tree, 'meta[property="og:site_name"]') or _meta(tree, 'meta[name="application-name"]')
    if named:
        return named
    for node in jsonld.nodes(tree):
        if jsonld.types(node) & _OUTLETS and (name := jsonld.text(node.get("name"))):
            return name
    title = tree.css_first("title")
    return _SEPARATORS.split(line(title.text()))[0] if title else ""


def _country(tree: LexborHTMLParser) -> str:
    for node in jsonld.nodes(tree):
        address = node.get("address")
        if jsonld.types(node) & _OUTLETS and isinstance(address, dict):
            said = address.get("addressCountry")
            said = said.get("name") if isinstance(said, dict) else said
            if isinstance(said, str) and line(said):
                return line(said)
    return ""


def _locale(tree: LexborHTMLParser) -> str | None:
    html = tree.css_first("html")
    for said in (_meta(tree, 'meta[property="og:locale"]'), html.attributes.get("lang") if html else None):
        if said and (match := _LOCALE.match(said.strip())):
            return f"{match[1].lower()}_{match[2].upper()}" if match[2] else match[1].lower()
    return None


def _feeds(tree: LexborHTMLParser, document: SourceDocument, url: str) -> tuple[str, ...]:
    """The feeds that the page links to. That of a MediaWiki lists changes of all its pages, if it is not asked for the
    articles alone (https://www.mediawiki.org/wiki/Help:Recent_changes)."""
    feeds = alternates(document, url)
    if _meta(tree, 'meta[name="generator" i]').startswith(MEDIAWIKI):
        feeds = [f"{feed}&namespace=0" if "?" in feed else feed for feed in feeds]
    return tuple(feeds)


def _wordpress(tree: LexborHTMLParser, url: str, text: str) -> str | None:
    """The WordPress API's URL (https://developer.wordpress.org/rest-api/using-the-rest-api/discovery/), or None."""
    node = tree.css_first('link[rel="https://api.w.org/"]')
    if node is not None and (address := canonical(node.attributes.get("href") or "", url)):
        return address
    return canonical("/", url) if _WORDPRESS.search(text) else None


def _sections(tree: LexborHTMLParser, url: str) -> tuple[str, ...]:
    home, host = canonical(url), urlsplit(url).hostname
    links = (canonical(node.attributes.get("href") or "", url) for node in tree.css(_MENUS))
    own = (link for link in links if link and link != home and urlsplit(link).hostname == host)
    kinds = {link: may_be_article(link) for link in own if not urlsplit(link).query}
    found = [
        link for link, why in kinds.items() if why in (UrlReason.CATEGORY, None) and article_score(link) < ARTICLE_SCORE
    ]
    return tuple(sorted(found, key=lambda link: (kinds[link] is None, link.rstrip("/").count("/"))))


def _meta(tree: LexborHTMLParser, selector: str) -> str:
    node = tree.css_first(selector)
    return line(node.attributes.get("content") or "") if node else ""
