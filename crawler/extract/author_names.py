"""Author names as written on pages -> clean names. The words of bylines are in author_names.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

import yaml

from crawler.text import fold, line

_MAX_AUTHORS = 20  # authors per article; more is a list of staff
_TEXT = 1_000  # characters of a byline that are processed
_NAME_MAX_CHARS = 80  # characters; "and others, with reports from …" is not a name
_GLUED = re.compile(r"^(?:By|Von|Par|Por|Door|Av|Af)(?=[A-ZÀ-Þ][^\W\d_])")  # `ByAnn Lee`
_AFTER_DATE = re.compile(  # `Posted 1 March 2018 by Ann Lee`
    r"^(?=.*\d|posted\b|published\b|written\b|reported\b).{1,60}?\b(?:by|von|par|por|door|av|af|بقلم)\s*:?\s+(?=\w)",
    re.IGNORECASE,
)
_AFTER = re.compile(r"\s+(?:기자|記者|记者|特派員)$")  # "reporter", after the name
_DEGREES = re.compile(r",\s*(?:Ph\.?\s?D|M\.?D|M\.?Sc|MBA|MPH|RDN?|CF[AP]|[A-Z]{2,5}[®™])\.?(?=,|;|$)")
_ABBREVIATED = re.compile(r"\b(?:Jr|Sr|\w)\.$")
_AND = "and|und|et|y|i|og|och|en|e|ja|и|та|και|&"
_SPLIT = re.compile(
    rf"\s*(?:[;|•·/／،、\n]|,?\s(?:{_AND})\s|, (?!(?:Jr|Sr|II|III|IV)\b)|\sو\s)\s*",
    re.IGNORECASE,
)
_DASH = re.compile(r"\s+[-–—]\s+")
_TEMPLATE = re.compile(r"\{\{|\}\}|\$\{|\{%|<%|\[\[")
_NO_NAME = re.compile(r"https?:|www\.|@|^\W*$|\d{3,}|[<>]", re.IGNORECASE)


def is_byline(text: str) -> bool:
    """Whether a line begins like a byline: `By …`, `بقلم: …`."""
    text = line(text)
    return _by().match(text) is not None or _GLUED.match(text) is not None


def is_agency(text: str) -> bool:
    """Whether a text is the name of a news agency: `AFP`, `رويترز`."""
    return _is("agencies", text)


def is_of_others(label: str) -> bool:
    """Whether a label in front of a name tells that its bearer did not write the article: `Edited by`."""
    return _others().search(f" {line(label)} ") is not None


def names(values: Iterable[str], split: bool = True) -> tuple[str, ...]:
    """The distinct names in order, without "by", addresses, roles, places and accounts such as "admin"; without
    agencies beside persons. A text with several names is split; unless `split`, only where each part is a whole name,
    as in `Ann Lee and Bob Ray`, and not in `Smith & Sons` or `Lee, Ann`."""
    found: dict[str, str] = {}
    for value in values:
        for part in _parts(line(value[:_TEXT]), split):
            name = _by(split).sub("", part).strip(" ,;:|-–—•*")
            name = name if _ABBREVIATED.search(name) else name.rstrip(".")
            name = _AFTER.sub("", re.sub(r"\s*\([^()]*\)$", "", name))
            if name and len(name) <= _NAME_MAX_CHARS and not _NO_NAME.search(name) and not _is("nobody", name):
                found.setdefault(name.casefold(), name)
    persons = [name for name in found.values() if not _is("agencies", name)]
    return tuple(persons or found.values())[:_MAX_AUTHORS]


def _parts(value: str, split: bool) -> list[str]:
    """The parts of a byline that may be names."""
    if _TEMPLATE.search(value):
        return []
    value = _others().sub("", value)
    value = _DEGREES.sub("", _by(split).sub("", _AFTER_DATE.sub("", _GLUED.sub("", value))))
    if _NO_NAME.search(value) and ("@" in value or "/" in value):
        return []
    parts = [part for part in _SPLIT.split(value) if part.strip()]
    if len(parts) > 1 and (_is_inverted(parts, value) or not (split or all(map(_is_whole, parts)))):
        whole = [part for at, part in enumerate(parts) if at == 0 or not _is_role(part)]
        return [_without_place(value)] if len(whole) == len(parts) else whole
    named = [part for at, part in enumerate(parts) if at == 0 or not _is_role(part)]
    if len(named) == 2 and len(named[0].split()) > 1 and _is_place(named[1], value):
        del named[1]
    return [_without_place(part) for part in named]


def _is_place(part: str, value: str) -> bool:
    """Whether a part of a byline, after a whole name, is the place: one word after a comma, as in `Ann Lee,
    Berlin`, in capitals if the script has them."""
    after_comma = value[: value.rindex(part)].rstrip().endswith((",", "،"))
    letters = part.istitle() or value.isupper() or part.lower() == part.upper()
    return after_comma and letters and fold(part).isalpha()


def _is_inverted(parts: list[str], value: str) -> bool:
    """Whether two parts are one name, the family name first: `Lee, Ann`."""
    return (
        len(parts) == 2
        and value.count(", ") == 1
        and all(part.isalpha() and part.istitle() and not _is("agencies", part) for part in parts)
    )


def _is_whole(part: str) -> bool:
    """Whether a part of a byline is a name with first and family name, or what follows a name."""
    return len(part.split()) > 1 or _is_role(part)


def _without_place(name: str) -> str:
    """The name without the place from which its bearer reports: `Ann Lee in Berlin`, `سمر حداد - دمشق`."""
    first, *rest = _DASH.split(name)
    if rest and len(first.split()) > 1 and all(len(part.split()) == 1 or _is_role(part) for part in rest):
        name = first
    return name if _is_role(name) else _place().sub(r"\1", name)


@cache
def _words(kind: str) -> str:
    data: dict[str, str] = yaml.safe_load(files("crawler.extract").joinpath("author_names.yaml").read_text("utf-8"))
    return "|".join(data[kind].split("; "))


@cache
def _by(byline: bool = True) -> re.Pattern[str]:
    """The words before a name; in a `byline` also those that a name may begin with."""
    words = f"{_words('by')}|{_words('by_or_name')}" if byline else _words("by")
    return re.compile(rf"^(?:{words})\s*(?::|：|\s)\s*", re.IGNORECASE)


@cache
def _others() -> re.Pattern[str]:
    return re.compile(rf"(?:^|[\s,;|(/-])(?:{_words('others')})(?:\s|:).*$", re.IGNORECASE)


@cache
def _place() -> re.Pattern[str]:
    return re.compile(rf"^(\S+(?:\s\S+)+?)\s(?:{_words('places')})\s[^\W\d_a-z].*$")


@cache
def _whole(kind: str) -> re.Pattern[str]:
    return re.compile(_words(kind), re.IGNORECASE)


def _is(kind: str, text: str) -> bool:
    """Whether a text as a whole is one of the words of this kind."""
    return _whole(kind).fullmatch(text.strip(" .:")) is not None


@cache
def _role() -> re.Pattern[str]:
    ranks, roles, institutions = map(_words, ("ranks", "roles", "institutions"))
    return re.compile(rf"(?:(?:{ranks})[ -]){{0,3}}(?:{roles})\b|.*\b(?:{institutions})\b", re.IGNORECASE)


@cache
def _named_like_role() -> re.Pattern[str]:
    return re.compile(rf"(?:{_words('named_like_roles')})\s([^\W\d_a-z][^\W\d_]+)")


def _is_role(part: str) -> bool:
    """Whether a part of a byline begins with what someone is, or names an institution."""
    alike = _named_like_role().fullmatch(part)
    return _role().match(part) is not None and (alike is None or _is_role(alike[1]))
