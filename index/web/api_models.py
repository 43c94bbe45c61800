"""The schemas of the API's responses, for its OpenAPI description. Articles use schema.org's names; whatever it has no
name for is under `archive`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from index.model.codes import Digest, PartKind, RequestResult, RequestState
from index.model.results import Unit


class Error(BaseModel):
    """Why a request was not answered: a sentence in English, and for programs its code with its parameters; for a query
    also the `position` of the mistake, in characters."""

    error: str
    code: str
    params: dict[str, Any] = {}
    position: int | None = None


def failure(description: str) -> dict[str, Any]:
    """How an operation fails, for its description."""
    return {"model": Error, "description": description}


def no_body(description: str) -> dict[str, Any]:
    """What an operation answers without a body, for its description."""
    return {"description": description}


# `operations.described` leaves those out that an operation cannot give.
ERRORS: dict[int | str, dict[str, Any]] = {
    400: failure(description="A parameter or a query that cannot be read"),
    401: failure(description="Without the token, where the server has one"),
    414: failure(description="A URL longer than any of ours"),
    421: failure(description="A host name that is none of this server's"),
    500: failure(description="A fault in Arshif"),
    503: failure(description="The archive or the index does not answer now, or is busy: try again later"),
}
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: failure(description="The archive has no such thing")}
MERGED: dict[int | str, dict[str, Any]] = {308: no_body(description="The article is now part of the one at `Location`")}
REFUSALS: dict[int | str, dict[str, Any]] = {
    403: failure(description="Sent by a page of another site, or to a server that does not do this for everybody"),
    413: failure(description="A body longer than any of ours"),
    415: failure(description="Not JSON"),
}


class Person(BaseModel):
    """An author."""

    type: Literal["Person"] = Field(alias="@type")
    name: str


class Image(BaseModel):
    """An image of an article; its URL, not its bytes."""

    type: Literal["ImageObject"] = Field(alias="@type")
    url: str
    caption: str | None = None
    creditText: str | None = None


class Read(BaseModel):
    """A reading of a version: its number, 1 for the first; when it was made (UTC) and why. `state` names the extractor,
    the site's rules and the learned blocks by which the raw copy gives it; null if that is not known. Two versions with
    the same `state` differ only where the site changed something."""

    reading: int
    read: datetime
    reason: str
    state: str | None


class FacsimilePart(BaseModel):
    """A file of a facsimile: what it is, the URL of the page or of the image, when it was made (UTC), and the path on
    this server where it is. `page` is MHTML."""

    kind: PartKind
    url: str
    made: datetime
    path: str


class Facsimile(BaseModel):
    """What is kept of how the page of a version looked: when that was last tried (UTC), and the files. `detail` is why
    something is missing, with its `code` and `params`; null if nothing is."""

    tried: datetime
    parts: list[FacsimilePart]
    detail: str | None
    code: str | None = None
    params: dict[str, Any] | None = None


class Seen(Read):
    """A version, when it was first seen (UTC), and the reading of it that is shown, with its hash. `facsimile` is what
    is kept of how its page looked; null if that was not asked for, or not tried yet."""

    number: int
    seen: datetime
    contentHash: str
    facsimile: Facsimile | None


class Alias(BaseModel):
    """Another URL of an article, why it is one, and since when (UTC)."""

    url: str
    reason: str
    seen: datetime


class Archived(BaseModel):
    """What the archive knows about an article. `changed` is null if it never changed; `edited` is when the last change
    that readers would notice was first seen, null without one, and `removed` since when the article is gone from its
    site, null if it is there; `number` is the version's, and `current` is false for a version that was replaced.
    `tags`, `note` and the names of `collections` are what people added to it."""

    id: str
    site: str
    country: str
    origins: dict[str, str]
    contentHash: str
    firstSeen: datetime
    version: int
    number: int
    current: bool
    changed: datetime | None
    edited: datetime | None
    gone: bool
    removed: datetime | None
    story: str | None
    lead: bool
    versions: list[Seen] = []
    aliases: list[Alias] = []
    tags: list[str] = []
    note: str = ""
    collections: list[str] = []


class NewsArticle(BaseModel):
    """https://schema.org/NewsArticle; unknown fields are omitted."""

    context: list[str | dict[str, Any]] = Field(alias="@context")
    type: Literal["NewsArticle"] = Field(alias="@type")
    url: str
    mainEntityOfPage: str | None = None
    headline: str = ""
    alternativeHeadline: str | None = None
    description: str | None = None
    articleBody: str | None = None
    articleSection: str | None = None
    keywords: list[str] = []
    author: list[Person] = []
    datePublished: datetime | None = None
    dateModified: datetime | None = None
    inLanguage: str | None = None
    image: list[Image] = []
    isAccessibleForFree: bool | None = None


