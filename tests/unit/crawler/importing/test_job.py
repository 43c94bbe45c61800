"""An import: what is planned is what is stored, whatever happens in between."""

from __future__ import annotations

import asyncio
import gc
import gzip
import os
import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from crawler.boilerplate.repeated_blocks import Ground, block_hash
from crawler.config import Config, load
from crawler.importing import job, storing
from crawler.importing.job import Import
from crawler.importing.page_filter import PageFilter
from crawler.importing.storing import AHEAD, ImportReport
from crawler.site_config import Site
from crawler.storage import open_archive, open_raw
from index.archive import documents
from index.archive.repeated_blocks import record_learned
from tests.support.newspaper import InlineWorkers
from tests.support.warcs import HTML, Archived, article, warc

ADDRESS = "https://www.example.com/news/decision-number-{}-of-the-council"
PAGES = [Archived(ADDRESS.format(n), f"2020-02-{n + 1:02}T00:00:00Z", article(n)) for n in range(4)]

NOW = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "arshif.yaml").write_text("{}\n")
    return load(tmp_path / "config", {"ARSHIF_DATA": str(tmp_path / "data")})


class Interrupted(BaseException):
    """As a signal that ends the process."""


def imported(config: Config, *paths: Path, interrupted: bool = False, sites: Sequence[str] = ()) -> ImportReport:
    """What came of an import of these files, or that it was interrupted once all records were looked through."""

    def told(_: ImportReport, pages: int | None) -> None:
        if interrupted and pages:
            raise Interrupted

    with open_archive(config) as archive, open_raw(config, archive) as raw:
        wanted = PageFilter(config, sites)
        work = Import(config, archive, raw, InlineWorkers(), wanted, told=told)  # type: ignore[arg-type]
        return asyncio.run(work.run([str(path) for path in paths], ""))


def headlines(config: Config) -> dict[str, str]:
    """The newest headline of each article of the test, by its URL."""
    found = {}
    with open_archive(config) as archive, archive.read() as conn:
        for page in PAGES:
            if known := documents.by_url(conn, page.url):
                found[page.url] = documents.versions(conn, known)[-1].article.headline
    return found


def test_an_import_is_continued_whatever_the_order_of_its_files(tmp_path: Path, config: Config) -> None:
    one, other = tmp_path / "a.warc", tmp_path / "b.warc"
    one.write_bytes(warc(PAGES[:2], gzip=False))
    other.write_bytes(warc(PAGES[2:], gzip=False))
    with pytest.raises(Interrupted):
        imported(config, other, one, interrupted=True)
    report = imported(config, one, other)
    assert (report.new, report.passed) == (4, {})
    assert headlines(config) == {
        page.url: f"Harbour council decides on quay number {n}" for n, page in enumerate(PAGES)
    }


def test_a_file_that_changed_since_it_was_planned_gives_no_page_to_another_address(
    tmp_path: Path, config: Config
) -> None:
    file = tmp_path / "a.warc"
    file.write_bytes(warc(PAGES[:1], gzip=False))
    with pytest.raises(Interrupted):
        imported(config, file, interrupted=True)
    file.write_bytes(file.read_bytes().replace(b"-number-0-of-", b"-number-9-of-"))
    report = imported(config, file)
    assert (report.new, report.passed) == (0, {"damaged": 1})


