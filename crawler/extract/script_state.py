"""Fields of an article that stands only in the scripts of its page, which a browser would render."""

from __future__ import annotations

from crawler.errors import Unreadable
from crawler.extract import body, dates, html_document, jsonld, metadata, visible_metadata
from crawler.extract.author_names import names
from crawler.extract.draft import Draft
from crawler.extract.metadata import Context
from crawler.extract.page_state import PageState, Story
from crawler.site_config import Rules
from crawler.text import length

_FEW = 200  # characters of a body below which the article may stand in scripts
_MORE = 3  # times that the text in scripts must be as long as the one found


def fill(draft: Draft, page: Context, node: jsonld.Node | None, ours: Rules) -> None:
    """Replaces a body of hardly any text by the one in the page's scripts, and fills empty fields from there."""
    _, place, house = page
    said = node.get("articleBody") if node is not None else None
    if length(draft.body) >= _FEW or (isinstance(said, str) and len(said) >= _FEW):
        return
    found = _story(draft, page, ours)
    if length(found.body) <= _MORE * length(draft.body):
        return
    draft.body, draft.origins["body"], draft.apart = found.body, "script", frozenset()
    draft.fill("authors", metadata.persons(names(found.authors), house), "script")
    draft.fill("section", found.section or None, "script")
    metadata.fill_date(draft, "published", dates.machine(found.published, place), "script")


def _story(draft: Draft, page: Context, ours: Rules) -> Story:
    """The article in the page's scripts: the story with its headline, the page that they describe, or most prose."""
    state = PageState(page[0].markup)
    if (story := state.story(draft.headline)) is not None:
        return story
    if (html := state.html()) and length((described := _described(html, draft, page, ours)).body) >= _FEW:
        return described
    return Story(state.prose())


def _described(html: str, draft: Draft, page: Context, ours: Rules) -> Story:
    """What a page reads like that a browser would have made."""
    document, place, house = page
    try:
        inner = html_document.parse(html, document.url)
    except Unreadable:
        return Story([])
    own = Draft(headline=draft.headline, description=draft.description)
    visible_metadata.fill_visible(own, (inner, place, house))
    body.fill(own, inner, None, ours)
    return Story(own.body, own.authors, own.section or "")