class Article(NewsArticle):
    """An article with what the archive knows about it."""

    archive: Archived


class ArticleText(NewsArticle):
    """The article as a version has it."""

    archive: dict[str, Any]


class Version(Seen):
    """A version of an article."""

    article: ArticleText


class Reading(Read):
    """A text of this version of an article; `shown` is whether it is the one shown now."""

    version: int
    shown: bool
    article: ArticleText


class Snippet(BaseModel):
    """A piece of the original text; `marked` if it is a match."""

    text: str
    marked: bool


class Hit(Article):
    """A matching article without its text: pieces of it are in `snippets`, the headline in pieces is in `marked`, and
    `others` is the number of other articles in its story."""

    score: float
    marked: list[Snippet]
    snippets: list[list[Snippet]]
    others: int


class Problem(BaseModel):
    """A part of a query that could not be parsed, from character `at` to `end`, and why, in English and Arabic."""

    key: str
    at: int
    end: int
    en: str
    ar: str


class Count(BaseModel):
    """The number of matching articles with this value."""

    value: str
    count: int


class Bar(BaseModel):
    """The number of matching articles from the period that begins on this day (UTC)."""

    date: date
    count: int


class Histogram(BaseModel):
    """Counts over time; days, weeks or months without an article are omitted."""

    unit: Unit
    counts: list[Bar]


class Found(BaseModel):
    """The results of a search: the exact total, a page of hits, and the cursor of the next page, null on the last. For
    one that found nothing `suggestion` is a query with similar words that does, if there is one."""

    total: int
    seconds: float
    cursor: str | None
    problems: list[Problem]
    hits: list[Hit]
    facets: dict[str, list[Count]] = {}
    histogram: Histogram | None = None
    suggestion: str | None = None


class Notice(BaseModel):
    """What a page had in place of an article after it was removed: its text, empty if none could be read, when that was
    first seen (UTC), and the URL after redirects."""

    text: str
    seen: datetime
    url: str


class Edit(BaseModel):
    """A change that a site made to an article (its id), or that it removed the article: when that was first seen (UTC),
    and the `version` with it, null for a removal. `kinds` are null while the two versions are yet to be compared;
    `removed` and `added` are numbers of words. With `maybe_ours`, the versions were not read by the same rules, and
    what differs may not be the site's doing. `back` is when a removed article was found again, null if it was not;
    `notice` is what the page had in its place last, null if it had nothing that was kept."""

    what: Literal["edited", "removed"]
    at: datetime
    article: str
    site: str
    url: str
    headline: str
    version: int | None
    kinds: list[str] | None
    removed: int
    added: int
    maybe_ours: bool
    back: datetime | None
    notice: Notice | None


class Edits(BaseModel):
    """A page of edits and removals, and the cursor of the next one, null on the last."""

    edits: list[Edit]
    cursor: str | None


