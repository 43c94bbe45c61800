"""Author names as written on pages -> clean names. The words of bylines are in author_names.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from crawler.extract import bylines
from crawler.extract.bylines import PARTICLES, is_kind, is_place, is_role
from crawler.text import fold, line

_MAX_AUTHORS = 20  # authors per article; more is a list of staff
_TEXT = 1_000  # characters of a byline that are processed
_NAME_MAX_CHARS = 80  # characters; "and others, with reports from …" is not a name
_NAME_MAX_WORDS = 4
_LETTERS = re.compile(r"[^\W\d_]+(?:[ ’'.-]+[^\W\d_]+)*\.?")
_AFTER = re.compile(  # "reporter", after the name
    r"\s+(?:(?:선임|인턴|수습)?기자|특파원|記者|记者|特派員|編集委員)$"
)
_DEGREES = re.compile(r",\s*(?:Ph\.?\s?D|M\.?D|M\.?Sc|MBA|MPH|RDN?|CF[AP]|[A-Z]{2,5}[®™])\.?(?=,|;|$)")
_ABBREVIATED = re.compile(r"\b(?:Jr|Sr|\w)\.$")
# One letter only in lower case: `John E. Smith`, `JOHN E SMITH`
_AND = "and|und|et|og|och|ja|та|και|ve|oraz|és|și|dan|और|اور|&|(?-i:y|i|e|en|и|і|й)"
_SPLIT = re.compile(
    rf"\s*(?:[;|•·/／،、\n]|,?\s(?:{_AND})\s|, (?!(?:Jr|Sr|II|III|IV)\b)|\sو\s)\s*",
    re.IGNORECASE,
)
_CAPITAL_AND = re.compile(r"(?<=\S\s\S)(\S*)\s([YEIИ])\s(?=\S+\s\S)")
_OF_ONE_NAME = re.compile(r"\S+(?:\s[^\s,]+)+\s[yei]\s[^\W\d_]+")  # two family names: `José Ortega y Gasset`
_SLASH = re.compile(r"[^\W\d]\s?[/／]\s?[^\W\d]")  # between a name and a place: `رام الله / سمر حداد`
_DASH = re.compile(r"\s+[-–—ـ]\s+")
# Words that the next one of the same name follows: `عمر بن وزاني حسن`; folded
_BINDING = frozenset(map(fold, ("بن", "ابن", "بنت", "أبو", "أبي", "أم", "ولد", "ود", "عبد", "آل", "בן", "בת", "אבו")))
_JOINED = ("و", "ו")  # "and" in Arabic and Hebrew, written as one word with the next
_TEMPLATE = re.compile(r"\{\{|\}\}|\$\{|\{%|<%|\[\[")
_NO_NAME = re.compile(r"https?:|www\.|@|^\W*$|\d{3,}|[<>]", re.IGNORECASE)


def is_byline(text: str) -> bool:
    """Whether a line begins like a byline: `By …`, `بقلم: …`."""
    return bylines.begins(line(text))


def is_agency(text: str) -> bool:
    """Whether a text is the name of a news agency: `AFP`, `رويترز`."""
    return is_kind("agencies", text)


def is_person(text: str) -> bool:
    """Whether a text by itself can only be a name in a script with capitals: two to four words, each with one or a
    particle, and no role."""
    said = text.split()
    if not 2 <= len(said) <= _NAME_MAX_WORDS or not _LETTERS.fullmatch(text) or is_role(text):
        return False
    firsts = [word for word in said if word.lower() not in PARTICLES]
    return len(firsts) > 1 and all(word[:1].isupper() and word[1:2].islower() for word in firsts)


def is_of_others(label: str) -> bool:
    """Whether a label in front of a name tells that its bearer did not write the article: `Edited by`."""
    return bylines.names_others(line(label))


def names(values: Iterable[str], split: bool = True) -> tuple[str, ...]:
    """The distinct names in order, without "by", addresses, roles, places and accounts such as "admin"; without
    agencies beside persons. A text with several names is split; unless `split`, only where each part is a whole name,
    as in `Ann Lee and Bob Ray`, and not in `Smith & Sons` or `Lee, Ann`."""
    found: dict[str, str] = {}
    for value in values:
        for part in _parts(line(value[:_TEXT]), split):
            name = bylines.without_by(part, split).strip(" ,;:|-–—•*")
            name = name if _ABBREVIATED.search(name) else name.rstrip(".")
            name = _AFTER.sub("", re.sub(r"\s*[(（][^()（）]*[)）]$", "", name))
            name = _without_role(name) if split else name
            if name and len(name) <= _NAME_MAX_CHARS and not _NO_NAME.search(name) and not is_kind("nobody", name):
                found.setdefault(name.casefold(), name)
    first, *others = [name for name in found.values() if not is_agency(name)] or [""]
    persons = [first, *(name for name in others if not (is_role(name) or _is_of_agency(name)))] if first else []
    return tuple(persons or found.values())[:_MAX_AUTHORS]


def _parts(value: str, split: bool) -> list[str]:
    """The parts of a byline that may be names."""
    if _TEMPLATE.search(value):
        return []
    value = _DEGREES.sub("", bylines.bare(value, split))
    if _NO_NAME.search(value) and ("@" in value or "/" in value):
        return []
    listed = _listed(value)
    parts = [part for one in listed for part in (_joined(one) if split else (one,)) if part.strip()]
    if len(parts) > 1 and (_is_inverted(parts, value) or not (split or all(map(_is_whole, parts)))):
        whole = [part for at, part in enumerate(parts) if at == 0 or not is_role(part)]
        return [_without_place(value)] if len(whole) == len(parts) else whole
    named = [part for at, part in enumerate(parts) if at == 0 or not is_role(part)]
    if len(named) == 2 and len(named[0].split()) > 1 and _follows_as_place(named[1], value):
        del named[1]
    if len(named) == 2 and _SLASH.search(value):
        named = [part for part in named if not is_place(part)] or named
    return [_without_place(part) for part in named]


def _listed(value: str) -> list[str]:
    """The parts of a list of names."""
    if _OF_ONE_NAME.fullmatch(value):
        return [value]
    if value.isupper():
        value = _CAPITAL_AND.sub(r"\1 & ", value)
    if (han := bylines.han_names(value)) is not None:
        return han
    dashed = _DASH.split(value)
    if len(dashed) > 1 and all(len(part.split()) > 1 and not is_role(part) and not is_place(part) for part in dashed):
        return [part for one in dashed for part in _SPLIT.split(one)]
    return _SPLIT.split(value)


def _joined(part: str) -> Iterator[str]:
    """The names in a part that are joined by a letter: `نادر كرم وليلى حسن`. Two words stand on both sides, as such a
    letter also begins names (`محمد وليد حسن`); what joins an agency goes."""
    said = part.split()
    start = 0
    for at in range(1, len(said)):
        bare = said[at][1:]
        bound = fold(said[at - 1]) in _BINDING or is_kind("beginning_with_and", said[at])
        if not said[at].startswith(_JOINED) or len(bare) < 2 or bound:
            continue
        if is_agency(bare):
            yield " ".join(said[start:at])
            return
        if at - start > 1 and len(said) - at > 1:
            yield " ".join(said[start:at])
            said[at], start = bare, at
    yield " ".join(said[start:])


def _follows_as_place(part: str, value: str) -> bool:
    """Whether a part of a byline, after a whole name, is the place: after a comma, as in `Ann Lee, Berlin`, in capitals
    if the script has them."""
    after_comma = value[: value.rindex(part)].rstrip().endswith((",", "،"))
    letters = part.istitle() or value.isupper() or part.lower() == part.upper()
    return after_comma and letters and is_place(part)


def _is_inverted(parts: list[str], value: str) -> bool:
    """Whether two parts are one name, the family name first: `Lee, Ann`."""
    return (
        len(parts) == 2
        and value.count(", ") == 1
        and all(part.isalpha() and part.istitle() and not is_agency(part) for part in parts)
    )


def _is_whole(part: str) -> bool:
    """Whether a part of a byline is a name with first and family name, or what follows a name."""
    return len(part.split()) > 1 or is_role(part)


def _is_of_agency(part: str) -> bool:
    """Whether a part begins with an agency and ends with what someone is there: `AP Technology Writers`."""
    said = part.split()
    return len(said) > 1 and is_role(said[-1]) and any(is_agency(" ".join(said[:at])) for at in range(1, len(said)))


def _without_role(name: str) -> str:
    """The name without the role or the agency of its bearer, where no comma separates them: `Ann Lee Staff Writer`.
    Some agencies and roles of one word are family names as well."""
    said = name.split()
    for at in range(2, 2 if _is_of_agency(name) else len(said)):
        rest = " ".join(said[at:])
        if said[at - 1].islower() and bylines.is_small(said[at - 1]) and said[at - 1] not in PARTICLES:
            return name
        nameless = is_role(f"{said[0]} {rest}")  # `Our Rome correspondent`
        role = is_role(rest) and not (nameless or bylines.is_name_and_role(rest))
        if role or (at < len(said) - 1 and (is_agency(rest) or _is_of_agency(rest))):
            return " ".join(said[:at])
    return name


def _without_place(name: str) -> str:
    """The name without the place from which its bearer reports: `Ann Lee in Berlin`, `سمر حداد - دمشق`, `دمشق - سمر
    حداد`."""
    first, *rest = _DASH.split(name)
    if rest and len(first.split()) > 1 and all(is_place(part) or is_role(part) for part in rest):
        name = first
    elif len(rest) == 1 and (is_place(first) or is_role(first)) and (len(rest[0].split()) > 1 or is_agency(rest[0])):
        name = rest[0]
    return name if is_role(name) else bylines.without_place(name)
