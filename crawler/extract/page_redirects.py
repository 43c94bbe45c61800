"""Pages that hold nothing and lead on at once, which a browser follows like a redirect: by `<meta http-equiv=refresh>`
(https://html.spec.whatwg.org/#attr-meta-http-equiv-refresh) or by a script of one statement."""

from __future__ import annotations

import re

from crawler.extract import jsonld
from crawler.extract.html_document import HtmlDocument, ancestors, attribute, text_of
from crawler.extract.page_state import PageState
from crawler.text import words
from crawler.urls.canonical import canonical
from crawler.urls.joining import joined

_REFRESH = re.compile(r"\s*(\d{1,4})(?:\.\d*)?\s*[;,]?\s*(?:url\s*=\s*)?[\"']?([^\"']*)", re.IGNORECASE)
_MAX_DELAY = 5  # seconds within which nobody reads a page
_MAX_WORDS = 40  # words of a page that only says where it leads
_MAX_SCRIPT = 600  # characters of a script that does nothing else
# Comments, also those that hide a script from old browsers and from XML: `<!--`, `//<![CDATA[`.
_COMMENT = re.compile(r"/\*.*?\*/|^\s*(?://|<!--|-->)[^\n]*$", re.DOTALL | re.MULTILINE)
_GOES = (
    r"(?:(?:window|document|self|top|parent)\.)*location"
    r"(?:(?:\.href|\[[\"']href[\"']\])?\s*=\s*|\.(?:replace|assign)(?P<call>\(\s*))(?P<mark>\\?[\"'])(?P<url>(?:[^\"'\s\\]|\\/){1,2000})(?P=mark)"
    r"(?(call)\s*\))\s*;?\s*"
)
_LOCATION = re.compile(rf"\s*{_GOES}(?://[^\n]*)?\s*")  # the whole script: another statement may be a condition
_ONCE_LOADED = re.compile(  # window.onload = function () { … }, addEventListener("load", () => { … })
    r"\s*(?:window\.onload\s*=|(?:window|document)\.addEventListener\(\s*[\"'](?:DOMContentLoaded|load)[\"']\s*,)"
    rf"\s*(?:function\s*\w*\(\w*\)|\(\w*\)\s*=>)\s*\{{\s*{_GOES}\}}\s*(?:,\s*\w+\s*)?\)?\s*;?\s*"
)
_NAMED = re.compile(r"\s*(?:var|let|const)\s+(\w+)\s*=\s*([\"'][^\"'\s]{1,2000}[\"'])\s*;(?=.*\1)", re.DOTALL)
_LATER = re.compile(  # setTimeout(function () { … }, 0), setTimeout(() => …, 0), setTimeout("…", 0)
    rf"\s*(?:window\.)?setTimeout\(\s*(?:function\s*\w*\(\)\s*\{{|\(\)\s*=>\s*\{{?|[\"'])\s*{_GOES}[}}\"']?"
    r"(?:\s*,\s*(?P<delay>\d{1,5}))?\s*\)\s*;?\s*"
)


def target(document: HtmlDocument) -> str | None:
    """The URL to which the page leads at once; None if it is a page to be read."""
    told = [*_refreshes(document), *_scripts(document)]  # hardly any page has one
    if not told or len(words(text_of(document.tree.body))) > _MAX_WORDS or _holds_article(document):
        return None
    for said in told:
        url = joined(document.base, said)
        if url is not None and canonical(url) not in (None, canonical(document.url)):
            return url
    return None


def _holds_article(document: HtmlDocument) -> bool:
    """Whether the article of a page stands in its scripts: in JSON-LD, or in the state that they render."""
    if jsonld.article(jsonld.nodes(document.tree), set(), "") is not None:
        return True
    state = PageState(document.markup)
    return bool(state.prose()) or state.has_story(text_of(document.first("title")))


def _refreshes(document: HtmlDocument) -> list[str]:
    found = []
    for node in document.tree.css('meta[http-equiv="refresh" i][content]')[:3]:
        match = _REFRESH.match(attribute(node, "content"))
        shown = all(parent.tag != "noscript" for parent in ancestors(node))  # a browser with scripts does not go there
        if match and shown and match[2] and int(match[1]) <= _MAX_DELAY:
            found.append(match[2])
    return found


def _scripts(document: HtmlDocument) -> list[str]:
    scripts = [node.text(deep=True) for node in document.tree.css("script:not([src])")[:5]]
    scripts.append(attribute(document.first("body[onload]"), "onload").removeprefix("javascript:"))
    said = [_COMMENT.sub("", script) for script in scripts if len(script) <= _MAX_SCRIPT]
    said = [_put_in(script) for script in said]
    found = [match for script in said if (match := _LOCATION.fullmatch(script) or _ONCE_LOADED.fullmatch(script))]
    later = [match for script in said if (match := _LATER.fullmatch(script))]
    found += [match for match in later if int(match["delay"] or 0) <= 1_000 * _MAX_DELAY]
    return [match["url"].replace("\\/", "/") for match in found]


def _put_in(script: str) -> str:
    """The script with the address itself where it first gives that a name: `var to = "/a"; location = to;`."""
    named = _NAMED.match(script)
    return re.sub(rf"\b{named[1]}\b", lambda _: named[2], script[named.end() :]) if named else script
