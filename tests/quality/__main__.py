"""What extraction gives on our own pages, by measure and group of languages, as docs/extraction.md shows it."""

from __future__ import annotations

from bench.extraction import read
from tests.quality.page_templates import articles, pages_that_are_none
from tests.quality.test_own_pages import GROUPS, MEASURES, Outcome, reason, scored

outcomes = [Outcome(printed, read(printed.html, printed.url)) for printed in articles()]
print("| languages | pages |", " | ".join(MEASURES), "|")
print("|---|---|" + "---|" * len(MEASURES))
for group, languages in GROUPS.items():
    pages = sum(o.printed.language in languages for o in outcomes)
    print(f"| {group} | {pages} |", " | ".join(f"{scored(outcomes, m, languages):.2f}" for m in MEASURES), "|")
others = pages_that_are_none()
taken = [other.name for other in others if not reason(other)]
right = sum(reason(other) == other.reason for other in others)
print(
    f"\nOf {len(others)} pages that are no articles {len(taken)} are taken, and {right} are refused by their kind.",
    *taken,
)
