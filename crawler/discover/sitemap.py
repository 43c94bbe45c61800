"""Sitemaps: urlset and sitemapindex, with the `news:*` fields -> candidates.

https://www.sitemaps.org/protocol.html
https://developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap

Our own parser: Scrapy's drops `news:*`, and three million entries in 341 KiB of gzip kept it busy for 210 s."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import Any, cast
from urllib.parse import urlsplit

from lxml import etree

from crawler.discover import feed_dates
from crawler.discover.collector import MAX_CANDIDATES, CandidateCollector, SkipReason, title_text
from crawler.discover.source_document import SourceDocument
from crawler.errors import SourceProblem
from crawler.models import Discovered
from index.model.codes import SourceReason

MAX_CHILDREN = 500  # per index, newest first; a news site's index of all its days has thousands
MAX_ELEMENTS = 1_000_000  # 20 for each of 50,000 entries; images and links to other languages make up to 15
_CHUNK = 1 << 16  # bytes parsed between two checks of the limits
_TAIL = 4_096  # bytes at the end that contain the last tag, before comments of the generator
_ENDING = re.compile(rb"</(?:[\w.-]+:)?(?:urlset|sitemapindex)\s*>|/>\s*$", re.IGNORECASE)
_FIELDS = {  # (parent, element): field name here; image:loc and video:title are ignored
    ("url", "loc"): "loc",
    ("url", "link"): "loc",  # as in feeds
    ("url", "lastmod"): "lastmod",
    ("sitemap", "loc"): "loc",
    ("sitemap", "lastmod"): "lastmod",
    ("news", "title"): "title",
    ("news", "publication_date"): "published",
    ("publication", "language"): "language",
    ("publication", "name"): "name",
}
_NAMES = frozenset(name for _, name in _FIELDS)
_ENTRIES = {"urlset": "url", "sitemapindex": "sitemap"}  # root: its entries
_MEDIA = re.compile("image|video", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:https?:/)?/\S+", re.IGNORECASE)

_ENTITY = re.compile(r"&(?:#?\w{1,40});")  # HTML's, and what was escaped twice
_NAME = re.compile(r"[^\W\d_]+")
# In the name of a child sitemap: what it lists. WordPress's `post_tag` is of tags.
POSTS = frozenset(("post", "posts", "news", "article", "articles", "story", "stories"))
_ARCHIVES = frozenset(
    ("tag", "tags", "category", "categories", "taxonomy", "taxonomies", "author", "authors", "user", "users")
)

Entry = dict[str, str]


def parse(document: SourceDocument, url: str, zone: tzinfo | None = None) -> Discovered:
    """The entries of a sitemap, or the children of an index as `further`, newest first.

    At most 50,000 entries are read and 500 children returned, without those of tags, categories and authors if there
    are others of posts. `zone` applies to dates without a time zone. A `lastmod` without a time means the day's first
    instant for an entry, whose date may be shown, and the last for a child, which may be skipped because of it; of
    several dates it is the last. Entries with an unresolved entity are counted as unusable.

    :raises SourceProblem: when the XML contains no readable entry.
    """
    collector = CandidateCollector(url)
    children: dict[str, datetime | None] = {}
    name = None
    try:
        for kind, entry in _entries(document.xml()):
            name = name or entry.get("name")
            if kind == "sitemap" or _names_sitemap(entry.get("loc", "")):  # some list their children as <url>
                _add_child(children, collector, entry, zone)
            else:
                collector.add(
                    entry.get("loc"),
                    title=entry.get("title"),
                    published=feed_dates.parse(entry.get("published"), zone),
                    modified=feed_dates.latest(entry.get("lastmod"), zone or UTC),
                    language=entry.get("language"),
                )
    except _Ends as end:
        collector.skipped[end.reason] += 1
    if document.cut:
        collector.skipped[SkipReason.CUT_SHORT] += 1
    archives = [child for child in children if lists_archives(child)]
    if archives and any(lists_posts(child) for child in children):  # else these are all that there is
        collector.skipped[SkipReason.UNLIKELY] += len(archives)
        children = {child: at for child, at in children.items() if child not in archives}
    if len(children) > MAX_CHILDREN:
        collector.skipped[SkipReason.TOO_MANY] += len(children) - MAX_CHILDREN
    return Discovered("sitemap", collector.candidates, _newest(children), dict(collector.skipped), title_text(name))


def lists_posts(url: str) -> bool:
    """Whether a sitemap is named for posts: `wp-sitemap-posts-post-1.xml`, `news.xml`."""
    return not POSTS.isdisjoint(_words(url)) and not lists_archives(url)


def lists_archives(url: str) -> bool:
    """Whether a sitemap is named for the pages that list posts by tag, category or author: `post_tag-sitemap.xml`."""
    words = _words(url)
    return not _ARCHIVES.isdisjoint(words) and (POSTS - {"post"}).isdisjoint(words)


def _words(url: str) -> frozenset[str]:
    return frozenset(_NAME.findall(urlsplit(url).path.rpartition("/")[2].lower()))


def _names_sitemap(loc: str) -> bool:
    name = loc.partition("?")[0].rpartition("/")[2].lower()
    return "sitemap" in name and name.endswith((".xml", ".xml.gz"))


class _Ends(Exception):
    """The document was not read to its end, for `reason`."""

    def __init__(self, reason: SkipReason) -> None:
        self.reason = reason


def _entries(xml: bytes) -> Iterator[tuple[str, Entry]]:
    """Each `url` and `sitemap` element with the texts of its fields, parsed without keeping the tree in memory.

    Broken markup is read as far as possible. Fields are recognised by their parent element instead of their namespace,
    so that undeclared prefixes work; a `loc` also by it, as pictures have some. An address may also stand right in its
    entry, or its `loc` right in the root.
    """
    parser = etree.XMLPullParser(
        events=("end",),
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        recover=True,
        remove_comments=True,  # a comment within <loc> would end its text
        remove_pis=True,
    )
    entry: Entry = {}
    kind = "url"
    locations = elements = 0
    for start in range(0, len(xml), _CHUNK):
        parser.feed(xml[start : start + _CHUNK])
        for _, element in cast("Iterator[tuple[str, Any]]", parser.read_events()):
            elements += 1
            tag = _local(element)
            around = _local(element.getparent()) if tag in _NAMES else ""
            foreign = tag == "loc" and _is_of_media(element)
            if (field := _FIELDS.get((around, tag))) and not foreign:
                kind = around if field == "loc" else kind
                text = (element.text or "").strip()
                text = _ENTITY.sub(_unescaped, text) if field == "loc" else text
                entry[field] = f"{entry[field]} {text}" if field == "lastmod" in entry else entry.get(field) or text
                locations += field == "loc"
            elif tag == "loc" and around in _ENTRIES and not foreign:
                yield _ENTRIES[around], {"loc": (element.text or "").strip()}
                locations += 1
            elif tag in _ENTRIES.values():
                if "loc" not in entry and (address := _ADDRESS.fullmatch("".join(element.itertext()).strip())):
                    entry["loc"] = address[0]
                    locations += 1
                index = _local(element.getparent()) == "sitemapindex"  # some list its children as <url>
                yield "sitemap" if index else tag, entry
                entry = {}
            if locations > MAX_CANDIDATES or elements > MAX_ELEMENTS:
                raise _Ends(SkipReason.TOO_MANY)
            _forget(element)
    if "loc" in entry:  # the last one, if the document is truncated
        yield kind, entry
    # Not parser.close(), which would report the truncation: on a single tag of 40 MB it takes 2 GB of memory.
    whole = _ENDING.search(xml[-_TAIL:]) is not None
    if not locations and (parser.feed_error_log or not whole):  # an empty sitemap is fine: a news sitemap at night
        raise SourceProblem(SourceReason.BROKEN_SITEMAP)
    if not whole:
        raise _Ends(SkipReason.CUT_SHORT)


def _unescaped(entity: re.Match[str]) -> str:
    return html.unescape(entity[0])


def _local(element: Any) -> str:
    """The element's name without namespace or prefix, in lower case; "" for None and for comments."""
    if element is None or not isinstance(element.tag, str):
        return ""
    return element.tag.rpartition("}")[2].rpartition(":")[2].lower()


