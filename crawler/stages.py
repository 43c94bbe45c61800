"""The pipeline of an article, stage by stage. Stages are pure functions of plain values, except those that do I/O.

1. discover   a source's bytes -> candidates             crawler/discover/, crawler/urls/
2. fetch      a candidate -> a Page, politely            spiders/site.py, crawler/fetch/; raw copy: index/warc/store.py
3. extract    a Page -> a Draft, each field with its origin     crawler/extract/
4. clean      a Draft -> the same without boilerplate           crawler/boilerplate/
5. identify   a Draft -> an Article with id, hash, signature    crawler/fingerprint.py
6. store      an Article -> New | Changed | Same | CopyOf       index/archive/articles.py, in one transaction
7. index      unacknowledged changes -> the index               index/archive/outbox.py, index/search/indexer.py

Stages 1 and 3 to 5 parse untrusted bytes, so they run in the worker processes (crawler/processes/parse_pool.py), each
with a deadline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b
from zoneinfo import ZoneInfo

from crawler import fingerprint
from crawler.boilerplate import field_duplicates, invitations, phrases, site_rules
from crawler.boilerplate import repeated_blocks as repetition
from crawler.boilerplate.removed import CAPTION
from crawler.boilerplate.repeated_blocks import NO_REPEATS, Block, RepeatedBlocks
from crawler.discover import parse
from crawler.errors import Refused
from crawler.extract import (
    EXTRACTOR_VERSION,
    extractor,
    html_document,
    jsonld,
    page_classifier,
    pagination,
    robots_meta,
)
from crawler.extract.body import TOLD_IN_CAPTIONS
from crawler.extract.draft import Draft, Extraction
from crawler.extract.html_document import HtmlDocument
from crawler.models import Discovered, Page
from crawler.site_config import Rules, Site, Source
from crawler.text import block, line
from crawler.urls import page_numbers
from crawler.urls.article_filter import may_be_article
from crawler.urls.canonical import canonical
from crawler.urls.registered_domain import domain_of
from index.model.article import Article
from index.model.candidate import Candidate
from index.model.codes import PageReason
from index.text import charset


def discover(site: Site, source: Source, body: bytes, url: str, headers: Mapping[str, str]) -> Discovered:
    """The candidates in one response of a source, without those excluded by the site's rules or by their URL. Those on
    other domains than the site's are apart, except from a list of URLs, which a person wrote.

    :raises SourceProblem: when the response cannot be read.
    """
    # 1. discover
    languages = (*filter(None, [source.language]), *site.languages)
    zone = ZoneInfo(site.time_zone)
    found = parse(source.kind, body, url, headers, links=source.links, zone=zone, languages=languages)
    rules = site.rules_on(datetime.now(UTC).date())
    skipped = Counter(found.skipped)
    own = site.own_domains
    candidates: list[Candidate] = []
    foreign: list[Candidate] = []
    for candidate in found.candidates:
        if reason := may_be_article(candidate.url, rules.allow, rules.deny):
            skipped[reason] += 1
        else:
            mine = source.kind == "urls" or domain_of(candidate.url) in own
            kept = replace(candidate, language=candidate.language or source.language)
            (candidates if mine else foreign).append(kept)
    return replace(found, candidates=tuple(candidates), foreign=tuple(foreign), skipped=skipped)


def article(page: Page, site: Site, repeats: RepeatedBlocks = NO_REPEATS) -> Extraction:
    """The article on a page, with the boilerplate that was removed; of one in several pages, the text of those that are
    given, and where it goes on.

    `repeats` are the site's own blocks, with how many of its other articles contain each.

    :raises Refused: when the page is not an article, or not its first page; `said` holds the fields found so far.
    :raises Unreadable: when its bytes cannot be parsed.
    """
    # 3. extract; pages that are not articles are rejected here, as early as possible
    document, nodes = _opened(page, site)
    following, beginning = pagination.following(document, page.final_url), pagination.beginning(document)
    draft = extractor.read(document, nodes, page, site)  # removes related boxes, share bars, … before the body
    page_classifier.reject_draft(draft, document, nodes)
    if beginning is not None:
        raise Refused(PageReason.FURTHER_PAGE, url=beginning)
    draft.origins |= robots_meta.read_directives(page, document)

    # 4. clean: after the structure, the phrases of each language, page by page, then the site's repeated paragraphs
    rules = site.rules_on(page.fetched.date())
    kept = _clean(draft, rules)
    pages = 1
    for part in page.rest:
        if page_numbers.of_first(canonical(part.final_url) or part.url, canonical(page.final_url) or page.url) is None:
            following = None  # it was redirected elsewhere
            break
        document, nodes = _opened(part, site)
        after = pagination.following(document, page.final_url)
        further = extractor.read(document, nodes, part, site)
        kept |= _clean(further, rules)
        if not pagination.join(draft, further):
            following = None
            break
        following, pages = after, pages + 1
    blocks = _without_repeats(draft, kept, repeats)

    # 5. identify
    identified = _identified(draft, page, site)
    known = {canonical(one.final_url) for one in (page, *page.rest)}
    more = following if pages < pagination.MAX_PAGES and canonical(following or "") not in known else None
    return Extraction(identified, tuple(draft.removed), blocks, tuple(draft.others), pages, more)


def _opened(page: Page, site: Site) -> tuple[HtmlDocument, list[jsonld.Node]]:
    """A page's document and its JSON-LD.

    :raises Refused: when it shows before the text is read that the page is not an article.
    :raises Unreadable: when its bytes cannot be parsed.
    """
    page_classifier.reject_response(page)
    decoded = charset.decode(page.body, page.headers, site.languages)
    document = html_document.parse(decoded.text, page.final_url)
    nodes = jsonld.nodes(document.tree)
    page_classifier.reject_document(document, nodes, page.asked)
    return document, nodes


def state(site: Site, repeats: RepeatedBlocks) -> str:
    """The name of what an article's pages are read with: the extractor, the site's rules, and the learned blocks. Two
    readings by the same of all three differ only where the site changed something."""
    rules = site.model_dump_json(include={"name", "country", "languages", "time_zone", "rules"})
    return f"{EXTRACTOR_VERSION}-{blake2b(rules.encode(), digest_size=4).hexdigest()}-{repeats.digest}"


def _clean(draft: Draft, rules: Rules) -> frozenset[str]:
    """Removes what the site's rules and the phrases say from the draft's body; returns the paragraphs that are to be
    kept by its rules."""
    draft.body, by_rule, kept = site_rules.apply(draft.body, rules)
    draft.body, by_phrase = phrases.drop(draft.body, kept)
    draft.body, by_invitation = invitations.drop(draft.body, kept)
    draft.removed += [*by_rule, *by_phrase, *by_invitation]
    return kept


def _without_repeats(draft: Draft, kept: frozenset[str], repeats: RepeatedBlocks) -> tuple[Block, ...]:
    """Removes copies of other fields and what the site repeats from the draft's body; returns the paragraphs without
    the former alone."""
    draft.body, by_echo = field_duplicates.drop(draft.body, _duplicable(draft))
    blocks = repetition.blocks(draft.body, draft.apart)
    its_own = kept | repetition.own(draft.body, draft.description, draft.apart)
    draft.body, by_repeat = repetition.drop(draft.body, repeats, its_own)
    draft.removed += [*by_echo, *by_repeat]
    return blocks


def _duplicable(draft: Draft) -> field_duplicates.Fields:
    captions = [one.text for one in draft.removed if one.reason == CAPTION]
    images = () if draft.origins.get("body") == TOLD_IN_CAPTIONS else draft.images  # where they are the text
    return field_duplicates.Fields(draft.headline, draft.section, draft.authors, draft.description, images, captions)


def _identified(draft: Draft, page: Page, site: Site) -> Article:
    headline, body = line(draft.headline), block(draft.body)
    known_by = fingerprint.identity(headline, body)
    return Article(
        id=fingerprint.article_id(site.id, page.url),
        site=site.id,
        url=page.url,
        headline=headline,
        body=body,
        content_hash=known_by.content_hash,
        extractor=EXTRACTOR_VERSION,
        country=site.country,
        canonical_url=canonical(draft.canonical_url or ""),
        alternative_headline=draft.alternative_headline,
        description=draft.description,
        section=draft.section,
        keywords=draft.keywords,
        authors=draft.authors,
        published=draft.published,
        modified=draft.modified,
        language=draft.language,
        images=draft.images,
        paywalled=draft.paywalled,
        signature=known_by.signature,
        template=known_by.template,
        origins=dict(draft.origins),
    )
