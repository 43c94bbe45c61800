"""The authors that a page shows, for articles whose metadata names none or only some."""

from __future__ import annotations

import re
from itertools import islice, pairwise

from selectolax.lexbor import LexborNode

from crawler.extract import bylines, dates, section
from crawler.extract.author_names import is_agency, is_byline, is_of_others, is_person, names
from crawler.extract.dates import labels, weekdays
from crawler.extract.draft import Draft
from crawler.extract.html_document import HtmlDocument, ancestors, attribute, judge, paragraphs, text_of
from crawler.extract.metadata import Context, persons
from crawler.extract.near_headline import (
    LINE_PARTS,
    MAX_LINE,
    MAX_MATCHES,
    heading_of,
    is_outside_article,
    lines_near_headline,
    link_texts,
)
from crawler.urls import registered_domain
from crawler.urls.joining import joined

_AUTHORS = (  # most reliable first
    "a[rel~='author'], address[rel~='author'], [class*='field--name-uid' i]",
    "[class*='author' i][class*='name' i], [class*='byline' i] a, [class*='author' i] a",
    "[class*='byline' i], [class*='author' i], [class*='writer' i], [id='author' i], [id='authors' i], [id='byline' i],"
    " [data-testid*='byline' i], [data-testid*='author' i], [data-qa*='byline' i], [data-component*='byline' i],"
    " [data-hook='user-name'], [class*='journalist' i][class*='name' i], [class*='reporter' i][class*='name' i]",
    ", ".join(f"a[href*='/{word}']" for word in (
        "author", "autor", "auteur", "kirjoittaja", "forfatter", "yazar", "staff/", "newsteam/", "journalist",
        "reporter", "writer", "redakteur", "redakcja", "columnist", "katib", "profil/", "byline",
    )),
)  # fmt: skip
_HEADINGS = "h1, h2, h3, [class*='headline' i], [class*='title' i]"
_is_called_other = judge(r"(?:^|[\W_])(?:editor|reviewer|reviewed|translator|photographer|fact-?check\w*)(?:$|[\W_])")
_ROLE_LEVELS = 3  # elements around a name that may name its bearer's part in the article
_NO_BYLINES = ("html", "body", "main", "article", "form", "button")  # they hold an article, or ask for something
_BYLINE_MAX_CHARS = 1_000  # characters of an element with authors, and what is said of them
_COMMENTS = re.compile(r"#.{0,20}(?:comment|respond|disqus|repl(?:y|ies))", re.IGNORECASE)  # in their addresses
_DIGITS = re.compile(r"(?<=\s)[(]?\d")  # where a date may begin
# What a line has behind its last number, with and without the word there: `09:30 Uhr Von Ann Lee`
_BEHIND_DIGITS = re.compile(r"\d(?:[^\W\d]{1,5}\b|[ap]\.m\.)?[\s,،|·•–—-]+(?P<behind>(?:\S{1,6}\s)?(?P<last>\D+))$")
_MARKS = " ,،|·•–—-"
_DATE_WORDS = 2  # before its first digits: weekday and month
_LEVELS = 5  # elements around a name that may be its byline
_AUTHORS_MOST = 5  # names in a byline; more are a list
_LONGEST_CJK = 6  # maximum characters of a name written without spaces
_NAME_MAX_CHARS = 60  # maximum characters of an author's name


def fill_authors(draft: Draft, page: Context) -> None:
    """Fills the authors from elements that are called theirs, else from a line near the headline that begins or ends as
    bylines do, else from one that has a name beside a date."""
    document, place, house = page
    language = place.languages[0].partition("-")[0]
    found = (persons(_names(document, selector, draft.headline, language), house) for selector in _AUTHORS)
    draft.fill("authors", next(filter(None, found), ()), "page")
    near = lines_near_headline(document, draft.headline) if draft.lacks("authors") else []
    near = [bylines.with_by(text, language) for text in near]
    labelled = [f"{label} {name}" for label, name in pairwise(near) if bylines.is_label(label)]
    for text in (*labelled, *near):
        if is_person(said := bylines.after_date(text)) and dates.visible(text[: -len(said)], place):
            draft.fill("authors", persons(names([said]), house), "page")
        for part in _parts(_byline_beside_dates(text[:MAX_LINE], place)):
            if len(part) <= _NAME_MAX_CHARS and is_byline(part) and not bylines.is_about(part, draft.headline):
                draft.fill("authors", persons(tuple(n for n in names([part]) if _like_a_name(n)), house), "page")
            elif len(part) <= _NAME_MAX_CHARS and (said := bylines.by_role(part)):
                draft.fill("authors", persons((said,), house), "page")
    for text in near if draft.lacks("authors") else ():
        draft.fill("authors", persons(_beside_date(document, text, place), house), "page")


