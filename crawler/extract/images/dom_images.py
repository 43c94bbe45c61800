"""The images shown in an article, in page order, with captions and credits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from urllib.parse import unquote, urljoin, urlsplit

from selectolax.lexbor import LexborNode

from crawler.extract.headline import shown_as
from crawler.extract.html_document import HtmlDocument, ancestors, attribute, judge, paragraphs, text_of
from crawler.extract.images.captions import CAPTION_MAX_CHARS, Caption, caption, has_labelled_credit
from crawler.urls import registered_domain
from crawler.urls.joining import joined
from index.model.article import Image
from index.text.placeholders import is_placeholder

_MAX_IMG_ELEMENTS = 60  # <img> elements with a URL per page
_LOGOS = 60  # pictures in links per page, from the top, where a logo stands
_SMALL = 120  # pixels; smaller images are icons and author portraits
_PIXEL = 3  # pixels; smaller images are tracking pixels
_RATIO = 21  # width="16" height="9" is an aspect ratio
_WIDE = 2_000  # pixels; the largest available size up to this is used
_LEVELS = 7  # ancestors of an <img> that may contain its caption
_PARAGRAPH = 120  # characters from which a paragraph is body text and not a caption or teaser
_PROSE = 80  # characters of a paragraph of the text
_BELOW = 300  # characters of a paragraph below an image that may be its caption by its form
_SET_OFF = frozenset(("em", "i", "small"))
_QUOTES = '"“„«»‘‚「『'
_SENTENCES = 60  # maximum words of a caption; more are body text
_OUTER = 3  # elements around an image that may be next to its caption
_SENTENCE = 5  # minimum words of a caption without markup as such
_SAME_FILE_SHARE = 0.65  # share of the shorter file name that two names must have in common
_CAPTIONS = (  # most reliable first
    "figcaption",
    "[class*='caption' i], [class*='legend' i], [class*='bildtext' i], [class*='cutline' i], [itemprop~='caption'],"
    " [itemprop~='description']",
)
_CREDIT = (
    "[class*='credit' i], [class*='copyright' i], [class*='photographer' i], [class*='source' i], [class*='author' i],"
    " [class*='agency' i], [class*='byline' i], [itemprop*='copyright'], [itemprop~='author'], small, cite"
)
_BRACKETED = re.compile(r"[(（\[].{2,80}[)）\]]")
_is_called_caption = judge(
    r"caption|legend|bildtext|cutline"
    r"|(?:image|photo|foto|picture|pic|img|bild|media)[-_ ]?(?:desc\w*|unterschrift)"
    r"|(?:photo|foto|picture|pic|img|bild)[-_ ]?(?:info|text)"  # `media-text` is text beside a picture
)
_is_called_holder = judge(r"image|photo|picture|media|foto|thumb|bild|figure|img")
_is_called_elsewhere = judge(
    r"related|recommend|sidebar|side-bar|teaser(?!-?image)|promo|popular|latest|comment|footer|newsletter|trending|most-|read-?more"
    r"|more-|also|carousel-?item|card|outbrain|taboola|advert|sponsor|banner|breaking|ticker|menu|share|social|follow"
)
_is_called_no_picture = judge(r"avatar|author|logo|icon|emoji|gravatar|byline|profile|portrait-small|pixel|tracking")
_is_called_gallery = judge(r"galler|galeri|slideshow|diaporama|photo-?(?:album|story)|bilderstrecke")
# The words of which the name of a site's picture for pages without one consists, one of the first among them.
_DEFAULT = frozenset(
    ("default", "fallback", "placeholder", "logo", "share", "sharing", "social", "og", "opengraph", "no", "publication")
)
_NETWORKS = frozenset(("facebook", "fb", "twitter"))  # for which it is made: `facebook-image.jpg`
_SHARED_ON = _NETWORKS | {
    "delicious", "digg", "google", "instagram", "linkedin", "pinterest", "plurk", "plus", "reddit", "stumbleupon",
    "telegram", "tumblr", "viber", "vk", "weibo", "whatsapp", "youtube",
}  # fmt: skip
_PICTURE = re.compile(r"jpe?g|png|webp|avif|gif|image|img|photo|foto|picture|media|cdn|thumb", re.IGNORECASE)
_WITH_DEFAULT = _DEFAULT | _NETWORKS | {
    "image", "img", "site", "card", "cover", "meta", "thumbnail", "thumb", "main",
    "header", "photo", "picture", "graph", "open", "large", "small", "min", "banner",
}  # fmt: skip
_SHARED = re.compile(
    r"/(?:[\w-]+/){0,3}(?:assets?|static|themes?|templates?|public|resources|_next|build|dist)/", re.IGNORECASE
)
_BACKGROUND = re.compile(r"background(?:-image)?\s*:[^;]{0,200}?url\(([^)]{1,2000})\)", re.IGNORECASE)
_LATER = ("data-bg", "data-background", "data-background-image")  # backgrounds that a script sets once they are seen
_is_called_hero = judge(
    r"hero|cover|featured|lead|article-?(?:image|photo)|post-?(?:image|thumb)|thumb|\bim(?:g|age)\b"
)
_NAME_WORDS = re.compile(r"[a-z]{2,}")
_NO_FILE = re.compile(r"placeholder|spacer|blank|pixel|1x1|loading|transparent|/logo|icon|avatar|gravatar|emoji|88x31")
_BESIDE = ("aside", "nav", "footer")
_SOURCES = ("data-src", "data-lazy-src", "data-original", "data-lazy", "src")
_SETS = ("data-srcset", "data-lazy-srcset", "srcset")
# A URL up to the next space, and what is said of it up to the next comma, unless the URL ends with one
_IN_SET = re.compile(r"[\s,]*+(\S++)(?:(?<=,)|([^,]*+))")
_BETWEEN = ", \t\n\r\f"  # what may stand between two: at the end, each of it would be a beginning to look from
_SIZE = re.compile(r"(?<!\S)(?:(\d{1,6})w|(\d{1,2}(?:\.\d{1,3})?)x)(?!\S)")
_DENSE, _DENSEST = 2, 10  # densities: the largest that is taken, and the largest that there is
_LARGE_SOURCE = "source[srcset*='00w'], source[data-srcset*='00w']"  # of some hundred pixels
_WHOLE = re.compile(r"https?://[A-Za-z0-9.-]+/[^\s?#;]*(?:\?[^\s#]+)?")  # `urljoin` gives these as they are
_WORDPRESS = re.compile(r"[-_](?:\d{2,4}x\d{2,4}|scaled)(?=\.\w+$)")  # photo-780x470.jpg
_SCALE = re.compile(r"/([a-z_]+)-\d{2,4}-[0-9a-f]{32}\.\w+$")  # /bridge.jpg/image-800-0f…: its folder names a picture
_CUT = re.compile(
    r"(?:^|[-_])(?:\d{2,4}x\d{2,4}|[wr]\d+(?:[._x]\d+)?|v?\d{1,2}_\d{1,2}(?:_\d+)?|w_?\d+_?h_?\d+)(?=[-_]|$)"
)


@dataclass(frozen=True, slots=True)
class Picture:
    """An image on the page. `above`: the number of paragraphs above it; `framed`: in a <figure> or with a caption;
    `gallery`: one of several in an element of that name."""

    image: Image
    above: int
    framed: bool
    gallery: bool = False


def article_images(document: HtmlDocument, headline: str) -> list[Picture]:
    """The article's distinct images, without those of teasers, boxes and authors."""
    found: dict[str, Picture] = {}
    above = seen = 0
    heading, outer = _around(document, headline)
    for node in document.tree.css("h1, h2, p, img, amp-img, video[poster]"):
        if node.tag == "p":
            above += len(node.text(deep=True)) > _PARAGRAPH
        elif node.mem_id == heading:
            above = 0  # paragraphs above the headline belong to the site
        elif (
            node.tag in ("img", "amp-img", "video")
            and seen < _MAX_IMG_ELEMENTS
            and not _is_small(node)
            and (address := address_of(node, document.base))
            and not _is_beacon(node, address, document)
        ):
            seen += 1
            name = key(address)
            if name in found and found[name].image.caption:
                continue
            if not (_is_share_button(address) or _is_elsewhere(node, outer)):
                holder = holder_of(node)
                image = pictured(node, holder, address)
                framed = bool(image.caption) or holder.tag == "figure"
                first = found[name].above if name in found else above
                found[name] = Picture(image, first, framed, _is_in_gallery(node))
    return list(found.values())


