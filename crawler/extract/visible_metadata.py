"""Visible metadata of an article, for fields without machine-readable metadata: date, authors, section, tags."""

from __future__ import annotations

import logging
import re
from collections import Counter
from datetime import date, datetime, timedelta, tzinfo
from itertools import islice, pairwise

from htmldate import find_date
from selectolax.lexbor import LexborNode

from crawler.extract import bylines, dates, section
from crawler.extract.author_names import is_agency, is_byline, is_of_others, is_person, names
from crawler.extract.dates import page_timezone
from crawler.extract.dates.relative import relative
from crawler.extract.draft import Draft
from crawler.extract.headline import shown_as
from crawler.extract.html_document import HtmlDocument, ancestors, attribute, judge, lines_of, paragraphs, text_of
from crawler.extract.metadata import Context, fill_date, keywords, persons
from crawler.text import STOPS
from crawler.urls import registered_domain
from crawler.urls.joining import joined

logging.getLogger("htmldate").setLevel(logging.CRITICAL)
_TIMES = 12  # <time> elements per page
_LINES = range(-3, 14)  # lines around the headline that may contain date and authors
_is_called_elsewhere = judge(
    r"related|recommend|sidebar|side-bar|widget|teaser|promo|popular|latest|comment|newsletter|trending|more-"
    r"|(?<!v)(?<!h-)card"  # vcard and h-card are microformats of persons
    r"|breaking|ticker|carousel|slider|menu|nav"
)
_is_called_others = judge(
    r"(?:^|[\W_])(?:related|recommend\w*|popular|trending|comments?|repl(?:y|ies)|responses?|newsletter|ticker)(?:$|[\W_])"
)
_is_called_another_day = judge(
    r"(?:events?|deadline|expir\w*|valid\w*|start|due|end|match|current|today|birth|archives?|kick-?off)"
    r"[-_ ]?(?:date|time|day)"
    r"|(?:date|time)[-_ ]?(?:picker|start|end)|weather|(?:wp|events?)[-_ ]?calendar"
)
_is_called_article = judge(r"hentry|(?:^|\s)(?:article|post|news-single|story)(?:\s|$)")
_CHANGED = re.compile(
    r"updat|modif|edit|changed|aktual|\bmaj\b|mise? à jour|actuali[sz]|atualiz|aggiorna|gewijzigd|bijgewerkt|uppdater"
    r"|opdater|oppdater|päivitet|zaktualiz|frissít|ενημερώ|ενημέρωσ|تحديث|обновл|оновлен|به ?روز|بروز|ویرایش|اپ ڈیٹ"
    r"|güncel|yenilən|uuendatud|muudetud|atnaujin|atjaunin|papildin|ažurir|izmijenj|posodob|ажурир|измењ|актуализ|променен"
    r"|жаңар|шинэчил|yangilan|uppfær|cập nhật|diperbarui|diubah|आखरी|עודכן|עדכון|अपडेट|अद्यावधिक|আপডেট|হালনাগাদ|புதுப்பி"
    r"|განახლ|թարմաց|อัปเดต|อัพเดท|แก้ไข|更新|修改|수정",
    re.IGNORECASE,
)
_FIRST = re.compile(
    r"publi[cshké]|pubblic|veröff|erstellt|gepostet|posted|created"
    r"|first (?:appeared|issued)|نشر|انتشار|شائع|опублик|опублік|yayın|giriş|geplaatst"
    r"|julkais|avaldatud|paskelb|objavlj|objavené|vydán|megjelent|közzét|udgivet|offentliggj|diterbit|tayang|đăng|dərc|nəşr"
    r"|објављ|публикув|жариялан|нийтэл|δημοσ|פורסם|प्रकाशित|প্রকাশ|வெளியிட|გამოქვეყნ|հրապարակ|เผยแพร่|发布|發布|发表|發表|公開|投稿"
    r"|입력|등록|게시",
    re.IGNORECASE,
)
_MOMENTS = ("data-timestamp", "data-time", "data-datetime", "data-date", "data-utc")  # what a script shows as a time
_TIMES_SELECTOR = (
    "time, abbr[title][class*='publish' i], abbr[title][class*='updated' i], abbr[title][itemprop],"
    " [class*='date' i][data-timestamp], [class*='time' i][data-timestamp], [class*='date' i][data-time],"
    " [class*='time' i][data-time], [class*='date' i][data-datetime], [class*='time' i][data-utc]"
)
_FAR = 1_000  # levels of an element that shares none with the headline
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
_SECTIONS = (
    "a[rel~='category'], .post-cat, .entry-category a, .cat-links a, [class*='article-section' i] a,"
    " [class*='article-category' i] a, [class*='post-category' i] a, .category-name a, .post-labels a,"
    " [class*='tax-category' i] a, [class~='taxonomy-category' i] a, [class*='name-field-section' i] a,"
    " [class*='name-field-category' i] a, [class*='name-field-rubri' i] a, [class*='name-field-ressort' i] a,"
    " [class*='kicker' i], [class*='overline' i], [class*='eyebrow' i], a[class*='rubri' i], a[class*='ressort' i],"
    " [class*='breadcrumb' i] a, [id*='breadcrumb' i] a, [aria-label*='breadcrumb' i] a, .crumb a, .crumbs a, .arbo a,"
    " .spip-arbo a, [class*='fil-ariane' i] a, [class*='ariane' i] a, .pathway a, .bread a"
)
_SECOND_HEADLINES = "h1 + [class*='sub-title' i], h1 + [class*='subtitle' i], h1 + [class*='subhead' i]"
_HEADINGS = "h1, h2, h3, [class*='headline' i], [class*='title' i]"
_MATCHES = 120  # elements that may be headings or bylines
_is_called_other = judge(r"(?:^|[\W_])(?:editor|reviewer|reviewed|translator|photographer|fact-?check\w*)(?:$|[\W_])")
_ROLE_LEVELS = 3  # elements around a name that may name its bearer's part in the article
_NEAR = 150  # characters besides the headline that an element needs to contain date and authors
_EDGES = (22, 23, 0, 1, 2, 3)  # UTC hours that are in another day in the time zones of most publishers
_TIMED = ("microdata", "meta")  # origins of times with a zone that less careful templates write than those of JSON-LD
_ZONES_DIFFER = timedelta(minutes=15)  # by which, or more of it, offsets of time zones differ
_SECONDS = timedelta(minutes=1)  # by less a time differs that lacks only the seconds
_NO_BYLINES = ("html", "body", "main", "article", "form", "button")  # they hold an article, or ask for something
_BYLINE_MAX_CHARS = 1_000  # characters of an element with authors, and what is said of them
_COMMENTS = re.compile(r"#.{0,20}(?:comment|respond|disqus|repl(?:y|ies))", re.IGNORECASE)  # in their addresses
_LEVELS = 5  # elements around a name that may be its byline
_SHORT_LINE = 50  # characters of a line that may end in a full stop and yet be only a date: `… at 3:05 p.m.`
_STATES = 15  # characters from which what stands beside a time may state something
_LONGEST_LINE = 200  # maximum characters of a line with date and authors
_YEAR = re.compile(r"(?<!\d)(?:19|20|1[34])\d\d(?!\d)")
_TWO_DATES = 2  # years in a line, at least
_BESIDE_DATES = " /|-–—•·:(,"
_LINE_PARTS = re.compile(r"\s+[-–—|•·/]\s+")
_LABEL_AHEAD = 40  # characters of a line before the label of its date: `This entry by Ann was posted on`
_LABELS_DATE = re.compile(r"[^\d\[]{0,30}\d")  # no bracket of a reference between label and date
_DATE_ELEMENTS = "[class*='date' i], [class*='posted' i], [class*='time' i], [class*='publish' i], [id*='date' i]"
_MOST_LINES = 1_000  # of a page, that may tell a date
_DATELINE = re.compile(r"(.{4,60}?(?<!\d)(?:19|20|1[34])\d\d)\)?\s{0,2}[-–—:.)/|]")  # what precedes the first statement
_DATELINE_WORDS = 8  # of weekday, day, month, year and a place
_AUTHORS_MOST = 5  # names in a byline; more are a list
_LINKS = 500  # links of a page that may be its menu
_LONGEST_CJK = 6  # maximum characters of a name written without spaces
_NAME_MAX_CHARS = 60  # maximum characters of the name of a section or an author