def _byline_beside_dates(line: str, place: dates.Place) -> str:
    """The byline before or after a line's dates, without a mark between: `By Ann Lee 12 May 2026`, `By Ann Lee Updated:
    12 May 2026`, `12 May 2026 By Ann Lee`; the line if there is none."""
    match = _DIGITS.search(line)
    said = labels.without(line[: match.start()]).rstrip(_MARKS) if match is not None else line
    if match and is_byline(said):
        begin = _date_begins(line, match.start(), place)
        if _tells_date(line[begin:], place):
            return labels.without(line[:begin]).rstrip(_MARKS)
    last = _BEHIND_DIGITS.search(line)
    behind = next(filter(is_byline, (last["behind"], last["last"])), "") if last is not None else ""
    return behind if behind and _tells_date(line.removesuffix(behind), place) else line


def _date_begins(line: str, digits: int, place: dates.Place) -> int:
    """Where a date begins whose first digits are there: before the month, if it needs one, and the weekday."""
    begin = digits
    for _ in range(_DATE_WORDS):
        before = line[:begin].rstrip(_MARKS)
        word = before[before.rfind(" ") + 1 :]
        at = len(before) - len(word)
        is_month = not _tells_date(line[begin:], place) and _tells_date(line[at:], place)
        if not word or not (is_month or weekdays.is_one(word, place.languages)):
            break
        begin = at
    return begin


def _tells_date(text: str, place: dates.Place) -> bool:
    return any(dates.visible(part.strip(_MARKS), place) for part in (text, *LINE_PARTS.split(text)))


def _parts(line: str) -> list[str]:
    """The parts of a line of metadata: `5 May | By Ann Lee`; a label is one with what follows it: `By | Ann Lee`."""
    first, *others = LINE_PARTS.split(line)
    return [f"{first}: {others[0]}", *others[1:]] if others and bylines.is_label(f"{first}:") else [first, *others]


def complete_authors(draft: Draft, document: HtmlDocument, house: frozenset[str]) -> None:
    """Uses the byline's names if the metadata contains only some of them."""
    told = {name.casefold() for name in draft.authors}
    for selector in _AUTHORS[:2]:
        found = persons(_names(document, selector, draft.headline), house)
        if told < {name.casefold() for name in found} and len(found) <= _AUTHORS_MOST:
            draft.authors, draft.origins["authors"] = found, "page"
            return


def _beside_date(document: HtmlDocument, text: str, place: dates.Place) -> tuple[str, ...]:
    """The name in a line of metadata that consists of little else than a date: `6 May 2026 · 4 min read · Ann Lee`. Not
    what the page also links to, as it does to its sections."""
    parts = [part.strip(" |") for part in LINE_PARTS.split(text[:MAX_LINE])]
    if len(parts) < 2 or len(text) > MAX_LINE or not any(dates.visible(part, place) for part in parts):
        return ()
    said = [part for part in parts if is_person(part)]
    return () if len(said) == 1 and said[0] in link_texts(document) else names(said)


def _names(document: HtmlDocument, selector: str, headline: str, language: str = "") -> tuple[str, ...]:
    """The names in the first match and in the other matches of the same byline. Several bylines above the headline are
    those of other articles. `language`: of what stands before names."""
    nodes = [n for n in document.tree.css(selector)[:MAX_MATCHES] if _may_be_byline(n, document)]
    if len(nodes) > 1 and len(above := _above_headline(document, selector, nodes, headline)) > 1:
        nodes = [n for n in nodes if n.mem_id not in above] if len({_byline(n) for n in above.values()}) > 1 else nodes
    if not nodes:
        return ()
    place = _byline(nodes[0])
    texts = [bylines.with_by(text, language) for n in nodes if _byline(n) == place for text in _leaves(n, document)]
    return tuple(n for n in names(texts) if _like_a_name(n))


