"""Decoding a page's bytes to text; nothing else in the program does.

What a header or page declares is only a candidate: Arabic sites send windows-1256 labelled as UTF-8 or ISO-8859-1, and
the other way round. Candidates are tried, and the one that reads best is chosen.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from charset_normalizer import from_bytes
from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom, resolve_encoding

_BEGINNING = 4_096  # bytes that may hold what a page says of itself
_LANGUAGE = re.compile(rb"<html\b[^>]{0,500}?\blang\s*=\s*[\"']?([a-z]{2,3}(?:-[a-z]{2,4})?)\b", re.IGNORECASE)
_SAMPLE = 60_000  # bytes scored when encodings compete; articles begin well before that
_LEGACY = {  # what sites in a language used before UTF-8
    **dict.fromkeys(("ar", "fa", "ur", "ku", "ckb", "ps"), "cp1256"),
    **dict.fromkeys(("ru", "uk", "be", "bg", "sr", "mk"), "cp1251"),
    **dict.fromkeys(("pl", "cs", "sk", "hu", "ro", "hr", "sl"), "cp1250"),
    "el": "cp1253",
    "tr": "cp1254",
    "he": "cp1255",
    "zh": "gb18030",
    "ja": "cp932",
    "ko": "cp949",
    "th": "cp874",
}
_LEGACY |= dict.fromkeys(("zh-tw", "zh-hk", "zh-mo", "zh-hant"), "big5hkscs")
_OTHERS = {"cp1251": "koi8-u", "cp1250": "iso8859-2"}  # a second one used by sites in the same languages
_DEFAULT = "cp1252"  # what servers and editors declare by default, as ISO-8859-1
_STATEFUL = ("iso-2022", "iso2022", "hz", "utf-7", "utf-16", "utf-32")  # valid as UTF-8, but not UTF-8
_WIDE = ("utf-16", "utf-32")  # each letter of markup has a null byte
# Codecs of Python for texts that are no charsets (https://docs.python.org/3/library/codecs.html#text-encodings)
_NO_CHARSETS = frozenset(("idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"))
# How markup begins in UTF-16 without a byte order mark (https://www.w3.org/TR/xml/#sec-guessing)
_WIDE_MARKUP = {b"<\0": "utf-16-le", b"\0<": "utf-16-be"}
# How text of seven bits begins to be Japanese or Korean (RFC 1468, RFC 1557), whatever it is declared as
_ESCAPES = {b"\x1b$B": "iso2022_jp_ext", b"\x1b$@": "iso2022_jp_ext", b"\x1b$)C": "iso2022_kr"}
_SCRIPTS = {
    "latin": "A-Za-zªºÀ-ÖØ-öø-\u024f\u1e00-\u1eff",
    "greek": "\u0370-\u03ff\u1f00-\u1fff",
    "cyrillic": "\u0400-\u052f",
    "hebrew": "\u05d0-\u05ea",
    "arabic": "\u0620-\u065f\u066e-\u06d5\u06fa-\u06ff\u0750-\u077f",
    "cjk": "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af",
}
_LETTER = "".join(_SCRIPTS.values())
_WORD = re.compile(f"[{_LETTER}]{{2,}}")
_PURE = re.compile("|".join(f"[{letters}]+" for letters in _SCRIPTS.values()))
_ACCENTED = re.compile("[À-ÖØ-öø-\u024f]")
_JUMBLED = re.compile(r"[a-zß-ÿа-яα-ω][A-ZÀ-ÞА-ЯΑ-Ω]")  # a capital inside a word: œÐ is not French
_SYMBOL = re.compile(f"[{_LETTER}][¡-©¬-´¶¸¹¼-¿](?=[{_LETTER}])")  # within a word: a letter of another encoding
# No letters and no punctuation: controls, the lines of old screens, characters of one's own
_UNREADABLE = re.compile("[\ufffd\x80-\x9f\u2500-\u259f\ue000-\uf8ff]")
_MARKUP = re.compile(r"(?s)<[^<>]{0,2000}>|&[#\w]{1,10};")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, its encoding's Python name, and the candidate's origin: bom, utf-8, header, meta, language, detector."""

    text: str
    encoding: str
    origin: str


