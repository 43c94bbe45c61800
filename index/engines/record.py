"""What an index stores of a document, the same for every engine, and the numbers by which it is sorted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from index.model.article import Article, IndexDocument
from index.model.codes import IndexReason
from index.model.message import Message
from index.model.query import Sort
from index.model.results import Facet
from index.text.analysis import language_of, stems

MAX_ID_BYTES = 512  # Elasticsearch rejects the whole request if an id is longer
NAME_BITS = 30  # of the id's hash within `order`; two articles of the same second collide once in 2**30
MAX_NAME = 200  # characters of an author or section in a facet: a longer one is a mistake of its page
FACET_FIELDS: Mapping[Facet, str] = {  # the field with the whole values of a facet
    "site": "site",
    "country": "country",
    "language": "main_language",
    "section": "section_name",
    "author": "author_name",
}
DAY = "day"  # the field of days, as Python's ordinals: 1 is Monday, January 1 of the year 1
NUMBERS = ("versions", "edited", "removed")  # numbers to filter by: a count, and days as in DAY
SORTED: Mapping[Sort, str] = {"newest": "order", "oldest": "order", "changed": "changed"}  # the number to sort by
EPOCH_SECONDS = 1 << 32  # added to Unix times, so that articles from before 1970 (from 1833 on) are sorted too


@dataclass(frozen=True, slots=True)
class IndexRecord:
    """A document as fields.

    `keywords` are whole values; `texts` are split into folded words by the engine; `stems` are words already, separated
    by spaces. `order`, `changed` and `day` are numbers to sort and count by; `digest` shows whether the document has
    the same content as in the archive. `numbers` are others to filter by, each field with any number of them.
    """

    id: str
    version: int
    order: int
    changed: int
    day: int
    digest: int
    keywords: dict[str, list[str]]
    texts: dict[str, list[str]]
    stems: dict[str, str]
    numbers: dict[str, list[int]]


class UnfitDocument(ValueError):
    """No index can store this document; `message` says why."""

    def __init__(self, reason: IndexReason, **params: int) -> None:
        self.message = Message(reason, params)
        super().__init__(self.message)


def record(document: IndexDocument) -> IndexRecord:
    """The record that an index stores of a document.

    :raises UnfitDocument: when no index can store it; its `message` is the reason.
    """
    article = document.article
    language = language_of(article.language)
    id_ = article.id if document.current else earlier_id(article.id, document.number)
    if not article.id or len(id_.encode("utf-8", "replace")) > MAX_ID_BYTES:
        raise UnfitDocument(IndexReason.BAD_ID, most=MAX_ID_BYTES)
    if document.version < 1:
        raise UnfitDocument(IndexReason.BAD_VERSION, version=document.version)
    made = IndexRecord(
        id=id_,
        version=document.version,
        order=order_of(document.sort_date, id_),
        changed=order_of(document.changed or document.sort_date, id_),
        day=day_of(document.sort_date),
        digest=digest(document),
        keywords=_keywords(document, language),
        texts=_texts(article),
        stems={
            "headline_stem": " ".join(stems(article.headline, language)),
            "body_stem": " ".join(stems(article.body, language)),
        },
        numbers=_numbers(document),
    )
    try:
        json.dumps([made.id, made.keywords, made.texts], ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise UnfitDocument(IndexReason.SURROGATE) from None
    return made


def digest(document: IndexDocument) -> int:
    """A 63-bit digest of what an index stores of a document, except for stems, which follow from the texts."""
    article = document.article
    dates = [moment.timestamp() for moment in (document.sort_date, document.changed or document.sort_date)]
    said = [_keywords(document, language_of(article.language)), _texts(article), _numbers(document), dates]
    packed = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
    return int.from_bytes(hashlib.blake2b(packed, digest_size=8).digest(), "big") >> 1


def _texts(article: Article) -> dict[str, list[str]]:
    return {
        "headline": [article.headline],
        "body": [article.body],
        "author": list(article.authors),
        "section": [article.section] if article.section else [],
    }


def _keywords(document: IndexDocument, language: str) -> dict[str, list[str]]:
    article = document.article
    has = {
        "image": article.images,
        "author": article.authors,
        "section": article.section,
        "date": article.published,
        "changes": document.changed,
    }
    tag = (article.language or "").lower()
    return {
        "article": [article.id],
        "lead": ["yes" if document.lead or not document.current else "no"],  # earlier versions are never copies
        "gone": ["yes" if document.gone else "no"],
        "has": [name for name, there in has.items() if there],
        "site": [article.site],
        "country": [article.country.upper()] if article.country else [],
        "language": sorted({tag, tag.partition("-")[0], language} - {""}),
        "main_language": [language] if language else [],
        "author_name": _names(article.authors),
        "section_name": _names([article.section or ""]),
    }


def _numbers(document: IndexDocument) -> dict[str, list[int]]:
    """How many versions there are; and days, in UTC: an article that is edited all the time has no more than those."""
    return {
        "versions": [document.versions],
        "edited": sorted({day_of(moment) for moment in document.edits}),
        "removed": [day_of(document.removed)] if document.removed else [],
    }


def day_of(moment: datetime) -> int:
    """The day of a moment (aware) in UTC, as Python's ordinals."""
    return moment.astimezone(UTC).toordinal()


def _names(values: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(name for value in values if (name := " ".join(value.split())[:MAX_NAME])))


def earlier_id(article: str, number: int) -> str:
    """The id of an earlier version's document."""
    return f"{article}@{number}"


def is_earlier(id_: str) -> bool:
    """Whether this is the id of an earlier version's document."""
    return "@" in id_


def article_of(id_: str) -> tuple[str, int]:
    """The article id and version number in an `earlier_id`."""
    article, _, number = id_.rpartition("@")
    return article, int(number)


def order_of(moment: datetime, id_: str = "") -> int:
    """The sort key of results as one 63-bit number, the same for every engine: the second, then a hash of the id.

    Without an id it is the lowest key of that second, rounded up, as a bound for date ranges.
    """
    second = moment.timestamp() + EPOCH_SECONDS
    if not id_:
        return min(max(-int(-second // 1), 0), (1 << 33) - 1) << NAME_BITS
    name = int.from_bytes(hashlib.blake2b(id_.encode("utf-8", "replace"), digest_size=4).digest(), "big") >> 2
    return (min(max(int(second // 1), 0), (1 << 33) - 1) << NAME_BITS) | name
