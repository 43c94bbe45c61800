"""What an index does, and what it is given: one record per document, the same for every engine.

An index is a view of the archive. It lives under a target's name, such as `arshif-v1-20261123t190000`; a rebuild fills
a new target and publishes it when it is complete. `plan.py` says what a query means; an engine only translates.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from index.errors import QueryError
from index.model.article import Article, Facet, IndexDocument, Matches, Query, Sort
from index.model.codes import IndexReason
from index.model.message import Message
from index.text.analysis import language_of, stems

MAPPING_VERSION = 2  # of fields and analysis: an index of another one is not read or written, but rebuilt
MAX_ID_BYTES = 512  # Elasticsearch refuses the whole request for a longer one
NAME_BITS = 30  # of an article's id within `order`; two of one second share them once in 2**30
MAX_NAME = 200  # characters of an author or a section that is counted: a longer one is a mistake of its page
MAX_FACET_VALUES = 50  # of a facet, those with the most articles
FACET_FIELDS: Mapping[Facet, str] = {  # what is counted -> the field that holds it, whole
    "site": "site",
    "country": "country",
    "language": "main_language",
    "section": "section_name",
    "author": "author_name",
}
DAY = "day"  # the field of days, as Python's ordinals: 1 is Monday the first of January of the year 1
EPOCH_SECONDS = 1 << 32  # added, so that articles from before 1970 (from 1833 on) sort too


@dataclass(frozen=True, slots=True)
class IndexedDocument:
    """A document that an index has: its id (`earlier_id` of an earlier version), its version, and the digest of what it
    said when it was brought."""

    id: str
    version: int
    digest: int


class Engine(Protocol):
    """One index engine. Every method raises IndexUnavailable where the index does not answer or asks to wait, and
    IndexMismatch where a person must mend it; the message says how. Safe to use from several threads."""

    name: str
    prefix: str

    def create(self, target: str) -> None:
        """A new, empty index of that name (from `new_target`); one that is there already stays as it is."""

    def bulk(self, target: str, upserts: Sequence[IndexDocument], deletes: Sequence[str]) -> dict[str, Message]:
        """Bring documents in and take ids out. All are durable when it returns, but for those that are refused for
        good: their articles' ids with the reason. An older version than the index has is left out, and counts as done.
        Documents that are not current go to the index of earlier versions; a deletion holds for both, that of an
        `earlier_id` for that one. A target of an older mapping is given what it has fields for."""

    def activate(self, target: str) -> None:
        """From now on searches go to this target; the one before it is dropped after that."""

    def drop(self, target: str) -> None:
        """Remove a target for good, such as one of a rebuild that was given up. One that is not there is fine."""

    def targets(self) -> list[str]:
        """All targets of this prefix, of whatever version, published or not."""

    def searched(self) -> str | None:
        """The target that searches go to, of whatever MAPPING_VERSION; None where there is none yet."""

    def current(self) -> str | None:
        """The target that searches go to; None where there is none yet, or one of another MAPPING_VERSION."""

    def search(self, query: Query) -> Matches:
        """What matches in the current target: ids, the exact total, and the cursor of the next page."""

    def facet_counts(self, query: Query, fields: Sequence[str]) -> dict[str, dict[str, int]]:
        """For each of these fields (values of TALLIED, or DAY) how many of all that match hold each value: of the
        MOST_VALUES most frequent ones, in that order, equal ones by value; of DAY all, in no order."""

    def count(self, target: str | None = None) -> int:
        """How many documents a target has (None: the current one)."""

    def ids(self, target: str) -> Iterator[tuple[str, int]]:
        """(id, version) of every document of a target, in no order."""

    def scan(self, target: str) -> Iterator[IndexedDocument]:
        """Every document of a target and of the index of earlier versions beside it, in no order."""

    def close(self) -> None:
        """Let go of files and connections."""


def new_target(prefix: str = "arshif", now: datetime | None = None) -> str:
    """A name for a new target: it carries the version of the mapping and the time, in UTC, to the microsecond."""
    return f"{prefix}-v{MAPPING_VERSION}-{(now or datetime.now(UTC)):%Y%m%dt%H%M%S%f}"


def is_ours(target: str, prefix: str) -> bool:
    """Whether a target's name says that it was made with this prefix and this version of the mapping."""
    return target.startswith(f"{prefix}-v{MAPPING_VERSION}-")


def must_be_ours(target: str, prefix: str) -> None:
    """Raises ValueError for a target that `new_target` did not name for this prefix."""
    if not is_ours(target, prefix):
        raise ValueError(f"{target!r} is no name for an index here: new_target({prefix!r}) gives one")


# --- what an index is given ----------------------------------------------------------------------------------------


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


class UnfitDocument(ValueError):
    """No index can take this document; `message` says why."""

    def __init__(self, reason: IndexReason, **params: int) -> None:
        self.message = Message(reason, params)
        super().__init__(self.message)


def record(document: IndexDocument) -> IndexRecord:
    """What an index stores of a document.

    :raises UnfitDocument: no index can take it.
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
    except UnicodeEncodeError:
        raise UnfitDocument(IndexReason.SURROGATE) from None
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


SORTED: Mapping[Sort, str] = {"newest": "order", "oldest": "order", "changed": "changed"}  # by date: which number


def most_frequent(counts: Mapping[str, int]) -> dict[str, int]:
    """The MOST_VALUES values with the most articles, in that order; equal ones by value."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MAX_FACET_VALUES])


# --- cursors -------------------------------------------------------------------------------------------------------


def cursor(sort: str, key: Sequence[float | int]) -> str:
    """The place after a result with that key, as a word that fits into an address."""
    return base64.urlsafe_b64encode(json.dumps([sort, *key], separators=(",", ":")).encode()).rstrip(b"=").decode()


def place(query: Query, sort: str, length: int) -> list[Any] | None:
    """The key that the query's cursor holds; None without a cursor. Raises QueryError for one of another search."""
    if query.cursor is None:
        return None
    try:
        padded = query.cursor.encode("ascii") + b"=" * (-len(query.cursor) % 4)
        of, *key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, TypeError, binascii.Error):
        of, key = None, []
    if of != sort or len(key) != length or not all(type(part) in (int, float) and 0 <= part < 1 << 63 for part in key):
        raise QueryError("The cursor is not one of this search: start again at its first page.", 0)
    return list(key)
