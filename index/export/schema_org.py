"""Articles with schema.org's names (https://schema.org/NewsArticle), ready for JSON; anything it has no name for is
under `archive`. The command prints this form; the API and the exports have it as linked data."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from index.export.linked_data import as_linked_data
from index.model.article import Annotations, Article, IndexDocument
from index.model.iso import iso


def schema_org_fields(article: Article) -> dict[str, Any]:
    """The fields of an article: dates in ISO 8601 with the page's UTC offset, empty fields omitted."""
    fields = {
        "url": article.url,
        "mainEntityOfPage": article.canonical_url,
        "headline": article.headline,
        "alternativeHeadline": article.alternative_headline,
        "description": article.description,
        "articleBody": article.body,
        "articleSection": article.section,
        "keywords": list(article.keywords),
        "author": list(article.authors),
        "datePublished": article.published and iso(article.published),
        "dateModified": article.modified and iso(article.modified),
        "inLanguage": article.language,
        "image": [{"url": image.url, "caption": image.caption, "creditText": image.credit} for image in article.images],
        "isAccessibleForFree": None if article.paywalled is None else not article.paywalled,
        "archive": {
            "id": article.id,
            "site": article.site,
            "country": article.country,
            "origins": dict(article.origins),
            "contentHash": article.content_hash,
        },
    }
    return {name: value for name, value in fields.items() if value not in (None, "", [])}


def as_news_article(article: Article) -> dict[str, Any]:
    """The same as linked data, with `@context` and types."""
    return as_linked_data(schema_org_fields(article))


def document_fields(document: IndexDocument) -> dict[str, Any]:
    """The article of a document with what the archive knows about it; the archive's times are in ISO 8601, in UTC."""
    answer = as_news_article(document.article)
    answer["archive"] |= {
        "firstSeen": _utc(document.first_seen),
        "version": document.version,
        "number": document.number,
        "current": document.current,
        "changed": document.changed and _utc(document.changed),
        "edited": document.edited and _utc(document.edited),
        "gone": document.gone,
        "removed": document.removed and _utc(document.removed),
        "story": document.story,
        "lead": document.lead,
        **annotation_fields(document.annotations),
    }
    return answer


def annotation_fields(annotations: Annotations) -> dict[str, Any]:
    """What people added to an article, without what is empty."""
    own = {"tags": list(annotations.tags), "note": annotations.note, "collections": list(annotations.collections)}
    return {name: value for name, value in own.items() if value}


def _utc(moment: datetime) -> str:
    return iso(moment.astimezone(UTC))
