"""Sites that lie of what is unchanged: found out, no longer believed, believed again."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from crawler.models import Page
from crawler.session.pages import trust_observations
from index.archive import Archive, articles, frontier, trust
from index.archive.frontier import FrontierRow
from index.archive.trust import LIES, TRUTHS, Trust, TrustObservation, judge
from index.model.candidate import Candidate
from tests.support.archive_samples import HOUR, NOW, article, page

URL = "https://step.example/1"


def after(what: trust.TrustTopic, *lies: str | None) -> Trust:
    record = Trust("step", what)
    for lie in lies:
        record = judge(record, TrustObservation(what, URL, lie), NOW)
    return record


@pytest.mark.parametrize("what", LIES)
def test_a_site_is_doubted_after_so_many_lies_in_a_row(what: trust.TrustTopic) -> None:
    assert after(what, *["moved"] * (LIES[what] - 1)).since is None
    doubted = after(what, *["moved"] * LIES[what])
    assert (doubted.since, doubted.how, doubted.example, doubted.seen) == (NOW, "moved", URL, NOW)
    assert after(what, *["moved", None] * LIES[what]).since is None, "a truth between two lies ends the row"


def test_a_site_that_is_doubted_is_believed_again_after_five_truths_in_a_row() -> None:
    lies = ["moved"] * LIES["validators"]
    assert after("validators", *lies, *[None] * (TRUTHS - 1)).since == NOW
    assert after("validators", *lies, *[None] * (TRUTHS - 1), "moved", *[None] * (TRUTHS - 1)).since == NOW
    assert after("validators", *lies, *[None] * TRUTHS).since is None


def known(etag: str | None = '"1"', lastmod: datetime | None = None) -> FrontierRow:
    return FrontierRow(
        URL, "stored", NOW, NOW, modified=NOW - HOUR, etag=etag, article="a", visits=2, lastmod_at_fetch=lastmod
    )


def answer(etag: str = '"1"', status: int = 200, conditional: bool = True) -> Page:
    return Page(URL, URL, b"", NOW, status, {"etag": etag}, conditional=conditional)


def told(row: FrontierRow, page: Page, changed: bool) -> list[tuple[str, bool]]:
    return [(finding.what, finding.lie is None) for finding in trust_observations(row, page, changed)]


@pytest.mark.parametrize(
    ("row", "page", "changed", "found"),
    [
        (known(), answer(), True, [("validators", False)]),  # 304 would have come
        (known(), answer('"2"'), True, [("validators", True)]),
        (known(), answer(), False, [("validators", False)]),  # it was to be 304
        (known(), answer(conditional=False), False, [("validators", True)]),
        (known(), answer('"2"'), False, []),  # a box around the text may have changed
        (known(), answer(status=304), False, []),
        (known(None, NOW - HOUR), answer(status=304), False, []),
        (known(None, NOW - HOUR), answer(), True, [("dates", False)]),  # it changed, its date did not
        (known(None, NOW - 2 * HOUR), answer(), True, [("dates", True)]),
        (known(None, NOW - 2 * HOUR), answer(status=304), False, [("dates", False)]),
    ],
)
def test_a_look_at_a_page_tells_whether_its_site_said_the_truth(
    row: FrontierRow, page: Page, changed: bool, found: list[tuple[str, bool]]
) -> None:
    assert told(row, page, changed) == found


def test_dates_that_are_not_believed_make_nothing_due(archive: Archive) -> None:
    one = article()
    offer = Candidate(one.url, modified=NOW - HOUR)

    def begin(conn: object) -> None:
        frontier.offer(conn, "step", "map", [offer], NOW)  # type: ignore[arg-type]
        articles.store(conn, page(one, revisit_at=None))  # type: ignore[arg-type]

    archive.write(begin).result()
    for number in range(LIES["dates"]):
        finding = TrustObservation("dates", one.url, "its date moved, its text did not")
        archive.write(lambda conn, finding=finding: trust.note(conn, "step", finding, NOW)).result()
        assert number + 1 == LIES["dates"] or not doubts(archive)
    (doubt,) = doubts(archive)
    assert (doubt.site, doubt.what, doubt.example) == ("step", "dates", one.url)

    moved = replace(offer, modified=NOW + timedelta(minutes=1))
    archive.write(lambda conn: frontier.offer(conn, "step", "map", [moved], NOW + HOUR)).result()
    with archive.read() as conn:
        assert frontier.due(conn, "step", NOW + HOUR, 10) == []


def doubts(archive: Archive) -> list[Trust]:
    with archive.read() as conn:
        return trust.all_untrusted(conn)
