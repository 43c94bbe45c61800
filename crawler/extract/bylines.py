"""What stands in a byline beside the names: `By`, the kind of text, roles, places, agencies, addresses, and what the
line goes on with. The words are in author_names.yaml."""

from __future__ import annotations

import re
from functools import cache

from crawler import data_files
from crawler.extract.dates import labels
from crawler.text import fold

# Words within names that have no capital
PARTICLES = frozenset((
    "von", "van", "der", "den", "de", "di", "da", "du", "del", "la", "le", "al", "el", "bin", "ibn", "und", "and", "et",
    "y", "e", "og", "och",
))  # fmt: skip
_GLUED = re.compile(r"^(?:By|Von|Par|Por|Door|Av|Af)(?=[A-ZÀ-Þ][^\W\d_])")  # `ByAnn Lee`
_AFTER_DATE = re.compile(  # `Posted 1 March 2018 by Ann Lee`
    r"^(?=.*\d|posted\b|published\b|written\b|reported\b).{1,60}?\b(?:by|von|par|por|door|av|af|بقلم)\s*:?\s+(?=\w)",
    re.IGNORECASE,
)
_CONTACT = re.compile(  # beside a name
    r"[(\[（<]?\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+[)\]）>]?|(?<=\s)[(\[（]?@\w+[)\]）]?|[(\[（<]\s?(?:https?:|www\.)[^\s()\[\]（）<>]+\s?[)\]）>]"
)
_ALONG_WITH = re.compile(  # others in brackets, or names: `Ann Lee (with Bob Ray)`, `Ann Lee with Bob Ray`
    r"\s*[(\[（]\s?(?:with|avec|mit|con|com|met|med|z|с|со|з|із|مع|עם)\s([^()\[\]（）]+)[)\]）]"
    r"|(?<=\w)\s(?:with|avec|mit|con|com|met|med)\s(?=(?-i:[^\W\d_a-zß-ÿ]\w+(?:\s[^\W\d_a-zß-ÿ][\w’'-]+){1,2}$))",
    re.IGNORECASE,
)
_FRAME = re.compile(r"[【\[［（(]([^【】\[\]［］（）()]+)[】\]］）)]")  # `【山田太郎】`, `（记者 林晓岚）`
_FROM = re.compile(r"^[^\W\d_]{1,8}=")  # `서울=신현주 기자`
_HAN_BEFORE = re.compile(  # `山城新聞 山田太郎`, `編集委員 山田太郎`
    r"^\S{0,12}(?:新聞|日報|通信社?|支局|編集委員|論説委員|支局長|特派員)\s+(?=\S{2,8}$)"
)
# What a byline goes on with: `Ann Lee Published May 6, 2026`, `Ann Lee for the Post`, `Ann Lee avec AFP`
_GOES_ON = (
    labels.BEFORE_DATE,
    re.compile(r"\s(?:on|am|le|el|il|op|em|den)\s(?:\w+,?\s){0,2}\d.*$", re.IGNORECASE),  # `… on March 9, 2026`
    re.compile(r"\son\s(?:mon|tues|wednes|thurs|fri|satur|sun)day\b.*$", re.IGNORECASE),
    re.compile(
        r"\s(?:follow|suivre|seguir|folgen|segui|volgen?|följ|følg|подписаться|تابع)(?:\s@\S*)?$", re.IGNORECASE
    ),
    re.compile(
        r"\s(?:点击|點擊|浏览|瀏覽|阅读|閱讀|来源|來源|稿源|时间|時間|发布|發佈|字号|字體)(?:数|量)?\s?[:：].*$"
    ),
    re.compile(r"\s(?:for (?:the )?(?=[A-Z])|(?:avec|mit|con|with)\s+(?:l['’]|les )?(?=[A-Z]{2}|agenc)).*$"),
)
_HAN_REPORTERS = re.compile(  # reporters of this paper or of an agency, maybe after a date: `本报记者 林晓岚 周平`
    r"^(?:[\d\s/.:年月日-]{8,20})?(?:本[报報刊网網台]|[\u4e00-\u9fff]{2,6}[社报報网網台])?(?:特约|特約|实习|實習|见习|見習)?(?:记者|記者|通讯员|通訊員)[:：\s/／|｜]*"
    r"(?=[\u3400-\u9fff])"
)
_HAN_LABELS = frozenset(("记者", "記者", "通讯员", "通訊員"))
_HAN_NAME = re.compile(r"[\u3400-\u9fff]{2,4}")
_HAN_AFTER = re.compile(r"(?:报道|報道|報導|摄影?|攝影?|综合|綜合|[电電讯訊])$")  # of what follows a name: `台北報導`
_A = r"(?:(?:a|an|ein|eine|une?|una|uno|um|uma)\s)?"
_ARABIC = re.compile("[\u0621-\u06ff]")
_BY_ALONE = re.compile("بقلم|بواسطة|[^:：]{1,20}[:：]")  # what only a byline begins with
_LISTED = re.compile(r"\s*[،,;/&|·]\s*|\s[–—-]\s|\s+و\s?(?=\S{2}.*\s)|\s(?:and|und|et|y|e|и|та|ve)\s")
_WORD = 3  # letters of a word that tells what a text is about
_NAME_WORDS = 3  # maximum words of a name after a word that may begin a headline
_ROLE_WORDS = 4  # maximum words of a role behind a name
_REPORTER = re.compile(
    r"^(?P<name>(?!취재|담당|본지|사진)[\uac00-\ud7a3]{2,4})\s?(?:선임|인턴|수습|전문)?\s?기자$"
    r"|(?:^|\s)(?P<name2>(?![^記]*[社部担局班員論])[\u3400-\u9fff]{3,5})記者$"
)
_LABELLED = re.compile(r"^.{0,60}?(?:作者|撰文)\s?[:：]\s?(?=\S)")  # `来源：山城日报 作者：林晓岚`