def fill_visible(draft: Draft, page: Context) -> None:
    """Fills empty fields from the visible page, ignoring elements of teasers, boxes and comments."""
    document, place, house = page
    if draft.lacks("published") or _is_day(draft.origins["published"]):
        _fill_dates(draft, document, place)
    if draft.lacks("authors"):
        _fill_authors(draft, page)
    else:
        _add_authors(draft, document, house)
    if draft.lacks("section"):
        labels = [t for n in _section_links(document) if 1 < len(t := text_of(n)) <= _NAME_MAX_CHARS]
        headline = draft.headline.casefold()
        draft.fill("section", next((t for t in reversed(labels) if t.casefold() != headline), None), "page")
        draft.fill("section", _label_above(document, draft.headline), "page")
        draft.fill(
            "section",
            section.of_path(document) or section.beside(_heading(document, draft.headline), document.base),
            "page",
        )
    if draft.lacks("alternative_headline"):
        draft.fill("alternative_headline", text_of(document.first(_SECOND_HEADLINES)) or None, "page")
    if draft.lacks("keywords"):
        draft.fill("keywords", keywords([text_of(n) for n in document.tree.css("a[rel~='tag']")[:30]]), "page")


def _section_links(document: HtmlDocument) -> list[LexborNode]:
    """The elements that may name the article's section. In a breadcrumb, only the first leads home: `/sh/` behind that
    is a section whose path looks like a language."""
    found: list[LexborNode] = []
    home = False
    for node in document.tree.css(_SECTIONS)[:8]:
        crumb = section.is_crumb(node)
        if section.leads_home(node, document.base) and not (crumb and home):
            home = True
        elif crumb or not _is_outside_article(node):
            found.append(node)
    return found


