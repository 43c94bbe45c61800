"""The images of an article with captions and credits; captions belong to their image and never to the body.

The first image is the first that readers see: the declared one is often cropped for social networks, carries a logo, or
is a different picture."""

from __future__ import annotations

from collections.abc import Iterable

from selectolax.lexbor import LexborNode

from crawler.extract.draft import Draft
from crawler.extract.html_document import HtmlDocument
from crawler.extract.images import dom_images
from crawler.extract.images.dom_images import Picture, key, same
from index.model.article import Image

_MAX_IMAGES = 20  # images per article; more is a gallery
_OPENING = 4  # maximum paragraphs above an image that opens the article


def add(draft: Draft, document: HtmlDocument) -> None:
    """Merges the images in the metadata with those shown on the page, with captions and credits."""
    if draft.origins.get("images") == "rule":
        return
    shown = dom_images.article_images(document, draft.headline)
    declared = list(draft.images)
    if len(own := _without_defaults(declared, shown, document)) < len(declared):
        declared = own or [p.image for p in shown[:1]]  # the site's picture for pages without one
        draft.images = tuple(declared)
        if not declared:
            del draft.origins["images"]
        elif not own:
            draft.origins["images"] = "figure"
    lead = _lead(declared, shown)
    if lead is not None:
        twin = next((i for i in declared if same(i.url, lead.url)), None)
        if twin is None:
            draft.origins["images"] = "figure"
        else:
            url = twin.url if dom_images.original_url(lead.url) == twin.url else lead.url
            lead = Image(url, lead.caption or twin.caption, lead.credit or twin.credit)
        declared = [lead, *(i for i in declared if i is not twin)]
    draft.images = _merged(declared, shown)
    if not draft.images and (url := dom_images.background(document)):
        draft.fill("images", (Image(url),), "figure")


def _without_defaults(declared: list[Image], shown: list[Picture], document: HtmlDocument) -> list[Image]:
    """The declared images that are not the site's, for pages without one."""
    named = [image for image in declared if not dom_images.is_default(image.url, document.url)]
    in_article = {key(picture.image.url) for picture in shown}
    if all(key(image.url) in in_article for image in named):
        return named
    logos = dom_images.logos(document)
    return [image for image in named if image.url not in logos]


def below(nodes: Iterable[LexborNode], base: str) -> tuple[Image, ...]:
    """The distinct images in elements such as <figure>."""
    found: dict[str, Image] = {}
    for node in nodes:
        image = node if node.tag == "img" else node.css_first("img")
        address = dom_images.address_of(image, base)
        if image is not None and address and key(address) not in found:
            holder = dom_images.holder_of(image) if node.mem_id == image.mem_id else node
            found[key(address)] = dom_images.pictured(image, holder, address)
    return tuple(found.values())[:_MAX_IMAGES]


def _lead(declared: list[Image], shown: list[Picture]) -> Image | None:
    """The image that opens the article on the page; None if the declared one stays first."""
    twins = [p.image for p in shown for i in declared[:3] if same(p.image.url, i.url)]
    if twins:
        return twins[0]
    opening = [p for p in shown if p.above <= (_OPENING if p.image.caption or p.image.credit else 0) and p.framed]
    return opening[0].image if opening else None


def _merged(first: list[Image], shown: list[Picture]) -> tuple[Image, ...]:
    """The distinct images with the captions shown on the page, followed by the other shown images with a caption."""
    captions = {key(p.image.url): p.image for p in shown}
    merged: dict[str, Image] = {}
    for image in first:
        name = key(image.url)
        twin = captions.pop(name, None)
        if name in merged:
            continue
        caption, credit = (twin and twin.caption) or image.caption, (twin and twin.credit) or image.credit
        merged[name] = Image(image.url, caption, credit)
    gallery = {key(p.image.url) for p in shown if p.gallery}
    rest = {n: i for n, i in captions.items() if i.caption or n in gallery or not merged}
    return tuple({**merged, **rest}.values())[:_MAX_IMAGES]
