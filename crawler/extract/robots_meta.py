"""What a page says of how it may be used: kept with the article, for whoever uses the archive.

`noindex` refuses nothing here: it is for search engines of the web, and what was published is what an archive keeps.
"""

from __future__ import annotations

import re

from crawler.extract.html_document import HtmlDocument
from crawler.models import Page
from crawler.settings_model import PRODUCT

DIRECTIVES = frozenset(  # of robots' rules: what they say of keeping, showing and learning; the others are about links
    ("noindex", "none", "noarchive", "nocache", "nosnippet", "noai", "noimageai", "noml")
)
OUR_USER_AGENT = PRODUCT.partition("/")[0].lower()
_FOR_ONE = re.compile(r"^\s*([a-z0-9_-]+)\s*:(.*)$", re.IGNORECASE)  # "googlebot: noindex" is for that one only
_HEADER_MAX_CHARS = 200  # characters of a header that are kept


def read_directives(page: Page, document: HtmlDocument) -> dict[str, str]:
    """`{"use": ...}` with what headers and metas say, each after its name; empty where they say nothing.

    Read are X-Robots-Tag and <meta name=robots> (and those that name us), TDM reservations (W3C TDMRep) and
    Content-Usage (IETF aipref)."""
    found = {
        "X-Robots-Tag": _words(page.headers.get("x-robots-tag", "")),
        "meta robots": _words(", ".join((*document.metas.get("robots", ()), *document.metas.get(OUR_USER_AGENT, ())))),
        "tdm-reservation": (page.headers.get("tdm-reservation") or document.meta("tdm-reservation")).strip()[:1],
        "Content-Usage": page.headers.get("content-usage", "").strip()[:_HEADER_MAX_CHARS],
    }
    told = "; ".join(f"{name}: {words}" for name, words in found.items() if words)
    return {"use": told} if told else {}


def _words(rules: str) -> str:
    """The rules among these that are for us, in their order."""
    one = _FOR_ONE.match(rules)
    if one and one[1].lower() not in DIRECTIVES:
        if one[1].lower() != OUR_USER_AGENT:
            return ""
        rules = one[2]
    words = (word.strip().lower() for word in rules.split(","))
    return ", ".join(dict.fromkeys(word for word in words if word in DIRECTIVES))
