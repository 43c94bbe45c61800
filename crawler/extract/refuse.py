"""What is no article although it was answered with 200: walls, consent pages, "not found", home and section pages."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from crawler.clean.text import fold, words
from crawler.errors import Refused, Unreadable
from crawler.extract import jsonld
from crawler.extract.document import MAX_BYTES, Document, text_of
from crawler.extract.draft import Draft
from crawler.page import Page

PASSING = ("wall", "consent")  # reasons that may be gone tomorrow: such pages are asked for again
_SHORT = 250  # words of visible text; a page with more is not merely a wall
_MANY = 40  # links that remain when boilerplate is off; hardly an article has as many
_FEW = 60  # words of body; an article that says nothing of itself has more, or is taken for a listing
_TITLES = {  # reason -> how titles of such pages begin, folded
    "wall": (
        "just a moment", "access denied", "attention required", "are you a robot", "verify you are human",
        "please verify you are", "verification required", "pardon our interruption", "ddos guard", "security check",
        "checking your browser", "one more step", "bot verification", "human verification", "request blocked",
        "403 forbidden", "forbidden", "captcha", "you have been blocked", "الوصول مرفوض", "تم رفض الوصول",
        "unusual traffic", "client challenge", "vercel security checkpoint", "يرجى الانتظار", "доступ ограничен",
    ),
    "consent": (
        "before you continue", "we value your privacy", "cookie consent", "your privacy choices", "privacy settings",
        "consent", "dpg media privacy gate", "cookies on",
    ),
    "not found": (
        "404", "page not found", "not found", "error 404", "page cannot be found", "the page you", "nothing found",
        "oops", "الصفحه غير موجوده", "الصفحه المطلوبه", "لم يتم العثور", "صفحه غير موجوده", "عذرا", "خطا 404",
        "page introuvable", "seite nicht gefunden", "pagina no encontrada", "pagina nao encontrada",
        "pagina non trovata", "страница не найдена", "صفحه مورد نظر", "صفحه پيدا نشد", "sayfa bulunamadi",
    ),
}  # fmt: skip
_WALLS = (
    "#challenge-form, #challenge-running, #cf-challenge-running, .cf-error-details, #px-captcha, #captcha-container,"
    " [src*='_Incapsula_Resource'], [src*='captcha-delivery.com'], [src*='geo.captcha']"
)
_CONSENT_HOSTS = re.compile(r"^(?:consent|privacy|guce|myprivacy|cmp)\.")
_BINARY = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04", b"\x1f\x8b", b"RIFF", b"\x00\x00\x00")


def by_response(page: Page) -> None:
    """Raises Refused or Unreadable for what can be told before parsing: status, size, type, a redirect to the home
    page or to a consent page."""
    if page.status >= 400:
        raise Refused("status", str(page.status))
    if not page.body.strip():
        raise Refused("empty", "no bytes")
    if len(page.body) > MAX_BYTES:
        raise Unreadable("too large", f"{len(page.body)} bytes of HTML, at most {MAX_BYTES} are read")
    kind = page.headers.get("content-type", "").split(";")[0].strip().lower()
    if page.body.startswith(_BINARY) or (kind and not re.search(r"html|xml|text/plain|octet-stream", kind)):
        raise Refused("not html", kind or "by its first bytes")
    parts = urlsplit(page.final_url)
    if not parts.path.strip("/") and not parts.query:
        raise Refused("home", f"{page.url} led to {page.final_url}")
    if _CONSENT_HOSTS.match(parts.hostname or "") and parts.hostname != urlsplit(page.url).hostname:
        raise Refused("consent", f"{page.url} led to {page.final_url}")


def by_document(document: Document, found: list[jsonld.Node]) -> None:
    """Raises Refused for walls, consent pages and "not found" with 200. Only pages with little text can be one: an
    article may well be about error 404."""
    body = document.tree.body
    if body is None or (not jsonld_article(found) and not body.text(strip=True)):
        raise Refused("empty", "no text")
    if jsonld_article(found) or len(words(_visible(document))) > _SHORT:
        return
    if document.first(_WALLS) is not None:
        raise Refused("wall", "asks for proof of being human")
    titles = [fold(t) for t in (text_of(document.first("title")), text_of(document.first("h1"))) if t]
    for reason, starts in _TITLES.items():
        if title := next((t for t in titles if t.startswith(starts)), ""):
            raise Refused(reason, title)


def by_draft(draft: Draft, document: Document, found: list[jsonld.Node]) -> None:
    """Raises Refused for what turned out to have no text, or to be a section page that lists articles."""
    declared = jsonld_article(found) or document.meta("og:type").lower().startswith("article")
    if not draft.headline:
        raise Refused("empty", "no headline")
    silent = not declared and draft.lacks("published") and document.first('[itemprop~="articleBody"]') is None
    if silent and (jsonld.is_listing(found) or (_links(document) > _MANY and len(words(" ".join(draft.body))) < _FEW)):
        raise Refused("listing", "lists articles and is none")
    if not draft.body and (not declared or document.first("h1") is None):
        raise Refused("empty", "no text; the site may need rendering")


def jsonld_article(found: list[jsonld.Node]) -> bool:
    """Whether the page's JSON-LD describes an article."""
    return any(jsonld.types(n) & jsonld.ARTICLES for n in found)


def _visible(document: Document) -> str:
    parts = (n.text(separator=" ") for n in document.tree.css("h1, h2, p, li, td, div > span"))
    return " ".join(parts)


def _links(document: Document) -> int:
    return len(document.tree.css("a[href]"))
