"""What is no article although it was answered with 200: walls, consent pages, "not found", home and section pages."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

import yaml

from crawler.boilerplate.phrases import known_form
from crawler.errors import Refused
from crawler.extract import jsonld, teasers
from crawler.extract.draft import Draft
from crawler.extract.html_document import HtmlDocument, text_of
from crawler.models import Page
from crawler.text import words

TRANSIENT_REASONS = ("wall", "consent")  # reasons that may be gone tomorrow: such pages are asked for again
_WALL_MAX_WORDS = 250  # words that are no links; a page with more is not merely a wall
_LISTING_MIN_LINKS = 40  # links that remain when boilerplate is off; hardly an article has as many
_MIN_BODY_WORDS = 60  # words of body; an article that says nothing of itself has more, or is taken for a listing
_CARDS = 5  # teasers of other articles from which a page may be a list of them
_ABOUT = 2  # words of the headline that are in the text of an article
_TEASERS = 0.6  # share of the body's text that is such teasers' own
_WALLS = (
    "#challenge-form, #challenge-running, #cf-challenge-running, .cf-error-details, #px-captcha, #captcha-container,"
    " [src*='_Incapsula_Resource'], [src*='captcha-delivery.com'], [src*='geo.captcha']"
)
_PARTS = re.compile(r"\s[-–—|:·»]\s|[|»!?.:…]+\s?")
_TITLE_MAX_CHARS = 300  # characters of a title that are looked at
_CONSENT_HOSTS = re.compile(r"^(?:consent|privacy|guce|myprivacy|cmp)\.")
_BINARY = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04", b"\x1f\x8b", b"RIFF", b"\x00\x00\x00")


def reject_response(page: Page) -> None:
    """Raises Refused for what can be told before parsing: status, type, a redirect to the home page or to a consent
    page. Its length was looked at when it came (`page_max_bytes`)."""
    if page.status >= 400:
        raise Refused("status", str(page.status))
    if not page.body.strip():
        raise Refused("empty", "no bytes")
    kind = page.headers.get("content-type", "").split(";")[0].strip().lower()
    if page.body.startswith(_BINARY) or (kind and not re.search(r"html|xml|text/plain|octet-stream", kind)):
        raise Refused("not html", kind or "by its first bytes")
    parts = urlsplit(page.final_url)
    if not parts.path.strip("/") and not parts.query:
        raise Refused("home", page.final_url)
    if page.asked and _CONSENT_HOSTS.match(parts.hostname or "") and parts.hostname != urlsplit(page.asked).hostname:
        raise Refused("consent", f"{page.asked} led to {page.final_url}")


def reject_document(document: HtmlDocument, found: list[jsonld.Node]) -> None:
    """Raises Refused for walls, consent pages and "not found" with 200. Only pages with little text can be one: an
    article may well be about error 404."""
    body = document.tree.body
    if body is None or (not jsonld_article(found) and not body.text(strip=True)):
        raise Refused("empty", "no text")
    if jsonld_article(found) or document.meta("article:published_time"):
        return
    wall = document.first(_WALLS) is not None
    reason, title = ("wall", "asks for proof of being human") if wall else _by_title(document)
    if reason and _words_beside_links(document) <= _WALL_MAX_WORDS:
        raise Refused(reason, title)


def _by_title(document: HtmlDocument) -> tuple[str, str]:
    """The reason that the page's title or first heading gives, and the words that do; ("", "") if none."""
    heading = document.first("h1") or document.first("h2") or document.first("h3")
    for text in (text_of(document.first("head > title")), text_of(heading)):
        whole = text[:_TITLE_MAX_CHARS]
        for part in (whole, *_PARTS.split(whole)):
            folded = known_form(part)
            for reason, starts in _titles().items():
                if folded.startswith(starts):
                    return reason, folded
    return "", ""


@cache
def _titles() -> dict[str, tuple[str, ...]]:
    """How titles of pages begin that are no articles, by reason."""
    data: dict[str, list[object]] = yaml.safe_load(
        files("crawler.extract").joinpath("page_classifier.yaml").read_text("utf-8")
    )
    return {reason: tuple(known_form(str(text)) for text in texts) for reason, texts in data.items()}


def _words_beside_links(document: HtmlDocument) -> int:
    """Words of the page that stand in no link: menus do not make a page of a wall."""
    body = document.tree.body
    links = sum(len(words(text_of(link))) for link in document.tree.css("a"))
    return len(words(text_of(body))) - links


def reject_draft(draft: Draft, document: HtmlDocument, found: list[jsonld.Node]) -> None:
    """Raises Refused for what turned out to have no text, to be a video alone, or a page that lists articles; what it
    says of itself all the same is in `said`."""
    try:
        _reject_draft(draft, document, found)
    except Refused as refused:
        refused.said = tuple((name, getattr(draft, name), origin) for name, origin in draft.origins.items())
        raise


def _reject_draft(draft: Draft, document: HtmlDocument, found: list[jsonld.Node]) -> None:
    declared = jsonld_article(found) or document.meta("og:type").lower().startswith("article")
    if not draft.headline:
        raise Refused("empty", "no headline")
    few = len(words(" ".join(draft.body))) < _MIN_BODY_WORDS
    if few and _is_video(document, found, declared):
        raise Refused("video", "a video with hardly a line of text")
    own = declared or document.first('[itemprop~="articleBody"]') is not None
    if not own and (jsonld.is_listing(found) or _lists(draft, document)):
        raise Refused("listing", "lists articles and is none")
    if not draft.body and (not declared or document.first("h1") is None):
        raise Refused("empty", "no text; the site may need rendering")


def _is_video(document: HtmlDocument, found: list[jsonld.Node], declared: bool) -> bool:
    if document.meta("og:type").lower().startswith("video"):
        return not jsonld_article(found)
    return not declared and any("VideoObject" in jsonld.types(node) for node in found)


def _lists(draft: Draft, document: HtmlDocument) -> bool:
    """Whether a page is of other articles' teasers, or of links, without a line that its headline is about: a flash is
    short, and its page may be full of both."""
    cards, leads = teasers.read(document)
    own = [text for text in draft.body if teasers.key(text) not in leads]
    if len(set(words(draft.headline)) & set(words(" ".join(own)))) >= _ABOUT:
        return False
    whole, teased = (sum(map(len, texts)) for texts in (draft.body, [t for t in draft.body if t not in own]))
    if cards >= _CARDS and teased >= _TEASERS * whole:
        return True
    return (
        len(words(" ".join(draft.body))) < _MIN_BODY_WORDS and _undated(draft) and _links(document) > _LISTING_MIN_LINKS
    )


def _undated(draft: Draft) -> bool:
    """Whether nothing but the page's address dates it: lists of a day's articles have addresses of that day too."""
    return draft.lacks("published") or draft.origins["published"].startswith("address")


def jsonld_article(found: list[jsonld.Node]) -> bool:
    """Whether the page's JSON-LD describes an article."""
    return any(jsonld.types(n) & jsonld.ARTICLES for n in found)


def _links(document: HtmlDocument) -> int:
    return len(document.tree.css("a[href]"))
