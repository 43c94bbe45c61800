"""The headline as shown to readers: not the title for search engines, and without the site's name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

from selectolax.lexbor import LexborNode

from crawler.extract import jsonld
from crawler.extract.html_document import HtmlDocument, attribute, judge, text_of
from crawler.text import line, unescaped_line
from crawler.text import words as words_of
from crawler.urls import registered_domain
from index.text.placeholders import is_placeholder
from index.text.titles import HEADLINE_MIN_WORDS, SEPARATOR

_SPACELESS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_SPACELESS_MIN_CHARS = 6  # of a headline in a script without spaces
_is_called_label = judge(
    r"label|kicker|overline|eyebrow|badge|flag|sr-only|visually-?hidden|screen-?reader|(?:^|[\W_])(?:tag|cat|category|section|topic|prefix)(?:$|[\W_])"
)
_BELOW = ("small", "time", "sup", "sub")  # in a heading: what is said beside it
_LABEL = re.compile(r"([^:：]{2,60})[:：]\s+")  # `Name: Headline`
_LABEL_MAX_CHARS = 20
_WORD = re.compile(r"\w+")
_MARKS = re.compile(r"[\u064b-\u065f\u0640]")  # harakat and tatweel
_HOME = re.compile(r"(?:https?://[^/?#]+)?/?(?:index\.\w{3,5})?#?")
_TITLE_MAX_CHARS = 1_000  # characters of a title that are processed
_PLAIN = "b, strong, font, span, div, td, p, h3, h4"  # what may show the headline where it is no heading
_MAX_PLAIN = 2_000  # of these on a page
_SIMILAR = 0.45  # minimum agreement of a visible heading with a declared title


def headline(document: HtmlDocument, node: jsonld.Node | None, site_names: Iterable[str]) -> tuple[str, str]:
    """The headline and its origin (json-ld, og, meta, h1, h2, title); the headline is "" if the page has none.

    The <h1> that agrees best with a declared title is preferred to that title, as readers see it: declared titles are
    often shortened or written for search engines. If no heading agrees with a declared title, the title is used."""
    told = list(_declared(document, node))
    said = [line(title) for title, _ in told]
    tops = [(text, _is_logo(h)) for h in document.tree.css("h1")[:8] if (text := _shown(h, said))]
    own = _keys([
        *site_names,
        *_named(document),
        *(text for text, logo in tops if logo or _is_beside_second(text, said, document)),
        urlsplit(document.url).hostname or "",
        registered_domain.parts(document.url).domain,
    ])  # fmt: skip
    unlinked = [text for text, logo in tops if not logo]
    unsigned = [title for title in said if not any(_is_exactly(part, own) for part in SEPARATOR.split(title))]
    settled, whole = _settled(told, unlinked), _signed(said, own) & frozenset([*unlinked, *unsigned])
    declared = [
        (title, origin)
        for raw, origin in told
        if (title := _without_site(raw, own, settled, whole)) and not _is_name(title, own)
    ]
    titles = [title for title, _ in declared]
    headings = [text for text in unlinked if not _is_name(text, own) and not is_placeholder(text)]
    shown = max(headings, key=lambda h: max((_agreement(h, t) for t in titles), default=0.0), default="")
    if shown and not titles:
        return _without_site(shown, own, settled, whole), "h1"
    if shown and max(_agreement(shown, t) for t in titles) >= _SIMILAR and not _is_settled(declared, shown):
        glued = next((t for t in titles if _key(t) == _key(shown) and len(words(t)) > len(words(shown))), "")
        told_so = glued or (_in_small_letters(shown, titles) if shown.isupper() else "")
        return (told_so, "og") if told_so else (_without_site(shown, own, settled, whole), "h1")
    if declared:
        return _within(document, titles) or _part_shown(document, declared) or declared[0]
    second = next((t for t in map(text_of, document.tree.css("h2")[:5]) if len(t) > 15), "")
    return (second, "h2") if second else (next((title for title, origin in told if origin == "title"), ""), "title")


def _shown(heading: LexborNode, titles: Collection[str]) -> str:
    """The text of a heading, without buttons, and without a label at its beginning or a label or date at its end if the
    rest is a declared title: one in an element that is named so, or that is short and glued to the rest."""
    for button in heading.css("button, [role='button']"):
        button.decompose()
    text = unescaped_line(text_of(heading))
    inner = list(heading.iter())
    if not inner or _heads(text, titles):
        return text
    first, last = text_of(inner[0]), text_of(inner[-1])
    rest = text
    if text.startswith(first):
        rest = text.removeprefix(first)
        glued = len(first) <= _LABEL_MAX_CHARS and rest[:1].isalnum() and first[-1:].isalnum()
        rest = rest if glued or _is_called_label(attribute(inner[0], "class")) else text
    if rest == text and (inner[-1].tag in _BELOW or _is_called_label(attribute(inner[-1], "class"))):
        rest = text.removesuffix(last)
    rest = rest.strip(" :|·•–-")
    return rest if _heads(rest, titles) else text


def _heads(text: str, titles: Iterable[str]) -> bool:
    """Whether a declared title is this text, or begins with it and has something else behind."""
    return any(
        _key(title) == _key(text) or (title.startswith(text) and SEPARATOR.match(title, len(text)))
        for title in titles
        if text
    )


def _in_small_letters(heading: str, titles: Iterable[str]) -> str:
    """A heading in capitals as a declared title writes it; "" if none does."""
    for title in titles:
        said = title[: len(heading)]
        if said.casefold() == heading.casefold() and not said.isupper() and _heads(said, [title]):
            return said
    return ""


def _within(document: HtmlDocument, titles: list[str]) -> tuple[str, str] | None:
    """An <h2> that is part of every declared title, as on old pages with the headline in an <h2>; None without one."""
    for text in (text_of(h) for h in document.tree.css("h2")[:5]):
        if len(words(text)) >= HEADLINE_MIN_WORDS and all(_key(text) in _key(title) for title in titles):
            return text, "h2"
    return None


def _part_shown(document: HtmlDocument, declared: list[tuple[str, str]]) -> tuple[str, str] | None:
    """The part of a declared title that an element shows by itself, on pages without headings: the other is the site's
    name. None if the title has one part, or the page a title in its metadata."""
    title, origin = declared[0]
    parts = [part for part in SEPARATOR.split(title) if part.strip()] if origin == "title" else []
    for part in sorted(parts, key=len, reverse=True) if len(parts) > 1 else ():
        if len(words_of(part)) >= HEADLINE_MIN_WORDS and shown_as(document, part) is not None:
            return part.strip(), "page"
    return None


def shown_as(document: HtmlDocument, headline: str) -> LexborNode | None:
    """The first element of a page without headings that shows just this text, outside of links; None if there is
    none."""
    wanted = "".join(headline.split())
    for node in document.tree.css(_PLAIN)[:_MAX_PLAIN] if wanted else ():
        text = node.text(deep=False)  # its own: the text of a whole page for each element around it would be costly
        if len(wanted) <= len(text) and "".join(text.split()) == wanted:
            return node
    return None


def _named(document: HtmlDocument) -> list[str]:
    """The names that the page declares for its site, except copies of the title."""
    said = (document.meta("og:site_name"), document.meta("application-name"))
    titles = {_key(document.meta("og:title")), _key(text_of(document.first("head > title")))}
    return [name for name in said if len(words(name)) < HEADLINE_MIN_WORDS or _key(name) not in titles]


def _is_logo(heading: LexborNode) -> bool:
    """Whether an <h1> is the site's name: a link to the home page."""
    link = heading.css_first("a[href]")
    return (
        link is not None and _HOME.fullmatch(attribute(link, "href")) is not None and text_of(link) == text_of(heading)
    )


