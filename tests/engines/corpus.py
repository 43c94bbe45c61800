"""Some forty small articles in seven languages, written for these tests, in which words meet in every way that a query
can ask for."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from index.model.article import Article, IndexDocument

COUNTRIES = {"step": "SY", "enab": "SY", "nahar": "LB", "wire": "GB", "courrier": "FR", "tehran": "IR", "beijing": "CN"}


SHAPE = (
    "version",
    "lead",
    "story",
    "sort_date",
    "gone",
    "changed",
    "number",
    "current",
    "versions",
    "edits",
    "removed",
)  # fields of Document


def document(id_: str, headline: str = "عنوان", body: str = "", **given: Any) -> IndexDocument:
    """A document with what a test says of it, and plain values for the rest."""
    shape = {name: given.pop(name) for name in SHAPE if name in given}
    values = {"site": "step", "language": "ar", "url": f"https://example.org/{id_}"} | given
    article = Article(id=id_, headline=headline, body=body, content_hash=id_, extractor="test", **values)
    moment = shape.pop("sort_date", datetime(2024, 1, 1, tzinfo=UTC))
    return IndexDocument(article=article, version=shape.pop("version", 1), first_seen=moment, sort_date=moment, **shape)


def _rows() -> Iterator[IndexDocument]:
    with (Path(__file__).parent / "corpus.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield document(
                row["id"],
                row["headline"],
                row["body"],
                site=row["site"],
                country=COUNTRIES[row["site"]],
                language=row["language"] or None,
                section=row["section"] or None,
                authors=(row["author"],) if row["author"] else (),
                sort_date=datetime.fromisoformat(f"2024-{row['day']}T08:00:00+00:00"),
            )


TRUCE = ("اتفاق هدنة في الجنوب", "أعلن الوسيط اتفاق هدنة يبدأ منتصف الليل.")
CORPUS: tuple[IndexDocument, ...] = (
    *_rows(),
    # one story on two sites: the second does not lead
    document("st01", *TRUCE, country="SY", story="s1"),
    document("st02", *TRUCE, site="nahar", country="LB", story="s1", lead=False),
)