class SiteState(BaseModel):
    """A site with its state. `verdict`, the reason in `detail` (with its `code` and `params`) and an `example` URL that
    shows it are null if all is normal. Times are UTC."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str | None
    homepage: str | None
    country: str | None
    languages: tuple[str, ...]
    enabled: bool
    verdict: str | None
    detail: str | None
    code: str | None = None
    params: dict[str, Any] | None = None
    example: str | None
    since: datetime | None
    failures: int
    last_run: datetime | None
    last_success: datetime | None
    next_run: datetime | None
    next_why: str | None
    next_why_code: str | None = None
    articles: int = 0


class SiteRun(BaseModel):
    """What a run did for one site."""

    model_config = ConfigDict(from_attributes=True)

    site: str
    status: str
    detail: str | None
    code: str | None = None
    params: dict[str, Any] | None = None
    counts: dict[str, int]


class RunState(BaseModel):
    """A run: when (UTC) and why it was started, how it ended, and its sites."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    started: datetime
    ended: datetime | None
    status: str
    detail: str | None
    code: str | None = None
    params: dict[str, Any] | None = None
    why: str | None
    why_code: str | None = None
    sites: tuple[SiteRun, ...]


class Address(BaseModel):
    """An address to be archived now."""

    url: str = Field(examples=["https://example.org/news/1"])
    looks: StrictBool = Field(
        False, alias="copy", description="Whether to keep what it looks like, too: images, a picture and one file"
    )


class Copy(BaseModel):
    """What was kept of how a page looks: the number of the article's images, and whether there are a picture of the
    page and one file with all that it loaded (MHTML). `detail` is why something is missing, with its `code` and
    `params`."""

    images: int
    picture: bool
    page: bool
    detail: str | None
    code: str | None = None
    params: dict[str, Any] | None = None


class AddressState(BaseModel):
    """What became of an address so far: `state` is waiting, running or done; `result` what came of it, `detail` why,
    with its `code` and `params`; `archived` whether the archive has its article as it was found then. `article` is the
    id of its article, if it has one, and `version` the number of its newest version then. `copy` is what was kept of
    how its page looks, null if that was not asked for, or not tried yet. Times are UTC."""

    id: int
    url: str
    site: str
    state: RequestState
    asked: datetime
    ended: datetime | None
    archived: bool
    result: RequestResult | None
    detail: str | None
    code: str | None = None
    params: dict[str, Any] | None = None
    article: str | None
    version: int | None
    looks: Copy | None = Field(None, alias="copy")


class AnnotationChange(BaseModel):
    """What to write about an article in place of what is there; what is not given stays, and an empty value removes
    it. A comma in a tag ends it."""

    tags: list[str] | None = Field(None, examples=[["water", "checked"]])
    note: str | None = None


class Annotations(BaseModel):
    """What people added to an article: tags, a note, and the names of the collections that it is in."""

    model_config = ConfigDict(from_attributes=True)

    tags: list[str]
    note: str
    collections: list[str]


class TagCount(BaseModel):
    """A tag, and the number of articles that have it."""

    tag: str
    articles: int


class CollectionName(BaseModel):
    """The name of a collection."""

    name: str = Field(examples=["Water"])


class CollectionState(BaseModel):
    """A collection, when it was made (UTC), and the number of its articles."""

    id: int
    name: str
    created: datetime
    articles: int


class CollectionMember(BaseModel):
    """The id of an article, and when it was put into a collection (UTC)."""

    article: str
    added: datetime


class CollectionMembers(CollectionState):
    """A collection with its articles, the one put in last first."""

    members: list[CollectionMember]


class NewSearch(BaseModel):
    """A search to save: its name, its query, and whether you are notified of all that an hour, a day or a week brought
    in one message; null for at once."""

    name: str = Field(examples=["Water"])
    query: str = Field(examples=["site:sana"])
    digest: Digest | None = None


class SearchChange(BaseModel):
    """What to change of a saved search; what is not given stays. `digest` null is for at once."""

    name: str | None = Field(None, examples=["Water"])
    digest: Digest | None = None


class SearchState(BaseModel):
    """A saved search, when it was saved (UTC), when you are notified (null for at once), the URL of its feed, and the
    parts of its query that cannot be parsed."""

    id: int
    name: str
    query: str
    created: datetime
    digest: Digest | None
    feed: str
    problems: list[Problem]