def is_default(url: str, page: str) -> bool:
    """Whether an image is by its name the one that the site of a page (URL) has for pages without an image of their
    own: by that of the file, such as `step-facebook-default.jpg`, or a general one in a folder for what all pages
    share."""
    path = unquote(urlsplit(url).path) if "[" not in url else url
    said = set(_NAME_WORDS.findall(path.rsplit("/", 1)[-1].rsplit(".", 1)[0].lower()))
    general = said - set(_NAME_WORDS.findall(registered_domain.parts(page).domain))
    shared = _SHARED.match(path) is not None and not any(map(str.isdigit, path))
    named = not said.isdisjoint(_DEFAULT) or (len(said) > 1 and not said.isdisjoint(_NETWORKS))
    return bool(general) and general <= _WITH_DEFAULT and (shared or named)


def logos(document: HtmlDocument) -> frozenset[str]:
    """The URLs of the pictures in links to the home page: pages without an image of their own may declare the
    site's. Not of a pruned page."""
    found = set()
    for node in document.tree.css("a[href] img[src]")[:_LOGOS]:
        link = next((attribute(one, "href") for one in ancestors(node) if one.tag == "a"), "")
        parts = urlsplit(joined(document.base, link) or "x:/x")
        if parts.hostname == urlsplit(document.url).hostname and not parts.path.strip("/") and not parts.query:
            found.add(joined(document.base, attribute(node, "src")) or "")
    return frozenset(found)