def _is_beside_second(heading: str, titles: Iterable[str], document: HtmlDocument) -> bool:
    """Whether a heading is an end of a declared title of which a longer <h2> is all else: the site's name."""
    seconds = {_key(text) for text in map(text_of, document.tree.css("h2")[:5]) if len(text) > len(heading)}
    for title in titles if seconds else ():
        if not (cuts := _cuts(title)):
            continue
        ends = (
            (title[: cuts[-1].start()], title[cuts[-1].end() :]),
            (title[cuts[0].end() :], title[: cuts[0].start()]),
        )
        if any(_key(rest) in seconds and _key(end) == _key(heading) for rest, end in ends):
            return True
    return False


def _is_settled(declared: list[tuple[str, str]], shown: str) -> bool:
    """Whether JSON-LD and OpenGraph declare the same title, unless it is truncated. It is then the headline, often with
    its label (`Kenya: Nairobi from below`) or without the section that is in the <h1>."""
    by_origin = {origin: title for title, origin in reversed(declared)}
    title = by_origin.get("json-ld", "")
    same = bool(title) and words(title) == words(by_origin.get("og", ""))
    return same and not title.endswith(("…", "...")) and not _key(shown).startswith(_key(title))


def declared(document: HtmlDocument, node: jsonld.Node | None) -> list[tuple[str, str]]:
    """All titles that the page declares, unmodified, each with its origin."""
    return [(line(title), origin) for title, origin in _declared(document, node) if title]


def _settled(declared: Iterable[tuple[str, str]], headings: list[str]) -> frozenset[str]:
    """The titles that a heading shows as they are, or that the page declares twice: a part of them is no name of the
    site, unless it is exactly that."""
    said = Counter(line(title) for title, _ in declared)
    return frozenset([*map(line, headings), *(title for title, times in said.items() if times > 1)])