def _fill_authors(draft: Draft, page: Context) -> None:
    document, place, house = page
    found = (persons(_names(document, selector, draft.headline), house) for selector in _AUTHORS)
    draft.fill("authors", next(filter(None, found), ()), "page")
    near = lines_near_headline(document, draft.headline) if draft.lacks("authors") else []
    labelled = [f"{label} {name}" for label, name in pairwise(near) if bylines.is_label(label)]
    for text in (*labelled, *near):
        if is_person(said := bylines.after_date(text)) and dates.visible(text[: -len(said)], place):
            draft.fill("authors", persons(names([said]), house), "page")
        for part in _LINE_PARTS.split(text[:_LONGEST_LINE]):
            if len(part) <= _NAME_MAX_CHARS and is_byline(part) and not bylines.is_about(part, draft.headline):
                draft.fill("authors", persons(tuple(n for n in names([part]) if _like_a_name(n)), house), "page")
            elif len(part) <= _NAME_MAX_CHARS and (said := bylines.by_role(part)):
                draft.fill("authors", persons((said,), house), "page")
    for text in near if draft.lacks("authors") else ():
        draft.fill("authors", persons(_beside_date(document, text, place), house), "page")


def _beside_date(document: HtmlDocument, text: str, place: dates.Place) -> tuple[str, ...]:
    """The name in a line of metadata that consists of little else than a date: `6 May 2026 · 4 min read · Ann Lee`. Not
    what the page also links to, as it does to its sections."""
    parts = [part.strip(" |") for part in _LINE_PARTS.split(text[:_LONGEST_LINE])]
    if len(parts) < 2 or len(text) > _LONGEST_LINE or not any(dates.visible(part, place) for part in parts):
        return ()
    said = [part for part in parts if is_person(part)]
    links = {a.text(deep=True, strip=True) for a in document.tree.css("a[href]")[:_LINKS]} if len(said) == 1 else {""}
    return names(said) if links.isdisjoint(said) else ()


def _add_authors(draft: Draft, document: HtmlDocument, house: frozenset[str]) -> None:
    """Uses the byline's names if the metadata contains only some of them."""
    told = {name.casefold() for name in draft.authors}
    for selector in _AUTHORS[:2]:
        found = persons(_names(document, selector, draft.headline), house)
        if told < {name.casefold() for name in found} and len(found) <= _AUTHORS_MOST:
            draft.authors, draft.origins["authors"] = found, "page"
            return


