"""Rejection of pages that are not articles despite status 200: block, consent, "not found", home and section pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from urllib.parse import urlsplit

from crawler import data_files
from crawler.boilerplate.phrases import known_form
from crawler.errors import Refused
from crawler.extract import app_shell, jsonld, locked_pages, page_redirects, teasers
from crawler.extract.draft import Draft
from crawler.extract.html_document import HtmlDocument, ancestors, attribute, judge, text_of
from crawler.models import Page
from crawler.text import fold, words
from crawler.urls.article_filter import may_be_article
from crawler.urls.canonical import canonical
from crawler.urls.reasons import UrlReason as Url
from crawler.urls.wiki_pages import MEDIAWIKI, page_of
from index.model.codes import FetchReason, PageReason

TRANSIENT_REASONS = (PageReason.WALL, PageReason.CONSENT)  # may pass: such pages are fetched again
_WALL_MAX_WORDS = 250  # words outside links; a page with more is not just a block page
_LISTING_MIN_LINKS = 40  # links left after boilerplate removal; hardly any article has as many
_MIN_BODY_WORDS = 60  # words of the body; an article without metadata has more, or counts as a listing
_NOTICE_WORDS = 150  # words of the body; of more, something is the article's
_CARDS = 5  # teasers of other articles from which a page may be a list of them
_ABOUT = 2  # words of the headline that recur in the text of an article
_TEASERS = 0.6  # share of the body that consists of such teasers
_WALLS = (
    "#challenge-form, #challenge-running, #cf-challenge-running, #cf-error-details, .cf-error-details, #px-captcha,"
    " #captcha-container, [src*='_Incapsula_Resource'], [src*='captcha-delivery.com'], [src*='geo.captcha']"
)
_LOG_IN = "log_in"  # titles of a wall, if there is a field for a password
# `error404` and the like, as WordPress calls the body; no `post-404`, which has that number
_is_called_not_found = judge(
    r"(?:^|[\s_])(?:page-?)?(?:error|err|http|status)[-_]?(?:page[-_]?)?404|(?:^|\s)404[-_]?(?:error|page|not)"
    r"|(?:page|error|article)[-_]not[-_]?found|(?:^|\s)not[-_]?found[-_](?:page|error|404)|(?:^|\s)page-?404(?:\s|$)"
)
_WORDPRESS_STOPS = "body#error-page .wp-die-message, body#error-page > p"  # its wp_die(), in any language
_WIKI_CONFIG = re.compile(r'"(wgIsMainPage|wgDiffNewId|wgIsArticle)":(\w+)')
_PARTS = re.compile(r"\s[-–—|:·»]\s|[|»!?.:…]+\s?")
_DASH = re.compile(r"\s[-–—|·»]\s|\|")  # between a title and the site's name
_SITE_WORDS = 4  # maximum words of that name
_TITLE_MAX_CHARS = 300  # characters of a title that are examined
_ERROR_PAGE = re.compile(r"/(?:(?:error|page)[-_]?)?(?:404|error|not[-_]?found)(?:\.\w{1,5})?/?$", re.IGNORECASE)
_LEFT_FOR = dict.fromkeys((Url.SEARCH, Url.TAG, Url.AUTHOR, Url.CATEGORY, Url.CALENDAR, Url.PAGE), PageReason.LISTING)
_LEFT_FOR |= {Url.HOME: PageReason.HOME, Url.SERVICE: PageReason.WALL}  # nearly all of these ask for an account
_CONSENT_HOSTS = re.compile(r"^(?:consent|privacy|guce|myprivacy|cmp)\.")
_BINARY = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04", b"\x1f\x8b", b"RIFF", b"\x00\x00\x00")


def reject_response(page: Page) -> None:
    """Rejects a page by what is known before parsing: status, media type, a redirect to the home page or to a consent
    page. Its size was checked on receipt (`page_max_bytes`).

    :raises Refused: when the page is not an article.
    """
    if page.status >= 400:
        raise Refused(FetchReason.HTTP_STATUS, status=page.status)
    if not page.body.strip():
        raise Refused(PageReason.EMPTY)
    kind = page.headers.get("content-type", "").split(";")[0].strip().lower()
    if page.body.startswith(_BINARY) or (kind and not re.search(r"html|xml|text/plain|octet-stream", kind)):
        raise Refused(PageReason.NOT_HTML, media_type=kind or None)
    parts = urlsplit(page.final_url)
    if not parts.path.strip("/") and not parts.query:
        raise Refused(PageReason.HOME)
    if page.asked and _CONSENT_HOSTS.match(parts.hostname or "") and parts.hostname != urlsplit(page.asked).hostname:
        raise Refused(PageReason.CONSENT)


def _led_to(asked: str, url: str) -> PageReason | None:
    """Why what a server redirects to in place of an article is none, by its canonical URL; None if it may be one."""
    if _ERROR_PAGE.search(urlsplit(url).path) and not _ERROR_PAGE.search(urlsplit(asked).path):
        return PageReason.NOT_FOUND
    reason = may_be_article(url)
    if reason is None or may_be_article(asked) is not None:  # the site has articles at such URLs
        return None
    return _LEFT_FOR.get(reason)


def reject_document(document: HtmlDocument, found: list[jsonld.Node], asked: str | None = None) -> None:
    """Rejects pages that lead on at once or ask for a password or a membership; those that declare no article where
    the server led elsewhere from what was `asked` for; and block pages, consent pages and "not found" with status 200,
    these only if they have little text: an article may well be about error 404.

    :raises Refused: when the page is not an article.
    """
    if (url := page_redirects.target(document)) is not None:
        raise Refused(PageReason.LEADS_ON, url=url)
    _reject_wiki_page(document)
    if document.tree.body is None:
        raise Refused(_waits_for(document) or PageReason.NO_TEXT)
    if locked_pages.is_locked(document):
        raise Refused(PageReason.WALL)
    if jsonld_article(found) or document.meta("article:published_time"):
        return
    if asked and (left := _led_to(asked, canonical(document.url) or document.url)):
        raise Refused(left)
    wall = document.first(_WALLS) is not None
    reason = PageReason.WALL if wall else _by_title(document) or _by_name(document)
    if reason and _words_beside_links(document) <= _WALL_MAX_WORDS:
        raise Refused(reason)


def _reject_wiki_page(document: HtmlDocument) -> None:
    """Rejects what a MediaWiki shows beside its articles, by what it tells its scripts
    (https://www.mediawiki.org/wiki/Manual:Interface/JavaScript#mw.config)."""
    if not document.meta("generator").startswith(MEDIAWIKI):
        return
    said = dict(_WIKI_CONFIG.findall(document.markup))
    if said.get("wgIsMainPage") == "true":
        raise Refused(PageReason.HOME)
    if "wgDiffNewId" in said and (page := page_of(document.url)):
        raise Refused(PageReason.LEADS_ON, url=page)
    if said.get("wgIsArticle") == "false":  # recent changes, a page's history, a form
        raise Refused(PageReason.LISTING)


def _by_title(document: HtmlDocument) -> PageReason | None:
    """The reason for rejection according to the page's title or first heading; None if there is none."""
    heading = document.first("h1") or document.first("h2") or document.first("h3")
    for text in (text_of(document.first("head > title")), text_of(heading)):
        whole = text[:_TITLE_MAX_CHARS]
        alone = {known_form(part) for part in _beside_the_site(whole)}
        for part in (whole, *_PARTS.split(whole)):
            folded = known_form(part)
            for kind, (starts, wholes) in _titles().items():
                if folded.startswith(starts) or (folded in wholes and folded in alone):
                    if kind != _LOG_IN:
                        return PageReason[kind.upper()]
                    if document.first('input[type="password" i]') is not None:
                        return PageReason.WALL
    return None


def _by_name(document: HtmlDocument) -> PageReason | None:
    """The reason for rejection by what the page's own elements are called, those around its heading among them."""
    body, heading = document.tree.body, document.first("h1") or document.first("h2")
    around = [*ancestors(heading), heading] if heading is not None else [body] if body is not None else []
    if any(_is_called_not_found(attribute(node, "class") + " " + attribute(node, "id")) for node in around):
        return PageReason.NOT_FOUND
    return PageReason.WALL if document.first(_WORDPRESS_STOPS) is not None else None


def _beside_the_site(title: str) -> list[str]:
    """The parts of a title that stand alone, or beside nothing that is longer than the name of a site."""
    parts = [part for part in _DASH.split(title) if part.strip()]
    return [
        one for at, one in enumerate(parts) if all(len(words(p)) <= _SITE_WORDS for p in parts[:at] + parts[at + 1 :])
    ]


@cache
def _titles() -> dict[str, tuple[tuple[str, ...], frozenset[str]]]:
    """The beginnings of titles of pages that are not articles, and the whole ones, by what such pages are."""
    data: dict[str, list[object]] = data_files.load("crawler.extract", "page_classifier.yaml")
    return {
        name: (
            tuple(known_form(text) for text in map(str, texts) if not text.endswith("$")),
            frozenset(known_form(text) for text in map(str, texts) if text.endswith("$")),
        )
        for name, texts in data.items()
    }


def _words_beside_links(document: HtmlDocument) -> int:
    """The number of words outside links: menus do not turn a block page into an article."""
    body = document.tree.body
    links = sum(len(words(text_of(link))) for link in document.tree.css("a"))
    return len(words(text_of(body))) - links


def reject_draft(draft: Draft, document: HtmlDocument, found: list[jsonld.Node]) -> None:
    """Rejects a page without text, with only a video, or that lists articles.

    :raises Refused: when the page is not an article; `said` holds its fields.
    """
    try:
        _reject_draft(draft, document, found)
    except Refused as refused:
        refused.said = tuple((name, getattr(draft, name), origin) for name, origin in draft.origins.items())
        raise


def _reject_draft(draft: Draft, document: HtmlDocument, found: list[jsonld.Node]) -> None:
    declared = jsonld_article(found) or document.meta("og:type").lower().startswith("article")
    if not draft.headline:
        raise Refused(_waits_for(document) or (PageReason.NO_HEADLINE if draft.body else PageReason.NO_TEXT))
    if waited_for := _waits_for(document, draft.body):
        raise Refused(waited_for)
    if draft.paywalled and draft.description and _is_part(draft.body, draft.description):
        raise Refused(PageReason.WALL)
    few = not _has_words(draft.body, _MIN_BODY_WORDS)
    if draft.paywalled is not False and not _has_words(draft.body, _NOTICE_WORDS) and _is_for_members(draft, document):
        raise Refused(PageReason.WALL)
    if few and _is_video(document, found, declared):
        raise Refused(PageReason.VIDEO)
    own = declared or document.first('[itemprop~="articleBody"]') is not None
    of_person = document.meta("og:type").lower() == "profile"
    if not own and (of_person or jsonld.is_listing(found) or _lists(draft, document)):
        raise Refused(PageReason.LISTING)
    if not draft.body and (not declared or document.first("h1") is None):
        raise Refused(PageReason.NO_TEXT)


def _is_for_members(draft: Draft, document: HtmlDocument) -> bool:
    """Whether hardly more was read than a notice to members, and teasers of other articles."""
    _, leads = teasers.read(document)
    own = [text for text in draft.body if teasers.key(text) not in leads]
    return locked_pages.is_for_members(document.markup, draft.headline, own)


def _waits_for(document: HtmlDocument, body: Sequence[str] = ()) -> PageReason | None:
    """Why a page has no text yet, or hardly any: it waits for a member or for its scripts; None if it does not."""
    if _has_words(body, app_shell.PLACEHOLDER_WORDS + 1):
        return None
    if not body and locked_pages.asks_to_log_in(document.markup):
        return PageReason.WALL
    return PageReason.NEEDS_BROWSER if app_shell.is_shell(document) else None


def _has_words(body: Sequence[str], least: int) -> bool:
    """Whether a body has so many words: most have after a paragraph or two."""
    found = 0
    return any((found := found + len(words(text))) >= least for text in body)


def _is_part(body: list[str], description: str) -> bool:
    """Whether a body is no more than the page's description."""
    text = fold(" ".join(body))
    return bool(text) and text in fold(description)


def _is_video(document: HtmlDocument, found: list[jsonld.Node], declared: bool) -> bool:
    if document.meta("og:type").lower().startswith("video"):
        return not jsonld_article(found)
    return not declared and any("VideoObject" in jsonld.types(node) for node in found)


def _lists(draft: Draft, document: HtmlDocument) -> bool:
    """Whether a page consists of other articles, whole or as teasers, or of links, without text that matches its
    headline: the page of a news flash, which is short, may be full of both."""
    cards, leads = teasers.read(document)
    own = [text for text in draft.body if teasers.key(text) not in leads]
    if len(set(words(draft.headline)) & set(words(" ".join(own)))) >= _ABOUT:
        return False
    whole, teased = (sum(map(len, texts)) for texts in (draft.body, [t for t in draft.body if t not in own]))
    if whole and cards >= _CARDS and teased >= _TEASERS * whole:
        return True
    below = teasers.of_pages_below(document)
    if below and sum(len(text) for text in draft.body if teasers.key(text) in below) >= _TEASERS * whole:
        return True
    if _undated(draft) and teasers.shows_posts(document, draft.body, _CARDS):
        return True
    own_date = not (_undated(draft) or draft.origins["published"].startswith("page"))  # which may be that of a row
    if not own_date and teasers.is_table_of_contents(document, draft.body, _CARDS):
        return True
    few = not _has_words(draft.body, _MIN_BODY_WORDS)
    return few and _undated(draft) and _links(document) > _LISTING_MIN_LINKS


def _undated(draft: Draft) -> bool:
    """Whether the page has no date except in its URL: lists of a day's articles have that day in their URL too."""
    return draft.lacks("published") or draft.origins["published"].startswith("address")


def jsonld_article(found: list[jsonld.Node]) -> bool:
    """Whether the page's JSON-LD describes an article."""
    return any(jsonld.types(n) & jsonld.ARTICLES for n in found)


def _links(document: HtmlDocument) -> int:
    return len(document.tree.css("a[href]"))