def test_a_further_page_that_is_broken_costs_itself_only(
    tmp_path: Path, config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    link = b'<a rel="next" href="?page=2">Next page</a></article>'
    first = replace(PAGES[0], body=article(0).replace(b"</article>", link))
    broken = gzip.compress(article(5), mtime=0)[:10] + b"\xff" * 50  # a header, and nothing that can be unpacked
    further = Archived(PAGES[0].url + "?page=2", PAGES[0].date, broken, headers=(HTML, ("Content-Encoding", "gzip")))
    (tmp_path / "a.warc").write_bytes(warc([first, further], gzip=False))
    report = imported(config, tmp_path / "a.warc")
    assert (report.new, report.unreadable) == (1, 0)
    assert further.url in caplog.text


def test_a_saved_page_that_names_no_address_is_counted_as_such(tmp_path: Path, config: Config) -> None:
    (tmp_path / "a.html").write_bytes(b"<!-- saved from url=(0014)about:internet -->" + article(0))
    report = imported(config, tmp_path / "a.html")
    assert (report.new, report.passed) == (0, {"address": 1})


def test_pages_are_read_ahead_by_what_was_known_when_they_were_stored(
    tmp_path: Path, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How many articles of a site show a block that is its own counts those that were stored before, as without reading
    ahead: the first few keep it."""
    batch = 16  # pages that are stored at once: each site comes in several of them
    monkeypatch.setattr(storing, "BATCH", batch)
    dealt, own = random.Random(1), "The gazette of this harbour is made by people of the port, and read by many."
    pages = []
    for n in range(6 * batch):
        url = f"https://press{dealt.randrange(12)}.example/news/decision-number-{n}-of-the-council"
        body = article(n).replace(b"</article>", f"<p>{own}</p></article>".encode())
        pages.append(Archived(url, f"2020-02-01T{n // 60:02}:{n % 60:02}:00Z", body))
    (tmp_path / "a.warc").write_bytes(warc(pages, gzip=False))
    found = []
    for ahead in (0, AHEAD):
        monkeypatch.setattr(job, "AHEAD", ahead)
        place = replace(config, settings=config.settings.model_copy(update={"data": tmp_path / str(ahead)}))
        with open_archive(place) as archive:
            block = block_hash(own)
            for site in range(12):
                learned = {"texts": {block: own}, "now": NOW, "grounds": {block: Ground.APART}}
                archive.write(partial(record_learned, site=f"press{site}-example", **learned)).result()  # type: ignore[arg-type]
        report = imported(place, tmp_path / "a.warc")
        assert (report.pages, report.new) == (len(pages), len(pages))
        with open_archive(place) as archive, archive.read() as conn:
            ids = sorted(id_ for id_, _ in documents.ids(conn))
            found.append({id_: own in documents.versions(conn, id_)[0].article.body for id_ in ids})
    assert found[0] == found[1]
    assert 0 < sum(found[0].values()) < len(pages)


def test_a_page_whose_site_is_no_longer_described_is_passed_over(tmp_path: Path, config: Config) -> None:
    (tmp_path / "a.warc").write_bytes(warc(PAGES, gzip=False))
    home = "https://www.example.com/"
    described = Site.model_validate(
        {"id": "press", "name": "Press", "homepage": home, "country": "DE", "languages": ["en"]}
        | {"time_zone": "UTC", "sources": [{"kind": "feed", "url": f"{home}feed"}]}
    )
    with pytest.raises(Interrupted):
        imported(replace(config, sites={"press": described}), tmp_path / "a.warc", interrupted=True, sites=["press"])
    report = imported(config, tmp_path / "a.warc", sites=["press"])
    assert (report.settled, report.pages, report.passed) == (len(PAGES), 0, {"site": len(PAGES)})


def test_counts_that_another_version_noted_are_left_out() -> None:
    assert ImportReport.of({"records": 3, "of_another_version": 1}) == ImportReport(records=3)


def test_an_import_that_is_interrupted_lets_go_of_its_plan_before_that_is_closed(
    tmp_path: Path, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.warc").write_bytes(warc(PAGES, gzip=False))
    monkeypatch.setattr(storing, "BATCH", 1)  # so that there are pages which nobody has asked the plan for
    late: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda one: late.append(one.exc_value))
    with pytest.raises(Interrupted):
        imported(config, tmp_path / "a.warc", interrupted=True)
    gc.collect()
    assert late == []


def test_a_plan_that_nobody_went_on_with_is_forgotten_with_its_job(tmp_path: Path, config: Config) -> None:
    (tmp_path / "a.warc").write_bytes(warc(PAGES[:1], gzip=False))
    (tmp_path / "b.warc").write_bytes(warc(PAGES[1:], gzip=False))
    with pytest.raises(Interrupted):
        imported(config, tmp_path / "a.warc", interrupted=True)
    (plan,) = (tmp_path / "data" / "imports").glob("*.plan")
    for days, kept in ((89, True), (91, False)):
        os.utime(plan, ((datetime.now(UTC) - timedelta(days=days)).timestamp(),) * 2)
        imported(config, tmp_path / "b.warc")
        assert plan.exists() == kept
