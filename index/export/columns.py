"""Articles as rows of a table: its columns, and protection against text that a spreadsheet would take for a formula."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from index.model.article import IndexDocument
from index.model.iso import iso

# Values by column: text, a list of texts, a datetime, a bool, a number, or None. Names are schema.org's if it has one
COLUMNS: Mapping[str, Callable[[IndexDocument], Any]] = {
    "id": lambda d: d.article.id,
    "site": lambda d: d.article.site,
    "country": lambda d: d.article.country or None,
    "url": lambda d: d.article.url,
    "mainEntityOfPage": lambda d: d.article.canonical_url,
    "headline": lambda d: d.article.headline,
    "alternativeHeadline": lambda d: d.article.alternative_headline,
    "description": lambda d: d.article.description,
    "articleBody": lambda d: d.article.body,
    "articleSection": lambda d: d.article.section,
    "keywords": lambda d: list(d.article.keywords),
    "author": lambda d: list(d.article.authors),
    "datePublished": lambda d: d.article.published,
    "dateModified": lambda d: d.article.modified,
    "inLanguage": lambda d: d.article.language,
    "image": lambda d: [image.url for image in d.article.images],
    "caption": lambda d: [image.caption or "" for image in d.article.images],
    "isAccessibleForFree": lambda d: None if d.article.paywalled is None else not d.article.paywalled,
    "firstSeen": lambda d: d.first_seen,
    "changed": lambda d: d.changed,
    "number": lambda d: d.number,
    "current": lambda d: d.current,
    "gone": lambda d: d.gone,
    "story": lambda d: d.story,
    "lead": lambda d: d.lead,
    "contentHash": lambda d: d.article.content_hash,
    "edited": lambda d: d.edited,
    "removed": lambda d: d.removed,
    "tags": lambda d: list(d.annotations.tags),
    "note": lambda d: d.annotations.note or None,
    "collections": lambda d: list(d.annotations.collections),
}
LISTS = frozenset(("keywords", "author", "image", "caption", "tags", "collections"))
MOMENTS = frozenset(("datePublished", "dateModified", "firstSeen", "changed", "edited", "removed"))
FLAGS = frozenset(("isAccessibleForFree", "current", "gone", "lead"))
NUMBERS = frozenset(("number",))
BETWEEN = "; "  # values of a list in one cell
# Characters that a cell of a spreadsheet holds: https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3
MAX_CELL_CHARS = 32_767

# The start of a formula (https://owasp.org/www-community/attacks/CSV_Injection) wherever a cell may begin: also after a
# line feed, a tab or a semicolon, which in many countries separates cells, even within quotes.
_FORMULA = re.compile(r"(?<![^\n\r\t;|])(?=[^\S\n\r\t]*[=+\-@\uff1d\uff0b\uff0d\uff20])|\A(?=[\t\r])")


def row(document: IndexDocument) -> list[Any]:
    """An article's values, in the order of COLUMNS."""
    return [value(document) for value in COLUMNS.values()]


def cell(value: Any) -> str:
    """A value as a CSV cell that no spreadsheet takes for a formula: an apostrophe precedes whatever looks like one."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return iso(value)
    return harmless(BETWEEN.join(value) if isinstance(value, list) else str(value))


def harmless(text: str) -> str:
    """The text with an apostrophe before anything that a spreadsheet may take for the start of a formula."""
    return _FORMULA.sub("'", text)


def cells_too_long(document: IndexDocument) -> int:
    """How many cells of an article's row have more characters than a spreadsheet keeps of a cell."""
    texts = (BETWEEN.join(value) if isinstance(value, list) else value for value in row(document))
    return sum(isinstance(text, str) and len(text) > MAX_CELL_CHARS for text in texts)
