"""Lists of URLs, for backfilling and as text sitemaps -> candidates."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import tzinfo
from typing import Any

from crawler.discover import feed_dates
from crawler.discover.collector import CandidateCollector, SkipReason
from crawler.discover.source_document import SourceDocument
from crawler.errors import SourceProblem
from crawler.models import Discovered
from crawler.site_config import Kind
from index.model.codes import SourceReason

_LINE_END = re.compile(r"[\r\n]+")
_LISTED = re.compile(r"^(?:[-*•]|\d{1,5}[.)])\s+|\t.*|\s#.*")  # what stands around an address in a list
# Names of columns, ours first; the others are from schema.org and the exports of Media Cloud, news-please and others.
_NAMES = {
    "url": ("url", "link", "loc", "href"),
    "title": ("title", "headline"),
    "published": ("published", "datepublished", "publish_date", "date_publish", "date"),
    "modified": ("modified", "datemodified", "lastmod"),
    "language": ("language", "inlanguage", "lang"),
}


def parse(
    document: SourceDocument, zone: tzinfo | None = None, kind: Kind = "urls", *, languages: tuple[str, ...] = ()
) -> Discovered:
    """The URLs in a list: one per line with `#` comments, or JSON, JSON Lines or CSV (comma, semicolon, tab) with a
    column `url` and optional columns `title`, `published`, `modified` and `language`. URLs must be absolute.

    :raises SourceProblem: when the list contains no URL.
    """
    collector = CandidateCollector(None)
    for row in _rows(document):
        said = {name: _first(row, names) for name, names in _NAMES.items()}
        collector.add(
            said["url"],
            title=said["title"],
            published=feed_dates.parse(said["published"], zone, languages),
            modified=feed_dates.parse(said["modified"], zone, languages),
            language=said["language"],
        )
    if not collector.candidates:
        raise SourceProblem(SourceReason.NO_URLS)
    if document.cut:
        collector.skipped[SkipReason.CUT_SHORT] += 1
    return Discovered(kind, collector.candidates, skipped=dict(collector.skipped))


def _rows(document: SourceDocument) -> Iterable[Mapping[str, Any]]:
    whole = document.text.lstrip("\ufeff")
    lines = [text for text in map(str.strip, _LINE_END.split(whole)) if text and text[0] != "#"]
    if document.what == "json":
        return _json_rows(whole, lines)
    delimiter = next((mark for mark in "\t;," if lines and mark in lines[0]), ",")
    header = [name.strip().strip('"').lower() for name in lines[0].split(delimiter)] if lines else []
    if not set(header).isdisjoint(_NAMES["url"]):
        return _csv_rows(csv.DictReader(lines[1:], fieldnames=header, delimiter=delimiter))
    return ({"url": _LISTED.sub("", text).strip(" \"'")} for text in lines)


def _csv_rows(rows: Iterator[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    while True:
        try:
            yield next(rows)
        except StopIteration:
            return
        except csv.Error:  # a field of more than 128 KiB, as behind a quote that is never closed
            yield {}  # counted as an entry without a link


def _json_rows(text: str, lines: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    """The records of JSON Lines, or of one document: a record, a list of them, or lists of them under names."""
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        values: Iterable[Any] = map(_of_line, lines)
    else:
        values = _records(whole)
    for value in values:
        yield {str(k).lower(): v for k, v in value.items()} if isinstance(value, Mapping) else {"url": value}


def _of_line(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return {}  # counted as an entry without a link


def _records(whole: Any) -> Iterator[Any]:
    if isinstance(whole, list):
        yield from whole
    elif isinstance(whole, Mapping) and all(map(_holds_records, whole.values())):
        for value in whole.values():
            yield from value
    else:
        yield whole


def _holds_records(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, Mapping) for one in value)


def _first(row: Mapping[str, Any], names: Iterable[str]) -> str | None:
    found = (str(value) if isinstance(value := row.get(name), str | int) else "" for name in names)
    return next((value for value in found if value.strip()), None)
