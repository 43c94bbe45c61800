"""Pages whose text is kept for those with a password or a membership: what stands in its place is no article."""

from __future__ import annotations

from functools import cache

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler import data_files
from crawler.boilerplate.phrases import known_form
from crawler.extract import hidden_text
from crawler.extract.html_document import HtmlDocument, ancestors, attribute, judge, paragraphs, text_of
from crawler.text import fold, words

# What publishing systems show instead of the text: WordPress, Ghost, and common extensions of WordPress.
_NOTICES = (
    ".gh-post-upgrade-cta, .gh-post-upgrade-cta-content, .post-password-form, .mepr-unauthorized-message,"
    " .pmpro_content_message, .rcp_restricted, .wc-memberships-restriction-message, #leaky_paywall_message,"
    " .memberful-global-teaser-content, .swpm-post-not-logged-in-msg, .s2member-level-msg, .restricted-content-message"
)
_HOLDERS = frozenset(("article", "main", "section", "body"))
_BESIDE = frozenset(("header", "nav", "footer", "aside", "dialog"))
_is_called_dialog = judge(r"modal|popup|dialog|log-?in|sign-?in|account|offcanvas|menu|sidebar|widget|comment")
_is_called_text = judge(r"(?:entry|post|article|story|page|gh)[-_]*(?:content|body|text)|hentry")
_TYPED = ("text", "email", "tel", "url", "number", "search", "")  # kinds of fields that a form for one password lacks
_FEW = 60  # words beside the notice and beside links; a page with more shows a part of its text
_FEW_BESIDE_FORM = 100  # the same for a form that only looks like one for a password
_LEVELS = 12  # elements around a notice
_WALLS = "[class*='paywall' i], [id*='paywall' i], [data-testid*='paywall' i], [class*='regwall' i]"
# Where a site offers its memberships on each page
_OFFERS = (
    "nav, footer, aside, dialog, [role='dialog'], [aria-modal='true'], [class*='modal' i], [id*='modal' i],"
    " [class*='popup' i], [id*='popup' i], [class*='footer' i], [id*='footer' i]"
)
_WALL_WORDS = 60  # maximum words of an element named as a wall that is one: the text may stand in such an element too
_NOTICE_WORDS = 25  # maximum words of a line that tells for whom the text is
_NOTICE_CHARS = 300  # the same in characters
_OWN_WORDS = 12  # words from which a page shows something of its text


def is_locked(document: HtmlDocument) -> bool:
    """Whether the page asks for a password or a membership in the place of its text."""
    for notice in document.tree.css(_NOTICES)[:3]:
        if _words_around(notice) <= _FEW:
            return True
    for field in document.tree.css('form input[type="password" i]')[:3]:
        form = next((n for n in ancestors(field) if n.tag == "form"), None)
        if form is not None and _asks_only_for_a_password(form) and not _is_beside(form):
            return _words_around(form) <= _FEW_BESIDE_FORM
    return False


def asks_to_log_in(markup: str) -> bool:
    """Whether a page that has no text has a form to log in, and not beside where its text would be."""
    fields = LexborHTMLParser(markup).css('form input[type="password" i]')[:3]
    forms = (next((n for n in ancestors(field) if n.tag == "form"), None) for field in fields)
    return any(form is not None and not _is_beside(form) for form in forms)


def _asks_only_for_a_password(form: LexborNode) -> bool:
    fields = [attribute(n, "type").lower() for n in form.css("input")]
    return fields.count("password") == 1 and not any(kind in _TYPED for kind in fields)


def _is_beside(form: LexborNode) -> bool:
    """Whether a form stands beside the text of every page, such as that for logging in."""
    around = list(ancestors(form))[:_LEVELS]
    return any(n.tag in _BESIDE or _is_called_dialog(attribute(n, "class", "id")) for n in (form, *around))


def _words_around(notice: LexborNode) -> int:
    """The number of words in the article around a notice, without it, its headings and links."""
    around = (n for n in ancestors(notice) if n.tag in _HOLDERS or _is_called_text(attribute(n, "class")))
    holder = next(around, None)
    if holder is None:
        return 0
    out = [*holder.css("h1, h2, h3, h4, a, script, style, time, nav, footer, aside, figcaption, form"), notice]
    apart = {n.mem_id for n in out}
    kept = [n for n in out if not any(p.mem_id in apart for p in ancestors(n))]
    return len(words(text_of(holder))) - sum(len(words(text_of(n))) for n in kept)


def is_for_members(markup: str, headline: str, body: list[str]) -> bool:
    """Whether a page of which hardly more than the headline was read tells that its text is for members or subscribers,
    in a line or a short element named as a wall: schema.org's cssSelector names the text itself `paywall`."""
    tree = LexborHTMLParser(markup)
    walls = {fold(text) for node in tree.css(_WALLS)[:20] for text in _notice(node)}
    own = [text for text in body if fold(text) not in walls | {fold(headline)} and not _tells_members(text)]
    if len(words(" ".join(own))) >= _OWN_WORDS:
        return False
    for node in [*hidden_text.hidden(tree), *tree.css(_OFFERS), *(tree.css("a") if own else ())]:
        if node.parent is not None and node.tag not in _HOLDERS:
            node.decompose()
    return tree.body is not None and any(map(_tells_members, paragraphs([tree.body])))


def notices(tree: LexborHTMLParser) -> list[LexborNode]:
    """The short elements named as a wall that tell for whom the rest of a text is."""
    return [node for node in tree.css(_WALLS)[:20] if node.parent is not None and _notice(node)]


def _notice(node: LexborNode) -> list[str]:
    """The lines of an element that is named as a wall and says so, in few words; [] if it is none."""
    if node.tag in _HOLDERS or len(words(text_of(node))) > _WALL_WORDS:
        return []
    said = paragraphs([node])
    return said if any(map(_tells_members, said)) else []


def _tells_members(text: str) -> bool:
    if len(text) > _NOTICE_CHARS or len(words(text)) > _NOTICE_WORDS:
        return False
    said = known_form(text)
    return any(phrase in said for phrase in _phrases())


@cache
def _phrases() -> tuple[str, ...]:
    data: list[str] = data_files.load("crawler.extract", "locked_pages.yaml")
    return tuple(map(known_form, data))
