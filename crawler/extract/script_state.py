"""Fields of an article that stands only in the scripts or templates of its page, which a browser would render."""

from __future__ import annotations

import re

from crawler.errors import Unreadable
from crawler.extract import body, html_document, jsonld, metadata, visible_metadata
from crawler.extract.author_names import names
from crawler.extract.draft import Draft
from crawler.extract.metadata import Context
from crawler.extract.page_state import PageState
from crawler.site_config import Rules
from crawler.text import length

_FEW = 200  # characters of a body below which the article may stand in scripts
_LEAST = 400  # characters of the prose of an article in a template
_HIDDEN = re.compile(
    r"<(script|template|noscript)\b([^>]{0,300})>", re.IGNORECASE
)  # what a browser does not show by itself
_TYPE = re.compile(
    r"\btype\s*=\s*[\"']?text/(?:x-)?(?:template|html|handlebars(?:-template)?|ng-template|mustache|tmpl)\b",
    re.IGNORECASE,
)
_MAX_TEMPLATES = 200  # of a page
_SLOTS = re.compile(r"\{\{|\{%|<%|\$\{")  # what such markup is to be filled with
_ALIKE = 0.8  # share of the length of a text from which another is no worse
_MORE = 3  # times that the text in scripts must be as long as the one found


def fill(draft: Draft, page: Context, node: jsonld.Node | None, ours: Rules) -> None:
    """Replaces a body of hardly any text by the one in the page's scripts, and fills empty fields from there."""
    house = page[2]
    said = node.get("articleBody") if node is not None else None
    weak = draft.origins.get("body") == "trafilatura, unpruned"  # which also reads what no browser shows by itself
    if (length(draft.body) >= _FEW and not weak) or (isinstance(said, str) and len(said) >= _FEW):
        return
    found = _story(draft, page, ours)
    if not found.body or length(found.body) <= (_ALIKE if weak else _MORE) * length(draft.body):
        return
    draft.body, draft.origins["body"], draft.apart = found.body, "script", frozenset()
    draft.fill("authors", metadata.persons(names(found.authors), house), "script")
    draft.fill("section", found.section, "script")
    if draft.origins.get("headline") == "title" and found.headline and draft.headline.startswith(found.headline):
        draft.headline, draft.origins["headline"] = found.headline, "script"  # without the site's name behind it
    draft.fill("published", found.published, found.origins.get("published", ""))


def _story(draft: Draft, page: Context, ours: Rules) -> Draft:
    """The article in the page's scripts: the story with its headline, the page that they describe, or most prose."""
    state = PageState(page[0].markup)
    if (story := state.story(draft.headline, page[1])) is not None:
        return story
    if (html := state.html()) and length((described := _described(html, draft, page, ours)).body) >= _FEW:
        return described
    for html in _templates(page[0].markup)[:1]:
        if length((described := _described(html, draft, page, ours)).body) >= _FEW:
            return described
    return Draft(body=state.prose())


def _templates(markup: str) -> list[str]:
    """The markup in scripts, templates and `<noscript>` that holds prose and needs no filling in, the longest first."""
    found: list[str] = []
    at = 0
    while len(found) < _MAX_TEMPLATES and (match := _HIDDEN.search(markup, at)) is not None:
        end = re.compile(f"</{match[1]}", re.IGNORECASE).search(markup, match.end())
        if end is None:
            break
        at = end.start()
        html = markup[match.end() : at]
        if (match[1].lower() != "script" or _TYPE.search(match[2])) and len(html) >= _LEAST and not _SLOTS.search(html):
            found.append(html)
    return sorted(found, key=len, reverse=True)


def _described(html: str, draft: Draft, page: Context, ours: Rules) -> Draft:
    """What a page reads like that a browser would have made."""
    document, place, house = page
    try:
        inner = html_document.parse(html, document.url)
    except Unreadable:
        return Draft()
    own = Draft(headline=draft.headline, description=draft.description)
    visible_metadata.fill_visible(own, (inner, place, house))
    body.fill(own, inner, None, ours)
    own.headline = ""  # the page's, by which the body was found
    return own
