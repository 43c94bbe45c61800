"""Collects the candidates of a document, deduplicated by canonical URL, and counts skipped entries by reason."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from crawler.text import line, unescaped
from crawler.urls.canonical import canonical
from crawler.urls.joining import with_host
from index.model.candidate import Candidate
from index.text.placeholders import is_placeholder

MAX_CANDIDATES = 50_000  # per document: the limit of sitemaps.org
MAX_TITLE = 500  # characters
MAX_GUID = 500  # characters
_NO_SCHEME = re.compile(r"www\.[\w-]+\.[\w.-]*[a-z]/", re.IGNORECASE)  # a host, and no path beside the feed's
_WRAP = re.compile(r"[\r\n\t]")  # in a long URL that is broken over lines

_MARKUP_SEEN = 10_000  # characters of a title that are processed
_BREAK = re.compile(r"<(?:br|/?p|/?div|/?li)\b[^<>]{0,200}>", re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,2000}>|<!--")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}")


class SkipReason(StrEnum):
    """Why an entry, or the rest of a document, gave no candidate; in addition to the reasons by URL (`UrlReason`)."""

    NO_LINK = "no_link"
    UNUSABLE_LINK = "unusable_link"
    DUPLICATE = "duplicate"
    SELF = "self"  # the page that the link is on
    UNLIKELY = "unlikely"  # does not look like an article
    CUT_SHORT = "cut_short"  # the document was truncated, so it is not finished
    TOO_MANY = "too_many"  # more than MAX_CANDIDATES entries


class CandidateCollector:
    """Collects the candidates of one document. `base` resolves relative links; None accepts only absolute ones."""

    def __init__(self, base: str | None) -> None:
        self.base = base
        self.skipped: Counter[str] = Counter()
        self._found: dict[str, Candidate] = {}
        self._guids: dict[str, set[str]] = {}  # the URLs that have each

    def add(
        self,
        link: str | None,
        *,
        title: str | None = None,
        published: datetime | None = None,
        modified: datetime | None = None,
        language: str | None = None,
        guid: str | None = None,
    ) -> None:
        """Adds one entry, or counts the reason for skipping it. A duplicate only fills missing fields of the first."""
        if not link or not link.strip():
            self.skipped[SkipReason.NO_LINK] += 1
            return
        url = self.address(link)
        if url is None:
            self.skipped[SkipReason.UNUSABLE_LINK] += 1
            return
        before = self._found.get(url)
        if before is not None:
            self.skipped[SkipReason.DUPLICATE] += 1
        elif len(self._found) >= MAX_CANDIDATES:
            self.skipped[SkipReason.TOO_MANY] += 1
            return
        identity = self._identity(guid, url)
        new = Candidate(url, title_text(title), published, modified, language_tag(language), identity)
        self._found[url] = _merged(before, new) if before else new

    def address(self, link: str) -> str | None:
        """The canonical URL of a link, also where it is broken over lines, or begins with its host; None if it is
        unusable."""
        link = "".join(map(str.strip, _WRAP.split(link)))
        if _NO_SCHEME.match(link):
            return canonical(f"https://{link}")
        return canonical(with_host(link, self.base or ""), self.base)

    def _identity(self, guid: str | None, url: str) -> str | None:
        """The guid, if it is more than the address, and more than a word that every article may have."""
        guid = (guid or "").strip()[:MAX_GUID]
        if not any(map(str.isdigit, guid)) or canonical(guid, self.base) == url:
            return None
        self._guids.setdefault(guid, set()).add(url)
        return guid

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """The candidates in their order, with the guids that only one of them has."""
        shared = {guid for guid, urls in self._guids.items() if len(urls) > 1}
        return tuple(replace(one, guid=None) if one.guid in shared else one for one in self._found.values())


def _merged(first: Candidate, later: Candidate) -> Candidate:
    return Candidate(
        first.url,
        first.title or later.title,
        first.published or later.published,
        first.modified or later.modified,
        first.language or later.language,
        first.guid or later.guid,
    )


def title_text(markup: str | None) -> str | None:
    """A title as plain text on one line: no tags or control characters, entities resolved, at most `MAX_TITLE` long;
    None if there is none."""
    if not markup:
        return None
    text = _TAG.sub("", _BREAK.sub(" ", markup[:_MARKUP_SEEN]))
    found = line(unescaped(text))[:MAX_TITLE].rstrip()
    return None if not found or is_placeholder(found) else found


def language_tag(value: str | None) -> str | None:
    """The BCP 47 tag for a language code in a feed (`ar`, `ar_SY`, `EN-us`), or None if it is invalid."""
    value = (value or "").strip()
    if not _LANGUAGE.fullmatch(value):
        return None
    first, *rest = value.replace("_", "-").split("-")
    return "-".join([first.lower(), *(part.upper() if len(part) == 2 else part for part in rest)])