def _label_above(document: HtmlDocument, headline: str) -> str | None:
    """The line above the headline, if the site's menu contains it too: the section."""
    above, _ = _around_headline(document, headline)
    labels = [text for text in above[-2:] if 1 < len(text) <= _NAME_MAX_CHARS]
    if not labels:
        return None
    links = Counter(a.text(deep=True, strip=True) for a in document.tree.css("a[href]")[:_LINKS])
    return next((text for text in reversed(labels) if links[text] > 0 and section.is_label(document, text)), None)


def date_elsewhere(draft: Draft, document: HtmlDocument, place: dates.Place) -> None:
    """Fills an empty publication date with the first that a label announces anywhere on the page (`Posted on …`), else
    with that of a dateline (`Berlin, 5 April 2024 –`), else with the first in an element that is called a date,
    if the URL tells no other day."""
    if not draft.lacks("published"):
        return
    told = {text for text in draft.body if text.endswith(tuple(STOPS)) and not dates.is_labelled(text)}
    before = ""
    for shown in islice(lines_of([body] if (body := document.tree.body) else (), _is_no_text_of_ours), _MOST_LINES):
        text, before = f"{before} {shown}" if _is_date_label(before) else shown, shown
        said = _parted(text)[0] if len(text) <= _LONGEST_LINE and text not in told and not _is_statement(text) else ""
        label = _FIRST.search(said)
        if label and label.start() < _LABEL_AHEAD and _LABELS_DATE.match(said, label.end()):
            fill_date(draft, "published", dates.visible(said[label.start() :], place), "page")
    if draft.body and (head := _DATELINE.match(draft.body[0])) and len(head[1].split()) <= _DATELINE_WORDS:
        fill_date(draft, "published", dates.visible(head[1], place), "body")
    in_url = page_timezone.day_of(document.url)
    for node in _date_elements(document) if draft.lacks("published") else ():
        dated = dates.visible(_parted(text_of(node))[0], place)
        if in_url and dated and abs(dated.at.date() - in_url) > timedelta(days=1):
            continue
        if not any(map(_is_of_another_day, (node, *ancestors(node)))):
            _fill_past(draft, dated, place, "page")


def _is_date_label(text: str) -> bool:
    """Whether a line is nothing but the label of a date, which then stands in the next element: `Published:`."""
    return len(text) <= _LABEL_AHEAD and text.endswith((":", "：")) and _FIRST.search(text) is not None


def _date_elements(document: HtmlDocument) -> list[LexborNode]:
    """The elements that are called a date, outside of other articles."""
    return [n for n in document.tree.css(_DATE_ELEMENTS)[:_MATCHES] if not _is_outside_article(n)]


def _is_of_another_day(node: LexborNode) -> bool:
    """Whether a date within this element is that of an event, or today's, as a page's head tells it."""
    if _is_called_another_day(attribute(node, "class", "id")):
        return True
    return (
        node.tag == "header"
        and node.css_first("h1, h2") is None
        and not any(n.tag in ("article", "main") for n in ancestors(node))
    )


def date_from_htmldate(draft: Draft, document: HtmlDocument, place: dates.Place) -> None:
    """Fills an empty publication date with the day that htmldate finds in the pruned page, without comments and other
    articles, and its JSON-LD. Not with its extensive search, which reads 15 كانون الثاني 2024 as the first of January.
    """
    if draft.lacks("published"):
        told = "".join(script.html or "" for script in document.original.css('script[type*="ld+json" i]'))
        html = (document.tree.html or "").replace("</head>", f"{told}</head>", 1)
        found = find_date(html, extensive_search=False, original_date=True)
        dated = dates.machine(found, place) if found else None
        if dated and dated.at.date() not in _other_days(document, place):
            _fill_past(draft, dated, place, "htmldate")


def _other_days(document: HtmlDocument, place: dates.Place) -> set[date]:
    """The days that elements tell which are called a date or hold a time, but not that of publication."""
    nodes = [n for n in _date_elements(document) if any(map(_is_of_another_day, (n, *ancestors(n))))]
    nodes += [n for n in document.tree.css("time")[:_MATCHES] if _is_in_prose(n)]
    said = (dates.machine(attribute(n, "datetime"), place) or dates.visible(text_of(n), place) for n in nodes)
    return {found.at.date() for found in said if found}


