"""The dates that a page shows, and what settles between those and the ones that its metadata gives."""

from __future__ import annotations

import logging
import re
from datetime import date, datetime, timedelta, tzinfo
from itertools import islice

from htmldate import find_date
from selectolax.lexbor import LexborNode

from crawler.extract import dates
from crawler.extract.dates import labels, page_timezone
from crawler.extract.dates.relative import relative
from crawler.extract.draft import Draft
from crawler.extract.html_document import HtmlDocument, ancestors, attribute, lines_of, text_of
from crawler.extract.metadata import fill_date
from crawler.extract.near_headline import (
    LINE_PARTS,
    MAX_LINE,
    MAX_MATCHES,
    heading_of,
    is_no_text_of_ours,
    is_of_another_day,
    is_outside_article,
    lines_near_headline,
)
from crawler.text import STOPS
from index.model.article import LAST_CHANGE

logging.getLogger("htmldate").setLevel(logging.CRITICAL)

_TIMES = 12  # <time> elements per page
_MOMENTS = ("data-timestamp", "data-time", "data-datetime", "data-date", "data-utc")  # what a script shows as a time
_TIMES_SELECTOR = (
    "time, abbr[title][class*='publish' i], abbr[title][class*='updated' i], abbr[title][itemprop],"
    " [class*='date' i][data-timestamp], [class*='time' i][data-timestamp], [class*='date' i][data-time],"
    " [class*='time' i][data-time], [class*='date' i][data-datetime], [class*='time' i][data-utc]"
)
_FAR = 1_000  # levels of an element that shares none with the headline
_EDGES = (22, 23, 0, 1, 2, 3)  # UTC hours that are in another day in the time zones of most publishers
_MACHINES = ("meta", "feed")  # origins of a modification time that is often the file's, or the system's own
_TIMED = ("microdata", "meta")  # origins of times with a zone that less careful templates write than those of JSON-LD
_ZONES_DIFFER = timedelta(minutes=15)  # by which, or more of it, offsets of time zones differ
_SECONDS = timedelta(minutes=1)  # by less a time differs that lacks only the seconds
_SHORT_LINE = 50  # characters of a line that may end in a full stop and yet be only a date: `… at 3:05 p.m.`
_STATES = 15  # characters from which what stands beside a time may state something
_YEAR = re.compile(r"(?<!\d)(?:19|20|1[34])\d\d(?!\d)")
_TWO_DATES = 2  # years in a line, at least
_BESIDE_DATES = " /|-–—•·:(,"
_LABEL_AHEAD = 40  # characters of a line before the label of its date: `This entry by Ann was posted on`
_LABELS_DATE = re.compile(r"[^\d\[]{0,30}\d")  # no bracket of a reference between label and date
_DATE_ELEMENTS = "[class*='date' i], [class*='posted' i], [class*='time' i], [class*='publish' i], [id*='date' i]"
_MOST_LINES = 1_000  # of a page, that may tell a date
_DATELINE = re.compile(r"(.{4,60}?(?<!\d)(?:19|20|1[34])\d\d)\)?\s{0,2}[-–—:.)/|]")  # what precedes the first statement
_DATELINE_WORDS = 8  # of weekday, day, month, year and a place


def fill_dates(draft: Draft, document: HtmlDocument, place: dates.Place) -> None:
    """Fills `published` and `modified` from elements with a time, else from the lines near the headline."""
    for node in _times(document, draft.headline):
        text, called = text_of(node), attribute(node, "class", "itemprop")
        first = labels.FIRST.search(called) is not None  # `published updated`: both at once
        name = "modified" if not first and labels.CHANGED.search(f"{called} {text[:60]}") else "published"
        said = attribute(node, "datetime", "title", *_MOMENTS)
        fill_date(draft, name, dates.machine(said, place) or dates.visible(text, place), "time")
    if draft.lacks("published") or is_day(draft.origins["published"]):
        for text in lines_near_headline(document, draft.headline):
            said, changed = ("", "") if _is_statement(text) else _parted(text)
            fill_date(draft, "published", dates.visible(said, place), "page")
            fill_date(draft, "modified", dates.visible(changed, place), "page")


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


