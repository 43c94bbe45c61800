"""Removal of elements that are never part of an article's text: by tag, role, class and id, and what no reader sees."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import islice

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.boilerplate.removed import RemovalReason, Removed
from crawler.extract import element_names, hidden_text, locked_pages
from crawler.extract.html_document import ancestors, attribute
from crawler.extract.images.dom_images import is_caption_below, names_no_picture
from crawler.text import STOPS, fold, line, words
from index.model.message import Message

_TAGS = (
    "nav, aside, footer, form, button, dialog, menu, iframe, object, embed, svg, canvas, select, textarea, input,"
    " style, script, noscript, template, link, audio, video"
)
_ROLES = frozenset((
    "navigation", "complementary", "contentinfo", "search", "dialog", "alertdialog", "menu", "menubar", "toolbar",
    "tooltip", "tablist",
))  # fmt: skip
_MODAL = '[aria-modal="true"]'
_COMMENTS = '[itemprop~="comment"], [itemtype$="schema.org/Comment"], [itemtype$="schema.org/UserComments"]'
_BESIDE = frozenset(_TAGS.split(", "))
# Elements that are removed if all their text is in links: "read also", lists of articles.
_LINKED = frozenset(("ul", "ol", "p", "h2", "h3", "h4", "h5", "h6"))
_NEVER_PRUNED = frozenset(("html", "head", "body", "main", "article"))

_ARTICLE_TEXT_SHARE = 0.4  # share of the page's text: an element with more is the article, whatever its name
_PICTURES = ", ".join(f"div[class*='{word}' i]" for word in ("image", "photo", "picture", "bild", "foto"))
_CAPTION = 400  # maximum characters
_IMAGES = 60  # of a page, below which captions are looked for
_OUTER = 3  # an image and elements around it that hold nothing else
_LINE_BELOW = 200  # the same of a line below an image in its paragraph
_LINKS = "a[href], a:not([href]):not([name]):not([id])"  # the others are only places to which links lead
_TEASER = 25  # characters; a shorter link on its own is a name or a source
_TEASER_BOX = 700  # maximum characters of a teaser with a text of its own
_TEASER_PROSE = 150  # maximum characters of a paragraph in it: a longer one tells something itself
_HOST = re.compile(r"(?:https?:)?//([^/?#:]+)", re.IGNORECASE)
_ALIKE = 3  # boxes from which these are the items of an article
_BOXES = frozenset(("div", "aside", "section", "li", "figure"))
_HEADING_LINKS = ", ".join(f"{tag} a[href], a[href]:has({tag})" for tag in ("h2", "h3", "h4", "h5"))
_SENTENCE_WORDS = 12  # words from which a link that ends like a sentence is one; headlines have no full stop
_PARAGRAPH_WORDS = 30  # words from which a link is a paragraph, however it ends: the longest headlines have as many
_DOCUMENT = re.compile(r"\.(?:pdf|docx?|xlsx?|csv|odt|rtf|pptx?|zip)(?:[?#]|$)", re.IGNORECASE)
_SENTENCE = re.compile(rf"[{STOPS}][\"'”’»«)\]」』]*$")
_NUMBERS = re.compile(r"\d+")
_NOTE = re.compile(r"[\[(]?(?:\d{1,3}|[a-z*†‡])[\])]?")
_LINE = 40  # minimum characters of a paragraph with news
_SMALL = 200  # characters: a shorter element is never most of an article
_EXCERPT_CHARS = 200  # characters of a removed element that are kept for display


def prune(tree: LexborHTMLParser, strip: Iterable[str] = (), headline: str = "", host: str = "") -> list[Removed]:
    """Removes boilerplate from the tree, in place. `strip` are the CSS selectors in the site's rules; `host` is the
    page's, in lower case.

    Returns the removed elements that contained text, each with its reason."""
    removed: list[Removed] = []
    others = _other_headlines(tree, headline)
    for selector in strip:
        _take(tree.css(selector), "strip", removed)
    unseen = hidden_text.hidden(tree)  # their rules are in <style>
    tree.strip_tags(["script", "style", "noscript", "template", "svg", "iframe", "link"])
    _take(_asides_outside_article(tree), "element", removed)
    whole, own = _weight(tree.body), _own(tree, others)
    _take((n for n in unseen if n.parent is not None and _expendable(n, whole, own)), "hidden", removed)
    beside = [n for n in tree.css(f"{_TAGS}, [role], {_MODAL}") if _is_beside(n)]
    _take((n for n in beside if _expendable(n, whole, own)), "element", removed)
    _take((n for n in tree.css("[data-nosnippet]") if _is_label(n) and _expendable(n, whole, own)), "element", removed)
    _take((n for n in tree.css("sup") if _is_footnote(n)), "element", removed)
    whole = _weight(tree.body)
    _take((n for n in tree.css(_COMMENTS) if _expendable(n, whole, own)), "comments", removed)
    _take((n for n in locked_pages.notices(tree) if n.mem_id not in own), "paywall", removed)
    sections = _sections_beside(tree)
    for node, reason in _named(tree, whole, own):
        if node.parent is not None and _expendable(node, whole, own) and node.mem_id not in sections:
            _take([node], reason, removed)
    _take((n for n in _holders(tree) if _is_link(n) and _expendable(n, whole, own)), "links", removed)
    _take((n for n in _teasers(tree, host) if _expendable(n, whole, own)), "card", removed)
    _take((n for n in _cards(tree) if _expendable(n, whole, own)), "card", removed)
    _take((n for n in tree.css("p") if _is_captioned(n) and _expendable(n, whole, own)), "caption", removed)
    _take((n for n in _below_pictures(tree) if _expendable(n, whole, own)), "caption", removed)
    _take((n for n in tree.css(_PICTURES) if _is_picture(n) and _expendable(n, whole, own)), "caption", removed)
    return removed


def _named(tree: LexborHTMLParser, whole: tuple[int, int], own: frozenset[int]) -> list[tuple[LexborNode, str]]:
    """The elements whose names tell that they are no part of the article, each with the reason. Not those of one kind
    beside the headline that together hold most of the page's prose: their class tells how the text is laid out."""
    found: list[tuple[LexborNode, str]] = []
    weights: dict[str, int] = defaultdict(int)
    for node in tree.css("[class], [id]"):
        if node.tag not in _NEVER_PRUNED and (reason := element_names.reason(node)) and not _is_of_values(node):
            found.append((node, reason))
            if (reason == "chrome" or node.tag == "p") and node.parent is not None and node.parent.mem_id in own:
                weights[_kind(node)] += _prose(node)
    laid_out = {name for name, prose in weights.items() if name and prose > _ARTICLE_TEXT_SHARE * whole[1] > 0}
    return [(node, reason) for node, reason in found if _kind(node) not in laid_out]


