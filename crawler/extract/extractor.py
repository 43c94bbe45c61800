"""All fields of an article, each from the first of these that gives it: the site's rules, JSON-LD, microdata, <meta>,
what readers see, the source that offered the page. `draft.origins` says which it was."""

from __future__ import annotations

from datetime import UTC
from textwrap import shorten

from crawler.extract import (
    body,
    dates,
    headline,
    images,
    jsonld,
    language_detection,
    metadata,
    site_selectors,
    visible_metadata,
)
from crawler.extract.author_names import names
from crawler.extract.draft import Draft
from crawler.extract.html_document import HtmlDocument, attribute, text_of
from crawler.models import Page
from crawler.site_config import Site

_HEADLINE_STANDIN_CHARS = 120  # characters of a text that stand for a headline


def read(document: HtmlDocument, found: list[jsonld.Node], page: Page, site: Site) -> Draft:
    """The draft of a page; `found` are its nodes of JSON-LD. Takes boilerplate off the document's tree, in place."""
    draft = Draft()
    node = jsonld.article(found, {page.url, page.final_url}, document.meta("og:title"))
    ours = site.rules_on(page.fetched.date())
    declared = (attribute(document.first("html"), "lang"), document.meta("og:locale"))
    place = dates.Place(
        _date_languages(document, declared, site),
        site.country,
        dates.zone_of(site.time_zone),
        page.fetched.astimezone(UTC),
    )

    house = metadata.outlets(document, node, found, site.name)

    site_selectors.apply(draft, document, ours, place)
    draft.fill("headline", *headline.headline(document, node, [site.name]))
    for title, origin in headline.declared(document, node):
        draft.fill("headline", title, origin)
    if node is not None:
        metadata.from_jsonld(draft, node, found, (document, place, house))
    metadata.from_microdata(draft, document, place)
    metadata.from_meta(draft, (document, place, house))
    visible_metadata.fill_visible(draft, (document, place, house))
    visible_metadata.apply_page_timezone(draft, document, place)
    ago = visible_metadata.fill_relative_date(draft, document, place)
    if node is not None:
        draft.fill("authors", names(jsonld.people(node.get("author"), found)), "json-ld")  # the outlet, where no person
    images.add(draft, document)
    draft.canonical_url = metadata.canonical_url(document)

    body.fill(draft, document, node, ours)
    _from_candidate(draft, page)
    metadata.fill_date(draft, "published", ago, "page")
    visible_metadata.date_from_htmldate(draft, document.markup, place)
    draft.fill("headline", _first_line(draft.body), "body")
    visible_metadata.apply_url_date(draft, document.url, place)
    said = page.candidate.language if page.candidate else None
    tags = (*filter(None, (said, jsonld.text(node.get("inLanguage")) if node else "", *declared)), site.languages[0])
    if found_language := language_detection.language(" ".join([draft.headline, *draft.body[:12]]), tags):
        draft.fill("language", *found_language)
    return draft


def _date_languages(document: HtmlDocument, declared: tuple[str, ...], site: Site) -> tuple[str, ...]:
    """The languages in which the page may tell a date, the likeliest first: the declared ones, else what its title and
    description are in, then the site's."""
    tags = [tag for tag in map(language_detection.normal, declared) if tag]
    if not tags:
        about = f"{text_of(document.first('title'))} {document.meta('og:description', 'description')}"
        tags = [found[0] for found in [language_detection.language(about)] if found]
    return (*dict.fromkeys(tags), *site.languages)


def _first_line(body: list[str]) -> str:
    """The headline of a page that has none, and a text: how that begins."""
    return (
        shorten(body[0], _HEADLINE_STANDIN_CHARS, placeholder="…")
        if sum(map(len, body)) > 2 * _HEADLINE_STANDIN_CHARS
        else ""
    )


def _from_candidate(draft: Draft, page: Page) -> None:
    """What feed or sitemap said, only where the page says nothing."""
    if page.candidate is not None:
        draft.fill("headline", page.candidate.title or "", "feed")
        draft.fill("published", page.candidate.published, "feed")
        draft.fill("modified", page.candidate.modified, "feed")
