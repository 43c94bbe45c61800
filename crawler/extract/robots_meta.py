"""A page's usage directives: stored with the article, for users of the archive.

`noindex` does not exclude a page: it is meant for web search engines, whereas an archive keeps what was published.
"""

from __future__ import annotations

import re

from crawler.extract.html_document import HtmlDocument
from crawler.models import Page
from crawler.settings_model import PRODUCT

DIRECTIVES = frozenset(  # robots directives about storing, showing and machine learning; the others concern links
    ("noindex", "none", "noarchive", "nocache", "nosnippet", "noai", "noimageai", "noml")
)
OUR_USER_AGENT = PRODUCT.partition("/")[0].lower()
_FOR_ONE = re.compile(r"^\s*([a-z0-9_-]+)\s*:(.*)$", re.IGNORECASE)  # "googlebot: noindex" is for that crawler only
_HEADER_MAX_CHARS = 200  # characters of a header that are stored


def read_directives(page: Page, document: HtmlDocument) -> dict[str, str]:
    """`{"use": ...}` with the directives in headers and <meta>, each with its source; empty if there are none.

    Supported are X-Robots-Tag and <meta name=robots> (including those that name our crawler), TDM reservations (W3C
    TDMRep) and Content-Usage (IETF aipref)."""
    found = {
        "X-Robots-Tag": _words(page.headers.get("x-robots-tag", "")),
        "meta robots": _words(", ".join((*document.metas.get("robots", ()), *document.metas.get(OUR_USER_AGENT, ())))),
        "tdm-reservation": (page.headers.get("tdm-reservation") or document.meta("tdm-reservation")).strip()[:1],
        "Content-Usage": page.headers.get("content-usage", "").strip()[:_HEADER_MAX_CHARS],
    }
    told = "; ".join(f"{name}: {words}" for name, words in found.items() if words)
    return {"use": told} if told else {}


def _words(rules: str) -> str:
    """The directives that apply to our crawler, in order."""
    one = _FOR_ONE.match(rules)
    if one and one[1].lower() not in DIRECTIVES:
        if one[1].lower() != OUR_USER_AGENT:
            return ""
        rules = one[2]
    words = (word.strip().lower() for word in rules.split(","))
    return ", ".join(dict.fromkeys(word for word in words if word in DIRECTIVES))
