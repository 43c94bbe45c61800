"""Images of an article with what stands under them; captions go with their image and never into the body."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote, urljoin, urlsplit

from selectolax.lexbor import LexborNode

from crawler.extract.document import Document, ancestors, attribute, text_of
from crawler.extract.draft import Draft
from index.article import Image

_MOST = 20  # images of one article; more is a gallery
_FIGURES = "figure, .wp-caption, [class*='image-caption' i], [itemprop='image'], [itemprop='associatedMedia']"
_CAPTION = "figcaption, .wp-caption-text, [class*='caption' i], [itemprop='caption'], [itemprop='description']"
_CREDIT = (
    "[class*='credit' i], [class*='copyright' i], [class*='photographer' i], [itemprop*='copyright' i], small, cite"
)
_ELSEWHERE = re.compile(
    r"related|recommend|sidebar|widget|teaser|promo|author|avatar|popular|latest|comment|footer|newsletter", re.I
)
_SOURCES = ("data-src", "data-lazy-src", "data-original", "data-srcset", "srcset", "src")
_SIZE = re.compile(r"[-_](?:\d{2,4}x\d{2,4}|scaled)(?=\.\w+$)")  # of WordPress: photo-780x470.jpg
_LONGEST = 600  # characters of a caption; a longer text under <figure> is no caption


def add(draft: Draft, document: Document) -> None:
    """Adds to the images that metadata gave those of the article's figures, and captions and credits to both."""
    shown = below(document.tree.css(_FIGURES), document.url)
    draft.fill("images", shown, "figure")
    if shown and draft.origins["images"] not in ("figure", "rule"):
        draft.images = _merged(draft.images, shown)


def below(nodes: Iterable[LexborNode], base: str) -> tuple[Image, ...]:
    """The images of elements such as <figure>, each once; those of teasers and boxes are left out."""
    found: dict[str, Image] = {}
    for node in nodes:
        image = node if node.tag == "img" else node.css_first("img")
        address = _address(image, base)
        if address and key(address) not in found and not _elsewhere(node):
            caption, credit = _caption(node)
            found[key(address)] = Image(address, caption, credit)
    return tuple(found.values())[:_MOST]


def key(url: str) -> str:
    """What different sizes of one image have in common: the file's name without size and ending."""
    path = unquote(urlsplit(url).path) if "[" not in url else url
    return _SIZE.sub("", path.rsplit("/", 1)[-1].lower()).rsplit(".", 1)[0] or url


def _merged(declared: tuple[Image, ...], shown: tuple[Image, ...]) -> tuple[Image, ...]:
    captions = {key(i.url): i for i in shown}
    merged: dict[str, Image] = {}
    for image in declared:
        twin = captions.pop(key(image.url), None)
        own = Image(image.url, (twin and twin.caption) or image.caption, (twin and twin.credit) or image.credit)
        merged.setdefault(key(image.url), own)
    if not any(i.caption for i in merged.values()) and len(merged) == 1 and shown and len(captions) == len(shown):
        # The declared one is often the first shown one in another cut, under another name: its caption is the same.
        (name, image), first = next(iter(merged.items())), shown[0]
        merged[name] = Image(image.url, first.caption, first.credit)
        captions.pop(key(first.url))
    return tuple({**merged, **{n: i for n, i in captions.items() if i.caption}}.values())[:_MOST]


def _caption(node: LexborNode) -> tuple[str | None, str | None]:
    caption = node.css_first(_CAPTION) if node.tag != "img" else None
    if caption is None:
        return None, None
    text = text_of(caption)
    credit = text_of(caption.css_first(_CREDIT) or node.css_first(_CREDIT))
    if credit and credit != text and credit in text:
        text = text.replace(credit, "").strip(" |-–—·,(/")
    return (text if 0 < len(text) <= _LONGEST else None), (credit if 0 < len(credit) <= 200 else None)


def _address(image: LexborNode | None, base: str) -> str:
    """The image's address, lazy ones first: `src` is then a placeholder. "" for none and for data: URLs."""
    for name in _SOURCES:
        value = attribute(image, name).split(",")[0].split(" ")[0] if "srcset" in name else attribute(image, name)
        if value and not value.startswith("data:") and not value.endswith(".svg"):
            try:
                address = urljoin(base, value)
                return address if urlsplit(address).scheme in ("http", "https") else ""
            except ValueError:
                continue
    return ""


def _elsewhere(node: LexborNode) -> bool:
    """Whether an element stands in a teaser, a box or outside of the article."""
    for parent in ancestors(node):
        if parent.tag in ("article", "main", "body"):
            return False
        if parent.tag in ("aside", "nav", "footer", "a") or _ELSEWHERE.search(attribute(parent, "class")):
            return True
    return False
