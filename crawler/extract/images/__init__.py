"""Images of an article with what stands under them; captions go with their image and never into the body.

The first is the one that readers see first: the declared one is often cut anew for networks, with a logo on it, or
another picture."""

from __future__ import annotations

from collections.abc import Iterable

from selectolax.lexbor import LexborNode

from crawler.extract.draft import Draft
from crawler.extract.html_document import HtmlDocument
from crawler.extract.images import dom_images
from crawler.extract.images.dom_images import Picture, key, same
from index.model.article import Image

_MAX_IMAGES = 20  # images of one article; more is a gallery
_OPENING = 4  # paragraphs above a picture that opens the article


def add(draft: Draft, document: HtmlDocument) -> None:
    """Joins the images that metadata gave with those that the page shows, and their captions and credits."""
    if draft.origins.get("images") == "rule":
        return
    shown = dom_images.article_images(document, draft.headline)
    declared = list(draft.images)
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


def below(nodes: Iterable[LexborNode], base: str) -> tuple[Image, ...]:
    """The images of elements such as <figure>, each once."""
    found: dict[str, Image] = {}
    for node in nodes:
        image = node if node.tag == "img" else node.css_first("img")
        address = dom_images.address_of(image, base)
        if image is not None and address and key(address) not in found:
            holder = dom_images.holder_of(image) if node.mem_id == image.mem_id else node
            found[key(address)] = dom_images.pictured(image, holder, address)
    return tuple(found.values())[:_MAX_IMAGES]


def _lead(declared: list[Image], shown: list[Picture]) -> Image | None:
    """The picture that opens the article as readers see it; None where the declared one is to stay the first."""
    twins = [p.image for p in shown for i in declared[:3] if same(p.image.url, i.url)]
    if twins:
        return twins[0]
    opening = [p for p in shown if p.above <= (_OPENING if p.image.caption or p.image.credit else 0) and p.framed]
    return opening[0].image if opening else None


def _merged(first: list[Image], shown: list[Picture]) -> tuple[Image, ...]:
    """The images, each once, with the captions that stand under them; then the other ones shown that have one."""
    captions = {key(p.image.url): p.image for p in shown}
    merged: dict[str, Image] = {}
    for image in first:
        name = key(image.url)
        twin = captions.pop(name, None)
        if name in merged:
            continue
        caption, credit = (twin and twin.caption) or image.caption, (twin and twin.credit) or image.credit
        merged[name] = Image(image.url, caption, credit)
    rest = {n: i for n, i in captions.items() if i.caption or not merged}
    return tuple({**merged, **rest}.values())[:_MAX_IMAGES]
