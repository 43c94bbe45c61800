"""Machine-readable metadata of an article: JSON-LD, then microdata, then OpenGraph and other <meta>."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from selectolax.lexbor import LexborNode

from crawler.extract import dates, jsonld
from crawler.extract.author_names import is_agency, names
from crawler.extract.draft import Draft
from crawler.extract.html_document import HtmlDocument, ancestors, attribute, text_of
from crawler.extract.images.captions import caption
from crawler.text import fold, line
from crawler.urls import registered_domain
from crawler.urls.article_filter import may_be_article
from crawler.urls.canonical import canonical
from crawler.urls.joining import joined, with_host
from crawler.urls.reasons import UrlReason
from index.model.article import Image
from index.text.placeholders import is_placeholder

Context = tuple[HtmlDocument, dates.Place, frozenset[str]]  # the page, the context of its dates, the outlet's own names
_VOCABULARIES = ("", "schema:", "http://schema.org/", "https://schema.org/")  # before a property's name
_KEYWORDS = 30  # per article; more are the site's
_SPLIT = re.compile(r"\s*[,;،|]\s*")
_PUBLISHED = (
    "article:published_time", "og:article:published_time", "datepublished", "article.published", "parsely-pub-date",
    "pubdate", "publishdate", "publish-date", "publish_date", "date.published", "dc.date.issued", "dcterms.created",
    "dc.date", "dc.date.created", "sailthru.date", "article_date_original", "cxenseparse:recs:publishtime",
    "originalpublicationdate", "og:published_time", "og:pubdate", "ptime", "date", "rnews:datepublished",
)  # fmt: skip
_MODIFIED = (
    "article:modified_time", "og:article:modified_time", "og:updated_time", "datemodified", "article.updated",
    "last-modified", "dcterms.modified", "dc.date.modified", "article:updated_time", "revised",
)  # fmt: skip
_AUTHORS = ("author", "article:author", "parsely-author", "dc.creator", "dcterms.creator", "dc:creator",
            "dcterms:creator", "citation_author", "byl", "sailthru.author", "article:author_name", "cxenseparse:author",
            "article.author")  # fmt: skip
_BIBLIOGRAPHIC = frozenset(("dc.creator", "dcterms.creator", "dc:creator", "dcterms:creator", "citation_author"))
_WRITTEN = re.compile(r"written|author|by\b|ecrit|écrit|verfasst|escrito|scritto|автор|написано|كتب|كُتب|نویسنده", re.I)
_ACCOUNT = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)+|[a-z]+\d+")  # `ann-lee`, `alee7`
_SECTIONS = ("article:section", "og:article:section", "parsely-section", "articlesection", "section", "category")


def outlets(document: HtmlDocument, node: jsonld.Node | None, found: list[jsonld.Node], name: str) -> frozenset[str]:
    """The folded names of the outlet itself, which pages declare as the author even if the byline names a person."""
    said = [
        name,
        document.meta("og:site_name"),
        document.meta("application-name"),
        registered_domain.parts(document.url).domain,
    ]
    said += jsonld.people(node.get("publisher"), found) if node is not None else []
    return frozenset(_squeezed(n) for n in said if n)


def persons(authors: tuple[str, ...], house: frozenset[str]) -> tuple[str, ...]:
    """The authors without the outlet and accounts; empty if there are no others."""
    return tuple(
        author
        for author in authors
        if not _ACCOUNT.fullmatch(author)
        and (name := _squeezed(author)) not in house
        and not name.startswith(_long(house))
    )


def _long(house: frozenset[str]) -> tuple[str, ...]:
    """The outlet's names that are too long to begin a person's name: `Euronews` in `Euronews with agencies`."""
    return tuple(name for name in house if len(name) > 5)


def author_names(node: jsonld.Node, found: list[jsonld.Node]) -> tuple[str, ...]:
    """The names of the article's authors in its JSON-LD, the outlet's among them."""
    said = jsonld.authors(node.get("author") or node.get("creator"), found)
    return tuple(dict.fromkeys(name for text, alone in said for name in names([text], split=not alone)))


def from_jsonld(draft: Draft, node: jsonld.Node, found: list[jsonld.Node], page: Context) -> None:
    """Fills the draft from the article's JSON-LD node, except `articleBody`, which the package `body` reads."""
    document, place, house = page
    values: dict[str, object] = {
        "alternative_headline": jsonld.text(node.get("alternativeHeadline") or node.get("alternateName")) or None,
        "description": jsonld.text(node.get("description")) or None,
        "section": jsonld.section(node, found) or None,
        "keywords": keywords(jsonld.texts(node.get("keywords"))),
        "authors": persons(author_names(node, found), house),
        "images": tuple(
            Image(url, *caption(text, credit))
            for url, text, credit in jsonld.images(node.get("image") or node.get("thumbnailUrl"), found, document.url)
        )[:20],
    }
    draft.fill_all(values, "json-ld")
    free = jsonld.free(node)
    draft.fill("paywalled", None if free is None else not free, "json-ld")
    for name, key in (("published", "datePublished"), ("modified", "dateModified")):
        fill_date(draft, name, dates.machine(jsonld.text(node.get(key)), place), "json-ld")


