"""The article in the state of a page that its scripts fill: text, authors, date and section of the story that has the
page's headline, and of no other."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from crawler.extract import dates, metadata
from crawler.extract.draft import Draft
from crawler.extract.page_state import flight, readers, rich_text
from crawler.extract.page_state.limits import MAX_DEPTH, MAX_NODES
from crawler.text import length, line, words

Node = Mapping[str, Any]
_MAX_NESTED = 30  # strings that are JSON in turn
_MIN_CHARS = 400  # of an article
_LONGER = 1.1  # times that a later story must be as long to replace an earlier one
_PROSE = 60  # minimum characters of a paragraph
_TITLES = (
    "headline", "headlines", "title", "titles", "heading", "name", "titre", "titel", "titulo", "titolo", "baslik",
    "judul", "pageTitle",
)  # fmt: skip
_TITLE_PARTS = ("basic", "main", "default", "rendered", "text", "web", "plain", "content", "full", "value")
_ALIKE = 0.8  # share of the shorter title's words in the other
_MIN_TITLE_WORDS = 3
# In keys whose texts do not belong to an article.
_OTHER = re.compile(
    r"desc|summ|excerpt|teaser|lead|deck|title|headline|caption|alt$|meta|seo|comment|polic|legal|terms|cookie|consent"
    r"|related|author|bio|url|src|style|css|script$|label|message|config|i18n|translation|locale|ads?$|recommend|popular"
    r"|trending|latest|sidebar|promo|widget|footer|menu|^nav|newsletter|^more|^most|^next|^prev|readAlso|also|keyword|tags$"
    r"|faq|breadcrumb|banner|paywall",
    re.IGNORECASE,
)
_AUTHORS = re.compile(
    r"(?:article_?|post_?)?(?:authors?|by_?lines?|creators?|writers?|credits|author_?names?|written_?by|reporters?"
    r"|autor(?:es|en|i)?|auteurs?|autore|verfasser|redactor(?:es)?|yazar(?:lar)?|penulis|muharrir|katib)",
    re.IGNORECASE,
)
_DATES = (
    "datePublished", "date_published", "publishedAt", "published_at", "publishedDate", "first_publish_date",
    "firstPublished", "firstPublishedAt", "published", "publishDate", "publish_date", "publicationDate",
    "publication_date", "display_date", "displayDate", "pubDate", "pubdate", "publishTime", "publish_time",
    "date_gmt", "date", "createdAt",
    "created_at", "fecha", "fecha_publicacion", "fechaPublicacion", "datum", "data_publicacao", "data", "tarih",
    "tanggal",
)  # fmt: skip
_SECTIONS = ("section", "sections", "sectionName", "primary_section", "primarySection", "category", "categories",
             "primaryCategory", "channel", "rubric", "rubrik", "rubrique", "ressort", "seccion", "secao", "sezione",
             "categoria", "kategori", "kategorie", "taxonomy")  # fmt: skip
_NAMES = ("name", "fullName", "full_name", "displayName", "display_name", "title", "label", "text", "byline", "by")
_WRAPPERS = ("data", "attributes", "node", "fields")  # around an author's or a section's name
_NAME_PARTS = ("givenName", "firstName", "first_name", "familyName", "lastName", "last_name")
_ENTITY = re.compile(r"\w+:.+")  # Apollo's keys: `Article:4711`
_RAW = re.compile(r"[0-9a-f]{1,4}:[\"[{A-Z]")
_SPACE = re.compile(r"\s|[\u3040-\u9fff]")
_CODE = re.compile(r"[{}=;\[\]|$]|https?:")
_CODE_MOST = 60  # minimum characters of text per match of _CODE
_TAG = re.compile(r"<[a-zA-Z/!][^<>]{0,2000}>")


class PageState:
    """The values that a page carries for its scripts, with references replaced: Apollo's `{"__ref": "A:1"}`."""

    def __init__(self, markup: str) -> None:
        tree = LexborHTMLParser(markup)
        read = [*readers.values(tree), *readers.of_attributes(tree, markup)]
        self.rows = next((one for one in read if isinstance(one, flight.Tree)), None)
        self.values = [value for one in read for value in (one.values() if isinstance(one, flight.Tree) else [one])]
        self.entities: dict[str, Any] = {}
        self._nested = _MAX_NESTED
        for node in self._walk(shallow=True):
            named = [key for key, value in node.items() if _ENTITY.fullmatch(key) and isinstance(value, dict)]
            if len(named) > 1 or "ROOT_QUERY" in node:
                self.entities.update((key, node[key]) for key in named)

    def has_story(self, headline: str) -> bool:
        """Whether the story with the page's headline is there, as long as an article."""
        return self._story(headline) is not None

    def story(self, headline: str, place: dates.Place) -> Draft | None:
        """The story with the page's headline, its names as they are written; None if there is none as long as an
        article."""
        if (found := self._story(headline)) is None:
            return None
        node, body = found
        draft = Draft(headline=_title(node), body=body, section=_section(self, node), authors=_authors(self, node))
        metadata.fill_date(draft, "published", dates.machine(_date(node), place), "script")
        return draft

    def _story(self, headline: str) -> tuple[Node, list[str]] | None:
        best: tuple[Node, list[str]] | None = None
        for node in self._walk():
            if _agree(_title(node), headline):
                body = _longest(self, node, headline)
                if _is_long(body) and (best is None or length(body) > _LONGER * length(best[1])):
                    best = node, body
        return best

    def html(self) -> str:
        """The page that React's rows describe; "" if there are none."""
        return self.rows.html() if self.rows is not None else ""

    def prose(self) -> list[str]:
        """The longest prose under one path of keys; [] if that is shorter than an article."""
        groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
        left = MAX_NODES
        stack: list[tuple[Any, tuple[str, ...]]] = [(value, ()) for value in reversed(self.values)]
        while stack and left > 0:
            left -= 1
            node, names = stack.pop()
            if isinstance(node, dict):
                stack.extend((v, (*names, k)) for k, v in reversed(node.items()) if not _OTHER.search(k))
            elif isinstance(node, list):
                stack.extend((v, names) for v in reversed(node))
            elif isinstance(node, str) and _is_prose(node):
                groups[names].append(node)
        found = max(groups.values(), key=length, default=[])
        body = [text for one in found for text in rich_text.of_string(one)]
        return body if _is_long(body) else []

    def _walk(self, *, shallow: bool = False) -> Iterator[Node]:
        stack: list[tuple[Any, int]] = [(value, 0) for value in reversed(self.values)]
        left = MAX_NODES
        while stack and left > 0:
            left -= 1
            node, depth = stack.pop()
            if isinstance(node, str):
                node = self.parsed(node)
            if depth > (4 if shallow else MAX_DEPTH):
                continue
            if isinstance(node, dict):
                yield node
                stack.extend((value, depth + 1) for value in reversed(node.values()))
            elif isinstance(node, list):
                stack.extend((value, depth + 1) for value in reversed(node))

    def parsed(self, text: str) -> Any:
        """The value of a text that is JSON, as SvelteKit has responses and Draft.js an article; None else, and after so
        many of them."""
        if self._nested > 0 and len(text) > _MIN_CHARS and text[0] in "[{" and text[-1] in "]}":
            self._nested -= 1
            try:
                return json.loads(text)
            except (ValueError, RecursionError):
                return None
        return None

    def resolved(self, value: Any, depth: int = 0) -> Any:
        """The value with references replaced, down to a few levels."""
        if depth > MAX_DEPTH // 4:
            return value
        if isinstance(value, list):
            return [self.resolved(one, depth + 1) for one in value]
        if isinstance(value, dict):
            name = value.get("__ref") or (value.get("id") if value.get("type") == "id" else None)
            if isinstance(name, str) and name in self.entities:
                return self.resolved(self.entities[name], depth + 3)
            return {key: self.resolved(one, depth + 1) for key, one in value.items()}
        return value