def begins(text: str) -> bool:
    """Whether a line begins like a byline: `By …`, `بقلم: …`, `A comment by …`.

    A headline that begins with such a word does not: `تقرير أممي يكشف حجم الدمار`."""
    if (match := _by().match(text)) is not None:
        return not _ARABIC.match(text) or _BY_ALONE.match(text) is not None or may_be_names(text[match.end() :])
    if (match := _kind().match(text)) is not None:
        return may_be_names(_others().sub("", text[match.end() :]))
    return any(pattern.match(text) for pattern in (_genre_by(), _GLUED, _HAN_REPORTERS, _LABELLED))


def by_role(text: str) -> str:
    """The name in a line that tells by a role that it is one, and little else: `김철수 기자`, `田中太郎記者`,
    `נורה לוי, כתבת כלכלה`; "" if it does not."""
    if match := _REPORTER.search(_CONTACT.sub("", text).strip()):
        return match["name"] or match["name2"]
    name, comma, role = text.partition(", ")
    whole = 2 <= len(name.split()) <= _NAME_WORDS and may_be_names(name) and not is_role(name)
    return name if comma and whole and is_role(role) and len(role.split()) <= _ROLE_WORDS else ""


def with_by(text: str, language: str) -> str:
    """A line with `By` for the word that a byline begins with in this language (ISO 639) and other lines in others: in
    Romanian `De Ana Popescu`, in Swahili `Na Juma Mwangi`."""
    pattern = _by_in(language)
    return pattern.sub("By ", text) if pattern is not None else text


def is_label(text: str) -> bool:
    """Whether a line is nothing but the word before names and a colon, as where these stand in the next element:
    `Posted by:`."""
    return text.endswith((":", "：")) and _by().fullmatch(text) is not None


def is_about(text: str, headline: str) -> bool:
    """Whether a line with a kind of text, a colon and what may be a name has a word of the headline in that: it tells
    what the text is about, not who wrote it (`Report: Northern Lights`, `Interview: Ann Lee`, who is asked)."""
    match = _kind().match(text)
    return match is not None and not _bare_words(text[match.end() :]).isdisjoint(_bare_words(headline))