def _kind(node: LexborNode) -> str:
    """An element's classes without numbers, by which a page may count its paragraphs."""
    return _NUMBERS.sub("", attribute(node, "class"))


def _is_of_values(node: LexborNode) -> bool:
    """Whether an element is a table with a heading for each column that leads nowhere: values of the article, whatever
    it is called."""
    return node.tag == "table" and node.css_first("th") is not None and node.css_first("a[href], img, form") is None


def _holders(tree: LexborHTMLParser) -> list[LexborNode]:
    """The distinct elements that may consist of links only, outer before inner."""
    found: dict[int, LexborNode] = {}
    for link in tree.css(_LINKS):
        outer = [n for n in islice(ancestors(link), 5) if n.tag in _LINKED]
        found.update((n.mem_id, n) for n in reversed(outer) if n.mem_id not in found)
    return list(found.values())


def _cards(tree: LexborHTMLParser) -> list[LexborNode]:
    """Links around a heading or a paragraph: teasers of other articles."""
    inner = tree.css("a h2, a h3, a h4, a h5, a p")
    found = (next((p for p in ancestors(n) if p.tag == "a"), None) for n in inner)
    return [n for n in found if n is not None and len(n.text(strip=True)) >= _TEASER]


def _sections_beside(tree: LexborHTMLParser) -> frozenset[int]:
    """The `<section>`s with nothing but an id that are among several beside each other with a heading and prose: their
    ids are made of their contents."""
    beside: dict[int, list[LexborNode]] = defaultdict(list)
    for node in tree.css("section"):
        if node.parent is not None:
            beside[node.parent.mem_id].append(node)
    alike = (
        n for n in beside.values() if sum(s.css_first("h2, h3") is not None and _prose(s) > 0 for s in n) >= _ALIKE
    )
    return frozenset(
        n.mem_id
        for some in alike
        for n in some
        if not attribute(n, "class") and n.css_first("a, button, input, img") is None
    )


