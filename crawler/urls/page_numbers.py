"""Which URLs are the further pages of an article in several pages: its own with a page's number in the path, at the end
of its last segment, or in the query."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from crawler.urls.patterns import PAGE_PARAMETERS, PAGE_WORDS, PAGES

_DIGITS = re.compile(r"\d{1,3}")
_NAMES = PAGE_PARAMETERS | PAGE_WORDS
_WORDS = "|".join(sorted(map(re.escape, PAGE_WORDS), key=len, reverse=True))
_NAMED = re.compile(rf"(?:{_WORDS})[-_=]?(\d{{1,3}})")  # a segment: page-2
_ENDING = re.compile(rf"(.+?)[-_,.~](?:({_WORDS})[-_=]?)?(\d{{1,3}})")  # of a segment: story_2, story-page-2
_EXTENSION = re.compile(r"\.(?:[sx]?html?|php\d?|aspx?|jsp|cfm|do)$")
_DATED = re.compile(r"(?:^|\D)(?:19|20)\d\d(?:[-_.,~/]\d{1,2}){1,2}$")  # /2026/05/14, 2026-05-14, /2024/2
# Parameters that say where a reader comes from, which links to further pages do not repeat.
_REFERRERS = frozenset({"ref", "source", "src", "from", "partner", "cmp"})
_INDEX = re.compile(r"/(?:index|default)$")
# A URL without its page's number: host, path without file extension, and parameters.
Stem = tuple[str, str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class PageNumber:
    """A way to read a URL: as the page with this number of what the stem names; `explicit` if a segment or a parameter
    of its own gives the number, and not the end of a name, where it may as well tell two articles apart."""

    stem: Stem
    number: int
    explicit: bool


def stem_of(url: str) -> Stem:
    """The stem of a URL without a page's number."""
    parts = urlsplit(url)
    return parts.netloc, _plain(unquote(parts.path)), tuple(parse_qsl(parts.query, keep_blank_values=True))


def readings(url: str) -> Iterator[PageNumber]:
    """The ways to read a URL as one with a page's number."""
    host, path, parameters = stem_of(url)
    for place, (name, value) in enumerate(parameters):
        if name.lower() in _NAMES and _DIGITS.fullmatch(value):
            rest = parameters[:place] + parameters[place + 1 :]
            yield PageNumber((host, path, rest), int(value), explicit=True)
    if _DATED.search(path):
        return
    above, _, last = path.rpartition("/")
    if above and _DIGITS.fullmatch(last):
        yield PageNumber((host, _plain(above), parameters), int(last), explicit=True)
        further, _, word = above.rpartition("/")
        if further and word.lower() in PAGES:
            yield PageNumber((host, _plain(further), parameters), int(last), explicit=True)
    elif above and (named := _NAMED.fullmatch(last.lower())):
        yield PageNumber((host, _plain(above), parameters), int(named[1]), explicit=True)
    elif ending := _ENDING.fullmatch(last):
        yield PageNumber((host, _plain(f"{above}/{ending[1]}"), parameters), int(ending[3]), explicit=bool(ending[2]))


def of_first(url: str, first: str) -> PageNumber | None:
    """How a URL is read as a further page of the article that begins at `first`; None if it is none.

    The first page may have a number itself: 1, or 0 where they are counted from there.
    """
    stems = {stem_of(first), *(read.stem for read in readings(first) if read.number <= 1)}
    stems |= {(h, path, ()) for h, path, more in stems if more and all(name.lower() in _REFERRERS for name, _ in more)}
    return next((read for read in readings(url) if read.stem in stems), None)


def _plain(path: str) -> str:
    return _INDEX.sub("", _EXTENSION.sub("", path.rstrip("/")))