def _fill_past(draft: Draft, dated: dates.Dated | None, place: dates.Place, source: str) -> None:
    """Fills an empty publication date, unless with today's, which the head of many pages shows."""
    if dated and dated.at.astimezone(place.zone).date() < place.fetched.astimezone(place.zone).date():
        fill_date(draft, "published", dated, source)


def _names(document: HtmlDocument, selector: str, headline: str) -> tuple[str, ...]:
    """The names in the first match and in the other matches of the same byline. Several bylines above the headline are
    those of other articles."""
    nodes = [n for n in document.tree.css(selector)[:_MATCHES] if _may_be_byline(n, document)]
    if len(nodes) > 1 and len(above := _above_headline(document, selector, nodes, headline)) > 1:
        nodes = [n for n in nodes if n.mem_id not in above] if len({_byline(n) for n in above.values()}) > 1 else nodes
    if not nodes:
        return ()
    place = _byline(nodes[0])
    texts = [text for n in nodes if _byline(n) == place for text in _leaves(n, document)]
    return tuple(n for n in names(texts) if _like_a_name(n))


def _above_headline(
    document: HtmlDocument, selector: str, nodes: list[LexborNode], headline: str
) -> dict[int, LexborNode]:
    """Those of the elements that stand above the headline, by their ids; none without a headline."""
    heading = _heading(document, headline)
    wanted = {n.mem_id: n for n in nodes}
    found: dict[int, LexborNode] = {}
    for node in document.tree.css(f"{selector}, {_HEADINGS}")[: 2 * _MATCHES] if heading is not None else ():
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
    return not (_leads_to_nobody(node, document) or _is_outside_article(node) or _is_of_others(node))


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
    common = [part for part in parts if part[0].islower() and part.lower() not in bylines.PARTICLES]
    if name[-1] in "?!”»" or len(common) > len(parts) - len(common) or parts[:1] == common[:1]:
        return False
    if not name.isascii() and len(parts) == 1:
        return "\u2e80" <= name[0] <= "\ud7af" and len(name) <= _LONGEST_CJK
    return len(parts) > 1 and sum(not p[0].islower() for p in parts) >= 2


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


def _fill_dates(draft: Draft, document: HtmlDocument, place: dates.Place) -> None:
    for node in _times(document, draft.headline):
        text, called = text_of(node), attribute(node, "class", "itemprop")
        first = _FIRST.search(called) is not None  # `published updated`: both at once
        name = "modified" if not first and _CHANGED.search(f"{called} {text[:60]}") else "published"
        said = attribute(node, "datetime", "title", *_MOMENTS)
        fill_date(draft, name, dates.machine(said, place) or dates.visible(text, place), "time")
    if draft.lacks("published") or _is_day(draft.origins["published"]):
        for text in lines_near_headline(document, draft.headline):
            said, changed = ("", "") if _is_statement(text) else _parted(text)
            fill_date(draft, "published", dates.visible(said, place), "page")
            fill_date(draft, "modified", dates.visible(changed, place), "page")


def _is_statement(text: str) -> bool:
    """Whether a line states something, perhaps of another day than that of publication."""
    stops = text[-1] in STOPS and not text.lower().endswith(("a.m.", "p.m."))
    return stops and len(text) > _SHORT_LINE and not dates.is_labelled(text)


def _times(document: HtmlDocument, headline: str) -> list[LexborNode]:
    """The elements with a time, those nearest to the headline in the tree first; none of teasers."""
    elsewhere = _is_outside_article, _is_of_teaser, _is_in_prose
    found = [n for n in document.tree.css(_TIMES_SELECTOR)[:60] if not any(judged(n) for judged in elsewhere)]
    around = (
        {n.mem_id: level for level, n in enumerate(ancestors(heading))}
        if (heading := _heading(document, headline))
        else {}
    )
    levels = {n.mem_id: min((around.get(p.mem_id, _FAR) for p in ancestors(n)), default=_FAR) for n in found}
    return sorted(found, key=lambda n: levels[n.mem_id])[:_TIMES]


def _is_in_prose(node: LexborNode) -> bool:
    """Whether a time stands within a paragraph that states something, without the label of an article's date."""
    text = text_of(node.parent) if node.parent is not None and node.parent.tag in ("p", "li") else ""
    if len(text) < len(text_of(node)) + _STATES or text[-1] not in STOPS:
        return False
    return not (_FIRST.search(text) or _CHANGED.search(text))


