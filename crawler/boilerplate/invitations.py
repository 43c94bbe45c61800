"""Lines by which an outlet invites its readers to follow, join or subscribe to something of its own, in any words: they
name the outlet in the first person, what to do, and the platform or the newsletter (words: invitations.yaml)."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import cache

from crawler import data_files
from crawler.boilerplate.phrases import known_form, platforms
from crawler.boilerplate.removed import RemovalReason, Removed
from index.model.message import Message

_WORDS = 16  # maximum words of such a line anywhere in a text
_WORDS_AT_END = 35  # the same below the text, where a line may also say what for
_END = 4  # paragraphs at the end of a text
_MAX_CHARS = 300  # of either
_CLAUSES = re.compile(r"[.!?؟:،,;؛…]\s|\s[—–|-]\s|[。！？：]")
_COUNTRY = re.compile(r"\bUS\b")  # no `us`, except in a line of capitals
_SPACELESS = re.compile("[\u2e80-\u9fff\uac00-\ud7af]")
_QUOTED = re.compile('["«“„‘「『״][^"»”“」』״]{15,}')  # more than the name of a platform
_HEBREW, _ARABIC = re.compile("[\u05d0-\u05ea]"), re.compile("[\u0621-\u06ff]")
# Letters that are written as one word with the next: "and", "in", "to", "the"
_PREFIXES = {_HEBREW: "[ולבמהכש]{0,2}", _ARABIC: "[وفبكل]{0,2}(?:ال)?"}


def drop(paragraphs: Sequence[str], keep: Collection[str] = ()) -> tuple[list[str], list[Removed]]:
    """The paragraphs without invitations (except `keep`), and the removed ones."""
    kept: list[str] = []
    removed: list[Removed] = []
    for left, paragraph in zip(range(len(paragraphs), 0, -1), paragraphs, strict=True):
        if paragraph not in keep and is_invitation(paragraph, at_end=left <= _END):
            reason = Message(RemovalReason.PHRASE, {"kind": "follow", "phrase": paragraph})
            removed.append(Removed(paragraph, reason, "phrase"))
        else:
            kept.append(paragraph)
    return kept, removed


def is_invitation(paragraph: str, *, at_end: bool) -> bool:
    """Whether a paragraph only invites the readers; `at_end`: it is one of the last of its text. Not a quotation."""
    if len(paragraph) > _MAX_CHARS or _QUOTED.search(paragraph):
        return False
    folded = known_form(paragraph if paragraph.isupper() else _COUNTRY.sub(" ", paragraph))
    spaceless = _SPACELESS.search(folded) is not None
    size = len(folded) / 2 if spaceless else folded.count(" ") + 1
    if size > (_WORDS_AT_END if at_end else _WORDS):
        return False
    said = _patterns(spaceless)
    if said["ours"].search(folded) is None or said["with"].search(folded) is None:
        return False
    if said["anywhere"].search(folded):
        return True
    clauses = (known_form(clause) for clause in _CLAUSES.split(paragraph))
    return any(
        (found := said["first"].search(clause))
        and (clause.count(" ", 0, found.start()) <= 1 or said["purpose"].match(clause))
        for clause in clauses
    )


@cache
def _patterns(spaceless: bool) -> dict[str, re.Pattern[str]]:
    """The patterns of what an invitation says, by the names in invitations.yaml."""
    data: dict[str, dict[str, list[str]]] = data_files.load("crawler.boilerplate", "invitations.yaml")
    found = {}
    for kind, languages in data.items():
        said = [word for some in languages.values() for word in some] + list(platforms() if kind == "with" else ())
        found[kind] = re.compile(_any_of(said, spaceless))
    return found


def _any_of(words: Sequence[str], spaceless: bool) -> str:
    """A regular expression for any of these words, in known form, with `*` for the word's beginning, with `$` where the
    text ends; `spaceless`: words are not separated in the text. Where a word may begin is asked once for all of them:
    it is no letter in most places."""
    glued: list[str] = []
    apart: list[str] = []
    for word in words:
        bare = known_form(word.rstrip("*$")) + ("$" if word.endswith("$") else "")
        prefix = next((letters for script, letters in _PREFIXES.items() if script.search(bare)), "")
        if _SPACELESS.search(bare):
            glued.append(bare)
        else:
            apart.append(bare if spaceless else prefix + bare + ("[^ ]*" if word.endswith("*") else ""))
    before, after = ("(?<![0-9a-z])", "(?![0-9a-z])") if spaceless else ("(?:^|(?<= ))", "(?= |$)")
    return "|".join([*dict.fromkeys(glued), f"{before}(?:{'|'.join(dict.fromkeys(apart))}){after}"])