def _signed(declared: Iterable[str], keys: Collection[str]) -> frozenset[str]:
    """What the page puts its site's name behind. Where a heading shows that too, a further name in it is its own:
    `The Paper: why we strike | The Paper`."""
    found = ((line(title), _cuts(line(title))) for title in declared)
    return frozenset(
        title[: cuts[-1].start()].strip()
        for title, cuts in found
        if cuts and _is_exactly(title[cuts[-1].end() :], keys)
    )


def _without_site(title: str, keys: Collection[str], settled: Collection[str], whole: Collection[str]) -> str:
    """The title without the site's name at either end: `Headline | Name`, `Name - Headline`, `Name: Headline`. `keys`
    are those of its names.

    A part that is only like the name, as `BBC` is like `BBC News`, is taken off once, and not off the `settled` titles:
    an outlet is in the news itself. Nothing is taken off what is `whole`."""
    title = line(title[:_TITLE_MAX_CHARS])
    first, *rest = title.split("_")
    if rest and len(first) >= _SPACELESS_MIN_CHARS and _SPACELESS.search(first):
        title = first.strip()  # as Chinese portals separate the headline from section and site
    alike = _is_name
    for _ in range(3):
        if title in whole:
            break
        alike = _is_exactly if title in settled else alike
        cuts = _cuts(title)
        label = _LABEL.match(title)
        if cuts and alike(title[cuts[-1].end() :], keys):
            title = title[: cuts[-1].start()].strip()
        elif cuts and alike(title[: cuts[0].start()], keys):
            title = title[cuts[0].end() :].strip()
        elif label is not None and _is_exactly(label[1], keys):
            title = title[label.end() :].strip()
        else:
            break
        alike = _is_exactly
    return title


def _cuts(title: str) -> list[re.Match[str]]:
    """The separators in a title; no quotation marks that look like some: those at its ends, and around what it begins
    with (`«نسور الجبل» إلى النهائي`)."""
    quoted = title.find("»") + 1 if title.startswith("«") else 0
    found = SEPARATOR.finditer(title, quoted)
    return [cut for cut in found if cut[0].strip() not in ("«", "»") or (cut.start() > 0 and cut.end() < len(title))]


def words(text: str) -> list[str]:
    """The words of a text: runs of letters and digits, in lower case."""
    return _WORD.findall(text.lower())


def _declared(document: HtmlDocument, node: jsonld.Node | None) -> Iterable[tuple[str, str]]:
    told = [
        (jsonld.text(node.get("headline") or node.get("name")) if node is not None else "", "json-ld"),
        (document.meta("og:title"), "og"),
        (document.meta("twitter:title", "dc.title", "title", "headline"), "meta"),
        (unescaped_line(text_of(document.first("head > title") or document.first("title"))), "title"),
    ]
    return [(title, origin) for title, origin in told if not any(map(is_placeholder, SEPARATOR.split(title)))]


def _agreement(heading: str, title: str) -> float:
    """The share of the shorter text's words in the other, 0 to 1, slightly lower if their lengths differ. Without
    spaces between words (Chinese), pairs of characters are compared."""
    first, second = set(words(heading)), set(words(title))
    if min(len(first), len(second)) <= 2 and not (heading.isascii() and title.isascii()):
        first, second = _pairs(heading), _pairs(title)
    if not first or not second or len(first) > 4 * len(second):
        return 0.0
    common = len(first & second)
    return 0.8 * common / min(len(first), len(second)) + 0.2 * common / max(len(first), len(second))


def _pairs(text: str) -> set[str]:
    bare = "".join(words(text))
    return {bare[i : i + 2] for i in range(len(bare) - 1)}


def _keys(names: Iterable[str]) -> frozenset[str]:
    """The keys of a site's names, by which parts of titles are compared with them."""
    return frozenset(_key(name.removeprefix("www.")) for name in names)


def _is_exactly(part: str, keys: Collection[str]) -> bool:
    """Whether a part of a title is the site's name, or nothing."""
    bare = _key(part)
    return not bare or bare in keys


def _is_name(part: str, keys: Collection[str]) -> bool:
    """Whether a part of a title is like the site's name: that, one end of it (`BBC` of `BBC News Arabic`), or it with a
    word more (`BBC News Online`)."""
    bare = _key(part)
    for key in keys:
        if len(bare) >= 3 and len(bare) * 4 > len(key) and (key.startswith(bare) or key.endswith(bare)):
            return True
        if len(key) >= 4 and (bare.startswith(key) or bare.endswith(key)) and _has_a_word_more(part, key):
            return True
    return _is_exactly(part, keys)


def _has_a_word_more(part: str, key: str) -> bool:
    """Whether a text that begins or ends with a name has one word beside it."""
    said = words(part)
    return "".join(said[1:]) == key or "".join(said[:-1]) == key


def _key(text: str) -> str:
    return "".join(words(_MARKS.sub("", text)))