def _is_of_teaser(node: LexborNode) -> bool:
    """Whether a time stands within a link that says more than that: the title of another page."""
    link = next((n for n in ancestors(node) if n.tag == "a"), None)
    return link is not None and any(map(str.isalpha, text_of(link).replace(text_of(node), "", 1)))


def _parted(text: str) -> tuple[str, str]:
    """A line of dates, split at the word for an update, into the first and the later: `05.04.2025 - Updated:
    06.04.2025`, `Updated 06.04.2025, published 05.04.2025`, `05.04.2025 / 06.04.2025 (updated)`."""
    match = _CHANGED.search(text)
    if match is None:
        return _with_label_behind(text)
    before, after = text[: match.start()].strip(_BESIDE_DATES), text[match.end() :]
    first = _FIRST.search(after)
    if first is not None and not any(map(str.isdigit, before)):
        return after[first.start() :], after[: first.start()]
    dated = [part for part in _LINE_PARTS.split(before) if _YEAR.search(part)]
    if len(dated) > 1 and not any(map(str.isdigit, after)):
        return dated[0], dated[-1]
    return before, after


def _with_label_behind(text: str) -> tuple[str, str]:
    """A line without a word for an update whose second date is the one of publication: `Stand: 06.04.2025 |
    Veröffentlicht: 05.04.2025`."""
    if len(_YEAR.findall(text)) < _TWO_DATES:
        return text, ""
    first = _FIRST.search(text)
    if first is None or not (_YEAR.search(text, 0, first.start()) and _YEAR.search(text, first.end())):
        return text, ""
    before = text[: first.start()].strip(_BESIDE_DATES)
    return text[first.start() :], before if dates.is_labelled(before) else ""


def apply_page_timezone(draft: Draft, document: HtmlDocument, place: dates.Place) -> None:
    """Converts a publication date in UTC to the page's own time zone, if the page shows it."""
    at, origin = draft.published, draft.origins.get("published", "")
    if at is None or at.utcoffset() or "," in origin:  # it has a time zone already, or one was assumed
        return
    lines = lines_near_headline(document, draft.headline)
    day = page_timezone.day_of(document.url)
    if day is None and at.hour in _EDGES:
        days = (dates.visible(_parted(text)[0], place) for text in lines)
        day = next((d.at.date() for d in days if d and d.added.startswith("day only")), _other_day(draft))
    timed = filter(page_timezone.tells_time, lines)
    first = [said for text in timed if page_timezone.tells_time(said := _parted(text)[0])]
    if found := page_timezone.local(at, day, first or lines):
        draft.published, draft.origins["published"] = found[0], f"{origin}, {found[1]}"


def _other_day(draft: Draft) -> date | None:
    """The day of publication according to another source, without a time; None if there is none."""
    said = (one for one in draft.others if one.name == "published" and "day only" in one.origin)
    return next((one.value.date() for one in said if isinstance(one.value, datetime)), None)


def apply_exact_time(draft: Draft, zone: tzinfo) -> None:
    """Replaces a publication day without a time by the first time on that day that another source gives."""
    origin = draft.origins.get("published", "")
    if draft.published is None or not _is_day(origin) or origin.startswith("rule"):
        return
    day = draft.published.date()
    timed = (one for one in draft.others if one.name == "published" and not _is_day(one.origin))
    for one in timed:
        if isinstance(one.value, datetime) and day in (one.value.date(), one.value.astimezone(zone).date()):
            draft.published, draft.origins["published"] = one.value, one.origin
            return


def apply_first_time(draft: Draft) -> None:
    """Replaces a publication time that is that of the last change by an earlier one that the metadata gives: some
    templates write the time of each edition into `datePublished`. Not where the two differ as time zones do."""
    at, origin = draft.published, draft.origins.get("published", "")
    if at is None or at != draft.modified or origin not in _TIMED:
        return
    said = (one for one in draft.others if one.name == "published" and one.origin in _TIMED)
    times = [(one.value, one.origin) for one in said if isinstance(one.value, datetime) and one.value < at]
    if earlier := [(time, origin) for time, origin in times if (at - time) % _ZONES_DIFFER > _SECONDS]:
        draft.published, draft.origins["published"] = min(earlier)