def _is_of_media(element: Any) -> bool:
    """Whether a `loc` is that of a picture or a video right in its entry: by its namespace or by its prefix if nobody
    declared that, where it is not its entry's."""
    parent = element.getparent()
    if parent is None:  # of what is left of a broken document
        return False
    own, around = (str(one.tag)[: -len(_local(one))] for one in (element, parent))
    return own != around and _MEDIA.search(own) is not None


def _forget(element: Any) -> None:
    """Frees the memory of an element's content and of its preceding siblings."""
    element.clear(keep_tail=True)  # an address may follow it
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _add_child(
    children: dict[str, datetime | None], collector: CandidateCollector, entry: Entry, zone: tzinfo | None
) -> None:
    link = collector.address(entry.get("loc", ""))
    if link is None:
        collector.skipped[SkipReason.UNUSABLE_LINK] += 1
    elif link in children:
        collector.skipped[SkipReason.DUPLICATE] += 1
    else:
        children[link] = feed_dates.bound(entry.get("lastmod"), zone)


def _newest(children: dict[str, datetime | None]) -> tuple[tuple[str, datetime | None], ...]:
    """The children by date, newest first, then those without a date in their order, which differs between sites."""
    dated = sorted(((u, at) for u, at in children.items() if at), key=lambda child: child[1], reverse=True)
    return (*dated, *((u, None) for u, at in children.items() if at is None))[:MAX_CHILDREN]