def _is_footnote(node: LexborNode) -> bool:
    """Whether a raised number only leads to a note on the same page."""
    links = node.css("a[href^='#']")
    return len(links) == 1 and _NOTE.fullmatch(node.text(strip=True)) is not None


def _teasers(tree: LexborHTMLParser, host: str) -> list[LexborNode]:
    """Boxes with a linked heading, a line or two about it, and a further link to the same page: teasers among the
    paragraphs. Several alike are the items of an article, and what leads to another site than `host` is no teaser."""
    boxes: dict[str, dict[int, LexborNode]] = defaultdict(dict)
    lines: dict[int, int | None] = {}  # the characters of the longest paragraph in each element
    links: dict[int, Counter[str]] = {}  # of each box of a teaser's size
    for link in tree.css(_HEADING_LINKS):
        href = attribute(link, "href")
        for box in (n for n in islice(ancestors(link), 3) if n.tag in _BOXES):
            if box.mem_id not in lines:
                lines[box.mem_id] = longest = max((len(n.text(strip=True)) for n in box.css("p")), default=None)
                if longest is not None and longest <= _TEASER_PROSE and len(box.text(strip=True)) <= _TEASER_BOX:
                    links[box.mem_id] = Counter(attribute(a, "href") for a in box.css("a[href]"))
            if lines[box.mem_id] is not None:
                if href and box.mem_id in links and links[box.mem_id][href] > 1 and not _leaves(href, host):
                    boxes[f"{box.tag}.{attribute(box, 'class')}"][box.mem_id] = box
                break
    return [box for alike in boxes.values() if len(alike) < _ALIKE for box in alike.values()]


def _leaves(href: str, host: str) -> bool:
    """Whether a link leads to another site."""
    match = _HOST.match(href)
    return match is not None and bool(host) and match[1].lower().removeprefix("www.") != host.removeprefix("www.")


def _is_beside(node: LexborNode) -> bool:
    """Whether an element is beside the text by its tag, or else by its role."""
    attributes = node.attributes
    role = attributes.get("role")
    return "role" not in attributes or role in _ROLES or node.tag in _BESIDE or attributes.get("aria-modal") == "true"


def _is_label(node: LexborNode) -> bool:
    """Whether an element holds no paragraph and is in none: prose is kept out of search results as well as labels."""
    return not _prose(node) and all(one.tag != "p" for one in (node, *ancestors(node)))


def _is_picture(node: LexborNode) -> bool:
    """Whether an element named like an image contains one, and no more text than a caption."""
    return len(node.text(strip=True)) <= _CAPTION and node.css_first("img, picture") is not None


def _is_captioned(node: LexborNode) -> bool:
    """Whether a paragraph is an image with a line below it that is set off by its type, and nothing else."""
    length = len(node.text(strip=True))
    if not 0 < length <= _LINE_BELOW or not any(map(_is_shown, node.css("img"))):
        return False
    return sum(len(n.text(strip=True)) for n in node.iter() if n.tag in ("em", "i", "small")) == length


def _below_pictures(tree: LexborHTMLParser) -> list[LexborNode]:
    """The paragraphs after images that are their captions by form."""
    found: dict[int, LexborNode] = {}
    for image in filter(_is_shown, tree.css("img")[:_IMAGES]):
        around = islice((image, *ancestors(image)), _OUTER)
        outer, beside = next(((n, after) for n in around if (after := _after(n)) is not None), (image, None))
        if beside is not None and beside.is_element_node and is_caption_below(outer, beside):
            found[beside.mem_id] = beside
    return list(found.values())


def _after(node: LexborNode) -> LexborNode | None:
    """What follows a node: an element or a text that is not empty; None if nothing does."""
    beside = node.next
    while beside is not None and not beside.is_element_node and not (beside.text_content or "").strip():
        beside = beside.next
    return beside