def _bare_words(text: str) -> set[str]:
    """The words of three letters or more, folded and without the Arabic article."""
    words = (word.removeprefix("ال") for word in re.findall(r"[^\W\d_]{3,}", fold(text)))
    return {word for word in words if len(word) >= _WORD and word not in PARTICLES}


def may_be_names(text: str) -> bool:
    """Whether a text may consist of names of two or three words, or agencies: no word of a sentence, no article in
    front in Arabic, capitals where the script has them."""
    parts = [part.split() for part in _LISTED.split(text.strip(" .:")) if part.strip()]
    return bool(parts) and all(
        is_kind("agencies", " ".join(part))
        or (len(part) == 1 and _HAN_NAME.fullmatch(part[0]) is not None)
        or (
            2 <= len(part) <= _NAME_WORDS
            and not part[0].startswith("ال")
            and not any(is_small(w) or is_kind("no_names", w) for w in part if w not in PARTICLES)
        )
        for part in parts
    )


def is_small(word: str) -> bool:
    """Whether a word begins with a small letter in a script that writes names with capitals: Georgian has such letters,
    and does not (https://www.unicode.org/charts/PDF/U1C90.pdf)."""
    return word[0].islower() and not "\u10d0" <= word[0] <= "\u10ff"


def after_date(text: str) -> str:
    """What a line gives behind a date and "by": `3 June 2026 by Ann Lee`; "" if it does not."""
    match = _AFTER_DATE.match(text)
    return text[match.end() :] if match is not None and any(map(str.isdigit, match[0])) else ""


def names_others(label: str) -> bool:
    """Whether a label tells of who did not write the article: `Edited by`."""
    return _others().search(f" {label} ") is not None


def bare(value: str, split: bool) -> str:
    """A byline without what stands before and after its names; unless `split`, it is a field for a name."""
    if _HAN_REPORTERS.match(value):
        return _others().sub("", value.lstrip("0123456789 /.:年月日-"))
    value = _ALONG_WITH.sub(_listed, _CONTACT.sub("", value)).strip()
    if frame := _FRAME.fullmatch(value):
        return bare(frame[1], split)
    value = _HAN_BEFORE.sub("", _FROM.sub("", value))
    value = _LABELLED.sub("", _others().sub("", value).strip())
    for pattern in _GOES_ON if split else ():
        value = pattern.sub("", value)
    value = _AFTER_DATE.sub("", _GLUED.sub("", value))
    return without_by(_genre().sub("", value), split)


def _listed(match: re.Match[str]) -> str:
    return f", {match[1] or ''}"


def without_by(value: str, split: bool) -> str:
    """A byline without the word before its names; unless `split`, also with one that a name may begin with."""
    return _by_or_kind(split).sub("", value)


def han_names(value: str) -> list[str] | None:
    """The names behind the Chinese word for reporters, where spaces separate them; None if there is no such word."""
    said = _HAN_REPORTERS.sub("", value)
    if said == value:
        return None
    return [
        part
        for part in re.split(r"[\s、，/／]+", said)
        if _HAN_NAME.fullmatch(part) and not _HAN_AFTER.search(part) and part not in _HAN_LABELS
    ]


def without_place(name: str) -> str:
    """The name without the place behind a preposition: `Ann Lee in Berlin`."""
    return _place().sub(r"\1", name)


def is_place(text: str) -> bool:
    """Whether a text may be a place: one word, or more that begin as names of places do (`دير الزور`, `New York`)."""
    return fold(text).isalpha() or _begins_as_place().match(text) is not None


def is_role(part: str) -> bool:
    """Whether a part of a byline begins with what someone is, or names an institution."""
    alike = _named_like_role().fullmatch(part)
    return _role().match(part) is not None and (alike is None or is_role(alike[1]))


def is_name_and_role(word: str) -> bool:
    """Whether a word is a role that is a name as well: `Dean`."""
    return _named_like_role().match(f"{word} Xa") is not None


def is_about_the_author(text: str) -> bool:
    """Whether a text tells who its author is, without a name: `The author is professor of history at Ulm`."""
    return _the_author().match(text) is not None