def fill_relative_date(draft: Draft, document: HtmlDocument, place: dates.Place) -> dates.Dated | None:
    """The relative date in a <time> or in a line near the headline; None if there is none or the page has a date.
    Does not fill the draft."""
    if not draft.lacks("published"):
        return None
    times = [text_of(n) for n in document.tree.css("time")[:60] if not is_outside_article(n)][:_TIMES]
    lines = (_parted(text)[0] for text in (*times, *lines_near_headline(document, draft.headline)))
    return next(filter(None, (relative(text, place) for text in lines)), None)


def apply_exact_time(draft: Draft, zone: tzinfo) -> None:
    """Replaces a publication day without a time by the first time on that day that another source gives."""
    origin = draft.origins.get("published", "")
    if draft.published is None or not is_day(origin) or origin.startswith("rule"):
        return
    day = draft.published.date()
    timed = (one for one in draft.others if one.name == "published" and not is_day(one.origin))
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


def date_elsewhere(draft: Draft, document: HtmlDocument, place: dates.Place) -> None:
    """Fills an empty publication date with the first that a label announces anywhere on the page (`Posted on …`), else
    with that of a dateline (`Berlin, 5 April 2024 –`), else with the first in an element that is called a date,
    if the URL tells no other day."""
    if not draft.lacks("published"):
        return
    told = {text for text in draft.body if text.endswith(tuple(STOPS)) and not dates.is_labelled(text)}
    before = ""
    for shown in islice(lines_of([body] if (body := document.tree.body) else (), is_no_text_of_ours), _MOST_LINES):
        text, before = f"{before} {shown}" if _is_date_label(before) else shown, shown
        said = _parted(text)[0] if len(text) <= MAX_LINE and text not in told and not _is_statement(text) else ""
        label = labels.FIRST.search(said)
        if label and label.start() < _LABEL_AHEAD and _LABELS_DATE.match(said, label.end()):
            fill_date(draft, "published", dates.visible(said[label.start() :], place), "page")
    if draft.body and (head := _DATELINE.match(draft.body[0])) and len(head[1].split()) <= _DATELINE_WORDS:
        fill_date(draft, "published", dates.visible(head[1], place), "body")
    in_url = page_timezone.day_of(document.url)
    for node in _date_elements(document) if draft.lacks("published") else ():
        dated = dates.visible(_parted(text_of(node))[0], place)
        if in_url and dated and abs(dated.at.date() - in_url) > timedelta(days=1):
            continue
        if not any(map(is_of_another_day, (node, *ancestors(node)))):
            _fill_past(draft, dated, place, "page")


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


def apply_url_date(draft: Draft, url: str, place: dates.Place) -> None:
    """Fills an empty publication date with the day in the page's URL."""
    if draft.lacks("published") and (day := page_timezone.day_of(url)) is not None:
        fill_date(draft, "published", dates.machine(day.isoformat(), place), "address")


def apply_last_change(draft: Draft) -> None:
    """Fills an empty publication date with that of the last change, which is all that some outlets show. It moves with
    each change, so that it makes no version."""
    origin = draft.origins.get("modified", "")
    if draft.lacks("published") and origin not in _MACHINES:
        draft.fill("published", draft.modified, f"{origin}, {LAST_CHANGE}")


def _is_date_label(text: str) -> bool:
    """Whether a line is nothing but the label of a date, which then stands in the next element: `Published:`."""
    return len(text) <= _LABEL_AHEAD and text.endswith((":", "：")) and labels.FIRST.search(text) is not None


def _date_elements(document: HtmlDocument) -> list[LexborNode]:
    """The elements that are called a date, outside of other articles."""
    return [n for n in document.tree.css(_DATE_ELEMENTS)[:MAX_MATCHES] if not is_outside_article(n)]


def _other_days(document: HtmlDocument, place: dates.Place) -> set[date]:
    """The days that elements tell which are called a date or hold a time, but not that of publication."""
    nodes = [n for n in _date_elements(document) if any(map(is_of_another_day, (n, *ancestors(n))))]
    nodes += [n for n in document.tree.css("time")[:MAX_MATCHES] if _is_in_prose(n)]
    said = (dates.machine(attribute(n, "datetime"), place) or dates.visible(text_of(n), place) for n in nodes)
    return {found.at.date() for found in said if found}


