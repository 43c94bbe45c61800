"""An article, its versions, and its document for an index. Names follow schema.org's NewsArticle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from index.model.codes import ReadingReason

DAY_ONLY = "day only"  # part of the origin of a date that has no time
LAST_CHANGE = "of the last change"  # of that of a publication date that is only known to be no later
CANONICAL_ELSEWHERE = "canonical elsewhere"  # in `origins`: the URL on another domain that the page names as canonical


@dataclass(frozen=True, slots=True)
class Image:
    """An image of an article, with its caption and credit."""

    url: str
    caption: str | None = None
    credit: str | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """The content of a page, free of boilerplate.

    `id` is stable for (site, URL); `content_hash` covers the folded headline and body; `signature` is the MinHash of
    the folded text, or None if the text is too short to compare. Texts are NFC without control characters; `body` has
    paragraphs separated by a blank line. Dates are aware, with the page's UTC offset. `language` is BCP 47. `origins`
    names the source of each filled field, such as `json-ld`, `og`, `feed`, `body`.
    """

    id: str
    site: str
    url: str
    headline: str
    body: str
    content_hash: str
    extractor: str
    country: str = ""
    canonical_url: str | None = None
    alternative_headline: str | None = None
    description: str | None = None
    section: str | None = None
    keywords: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    published: datetime | None = None
    modified: datetime | None = None
    language: str | None = None
    images: tuple[Image, ...] = ()
    paywalled: bool | None = None
    signature: bytes | None = None
    template: bool = False  # a news flash or a table: never matched by its content
    origins: Mapping[str, str] = field(default_factory=dict)

    @property
    def day_only(self) -> bool:
        """Whether `published` is a day to which the page gives no time: midnight there, whatever the reader's zone."""
        return DAY_ONLY in self.origins.get("published", "")


@dataclass(frozen=True, slots=True)
class Version:
    """A version of an article, as one reading of its page has it: `number` counts from 1, `seen` is UTC.

    `reading` is that reading's number, 1 for the first; `read` is when it was made (UTC), and `reason` why. `confirmed`
    names the rules and learned blocks by which the raw copy last gave this reading; None if that is not known.
    `corrected` is when the reading to show was last changed (UTC), None if never. `beside` says that another page of
    the article still showed the version before it: it is no change of that.
    """

    number: int
    seen: datetime
    article: Article
    reading: int = 1
    read: datetime | None = None
    reason: ReadingReason = ReadingReason.FIRST
    confirmed: str | None = None
    corrected: datetime | None = None
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Annotations:
    """What people added to an article: tags, a note, and the names of the collections that it is in."""

    tags: tuple[str, ...] = ()
    note: str = ""
    collections: tuple[str, ...] = ()


EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class IndexDocument:
    """The document of an article for an index: its newest version, and what the archive knows about it.

    `version` grows with each change of the document (external versioning); `stored` is when the article's row was
    written (UTC), which never changes, by which an index in several parts has it in one of them; `first_seen` is UTC;
    `sort_date` is published, or first_seen if the page gave no date or a future one; `lead` tells whether it leads its
    story. `changed` is when the text or its modification date last changed, None if never. `number` is that of the
    article's version, and `current` is False for one that was replaced by a later one. `versions` is how many the
    article has. `edits` are the times (UTC) at which versions with a change for readers were first seen, oldest first,
    `removed` is since when the article is gone from its site, None if it is there. `annotations` are left empty where
    nobody needs them, such as in an index.
    """

    article: Article
    version: int
    first_seen: datetime
    sort_date: datetime
    stored: datetime = EARLIEST
    lead: bool = True
    story: str | None = None
    gone: bool = False
    changed: datetime | None = None
    number: int = 1
    current: bool = True
    versions: int = 1
    edits: tuple[datetime, ...] = ()
    removed: datetime | None = None
    annotations: Annotations = Annotations()

    @property
    def edited(self) -> datetime | None:
        """When the article was last edited (UTC), None if never."""
        return self.edits[-1] if self.edits else None