def background(document: HtmlDocument) -> str:
    """The URL of the picture that an element beside the headline has as its background, or is given by a script; "" if
    there is none."""
    for node in document.tree.css(", ".join(("[style*='background' i]", *(f"[{name}]" for name in _LATER))))[:20]:
        found = _BACKGROUND.search(attribute(node, "style"))
        said = found[1].strip(" '\"") if found else attribute(node, *_LATER)
        outside = any(n.tag in _BESIDE or _is_called_elsewhere(attribute(n, "class")) for n in (node, *ancestors(node)))
        if said and _is_called_hero(attribute(node, "class", "id")) and not outside:
            return _absolute(said, document.base) or ""
    return ""


def _is_in_gallery(node: LexborNode) -> bool:
    return any(_is_called_gallery(attribute(parent, "class")) for parent in islice(ancestors(node), _LEVELS))


def pictured(node: LexborNode, holder: LexborNode, address: str) -> Image:
    """The image of an <img>, with the caption and credit in the element around it."""
    said = caption_of(node, holder)
    return Image(address, said.text, said.credit)


def _around(document: HtmlDocument, headline: str) -> tuple[int, frozenset[int]]:
    """The article's <h1> and its ancestors: an element with the headline is not a box beside the article."""
    headings = document.tree.css("h1")[:8] or document.tree.css("h2")[:8]
    own = next((h for h in headings if headline and text_of(h) == headline), headings[0] if headings else None)
    own = own or shown_as(document, headline)
    return (own.mem_id, frozenset(p.mem_id for p in ancestors(own))) if own is not None else (0, frozenset())


def address_of(node: LexborNode | None, base: str) -> str:
    """The image's URL, from lazy-loading attributes first, as `src` is then a placeholder; the widest in a srcset; ""
    if there is none."""
    for value in _addresses(node) if node is not None else ():
        if value and not value.startswith(("data:", "blob:")) and (address := _absolute(value, base)) is not None:
            return address
    return ""


def names_no_picture(name: str) -> bool:
    """Whether the name of an image's file or class is that of a placeholder, an icon or an emoji."""
    return _NO_FILE.search(name.lower()) is not None


@lru_cache(maxsize=1_000)  # each <img> is examined again for others near it
def _absolute(value: str, base: str) -> str | None:
    """The absolute URL; "" if it is not an http(s) URL, None for placeholders and invalid URLs."""
    path = value.partition("?")[0]
    if path.endswith((".svg", ".gif")) or names_no_picture(path) or is_placeholder(path.rpartition("/")[2]):
        return None
    if _WHOLE.fullmatch(value):
        return value
    try:
        address = urljoin(base, value)
        return address if urlsplit(address).scheme in ("http", "https") else ""
    except ValueError:
        return None


def _addresses(node: LexborNode) -> Iterator[str]:
    attributes = node.attributes
    yield from (_widest(attributes.get(name) or "") for name in _SETS)  # before `src`, as in browsers
    if (attributes.get("width") or "").isdigit() and int((attributes.get("width") or "")[:6]) < _SMALL:
        yield from _of_picture(node)  # the <img> is a preview
    yield from ((attributes.get(name) or "").strip() for name in (_SOURCES if node.tag != "video" else ("poster",)))
    yield from _of_picture(node)


def _of_picture(node: LexborNode) -> Iterator[str]:
    """The URLs in the sources of the <picture> around an <img>."""
    parent = node.parent
    if parent is not None and parent.tag == "picture":
        for source in parent.css("source")[:6]:
            yield _widest(attribute(source, *_SETS))


