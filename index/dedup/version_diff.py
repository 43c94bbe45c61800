"""The changes from one version of an article to the next: their kinds, and the words themselves.

Pure functions: `classify_change` tells what an editor did, `word_diff` which words were removed and added, for terminal
and web page alike. Differences that readers do not notice do not count: spaces, forms of quotation marks and dashes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from itertools import groupby
from typing import Literal

from rapidfuzz.distance import OSA

from index.dedup.alignment import LONGEST_WORD, opcodes
from index.model.article import LAST_CHANGE, Article, Version
from index.model.change import Change, Kind, confirmed_alike
from index.text.analysis import fold
from index.text.titles import HEADLINE_MIN_WORDS, SEPARATOR

Op = Literal["same", "removed", "added"]

SENTENCE = 8  # words from which an added or removed run is a statement of its own rather than a change of wording
REWRITTEN = 0.4  # share of replaced or removed words from which a text is a rewrite
MAX_TYPO_LETTERS = 2  # most letters by which a typo changes a long word; one in other words
LONG_WORD_LETTERS = 8  # letters of a long word: Monday and Sunday differ in two
MAX_TYPOS = 6  # most misspelt words; more are a choice of spelling, or of words
MAX_COMPARED_TOKENS = 12_000  # words and spaces of a text compared one by one; longer texts are compared by paragraph
# A modification date this close to the request, or as far from it as at the request before, is when the page was
# generated, not changed
GENERATED_WITHIN = timedelta(minutes=5)

_APART = (  # characters that separate words
    "\u0000-\u0020!-/:-@\\[-`{-\u00bf\u2000-\u200b\u2010-\u205e\u060c\u061b\u061f\u066a-\u066d\u06d4\u3000-\u303f\uff00-\uff0f"
)
_SIGN = "\u0e00-\u0e7f\u2e80-\u2fff\u3040-\u9fff\uac00-\ud7af\uf900-\ufaff"
# Spaces, a character of a script without spaces, a word with its marks, or a punctuation mark
_TOKEN = re.compile(f"\\s+|[{_SIGN}]|[^{_APART}{_SIGN}\\s]+|.", re.DOTALL)
_ALIKE = str.maketrans(
    {
        **dict.fromkeys("“”„‟«»〝〞＂″", '"'),
        **dict.fromkeys("‘’‚‛‹›ʼ`´′", "'"),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        "…": "...",
        "ـ": "",
        **dict.fromkeys("\u00ad\u200b\u200e\u200f\u2060\ufeff", ""),
    }
)
# How published correction notices begin.
_NOTICES = (
    *("correction", "corrected", "clarification", "editor's note", "an earlier version"),
    *("this story has been corrected", "this article was amended", "this article has been corrected"),
    *("تصحيح", "تصويب", "تنويه", "تم تصحيح", "توضيح", "اصلاحیه", "تصحیح"),
    *("rectificatif", "erratum", "une version antérieure", "korrektur", "berichtigung", "anmerkung der redaktion"),
    *("in einer früheren version", "corrección", "fe de errores", "correção", "errata", "rettifica", "correzione"),
    *("исправление", "уточнение", "düzeltme", "更正", "訂正"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DiffSpan:
    """A run of text that is the same, removed or added. In order, the spans without the added ones give the old text,
    those without the removed ones the new text."""

    op: Op
    text: str


# --- kinds of change -------------------------------------------------------------------------------------------------


def is_changed(old: Article, new: Article, *, seen: datetime | None = None, before: datetime | None = None) -> bool:
    """Whether `classify_change` would find a change, in linear time: nothing is aligned."""
    if _renamed(old, new) or visible_text(old.body) != visible_text(new.body):
        return True
    sections = (fold(old.section or ""), fold(new.section or ""))
    return _names(old.authors) != _names(new.authors) or sections[0] != sections[1] or _dated(old, new, seen, before)


def classify_change(
    old: Article, new: Article, *, seen: datetime | None = None, before: datetime | None = None
) -> Change:
    """The change from one reading of an article to the next; it has no kinds if they are the same.

    `seen` is when the new one was read, `before` when the old one was: if the new one's modification date is hardly
    older than its reading, or both are as much older, that is when the page was generated, and a difference in that
    date is not a change.
    """
    kinds: list[Kind] = []
    removed = added = 0
    if _renamed(old, new):
        kinds.append("headline")
    if visible_text(old.body) != visible_text(new.body):
        kinds += _of_text(old.body, new.body)
    if kinds:
        for piece in (*word_diff(old.headline, new.headline), *word_diff(old.body, new.body)):
            removed += len(words(piece.text)) if piece.op == "removed" else 0
            added += len(words(piece.text)) if piece.op == "added" else 0
    if _names(old.authors) != _names(new.authors):
        kinds.append("authors")
    if fold(old.section or "") != fold(new.section or ""):
        kinds.append("section")
    if _dated(old, new, seen, before):
        kinds.append("dates")
    return Change(tuple(kinds), removed, added)


def version_change(old: Version, new: Version) -> Change:
    """The change from one version to another, as `classify_change` gives it."""
    return classify_change(old.article, new.article, seen=new.seen, before=old.seen)


def same_rules(one: Version, other: Version) -> bool:
    """Whether two versions were read by the same rules and with the same learned blocks, so that the site changed what
    differs. Otherwise the difference may be ours: a raw copy is gone, or was read by an older release."""
    return confirmed_alike(one.confirmed, other.confirmed)


def visible_text(text: str) -> str:
    """The text as readers perceive it, without the differences in spaces, quotes and dashes that editing tools make."""
    return " ".join(text.translate(_ALIKE).split())


def words(text: str) -> list[str]:
    """The words of a text as written, with their marks; in Chinese and Japanese, each character."""
    return [token for token in _TOKEN.findall(text) if any(map(str.isalnum, token))]


def _renamed(old: Article, new: Article) -> bool:
    """Whether the headline was changed. Where a page has none but its <title>, the site's name stands there, too, and
    may be unknown to us: a last or first part that comes, goes or changes beside one that stays is no change."""
    if visible_text(old.headline) == visible_text(new.headline):
        return False
    return not _may_be_headlines(old) & _may_be_headlines(new)


def _may_be_headlines(article: Article) -> set[str]:
    """The headline; of one that only the <title> gave, also that without its last part, and without its first."""
    title = article.headline
    if article.origins.get("headline") != "title":
        return {visible_text(title)}
    cuts = list(SEPARATOR.finditer(title))
    whole = [title, *((title[: cuts[-1].start()], title[cuts[0].end() :]) if cuts else ())]
    return {visible_text(one) for one in whole if len(words(one)) >= HEADLINE_MIN_WORDS}


@cache
def _corrected() -> tuple[str, ...]:
    """The folded beginnings of correction notices, computed on first use: folding needs large tables."""
    return tuple(map(fold, _NOTICES))


def _names(authors: Sequence[str]) -> frozenset[str]:
    return frozenset(map(fold, authors))


def _dated(old: Article, new: Article, seen: datetime | None, before: datetime | None) -> bool:
    """Whether a date really changed: "2 hours ago" is a different time at each visit, and some pages are always new."""
    origin = new.origins.get("published", "")
    if old.published != new.published and not ("relative" in origin or LAST_CHANGE in origin):
        return True
    return (
        old.modified != new.modified
        and "relative" not in new.origins.get("modified", "")
        and not _generated(old, new, seen, before)
    )


def _generated(old: Article, new: Article, seen: datetime | None, before: datetime | None) -> bool:
    """Whether the new modification date is that of the page and not of the article."""
    if seen is None or new.modified is None:
        return False
    age = seen - new.modified
    if abs(age) < GENERATED_WITHIN:
        return True
    return before is not None and old.modified is not None and abs(age - (before - old.modified)) < GENERATED_WITHIN


def _of_text(old: str, new: str) -> Iterator[Kind]:
    """The kinds of change between two bodies that read differently."""
    if fold("".join(words(old))) == fold("".join(words(new))):
        yield "typo"  # marks, vowel signs, forms of letters
        return
    runs = list(_changed_runs(old, new))
    slips = [pair for pair in runs if _is_slip(*pair)]
    rest = [pair for pair in runs if not _is_slip(*pair)]
    if sum(len(gone) for gone, _ in rest) > REWRITTEN * max(1, len(words(old))):
        yield "rewrite"
        return
    if len(slips) > MAX_TYPOS:
        rest, slips = runs, []
    notice = any(_is_notice(" ".join(came)) for _, came in runs)
    statements = [came for gone, came in rest if len(came) >= SENTENCE + 2 * len(gone)]
    removals = [gone for gone, came in rest if len(gone) >= SENTENCE + 2 * len(came)]
    wording = len(rest) - len(statements) - len(removals)
    if notice or wording:
        yield "correction"
    if slips and not (notice or wording):
        yield "typo"
    if statements and not notice:
        yield "addition"
    if removals:
        yield "removal"


def _changed_runs(old: str, new: str) -> Iterator[tuple[list[str], list[str]]]:
    """The removed words and those added in their place, run by run."""
    for same, pieces in groupby(word_diff(old, new, marks=False), key=_stays):
        if not same:
            held = list(pieces)
            gone, came = ([w for p in held if p.op == op for w in words(p.text)] for op in ("removed", "added"))
            if gone or came or any(p.op != "same" for p in held):
                yield gone, came


def _stays(piece: DiffSpan) -> bool:
    return piece.op == "same" and bool(words(piece.text))


def _is_slip(gone: Sequence[str], came: Sequence[str]) -> bool:
    """Whether only spelling or marks were corrected: as many words as before, each hardly different, and no numbers."""
    if len(gone) != len(came):
        return fold("".join(gone)) == fold("".join(came))
    pairs = list(zip(gone, came, strict=True))
    return len(pairs) <= MAX_TYPOS and all(a == b or _misspelt(a, b) for a, b in pairs)


def _misspelt(one: str, other: str) -> bool:
    if fold(one) == fold(other):
        return True
    if any(c.isdigit() for c in one + other) or min(len(one), len(other)) <= MAX_TYPO_LETTERS:
        return False
    if max(len(one), len(other)) > LONGEST_WORD:
        return False
    # Two swapped letters count as one edit
    edits = MAX_TYPO_LETTERS if min(len(one), len(other)) >= LONG_WORD_LETTERS else 1
    return OSA.distance(one.casefold(), other.casefold(), score_cutoff=edits) <= edits


def _is_notice(came: str) -> bool:
    said = fold(came).lstrip(" \"'([*-")
    return any(said.startswith(phrase) for phrase in _corrected())


# --- changed words ---------------------------------------------------------------------------------------------------


def word_diff(old: str, new: str, *, marks: bool = True) -> list[DiffSpan]:
    """The removed, added and unchanged words, in order. Without `marks`, words that differ only in vowel signs, accents
    and case count as the same, and the new form is returned."""
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    if max(len(before), len(after)) > MAX_COMPARED_TOKENS:
        before, after = re.findall(r"[^\n]*\n*", old), re.findall(r"[^\n]*\n*", new)
    key, of_word = (_key, _key_of_word) if marks else (_plain_key, _plain_key_of_word)
    keys = ([of_word(t) if len(t) <= LONGEST_WORD else key(t) for t in tokens] for tokens in (before, after))
    pieces: list[DiffSpan] = []
    for kind, a, b, c, d in opcodes(*keys):
        if kind == "equal":
            pieces.append(DiffSpan("same", "".join(after[c:d])))
        else:
            pieces += [DiffSpan("removed", "".join(before[a:b])), DiffSpan("added", "".join(after[c:d]))]
    return _joined([piece for piece in pieces if piece.text])


def _key(token: str) -> str:
    return " " if token.isspace() else token.translate(_ALIKE)


def _plain_key(token: str) -> str:
    return " " if token.isspace() else fold(token) or token.translate(_ALIKE)


_key_of_word, _plain_key_of_word = lru_cache(maxsize=4_096)(_key), lru_cache(maxsize=4_096)(_plain_key)


def _joined(pieces: list[DiffSpan]) -> list[DiffSpan]:
    """Spans joined into runs: spaces and punctuation between two changes become part of them."""
    widened: list[DiffSpan] = []
    for at, piece in enumerate(pieces):
        inside = 0 < at < len(pieces) - 1 and piece.op == "same" and not any(c.isalnum() for c in piece.text)
        if inside and "\n" not in piece.text:
            widened += [DiffSpan("removed", piece.text), DiffSpan("added", piece.text)]
        else:
            widened.append(piece)
    return [one for run in _runs(widened) for one in run]


def _runs(pieces: list[DiffSpan]) -> Iterator[list[DiffSpan]]:
    """One removed and one added span between unchanged ones."""
    for same, run in groupby(pieces, key=lambda piece: piece.op == "same"):
        held = list(run)
        if same:
            yield [DiffSpan("same", "".join(piece.text for piece in held))]
            continue
        texts: dict[Op, str] = {"removed": "", "added": ""}
        for piece in held:
            texts[piece.op] += piece.text
        if texts["removed"] == texts["added"]:
            yield [DiffSpan("same", texts["added"])]
        else:
            yield [DiffSpan(op, text) for op, text in texts.items() if text]


def paragraphs(pieces: Iterable[DiffSpan]) -> list[list[DiffSpan]]:
    """The spans of each paragraph, without the blank lines in between."""
    found: list[list[DiffSpan]] = [[]]
    for piece in pieces:
        first, *rest = piece.text.split("\n\n")
        found[-1].append(DiffSpan(piece.op, first))
        found += [[DiffSpan(piece.op, text)] for text in rest]
    kept = ([piece for piece in paragraph if piece.text.strip()] for paragraph in found)
    return [paragraph for paragraph in kept if paragraph]