def _is_long(body: list[str]) -> bool:
    """Whether a text is as long as an article."""
    return length(body) * _weight("".join(body)) >= _MIN_CHARS


def _weight(text: str) -> int:
    """How many letters one stands for: three where words are not separated."""
    return 3 if not text.isascii() and 15 * text.count(" ") < len(text) else 1


def _title(node: Node) -> str:
    for key in _TITLES:
        value = node.get(key)
        if isinstance(value, dict):
            value = next((value[part] for part in _TITLE_PARTS if isinstance(value.get(part), str)), None)
        if isinstance(value, str) and value.strip():
            return line(_TAG.sub("", value))
    return ""


def _agree(title: str, headline: str) -> bool:
    one, other = set(words(title)), set(words(headline))
    if min(len(one), len(other)) < _MIN_TITLE_WORDS:
        return bool(one) and one == other
    return len(one & other) >= _ALIKE * min(len(one), len(other))


def _longest(state: PageState, node: Node, headline: str) -> list[str]:
    """The longest text under a key of an object, without those of other stories in it."""

    def is_foreign(inner: Node) -> bool:
        title = _title(inner)
        several = len(words(title)) >= _MIN_TITLE_WORDS and len(inner) > _MIN_TITLE_WORDS
        return several and not _agree(title, headline) and not rich_text.kind_of(inner).endswith(("heading", "header"))

    best: list[str] = []
    for key, said in node.items():
        value = (state.parsed(said) or said) if isinstance(said, str) else said
        if _OTHER.search(key) or not isinstance(value, str | list | dict):
            continue
        if isinstance(value, str) and not _is_prose(value):
            continue
        body = rich_text.read(state.resolved(value), is_foreign)
        if length(body) > length(best):
            best = body
        if isinstance(value, dict):
            inner = _longest(state, state.resolved(value), headline) if _is_container(value) else []
            best = max(best, inner, key=length)
    return best