def _is_shown(image: LexborNode) -> bool:
    """Whether an image may be a picture, not a sign of a line such as an emoji."""
    return not names_no_picture(attribute(image, "class", "src"))


def _is_link(node: LexborNode) -> bool:
    """Whether the text of an element consists of links, and is long enough for the headlines of other articles."""
    text = node.text(strip=True)
    links = sum(len(a.text(strip=True)) for a in node.css(_LINKS))
    if node.tag == "p" and _is_sentence(node, text):
        return False
    # Items and teasers often begin with a label: `Archaeology: <a>…</a>`; a sentence ends with a full stop.
    wanted = 0.6 if node.tag in ("ul", "ol") or not text.endswith((".", "。", "؟", "!", "”", '"')) else 0.9
    return len(text) >= _TEASER and links >= wanted * len(text)


def _is_sentence(node: LexborNode, text: str) -> bool:
    """Whether a paragraph that is a link belongs to the text all the same: a sentence, or a document to read on in."""
    found = node.css("a[href]")
    if len(found) != 1 or found[0].css_first("h2, h3, h4, h5, p, img") is not None:
        return False
    if _DOCUMENT.search(attribute(found[0], "href")):
        return True
    count = len(words(text))
    return count >= _PARAGRAPH_WORDS or (count >= _SENTENCE_WORDS and _SENTENCE.search(text) is not None)


def _asides_outside_article(tree: LexborHTMLParser) -> list[LexborNode]:
    """Each <aside> outside an <article> with the headline and a line of text: around a news flash, the teasers are
    longer than the flash."""
    headline = tree.css_first("article h1")
    article = next((n for n in ancestors(headline) if n.tag == "article"), None) if headline is not None else None
    if article is None or not any(len(p.text(strip=True)) >= _LINE for p in article.css("p")):
        return []
    asides = (n for n in tree.css("aside") if n.css_first('h1, [itemprop~="articleBody"]') is None)
    return [n for n in asides if all(parent.mem_id != article.mem_id for parent in ancestors(n))]


def _other_headlines(tree: LexborHTMLParser, headline: str) -> frozenset[int]:
    """The <h1> elements other than the article's headline, if that is one: some sites use <h1> for every teaser."""
    found = tree.css("h1")
    wanted = fold(headline)
    others = [n for n in found if fold(n.text()) != wanted] if len(found) > 1 else []
    return frozenset(n.mem_id for n in others) if len(others) < len(found) else frozenset()


def _own(tree: LexborHTMLParser, others: frozenset[int]) -> frozenset[int]:
    """The elements that contain the headline, or the text marked up as articleBody."""
    held = [*tree.css('[itemprop~="articleBody"]'), *(n for n in tree.css("h1") if n.mem_id not in others)]
    return frozenset(n.mem_id for one in held for n in (one, *ancestors(one)))


def _expendable(node: LexborNode, whole: tuple[int, int], own: frozenset[int]) -> bool:
    """Whether an element can be boilerplate: it contains neither the headline nor most of the page's text."""
    if node.mem_id in own:
        return False
    weight = len(node.text())
    if weight > _ARTICLE_TEXT_SHARE * whole[0]:
        return False
    return weight < _SMALL or _prose(node) <= _ARTICLE_TEXT_SHARE * whole[1]


def _weight(node: LexborNode | None) -> tuple[int, int]:
    """The characters of text in an element, and of those the ones in longer paragraphs."""
    return (len(node.text()), _prose(node)) if node is not None else (0, 0)


def _prose(node: LexborNode) -> int:
    lengths = (len(p.text()) for p in node.css("p"))
    return sum(n for n in lengths if n > 80)  # shorter ones are labels, captions, teasers


def _take(nodes: Iterable[LexborNode], kind: str, removed: list[Removed]) -> None:
    code, name = (RemovalReason.RULE, "setting") if kind == "strip" else (RemovalReason.ELEMENT, "kind")
    reason = Message(code, {name: kind})
    for node in nodes:
        if node.parent is None:
            continue
        text = line(node.text(separator=" ")[: 2 * _EXCERPT_CHARS])[:_EXCERPT_CHARS]
        if text:
            removed.append(Removed(text, reason, "structure"))
        node.decompose()
