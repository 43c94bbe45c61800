"""What a page shows of an article, for fields without machine-readable metadata: date, authors, section, tags."""

from __future__ import annotations

from collections.abc import Iterator

from selectolax.lexbor import LexborNode

from crawler.extract import section
from crawler.extract.draft import Draft
from crawler.extract.html_document import HtmlDocument, text_of
from crawler.extract.metadata import Context, keywords
from crawler.extract.near_headline import (
    heading_of,
    is_outside_article,
    lines_around_headline,
    link_texts,
)
from crawler.extract.visible_authors import complete_authors, fill_authors
from crawler.extract.visible_dates import fill_dates, is_day

_SECTIONS = (
    "a[rel~='category'], .post-cat, .entry-category a, .cat-links a, [class*='article-section' i] a,"
    " [class*='article-category' i] a, [class*='post-category' i] a, .category-name a, .post-labels a,"
    " [class*='tax-category' i] a, [class~='taxonomy-category' i] a, [class*='name-field-section' i] a,"
    " [class*='name-field-category' i] a, [class*='name-field-rubri' i] a, [class*='name-field-ressort' i] a,"
    " [class*='kicker' i], [class*='overline' i], [class*='eyebrow' i], a[class*='rubri' i], a[class*='ressort' i],"
    " [class*='breadcrumb' i] a, [id*='breadcrumb' i] a, [aria-label*='breadcrumb' i] a, .crumb a, .crumbs a, .arbo a,"
    " .spip-arbo a, [class*='fil-ariane' i] a, [class*='ariane' i] a, .pathway a, .bread a"
)
_LABEL_MAX_CHARS = 60  # maximum characters of a section's name
_SECOND_HEADLINES = "h1 + [class*='sub-title' i], h1 + [class*='subtitle' i], h1 + [class*='subhead' i]"


def fill_visible(draft: Draft, page: Context) -> None:
    """Fills empty fields from the visible page, ignoring elements of teasers, boxes and comments."""
    document, place, house = page
    if draft.lacks("published") or is_day(draft.origins["published"]):
        fill_dates(draft, document, place)
    if draft.lacks("authors"):
        fill_authors(draft, page)
    else:
        complete_authors(draft, document, house)
    if draft.lacks("section"):
        for label in _sections(document, draft.headline):
            draft.fill("section", label, "page")
            if label and section.may_be(label, draft, house):
                break
    if draft.lacks("alternative_headline"):
        draft.fill("alternative_headline", text_of(document.first(_SECOND_HEADLINES)) or None, "page")
    if draft.lacks("keywords"):
        draft.fill("keywords", keywords([text_of(n) for n in document.tree.css("a[rel~='tag']")[:30]]), "page")


def _sections(document: HtmlDocument, headline: str) -> Iterator[str | None]:
    """What may be the article's section, the most reliable first."""
    labels = [text for node in _section_links(document) if 1 < len(text := text_of(node)) <= _LABEL_MAX_CHARS]
    yield next((text for text in reversed(labels) if text.casefold() != headline.casefold()), None)
    yield _label_above(document, headline)
    yield section.of_path(document)
    yield section.beside(heading_of(document, headline), document.base)


def _section_links(document: HtmlDocument) -> list[LexborNode]:
    """The elements that may name the article's section. In a breadcrumb, only the first leads home: `/sh/` behind that
    is a section whose path looks like a language."""
    found: list[LexborNode] = []
    home = False
    for node in document.tree.css(_SECTIONS)[:8]:
        crumb = section.is_crumb(node)
        if section.leads_home(node, document.base) and not (crumb and home):
            home = True
        elif crumb or not is_outside_article(node):
            found.append(node)
    return found


def _label_above(document: HtmlDocument, headline: str) -> str | None:
    """The line above the headline, if the site's menu contains it too: the section."""
    above, _ = lines_around_headline(document, headline)
    labels = [text for text in above[-2:] if 1 < len(text) <= _LABEL_MAX_CHARS]
    if not labels:
        return None
    links = set(link_texts(document))
    return next((text for text in reversed(labels) if text in links and section.is_label(document, text)), None)