def _widest(srcset: str) -> str:
    """The URL of the widest image in a srcset, up to _WIDE pixels, or twice dense (https://html.spec.whatwg.org/#srcset-attribute)."""
    if not srcset:
        return ""
    candidates = islice(_IN_SET.finditer(srcset[:8_000].strip(_BETWEEN)), 20)
    found = [(one[1].rstrip(","), _size(one[2] or "")) for one in candidates]
    most = _DENSE if all(size <= _DENSEST for _, size in found) else _WIDE
    fitting = [f for f in found if f[1] <= most] or found
    return max(fitting, key=lambda f: f[1], default=("", 0))[0]


def _size(said: str) -> float:
    """The pixels of an image's width or density as said in a srcset; a density beside widths counts next to nothing."""
    match = _SIZE.search(said)
    return 1 if match is None else float(match[1] or match[2])


@lru_cache(maxsize=1_000)
def key(url: str) -> str:
    """A key shared by all sizes and crops of an image: the file name without size and extension."""
    path = unquote(urlsplit(url).path) if "[" not in url else url
    if scale := _SCALE.search(path):
        return path[: scale.end(1)]
    name = _WORDPRESS.sub("", path.rstrip("/").rsplit("/", 1)[-1].lower()).rsplit(".", 1)[0]
    return _CUT.sub("", name) or path


def original_url(url: str) -> str:
    """The URL of the original of an image scaled by WordPress: `wheat.jpg` for `wheat-780x470.jpg`."""
    return _WORDPRESS.sub("", url)


def same(one: str, other: str) -> bool:
    """Whether two URLs belong to crops of one image: their file names mostly agree, from the beginning."""
    first, second = key(one), key(other)
    common = first[: next((i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), None)]
    if first == second or len(common) < _SAME_FILE_SHARE * min(len(first), len(second)) or len(common) < 8:
        return first == second
    within = [name[len(common) : len(common) + 1] for name in (first, second)]
    return not (common[-1].isdigit() and any(c.isdigit() for c in within))  # DSC_1234 and DSC_1235 are two images


def _is_small(node: LexborNode) -> bool:
    attributes = node.attributes
    if node.parent is not None and node.parent.tag == "picture" and node.parent.css_first(_LARGE_SOURCE) is not None:
        return _is_called_no_picture(attributes.get("class") or "")  # its size is that of a preview
    sizes = ((attributes.get(name) or "").removesuffix("px")[:5] for name in ("width", "height"))
    if any(size.isdigit() and (_RATIO < int(size) < _SMALL or int(size) < _PIXEL) for size in sizes):
        return True
    return _is_called_no_picture(attributes.get("class") or "")


def _is_beacon(node: LexborNode, address: str, document: HtmlDocument) -> bool:
    """Whether an image counts visits or shows an advertisement: nothing in its address tells of a picture, and it
    stands in <noscript>, as do pictures that are otherwise loaded late, or asks another site something, in no frame."""
    if _PICTURE.search(address):
        return False
    around = {parent.tag for parent in ancestors(node)}
    asks = "?" in address and not attribute(node, "alt") and not registered_domain.same(address, document.url)
    return "noscript" in around or (asks and around.isdisjoint(("figure", "picture")))


def _is_share_button(address: str) -> bool:
    """Whether the name of an image's file is that of a network alone: `twitter_16.png`."""
    said = set(_NAME_WORDS.findall(urlsplit(address).path.rpartition("/")[2].partition(".")[0].lower()))
    return bool(said) and said <= _SHARED_ON


def holder_of(node: LexborNode) -> LexborNode:
    """The <figure> around an <img>, else the outermost element that contains only this image and little text."""
    parents = list(islice(ancestors(node), _LEVELS))
    best = node
    for parent in parents:
        if parent.tag == "figure":
            return parent
    for parent in parents:
        if parent.tag in ("article", "main", "body", "html", "section", "ul") or parent.css_first("h1, h2"):
            break
        if len(images := parent.css("img")) > 1 and len({_file(i) for i in images[:8]} - {""}) > 1:
            break
        if len(parent.text(deep=True, strip=True)) > CAPTION_MAX_CHARS:
            break
        best = parent
    return best


def _file(node: LexborNode) -> str:
    address = address_of(node, "https://a.invalid/")
    return key(address) if address else ""


def caption_of(node: LexborNode, holder: LexborNode) -> Caption:
    """The caption and credit of an image: from its holder's caption element, the next element, or the holder itself."""
    element = _caption_element(node, holder)
    if element is None:
        return caption(attribute(node, "data-caption"))
    credit = element.css_first(_CREDIT) or (holder.css_first(_CREDIT) if holder.mem_id != element.mem_id else None)
    credit = credit or next((n for n in element.css("i, em") if _BRACKETED.fullmatch(text_of(n))), None)
    said, credited = paragraphs([element]), text_of(credit)
    if [credited] == said and len(credited.split()) >= _SENTENCE:
        credited = ""  # a caption in small letters
    return caption("\n".join(said), credited)