def from_microdata(draft: Draft, page: Context) -> None:
    """Fills the draft from microdata (https://html.spec.whatwg.org/multipage/microdata.html), and RDFa in the body,
    which says the same by other attributes (https://www.w3.org/TR/rdfa-lite/)."""
    document, place, house = page
    for name, prop in (("published", "datePublished"), ("modified", "dateModified")):
        node = document.first(_with_property(prop))
        said = attribute(node, "datetime", "content")
        fill_date(draft, name, dates.machine(said, place) or dates.visible(text_of(node), place), "microdata")
    authors = [n.css_first(_with_property("name")) or n for n in _own_authors(document)]
    told = names(attribute(n, "content") or text_of(n) for n in authors)
    draft.fill("authors", persons(told, house) or told, "microdata")
    draft.fill("section", _value(document, "articleSection"), "microdata")
    draft.fill("description", _value(document, "description"), "microdata")


def _with_property(name: str) -> str:
    """The selector of elements with a property of schema.org, in the page's body if that is said in RDFa."""
    return ", ".join([f'[itemprop~="{name}"]', *(f'body [property~="{p}{name}"]' for p in _VOCABULARIES)])


def _own_authors(document: HtmlDocument) -> list[LexborNode]:
    """The elements with the article's authors: the first and those next to it, not those of other articles below."""
    found = document.tree.css(_with_property("author"))[:20]
    own = {p.mem_id for p in islice(ancestors(found[0]), 2)} if found else set()
    return [n for n in found if any(p.mem_id in own for p in islice(ancestors(n), 2))]


def from_meta(draft: Draft, page: Context) -> None:
    """Fills the draft from OpenGraph (https://ogp.me), Dublin Core and the other <meta> that news sites use."""
    document, place, house = page
    for name, metas in (("published", _PUBLISHED), ("modified", _MODIFIED)):
        for value in (v for m in metas for v in document.metas.get(m, ())):
            fill_date(draft, name, dates.machine(value, place) or dates.visible(value, place), "meta")
    said = (persons(found, house) for found in _author_metas(document))
    draft.fill("authors", next((found for found in said if any(map(_is_whole, found))), ()), "meta")
    draft.fill("description", document.meta("og:description") or None, "og")
    draft.fill("description", document.meta("description", "twitter:description") or None, "meta")
    draft.fill("section", document.meta(*_SECTIONS) or None, "meta")
    tags = document.metas.get("article:tag", []) or document.metas.get("og:article:tag", [])
    draft.fill("keywords", keywords(tags or [document.meta("news_keywords")]), "meta")
    draft.fill("keywords", keywords([document.meta("keywords", "parsely-tags")]), "meta")
    image = document.meta("og:image", "og:image:url", "og:image:secure_url", "twitter:image", "twitter:image:src")
    image = image or attribute(document.first('link[rel~="image_src" i]'), "href")
    address = joined(document.url, image) if image else None
    draft.fill("images", (Image(address),) if address else (), "og")
    tier = document.meta("article:content_tier", "og:article:content_tier").lower()
    draft.fill("paywalled", {"free": False, "locked": True, "metered": True}.get(tier), "meta")


def _author_metas(document: HtmlDocument) -> Iterator[tuple[str, ...]]:
    """The names in the <meta> of authors, all elements of one kind together. In a bibliographic one the family name may
    come first: `Lee, Ann Mary`."""
    for meta in _AUTHORS:
        values = [value for value in document.metas.get(meta, ()) if not value.startswith(("http", "/"))]
        yield names(values, split=meta not in _BIBLIOGRAPHIC)
    if _WRITTEN.search(document.meta("twitter:label1")):
        yield names([document.meta("twitter:data1")])


def keywords(values: list[str]) -> tuple[str, ...]:
    """The distinct keywords in order; a single text is split at commas and the like."""
    parted = _SPLIT.split(values[0]) if len(values) == 1 else values
    found = {k.casefold(): k for k in map(line, reversed(parted)) if _is_keyword(k)}
    return tuple(reversed(found.values()))[:_KEYWORDS]


def _is_keyword(text: str) -> bool:
    return 1 < len(text) <= 100 and not text.startswith("http") and not is_placeholder(text)


def canonical_url(document: HtmlDocument, *, elsewhere: bool = False) -> str | None:
    """The page's declared canonical URL, if it is in the same registered domain and may be an article's; with
    `elsewhere`, if it is in another one. A link deep in the body is a reader's."""
    link = document.first('head link[rel~="canonical" i], body > link[rel~="canonical" i]')
    for said in (attribute(link, "href"), document.meta("og:url")):
        url = canonical(with_host(said, document.base), document.base)
        if url is None or registered_domain.same(url, document.url) == elsewhere:
            continue
        if url == canonical(document.url) or may_be_article(url) in (None, UrlReason.ELSEWHERE):
            return url
    return None


def fill_date(draft: Draft, name: str, dated: dates.Dated | None, source: str) -> None:
    """Fills `published` or `modified`, with an origin that names the assumptions made."""
    if dated is not None:
        draft.fill(name, dated.at, dated.origin(source))


def _is_whole(name: str) -> bool:
    """Whether a name is more than one word in Latin letters, which is an account or the name of a system; or an
    agency's."""
    return not (name.isascii() and name.isalpha()) or is_agency(name)


def _squeezed(name: str) -> str:
    return fold(name).replace(" ", "")


def _value(document: HtmlDocument, prop: str) -> str | None:
    node = document.first(f'[itemprop="{prop}"]')
    return line(attribute(node, "content")) or text_of(node) or None