def decode(body: bytes, headers: Mapping[str, str], languages: Sequence[str] = ()) -> Decoded:
    """The text of an HTML page.

    `headers` have lower-case names; `languages` (BCP 47) are the site's, whose legacy encodings are tried too, after
    that of the page's own language. Never fails: at worst, some U+FFFD remain.
    """
    encoding, _ = read_bom(body)
    if encoding:
        return Decoded(body.decode(encoding, "replace").lstrip("\ufeff"), encoding, "bom")
    if wide := _WIDE_MARKUP.get(body[:2]):
        return Decoded(body.decode(wide, "replace"), wide, "bom")
    if 0x1B in body and body.isascii():  # one byte is found hundreds of times as fast as two
        escaped = next((name for escape, name in _ESCAPES.items() if escape in body), None)
        if escaped:
            return Decoded(body.decode(escaped, "replace"), escaped, "detector")
    declared = _declared(body, headers)
    if not any(name.startswith(_STATEFUL) for name in declared):
        try:  # text in other encodings is not valid UTF-8 by chance, whatever the label says
            return Decoded(body.decode("utf-8"), "utf-8", "utf-8")
        except UnicodeDecodeError:
            text = body.decode("utf-8", "replace")
            if _is_damaged_utf8(body, text, "utf-8" in declared):
                return Decoded(text, "utf-8", "utf-8")
    said = _LANGUAGE.search(body[:_BEGINNING])
    tags = (*([said[1].decode()] if said else []), *languages)
    spoken = {_LEGACY.get(tag.lower()) or _LEGACY.get(tag.split("-")[0], _DEFAULT): "language" for tag in tags}
    spoken |= {_OTHERS[name]: "language" for name in spoken if name in _OTHERS}
    named = {name: origin for name, origin in declared.items() if name != _DEFAULT}
    candidates = {**named, "utf-8": "utf-8", **spoken} | declared  # earlier ones win ties
    name, origin = _best(body[:_SAMPLE], candidates)
    return Decoded(_decoded(body, name), name, origin)


def _is_damaged_utf8(body: bytes, text: str, declared: bool) -> bool:
    """Whether bytes that are not quite UTF-8 are UTF-8 with damage: its sequences of bytes, which no other encoding
    makes by chance, outweigh what is unreadable. So a stray byte costs one character, and not the text."""
    unreadable = text.count("\ufffd")
    continuations = len(text.encode()) - len(text) - 2 * unreadable
    lost = unreadable - body.count("\ufffd".encode())  # those that the page itself has are no damage
    return continuations >= (lost if declared else 2 * lost)


def _decoded(body: bytes, encoding: str) -> str:
    """The text in an encoding, with U+FFFD for what is none; 0x80 in Chinese text is €, as browsers read it
    (https://encoding.spec.whatwg.org/#gb18030-decoder)."""
    return body.decode(encoding, "gb18030-replace" if encoding == "gb18030" else "replace")


def _replaced(error: UnicodeError) -> tuple[str, int]:
    """The character for a byte that is none in GB 18030, and where to go on."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "€" if error.object[error.start] == 0x80 else "\ufffd", error.start + 1


codecs.register_error("gb18030-replace", _replaced)


def _declared(body: bytes, headers: Mapping[str, str]) -> dict[str, str]:
    """The Python names of the encodings that the response declares, each with where."""
    found: dict[str, str] = {}
    narrow = b"\0" not in body[:_BEGINNING]  # labels that speak of UTF-16 are of the text before it was saved
    for label, origin in (
        (http_content_type_encoding(headers.get("content-type")), "header"),
        (html_body_declared_encoding(body[:_BEGINNING]), "meta"),
    ):
        name = resolve_encoding(label) if label else None
        if name and _is_charset(name) and not (narrow and name.startswith(_WIDE)):
            found.setdefault(name, origin)
    return found


def _is_charset(name: str) -> bool:
    """Whether a codec of Python is of characters, unlike `hex`, `zip` or `rot13`, which a page may declare as well."""
    try:
        b"x".decode(name, "replace")
    except (LookupError, UnicodeError):
        return False
    return name not in _NO_CHARSETS


def _best(sample: bytes, candidates: dict[str, str]) -> tuple[str, str]:
    """The candidate that reads best, earlier ones winning ties; the detector is used only if none reads well."""
    scored = {name: _badness(sample, name) for name in candidates}
    if min(scored.values()) > 0.1 and (match := from_bytes(sample).best()):
        scored.setdefault(match.encoding, _badness(sample, match.encoding))
        candidates = {**candidates, match.encoding: candidates.get(match.encoding, "detector")}
    name = min(scored, key=lambda n: scored[n])
    return name, candidates[name]


def _badness(sample: bytes, encoding: str) -> float:
    """How badly bytes read in an encoding, from 0 (well) upwards: unreadable characters, words of mixed scripts or with
    capitals or symbols inside, and words that are mostly accented letters, as a share of the words that are not plain
    ASCII."""
    text = _MARKUP.sub(" ", _decoded(sample, encoding))
    unreadable = len(_UNREADABLE.findall(text)) + len(_SYMBOL.findall(text))
    words = [w for w in _WORD.findall(text) if not w.isascii()]
    bad = sum(
        1 for w in words if not _PURE.fullmatch(w) or _JUMBLED.search(w) or 2 * len(_ACCENTED.findall(w)) > len(w)
    )
    return (bad + 2 * unreadable) / max(1, len(words) + unreadable)