def _above_headline(
    document: HtmlDocument, selector: str, nodes: list[LexborNode], headline: str
) -> dict[int, LexborNode]:
    """Those of the elements that stand above the headline, by their ids; none without a headline."""
    heading = heading_of(document, headline)
    wanted = {n.mem_id: n for n in nodes}
    found: dict[int, LexborNode] = {}
    for node in document.tree.css(f"{selector}, {_HEADINGS}")[: 2 * MAX_MATCHES] if heading is not None else ():
        if heading is not None and node.mem_id == heading.mem_id:
            return found
        if node.mem_id in wanted:
            found[node.mem_id] = node
    return {}


def _may_be_byline(node: LexborNode, document: HtmlDocument) -> bool:
    """Whether an element that is called an author's may name the article's. `<body class="author-7">` is the whole
    page, and a long text is what an author tells."""
    if node.tag in _NO_BYLINES or len(node.text(deep=True, strip=True)) > _BYLINE_MAX_CHARS:
        return False
    return not (_leads_to_nobody(node, document) or is_outside_article(node) or _is_of_others(node))


def _leads_to_nobody(node: LexborNode, document: HtmlDocument) -> bool:
    """Whether an element is a link in a byline that leads to comments, or to the site's home."""
    address = attribute(node, "href")
    if not address or "author" in attribute(node, "rel").lower():
        return False
    ours = registered_domain.same(joined(document.base, address) or "", document.url)
    return _COMMENTS.search(address) is not None or (ours and section.leads_home(node, document.base))


def _is_of_others(node: LexborNode) -> bool:
    """Whether a name is that of an editor, a reviewer or a photographer."""
    around = islice((node, *ancestors(node)), _ROLE_LEVELS)
    if any(_is_called_other(attribute(n, "class", "itemprop")) for n in around):
        return True
    parent = node.parent
    own = node.text(deep=True, strip=True)
    label = parent.text(deep=True)[: 2 * _NAME_MAX_CHARS].split(own)[0] if parent is not None and own else ""
    return bool(label.strip()) and is_of_others(label[-_NAME_MAX_CHARS:])


def _leaves(node: LexborNode, document: HtmlDocument) -> list[str]:
    """The texts of the innermost elements in a byline, `<span>A B</span><span>C D</span>` are two names, else its first
    line and further ones that are names."""
    inner = [n for n in node.css("a, span, li") if n.mem_id != node.mem_id and n.css_first("a *, span *, li *") is None]
    if len(inner) > 1:
        return [text for n in inner if not _leads_to_nobody(n, document) and (text := text_of(n))]
    first, *below = paragraphs([node]) or [""]
    if not below or not any(map(is_person, names([first]))):
        return [text_of(node)]
    return [first, *(text for text in below if is_person(text) and not _is_of_whom(text))]


def _is_of_whom(text: str) -> bool:
    """Whether a line below a name tells what its bearer is, or where: `Trending Editor`, `New York`."""
    return bylines.is_place(text) or bylines.is_role(text.split()[-1])


def _like_a_name(name: str) -> bool:
    """Whether a text in a byline is a name: at least two words, capitalised if the script has capitals, or one word in
    a script without spaces. Bylines also contain `Follow`, `amw` and `Source: dpa`."""
    if len(name) > _NAME_MAX_CHARS or re.search(r"[\d:]", name):
        return False
    parts = name.split()
    if len(parts) == 1 and is_agency(name):
        return True
    common = [part for part in parts if bylines.is_small(part) and part.lower() not in bylines.PARTICLES]
    if name[-1] in "?!”»" or len(common) > len(parts) - len(common) or parts[:1] == common[:1]:
        return False
    if not name.isascii() and len(parts) == 1:
        return "\u2e80" <= name[0] <= "\ud7af" and len(name) <= _LONGEST_CJK
    return len(parts) > 1 and sum(not bylines.is_small(p) for p in parts) >= 2


def _byline(node: LexborNode) -> int:
    """The id of the element that contains a name and those next to it: the nearest ancestor with more text."""
    length, level = len(node.text(deep=True, strip=True)), 0
    for parent in islice(ancestors(node), _LEVELS):
        level += len(parent.text(deep=True, strip=True)) > length
        if level == 1 and parent.tag == "li" and parent.parent is not None:
            return parent.parent.mem_id  # one of a list of authors, each with a role
        if level == 1 or parent.tag in ("article", "main", "body"):
            return parent.mem_id
    return 0
