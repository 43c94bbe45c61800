"""arshif extract --explain: each field with its origin and its other candidates, and every removed block."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from crawler.console import print_json, say

if TYPE_CHECKING:
    from crawler.errors import Refused
    from crawler.extract.draft import AlternativeValue, Extraction
    from index.model.article import Image

FIELDS = (
    "headline", "alternative_headline", "description", "section", "keywords", "authors", "published", "modified",
    "language", "paywalled", "canonical_url", "images", "body",
)  # fmt: skip
WIDTH = 21  # columns of a field's name


def print_report(extraction: Extraction) -> None:
    """Prints how a page was extracted: each field, the values that were not taken, and each removed block."""
    from index.locale import FALLBACK, translate

    article = extraction.article
    others: dict[str, list[AlternativeValue]] = defaultdict(list)
    for said in extraction.others:
        others[said.name].append(said)
    for name in FIELDS:
        value = getattr(article, name)
        shown = f"{len(article.body)} characters, below" if name == "body" else _format_value(value)
        origin = article.origins.get(name)
        say(f"{name:{WIDTH}} {shown}{f'  [{origin}]' if origin else ''}")
        for line in _alternatives(value, others[name]):
            say(f"{'':{WIDTH}} {line}", "dim")
    say(f"\n{article.body}")
    say(f"\nremoved: {len(extraction.removed)}")
    for removed in extraction.removed:
        say(f"  {removed.layer}: {translate(removed.reason, FALLBACK)}: {removed.text}", "dim")


def print_said_by_refused(refused: Refused, json: bool) -> None:
    """Prints the fields found on a page before it was refused as not being an article."""
    if json:
        fields = {name: {"value": _format_value(value), "origin": origin} for name, value, origin in refused.said}
        from index.locale import plain

        print_json({"refused": refused.reason, **plain({"detail": refused.message}), "said": fields})
        return
    for name, value, origin in refused.said:
        say(f"{name:{WIDTH}} {_format_value(value)}  [{origin}]")


def _alternatives(value: object, said: Iterable[AlternativeValue]) -> Iterable[str]:
    """Which other origins agree with this value, and which values were not taken."""
    told = list(said)
    agreed = list(dict.fromkeys(s.origin for s in told if _format_value(s.value) == _format_value(value)))
    if agreed:
        yield f"also: {', '.join(agreed)}"
    different = ((_format_value(s.value), s.origin) for s in told if s.origin not in agreed)
    yield from (f"not taken: {shown}  [{origin}]" for shown, origin in dict.fromkeys(different))


def _format_value(value: object) -> str:
    if value is None or value in ("", (), []):
        return "-"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return "; ".join(_image(v) if hasattr(v, "credit") else str(v) for v in value)
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _image(image: Image) -> str:
    said = ", ".join(f"{kind}: {text}" for kind, text in (("caption", image.caption), ("credit", image.credit)) if text)
    return f"{image.url}{f' ({said})' if said else ''}"
