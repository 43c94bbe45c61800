"""Addresses of wikis that show an edit of a page or an older state: their feeds of recent changes link to these."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit, urlunsplit

MEDIAWIKI = "MediaWiki"  # how what its pages name as their generator begins
# What asks for a comparison or a state, and the parameters that go with it. MediaWiki:
# https://www.mediawiki.org/wiki/Manual:Parameters_to_index.php; DokuWiki, whose revisions are Unix times:
# https://www.dokuwiki.org/devel:request_parameters
_STATES = (
    (re.compile(r"diff=(?:\d+|prev|next|cur)|oldid=\d+"), frozenset(("diff", "oldid", "rcid", "diffonly", "unhide"))),
    (re.compile(r"do=(?:diff|revisions)|rev=\d{10}"), frozenset(("do", "rev", "rev2[0]", "rev2[1]", "difftype"))),
)


def page_of(url: str) -> str | None:
    """The URL of the page as it is now; None if `url` is none, or asks for neither an edit nor an older state of a
    wiki's page."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    asked = parts.query.split("&")
    for state, names in _STATES:
        if any(map(state.fullmatch, asked)):
            kept = "&".join(one for one in asked if unquote(one.partition("=")[0]) not in names)
            return urlunsplit(parts._replace(query=kept))
    return None
