"""All fields of an article, each from the first source that has it: the site's rules, JSON-LD, microdata, <meta>, the
visible page, the entry in the feed or sitemap. `draft.origins` records which."""

from __future__ import annotations

from datetime import UTC
from textwrap import shorten
from urllib.parse import urlsplit

from crawler.extract import (
    body,
    dates,
    headline,
    images,
    jsonld,
    language_detection,
    metadata,
    script_state,
    section,
    site_selectors,
    visible_dates,
    visible_metadata,
)
from crawler.extract.draft import Draft
from crawler.extract.html_document import HtmlDocument, attribute, text_of
from crawler.models import Page
from crawler.site_config import Site
from crawler.urls import country_domains
from crawler.urls.country_domains import UNKNOWN
from index.model.article import CANONICAL_ELSEWHERE

_HEADLINE_STANDIN_CHARS = 120  # characters of the body used in place of a headline


def read(document: HtmlDocument, found: list[jsonld.Node], page: Page, site: Site) -> Draft:
    """The draft of a page; `found` are its JSON-LD nodes. Removes boilerplate from the document's tree, in place."""
    draft = Draft()
    title = document.meta("og:title") or text_of(document.first("head > title"))
    node = jsonld.article(found, {page.url, page.final_url}, title)
    ours = site.rules_on(page.fetched.date())
    declared = (attribute(document.first("html"), "lang", "xml:lang"), document.meta("og:locale"))
    place = dates.Place(
        _date_languages(document, declared, site),
        _country(site, page.final_url),
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
    metadata.from_microdata(draft, (document, place, house))
    metadata.from_meta(draft, (document, place, house))
    draft.fill("section", jsonld.crumb(found, draft.headline) or None, "json-ld")
    visible_metadata.fill_visible(draft, (document, place, house))
    visible_dates.apply_page_timezone(draft, document, place)
    ago = visible_dates.fill_relative_date(draft, document, place)
    if node is not None:
        draft.fill("authors", metadata.author_names(node, found), "json-ld")  # else the outlet, or an account
    images.add(draft, document)
    draft.canonical_url = metadata.canonical_url(document)
    if other := metadata.canonical_url(document, elsewhere=True):  # no article of ours: a syndicated text, or a move
        draft.origins[CANONICAL_ELSEWHERE] = other

    body.fill(draft, document, node, ours)
    script_state.fill(draft, (document, place, house), node, ours)
    section.settle(draft, house)
    _from_candidate(draft, page)
    metadata.fill_date(draft, "published", ago, "page")
    visible_dates.apply_exact_time(draft, place.zone)
    visible_dates.apply_first_time(draft)
    visible_dates.date_elsewhere(draft, document, place)
    visible_dates.date_from_htmldate(draft, document, place)
    draft.fill("headline", _first_line(draft.body), "body")
    visible_dates.apply_url_date(draft, document.url, place)
    visible_dates.apply_last_change(draft)
    said = page.candidate.language if page.candidate else None
    tags = (*filter(None, (said, jsonld.text(node.get("inLanguage")) if node else "", *declared)), site.languages[0])
    if found_language := language_detection.language(" ".join([draft.headline, *draft.body[:12]]), tags):
        draft.fill("language", *found_language)
    return draft


def _country(site: Site, url: str) -> str:
    """The country of the site; of one that nobody described, that of its top-level domain."""
    return site.country if site.country != UNKNOWN else country_domains.country(urlsplit(url).hostname or "")


def _date_languages(document: HtmlDocument, declared: tuple[str, ...], site: Site) -> tuple[str, ...]:
    """The possible languages of the page's dates, the likeliest first: the declared ones, else that of its title and
    description, then the site's."""
    tags = [tag for tag in map(language_detection.normal, declared) if tag]
    if not tags:
        about = f"{text_of(document.first('title'))} {document.meta('og:description', 'description')}"
        tags = [found[0] for found in [language_detection.language(about)] if found]
    return (*dict.fromkeys(tags), *site.languages)


def _first_line(body: list[str]) -> str:
    """The beginning of the text, as the headline of a page without one."""
    return (
        shorten(body[0], _HEADLINE_STANDIN_CHARS, placeholder="…")
        if sum(map(len, body)) > 2 * _HEADLINE_STANDIN_CHARS
        else ""
    )


def _from_candidate(draft: Draft, page: Page) -> None:
    """Fills fields that the page lacks from the feed or sitemap."""
    if page.candidate is not None:
        draft.fill("headline", page.candidate.title or "", "feed")
        draft.fill("published", page.candidate.published, "feed")
        draft.fill("modified", page.candidate.modified, "feed")
