"""python -m scripts.generate_month_names: crawler/extract/dates/cldr_months.yaml, from Unicode's CLDR.

Babel would take 65 MB and .4 s of each process that reads the date of a page, for all else that it knows.
"""

from __future__ import annotations

from pathlib import Path

from babel import Locale, localedata

from crawler.extract.dates import month_names

FILE = Path(__file__).parents[1] / "crawler" / "extract" / "dates" / "cldr_months.yaml"
# Languages whose names are known, besides those in months.yaml
LANGUAGES = (
    "ar az be bg bn bs ca ckb cs cy da de de_AT el en es et eu fa fi fil fr ga gl he hi hr hu hy id is it ka kk km ku"
    " ky lt lv mk mn mr ms mt my nb ne nl nn pl pt ro ru sk sl so sq sr sr_Latn sv sw ta te tg th tk tr ug uk ur uz vi"
    " as cv gu kn lo ml or pa si tt yi"
)
# Of these the wide forms only: their short ones are other languages' words, or months
WIDE_ONLY = "ast fo fy ha ig jv lb lg mg mi om rw sn su xh yo zu"


def table() -> str:
    """The whole file."""
    lines = [
        "# The names of the months in each language, wide and abbreviated, within dates and alone: twelve, in order.",
        "# Made by `python -m scripts.generate_month_names` from Unicode's CLDR.",
    ]
    return (
        "\n".join([*lines, *(f"{language}: {_names(language)}" for language in f"{LANGUAGES} {WIDE_ONLY}".split())])
        + "\n"
    )


def _names(language: str) -> str:
    localedata._cache.clear()  # else names that stand alone are those of the first language: findings/babel-months.sh
    widths = ("wide",) if language in WIDE_ONLY.split() else ("wide", "abbreviated")
    forms = [form[width] for form in Locale.parse(language).months.values() for width in widths]
    names = ({form[number]: None for form in forms} for number in range(1, 13))
    return month_names.BETWEEN_MONTHS.join(month_names.BETWEEN_NAMES.join(month) for month in names)


if __name__ == "__main__":
    FILE.write_text(table(), "utf-8")