def _fill_past(draft: Draft, dated: dates.Dated | None, place: dates.Place, source: str) -> None:
    """Fills an empty publication date, unless with today's, which the head of many pages shows."""
    if dated and dated.at.astimezone(place.zone).date() < place.fetched.astimezone(place.zone).date():
        fill_date(draft, "published", dated, source)


def _is_statement(text: str) -> bool:
    """Whether a line states something, perhaps of another day than that of publication."""
    stops = text[-1] in STOPS and not text.lower().endswith(("a.m.", "p.m."))
    return stops and len(text) > _SHORT_LINE and not dates.is_labelled(text)


def _times(document: HtmlDocument, headline: str) -> list[LexborNode]:
    """The elements with a time, those nearest to the headline in the tree first; none of teasers."""
    elsewhere = is_outside_article, _is_of_teaser, _is_in_prose
    found = [n for n in document.tree.css(_TIMES_SELECTOR)[:60] if not any(judged(n) for judged in elsewhere)]
    around = (
        {n.mem_id: level for level, n in enumerate(ancestors(heading))}
        if (heading := heading_of(document, headline))
        else {}
    )
    levels = {n.mem_id: min((around.get(p.mem_id, _FAR) for p in ancestors(n)), default=_FAR) for n in found}
    return sorted(found, key=lambda n: levels[n.mem_id])[:_TIMES]


def _is_in_prose(node: LexborNode) -> bool:
    """Whether a time stands within a paragraph that states something, without the label of an article's date."""
    text = text_of(node.parent) if node.parent is not None and node.parent.tag in ("p", "li") else ""
    if len(text) < len(text_of(node)) + _STATES or text[-1] not in STOPS:
        return False
    return not (labels.FIRST.search(text) or labels.CHANGED.search(text))


def _is_of_teaser(node: LexborNode) -> bool:
    """Whether a time stands within a link that says more than that: the title of another page."""
    link = next((n for n in ancestors(node) if n.tag == "a"), None)
    return link is not None and any(map(str.isalpha, text_of(link).replace(text_of(node), "", 1)))


def _parted(text: str) -> tuple[str, str]:
    """A line of dates, split at the word for an update, into the first and the later: `05.04.2025 - Updated:
    06.04.2025`, `Updated 06.04.2025, published 05.04.2025`, `05.04.2025 / 06.04.2025 (updated)`."""
    match = labels.CHANGED.search(text)
    if match is None:
        return _with_label_behind(text)
    before, after = text[: match.start()].strip(_BESIDE_DATES), text[match.end() :]
    first = labels.FIRST.search(after)
    if first is not None and not any(map(str.isdigit, before)):
        return after[first.start() :], after[: first.start()]
    dated = [part for part in LINE_PARTS.split(before) if _YEAR.search(part)]
    if len(dated) > 1 and not any(map(str.isdigit, after)):
        return dated[0], dated[-1]
    return before, after


def _with_label_behind(text: str) -> tuple[str, str]:
    """A line without a word for an update whose second date is the one of publication: `Stand: 06.04.2025 |
    Veröffentlicht: 05.04.2025`."""
    if len(_YEAR.findall(text)) < _TWO_DATES:
        return text, ""
    first = labels.FIRST.search(text)
    if first is None or not (_YEAR.search(text, 0, first.start()) and _YEAR.search(text, first.end())):
        return text, ""
    before = text[: first.start()].strip(_BESIDE_DATES)
    return text[first.start() :], before if dates.is_labelled(before) else ""


def _other_day(draft: Draft) -> date | None:
    """The day of publication according to another source, without a time; None if there is none."""
    said = (one for one in draft.others if one.name == "published" and "day only" in one.origin)
    return next((one.value.date() for one in said if isinstance(one.value, datetime)), None)


def is_day(origin: str) -> bool:
    """Whether what a field comes from told a day without a time."""
    return "day only" in origin