def is_kind(kind: str, text: str) -> bool:
    """Whether a text as a whole is one of the words of a kind in author_names.yaml."""
    return _whole(kind).fullmatch(text.strip(" .:")) is not None


@cache
def _words(kind: str) -> str:
    data: dict[str, str] = data_files.load("crawler.extract", "author_names.yaml")
    return "|".join(data[kind].split("; "))


@cache
def _by() -> re.Pattern[str]:
    """The words before a name in a byline, those that a name may begin with among them."""
    return _before_names(f"{_words('by')}|{_words('by_or_name')}")


@cache
def _by_in(language: str) -> re.Pattern[str] | None:
    data: dict[str, str] = data_files.load("crawler.extract", "author_names.yaml")
    words = data.get(f"by_in_{language}")
    return re.compile(rf"^(?i:{words})\s(?=[^\W\d_a-z]\S+\s[^\W\d_a-z])") if words else None


@cache
def _by_or_kind(byline: bool) -> re.Pattern[str]:
    """The same and the kinds of texts; unless it is in a `byline`, without those that a name may begin with."""
    return _before_names("|".join(map(_words, ("by", "kinds", *(["by_or_name"] if byline else [])))))


def _before_names(words: str) -> re.Pattern[str]:
    behind = r"(?:\s*[:：՝|｜=＝/]|\s*[-–—ـ]\s|\s)"
    return re.compile(rf"^(?:(?:{words}){behind}|(?:{_words('by_at_once')})\s?[:：|｜=＝]?)\s*", re.IGNORECASE)


@cache
def _kind() -> re.Pattern[str]:
    return re.compile(rf"^(?:{_words('kinds')})\s*[:：՝|｜=＝/]\s*", re.IGNORECASE)


@cache
def _genre() -> re.Pattern[str]:
    return re.compile(rf"{_genre_by().pattern}|^{_A}(?:{_words('genres')})\s*[:：]\s*", re.IGNORECASE)


@cache
def _genre_by() -> re.Pattern[str]:
    """A kind of text and "by": not `with` and `de`, as in `Interview with Angela Merkel` and `Critique de Dune`."""
    return re.compile(
        rf"^{_A}(?:(?:{_words('genres')})\s(?:by|von|par|por|door|av|af)|(?:texte?|testo|texto)\s(?:di|de))\s+",
        re.IGNORECASE,
    )


@cache
def _others() -> re.Pattern[str]:
    return re.compile(rf"(?:^|[\s,;|(/-])(?:{_words('others')})(?:\s|[:：]).*$", re.IGNORECASE)


@cache
def _place() -> re.Pattern[str]:
    return re.compile(rf"^(\S+(?:\s\S+)+?)\s\(?(?:{_words('places')})\s[^\W\d_a-z].*$")


@cache
def _begins_as_place() -> re.Pattern[str]:
    return re.compile(rf"(?:{_words('place_beginnings')})[\s-]\S+(?:\s\S+)?", re.IGNORECASE)


@cache
def _whole(kind: str) -> re.Pattern[str]:
    return re.compile(_words(kind), re.IGNORECASE)


@cache
def _role() -> re.Pattern[str]:
    ranks, roles, institutions = map(_words, ("ranks", "roles", "institutions"))
    return re.compile(rf"(?:(?:{ranks})[ -]){{0,3}}(?:{roles})\b|.*\b(?:{institutions})\b", re.IGNORECASE)


@cache
def _the_author() -> re.Pattern[str]:
    author, joined, does, ranks, roles = map(_words, ("the_author", "is_or_was", "does", "ranks", "roles"))
    is_one = rf"(?:(?:{joined})\s+)?(?:an?\s|eine?\s|une?\s|una\s|um\s|uma\s)?(?:(?:{ranks})[ -]){{0,3}}(?:{roles})"
    return re.compile(rf"[\W_]{{0,3}}(?:{author})(?!\w)[\s,]+(?:{does}|{is_one})(?!\w)", re.IGNORECASE)


@cache
def _named_like_role() -> re.Pattern[str]:
    return re.compile(rf"(?:{_words('named_like_roles')})\s([^\W\d_a-z][^\W\d_]+)")