def _is_container(node: Node) -> bool:
    """Whether an object has texts of its own below it and is no block of a text."""
    return not rich_text.kind_of(node) and not _title(node)


def _is_prose(text: str) -> bool:
    """Whether a string is prose, plain or in HTML, and not code, a URL or data."""
    if len(text) * _weight(text) < _PROSE or text.startswith(("{", "[")) or _RAW.match(text):
        return False
    bare = _TAG.sub("", text) if "<" in text else text
    return _SPACE.search(bare) is not None and _CODE_MOST * len(_CODE.findall(bare)) < len(bare)


def _authors(state: PageState, node: Node) -> tuple[str, ...]:
    for key, value in node.items():
        if _AUTHORS.fullmatch(key) and (names := _names(state.resolved(value), 0)):
            return tuple(dict.fromkeys(names))
    return ()


def _names(value: Any, depth: int) -> list[str]:
    """The names in a text, an object with one, or a list of these."""
    if depth > len(_NAMES):
        return []
    if isinstance(value, str):
        return [line(_TAG.sub("", value))] if value.strip() and not value.startswith("http") else []
    if isinstance(value, list):
        return [name for one in value for name in _names(one, depth + 1)]
    if isinstance(value, dict):
        said = next((names for key in (*_NAMES, *_WRAPPERS) if (names := _names(value.get(key), depth + 1))), [])
        parts = " ".join(part for key in _NAME_PARTS if isinstance(part := value.get(key), str))
        return said or ([parts] if parts else [])
    return []


def _section(state: PageState, node: Node) -> str | None:
    for key in _SECTIONS:
        value = state.resolved(node.get(key))
        for inner in _SECTIONS:
            value = (
                value[inner] if isinstance(value, dict) and isinstance(value.get(inner), str | dict | list) else value
            )
        if names := _names(value, 0):
            return names[0]
    return None


def _date(node: Node) -> str:
    values = (node.get(key) for key in _DATES)
    return next((str(value) for value in values if isinstance(value, str | int) and not isinstance(value, bool)), "")
