"""The newsroom's prepared texts (`data/*.txt`), read into drafts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

from .article import Draft, Figure

DATA = Path(__file__).parent / "data"
FOUNDING_DAY = datetime(2018, 6, 8, 18, 0, tzinfo=ZoneInfo("Asia/Damascus"))  # "Friday 23 Ramadan", in the evening


def prepared(site: str) -> list[Draft]:
    """The drafts of `data/<site>.txt`, in its order; a site without such a file gets none."""
    path = DATA / f"{site}.txt"
    return [read(entry) for entry in path.read_text("utf-8").split("\n---\n")] if path.exists() else []


def read(entry: str) -> Draft:
    """A draft from `key: value` lines, a blank line, and paragraphs with blank lines between them."""
    head, *body = paragraphs(entry)
    fields = dict(line.split(": ", 1) for line in head.splitlines())
    return Draft(
        slug=fields["slug"],
        headline=fields["headline"],
        body=tuple(body),
        sections=listed(fields.get("section", "")),
        authors=listed(fields.get("authors", "")),
        keywords=listed(fields.get("keywords", "")),
        alternative_headline=fields.get("subtitle"),
        caption=fields.get("caption"),
        credit=fields.get("credit"),
        figure=cast(Figure, fields.get("figure", "none")),
        paywalled="paywalled" in fields,
        hours=float(fields["hours"]),
        edited=_number(fields, "modified"),
    )


def founding() -> Draft:
    """The article that Arshif began with: section, headline, paragraphs, caption, and what its page said below."""
    lines = [line.strip() for line in (DATA / "seed-article.txt").read_text("utf-8").splitlines() if line.strip()]
    end = lines.index("مقالات ذات صلة")  # the related-articles box: from here on boilerplate
    section, headline, *body, caption = lines[:end]
    return Draft(
        slug="founding",
        headline=headline,
        body=tuple(body),
        sections=(section,),
        authors=("فريق التحرير",),
        keywords=("البوكمال", "داعش", "دير الزور"),
        caption=caption,
        figure="end",
        published=FOUNDING_DAY,
    )


def paragraphs(text: str) -> list[str]:
    """The blocks of a text between blank lines."""
    return [block.strip() for block in re.split(r"\n\s*\n", text) if block.strip()]


def listed(text: str) -> tuple[str, ...]:
    """The items of a list written with semicolons of any script."""
    return tuple(item.strip() for item in re.split(r"[;؛；]", text) if item.strip())


def _number(fields: Mapping[str, str], key: str) -> float | None:
    return float(fields[key]) if key in fields else None