def _is_day(origin: str) -> bool:
    return "day only" in origin


def apply_url_date(draft: Draft, url: str, place: dates.Place) -> None:
    """Fills an empty publication date with the day in the page's URL."""
    if draft.lacks("published") and (day := page_timezone.day_of(url)) is not None:
        fill_date(draft, "published", dates.machine(day.isoformat(), place), "address")


def fill_relative_date(draft: Draft, document: HtmlDocument, place: dates.Place) -> dates.Dated | None:
    """The relative date in a <time> or in a line near the headline; None if there is none or the page has a date.
    Does not fill the draft."""
    if not draft.lacks("published"):
        return None
    times = [text_of(n) for n in document.tree.css("time")[:60] if not _is_outside_article(n)][:_TIMES]
    lines = (_parted(text)[0] for text in (*times, *lines_near_headline(document, draft.headline)))
    return next(filter(None, (relative(text, place) for text in lines)), None)


def lines_near_headline(document: HtmlDocument, headline: str) -> list[str]:
    """The lines after, then those before the headline, as shown to readers."""
    above, below = _around_headline(document, headline)
    return [*below, *above]


def _around_headline(document: HtmlDocument, headline: str) -> tuple[list[str], list[str]]:
    """The lines above and below the headline; cached with the document after the first call."""
    if document.near is None:
        document.near = _scan_around(document, headline)
    return document.near


def _scan_around(document: HtmlDocument, headline: str) -> tuple[list[str], list[str]]:
    heading = _heading(document, headline)
    near: tuple[list[str], list[str]] = [], []
    if heading is None:
        return near
    own = text_of(heading)
    own_path = {n.mem_id for n in (heading, *ancestors(heading))}
    seen = len(own) + _NEAR
    for holder in islice(ancestors(heading), 6):
        length = len(holder.text(deep=True, strip=True))
        if length < seen and holder.tag != "body":
            continue  # it contains hardly more than the headline or the previous element
        seen = 2 * length
        lines: list[str] = []
        at = None
        for text in lines_of(
            [holder], lambda n: n.mem_id not in own_path and _is_no_text_of_ours(n)
        ):  # there may be thousands
            at = len(lines) if at is None and text == own else at
            lines.append(text)
            if at is not None and len(lines) > at + _LINES.stop:
                break
        if at is None:
            at = next((i for i, text in enumerate(lines) if text in own or own in text), None)
        if at is not None:
            near = lines[max(0, at + _LINES.start) : at], lines[at + 1 : at + _LINES.stop]
            if len(lines) > at + _LINES.stop:
                break
    return near


def _heading(document: HtmlDocument, headline: str) -> LexborNode | None:
    """The element of the headline: a heading with this text, else the first <h1>; None if there is none."""
    headings = document.tree.css("h1, h2, [class*='headline' i], [class*='title' i]")[:60]
    texts = ((n, n.text(deep=True, strip=True)) for n in headings)
    bare = "".join(headline.split())
    same = next(
        (n for n, text in texts if bare and len(text) < 3 * len(headline) and "".join(text.split()) == bare), None
    )
    first = same or next((n for n in headings if n.tag == "h1" and n.text(deep=True, strip=True)), None)
    return first or (shown_as(document, headline) if document.first("h1, h2") is None else None)


def _is_elsewhere(node: LexborNode) -> bool:
    """Whether an element holds what belongs to other articles."""
    return node.tag in ("aside", "nav") or _is_called_others(attribute(node, "class"))


def _is_no_text_of_ours(node: LexborNode) -> bool:
    """Whether an element holds what belongs to other articles, what others have posted, or another day's date."""
    return node.tag in ("figure", "blockquote") or _is_elsewhere(node) or _is_of_another_day(node)


def _is_outside_article(node: LexborNode) -> bool:
    for parent in ancestors(node):
        if parent.tag in ("article", "main", "body"):
            return False
        if parent.tag in ("aside", "nav"):
            return True
        if _is_called_elsewhere(attribute(parent, "class")) and parent.css_first("h1") is None:
            return True  # the article itself may lie in a card
        if parent.tag == "footer" or "footer" in attribute(parent, "class"):  # an article's may have byline and section
            return not any(n.tag == "article" or _is_called_article(attribute(n, "class")) for n in ancestors(parent))
    return False
