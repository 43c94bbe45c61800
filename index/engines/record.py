"""What an index stores of a document: one record, the same for every engine; and the numbers it is sorted by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from index.model.article import Article, IndexDocument
from index.model.query import Sort
from index.model.results import Facet
from index.text.analysis import language_of, stems

MAX_ID_BYTES = 512  # Elasticsearch refuses the whole request for a longer one
NAME_BITS = 30  # of an article's id within `order`; two of one second share them once in 2**30
MAX_NAME = 200  # characters of an author or a section that is counted: a longer one is a mistake of its page
FACET_FIELDS: Mapping[Facet, str] = {  # what is counted -> the field that holds it, whole
    "site": "site",
    "country": "country",
    "language": "main_language",
    "section": "section_name",
    "author": "author_name",
}
DAY = "day"  # the field of days, as Python's ordinals: 1 is Monday the first of January of the year 1
SORTED: Mapping[Sort, str] = {"newest": "order", "oldest": "order", "changed": "changed"}  # by date: which number
EPOCH_SECONDS = 1 << 32  # added, so that articles from before 1970 (from 1833 on) sort too


@dataclass(frozen=True, slots=True)
class IndexRecord:
    """A document as fields: `keywords` hold whole values, `texts` are cut into folded words by the engine's own means,
    `stems` are words already, parted by blanks; `order`, `changed` and `day` are numbers to sort and count by; by
    `digest` a document is known to say what the archive does."""

    id: str
    version: int
    order: int
    changed: int
    day: int
    digest: int
    keywords: dict[str, list[str]]
    texts: dict[str, list[str]]
    stems: dict[str, str]


def record(document: IndexDocument) -> IndexRecord:
    """What an index stores of a document. Raises ValueError, with the reason, for one that no index can take."""
    article = document.article
    language = language_of(article.language)
    id_ = article.id if document.current else earlier_id(article.id, document.number)
    if not article.id or len(id_.encode("utf-8", "replace")) > MAX_ID_BYTES:
        raise ValueError(f"its id has no or more than {MAX_ID_BYTES} bytes")
    if document.version < 1:
        raise ValueError(f"its version is {document.version}: they count from 1")
    made = IndexRecord(
        id=id_,
        version=document.version,
        order=order_of(document.sort_date, id_),
        changed=order_of(document.changed or document.sort_date, id_),
        day=document.sort_date.astimezone(UTC).toordinal(),
        digest=digest(document),
        keywords=_keywords(document, language),
        texts=_texts(article),
        stems={
            "headline_stem": " ".join(stems(article.headline, language)),
            "body_stem": " ".join(stems(article.body, language)),
        },
    )
    try:
        json.dumps([made.id, made.keywords, made.texts], ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"its text has half a character (a lone surrogate): {error.reason}") from None
    return made


def digest(document: IndexDocument) -> int:
    """63 bits that differ where what an index is given of two documents does; made without their stems, which follow
    from the texts."""
    article = document.article
    dates = [moment.timestamp() for moment in (document.sort_date, document.changed or document.sort_date)]
    said = [_keywords(document, language_of(article.language)), _texts(article), dates]
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
        "lead": ["yes" if document.lead or not document.current else "no"],  # it was no copy, or it would not be here
        "gone": ["yes" if document.gone else "no"],
        "has": [name for name, there in has.items() if there],
        "site": [article.site],
        "country": [article.country.upper()] if article.country else [],
        "language": sorted({tag, tag.partition("-")[0], language} - {""}),
        "main_language": [language] if language else [],
        "author_name": _names(article.authors),
        "section_name": _names([article.section or ""]),
    }


def _names(values: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(name for value in values if (name := " ".join(value.split())[:MAX_NAME])))


def earlier_id(article: str, number: int) -> str:
    """The id of an earlier version's document."""
    return f"{article}@{number}"


def is_earlier(id_: str) -> bool:
    """Whether an id is an earlier version's."""
    return "@" in id_


def article_of(id_: str) -> tuple[str, int]:
    """The article and the number of the version whose document has this `earlier_id`."""
    article, _, number = id_.rpartition("@")
    return article, int(number)


def order_of(moment: datetime, id_: str = "") -> int:
    """By what results are sorted, as one number of 63 bits, the same on every engine: the second, then the id's hash.

    Without an id it is the least of that second, rounded up: the bound of a range of dates."""
    second = moment.timestamp() + EPOCH_SECONDS
    if not id_:
        return min(max(-int(-second // 1), 0), (1 << 33) - 1) << NAME_BITS
    name = int.from_bytes(hashlib.blake2b(id_.encode("utf-8", "replace"), digest_size=4).digest(), "big") >> 2
    return (min(max(int(second // 1), 0), (1 << 33) - 1) << NAME_BITS) | name
