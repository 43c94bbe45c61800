"""What `arshif sites add` reads of a site's first page, on real pages.

Two first pages are among the saved ones (tests/integration/test_add_site.py has them), so articles' pages stand in:
their heads and menus are their site's too. The floors are what was measured when this was written, less a hundredth."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from crawler.discover.site_metadata import SiteMetadata, site_metadata
from crawler.onboarding.proposal import country
from tests.quality.measures import mean
from tests.quality.test_pages import PAGES

COUNTRIES = {"ind": "IN", "uk": "GB"}  # of the corpus' files, where they are not as ISO 3166-1 has them

pytestmark = pytest.mark.skipif(
    not PAGES.is_dir(),
    reason="the saved pages (../shared/pages/open) are not there: they are no part of this repository",
)


class Seen(NamedTuple):
    """What was read of a page, and what its corpus knows of it."""

    name: str
    host: str
    title: str
    language: str
    said: SiteMetadata


@cache
def seen() -> list[Seen]:
    """The pages of modern news of many countries, whose names begin with their country's."""
    return list(_seen())


def _seen() -> Iterator[Seen]:
    for file in sorted((PAGES / "fundus").glob("*.json")):
        known = json.loads(file.read_bytes())
        page = gzip.decompress(Path(str(file).removesuffix(".json") + ".html.gz").read_bytes())
        host = urlsplit(known["url"]).hostname or ""
        yield Seen(file.stem, host, known["title"] or "", known["lang"], site_metadata(page, known["url"], {}))


def test_an_outlet_has_its_name_and_not_its_articles() -> None:
    assert mean(bool(page.said.name) for page in seen()) == 1
    assert mean(page.said.name[:30] != page.title[:30] for page in seen()) >= 0.95


def test_its_language_is_found() -> None:
    assert mean((page.said.locale or "").partition("_")[0] == page.language for page in seen()) >= 0.92


def test_its_country_is_found_or_said_to_be_unknown() -> None:
    found = {page.name: country(page.host, page.said.locale) for page in seen()}
    theirs = {name: COUNTRIES.get(code := name.partition("_")[0], code.upper()) for name in found}
    wrong = {name: told for name, told in found.items() if told not in ("UN", theirs[name])}
    assert len(wrong) <= 0.02 * len(found), wrong
    assert mean(told == theirs[name] for name, told in found.items()) >= 0.68


def test_its_menu_leads_to_sections() -> None:
    assert mean(bool(page.said.sections) for page in seen()) >= 0.93
    assert mean(len(page.said.sections) >= 5 for page in seen()) >= 0.8


def test_its_feeds_are_found_where_it_names_them() -> None:
    assert mean(bool(page.said.feeds) for page in seen()) >= 0.37