def _caption_element(node: LexborNode, holder: LexborNode) -> LexborNode | None:
    alone = holder.mem_id == node.mem_id
    for selector in () if alone else _CAPTIONS:
        for element in holder.css(selector)[:4]:
            if element.text(deep=True, strip=True) and element.css_first("img") is None:
                return element
    for outer in islice((holder, *ancestors(holder)), _OUTER):
        beside = _next(outer)
        if beside is not None and (
            beside.tag == "figcaption"
            or _is_called_caption(attribute(beside, "class"))
            or is_caption_below(outer, beside)
        ):
            return beside
        if beside is not None and outer.mem_id != holder.mem_id:
            break
    return None if alone or not _is_captioned(holder) else holder


def is_caption_below(image: LexborNode, beside: LexborNode) -> bool:
    """Whether the paragraph after an element that holds an image, and no text, is its caption by form: it ends with a
    credit, or it is set off by its type, and has prose above the image as well: a lead is set off, too."""
    text = (
        text_of(beside) if beside.tag in ("p", "div", "span", "small") and not image.text(deep=True, strip=True) else ""
    )
    if not 0 < len(text) <= _BELOW or beside.css_first("img, h2, h3, li") is not None:
        return False
    if beside.tag == "small" or has_labelled_credit(text):
        return True
    types = _types(beside)
    if not types or text[0] in _QUOTES or beside.css_first("br") is not None:
        return False  # or the words of somebody, or of a poem
    after = _next(beside)
    if after is not None and after.tag == beside.tag and _types(after) and after.css_first("img") is None:
        return False  # a letter
    return types == {"small"} or any(len(n.text(deep=True)) >= _PROSE for n in _before(image))


def _types(paragraph: LexborNode) -> set[str]:
    """The elements by which the type of a whole paragraph is set off; none if it is not."""
    types = {n.tag or "" for n in paragraph.iter() if n.text(deep=True, strip=True)}  # a <p> within is none of them
    own = "".join(text_of(n) for n in paragraph.iter() if n.tag in _SET_OFF)
    return types if types <= _SET_OFF and len(own) >= 0.9 * len(text_of(paragraph)) else set()


def _before(node: LexborNode) -> Iterator[LexborNode]:
    """The sibling elements before a node, the nearest first."""
    before = node.prev
    while before is not None:
        if before.is_element_node:
            yield before
        before = before.prev


def _next(node: LexborNode) -> LexborNode | None:
    """The next sibling element, or None."""
    beside = node.next
    while beside is not None and not beside.is_element_node:
        beside = beside.next
    return beside


def _is_captioned(holder: LexborNode) -> bool:
    """Whether the text next to an image in its holder is a caption, though not marked up as one."""
    if holder.tag == "figure":
        return True
    words = len(text_of(holder).split())
    if words > _SENTENCES or holder.css_first("br + br, p + p + p") is not None:
        return False  # body text
    if holder.tag == "table" or _is_called_holder(attribute(holder, "class")):
        return True
    return words >= _SENTENCE and not any(
        n.text(deep=True, strip=True) for n in holder.css("a, button, time, li, h3, h4")
    )


def _is_elsewhere(node: LexborNode, outer: frozenset[int]) -> bool:
    """Whether an image is in a teaser, in a box or outside the article; the classes of its frame do not count."""
    parents = list(ancestors(node))
    framed = max((at for at, p in enumerate(parents[:_LEVELS]) if _is_frame(p, at)), default=-1)
    header = False
    for at, parent in enumerate(parents):
        if parent.mem_id in outer:
            return header and not any(p.tag in ("article", "main") for p in parents[at:])
        attributes = parent.attributes
        words = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
        if (at < _OUTER and _is_called_no_picture(words)) or (at > framed and _is_called_elsewhere(words)):
            return True
        if parent.tag in _BESIDE and not (parent.tag == "aside" and _is_called_holder(words)):
            return True
        if parent.tag == "a" and parent.css_first("h2, h3, h4, h5, p"):
            return True
        header = (header or parent.tag == "header") and parent.tag not in ("article", "main")
    return not outer


def _is_frame(parent: LexborNode, level: int) -> bool:
    return parent.tag == "figure" or (level < _OUTER and _is_called_holder(attribute(parent, "class")))
