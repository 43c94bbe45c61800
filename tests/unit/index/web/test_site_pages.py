"""The pages of sites: the list with its order and filters, each site's own, and the alerts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from lxml import html

from index.archive import runs, site_documents
from index.model.codes import RunStatus
from index.web import site_pages
from index.web.atom import ATOM
from index.web.site_days import site_days
from tests.support.filled_archive import NOW, SITES, SearchFixture, article, fill, page
from tests.support.watched_sites import FIRST, LOST, SECOND, fill_sites
from tests.support.web_client import Client, client_of, text_of, tree
from tests.unit.index.web.test_saved_searches import feed_is_valid

TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchFixture]:
    filled = fill_sites(tmp_path_factory.mktemp("sites"))
    yield filled
    filled.close()


@pytest.mark.parametrize("ui", ["ar", "en"])
def test_a_site_has_a_feed_with_full_texts(client: Client, ui: str) -> None:
    (link,) = tree(client.get(f"/sites/asi?ui={ui}")).cssselect("head link[type='application/atom+xml']")
    answer = client.get(link.get("href"))
    assert answer.headers["content-type"].startswith("application/atom+xml")
    root = ET.fromstring(answer.content)
    feed_is_valid(root)
    entries = {entry.findtext(f"{{{ATOM}}}title"): entry for entry in root.iter(f"{{{ATOM}}}entry")}
    assert set(entries) == {SECOND.headline, LOST.headline}
    content = entries[LOST.headline].find(f"{{{ATOM}}}content")
    assert content is not None
    assert (content.get("type"), content.text) == ("html", f"<p>{LOST.body}</p>")
    assert client.get("/feeds/sites/nosuch.atom").status_code == 404


def test_a_text_in_a_feed_is_no_markup(tmp_path: Path) -> None:
    trap = article("https://asi.example/1", headline="x", body="<script>1</script> & \x00\n\nsecond")
    with closing(fill(tmp_path, [page(trap)])) as one:
        root = ET.fromstring(client_of(one).get("/feeds/sites/asi.atom").content)
    (content,) = root.iter(f"{{{ATOM}}}content")
    paragraphs = html.fromstring(f"<div>{content.text}</div>")
    assert [node.text_content() for node in paragraphs] == ["<script>1</script> & ", "second"]


@pytest.fixture(scope="module")
def client(shelf: SearchFixture) -> Client:
    return client_of(shelf, now=lambda: NOW + timedelta(minutes=20))


def names(client: Client, query: str = "") -> list[str]:
    """The sites that the list has, in its order."""
    root = tree(client.get(f"/sites?ui=en{query}"))
    return [link.get("href").split("/")[2].split("?")[0] for link in root.cssselect("tbody th > a")]


# --- the list --------------------------------------------------------------------------------------------------------


def test_a_site_that_needs_a_look_comes_first_and_one_switched_off_last(client: Client) -> None:
    rows = tree(client.get("/sites?ui=ar")).cssselect("tbody tr")
    assert {text_of(row.cssselect("th > a")[0]) for row in rows[:2]} == {"Le Phare", "خبر کوه"}
    assert text_of(rows[-1].cssselect("th > a")[0]) == "Вестник гавани"
    assert "موقوف" in text_of(rows[-1])
    assert any("لم يُزر بعد" in text_of(row) for row in rows)
    assert any("فشل 3 مرات متتالية" in text_of(row) for row in rows[:2])


def test_a_problem_is_one_line_with_its_details_folded(client: Client) -> None:
    (fold,) = tree(client.get("/sites?ui=en")).cssselect("details.fold")
    assert fold.get("open") is None
    assert text_of(fold.cssselect("summary")[0]) == "moved"
    details = text_of(fold.cssselect("small")[0])
    assert details.startswith("its articles are now at new.example: update its file · example · since 20 November 2026")
    assert fold.cssselect("a")[0].get("href") == "https://phare.example/feed"


def test_the_list_is_sorted_as_chosen(client: Client) -> None:
    assert names(client, "&sort=articles")[:2] == ["mina", "asi"]
    assert names(client, "&sort=last_run")[:2] == ["asi", "daily-mail-lb"]
    assert names(client, "&sort=last_run")[-1] == "zz"
    assert names(client, "&sort=next_run")[-1] == "zz"
    assert names(client, "&sort=name")[0] == "phare"  # Le Phare
    assert names(client, "&sort=nonsense") == names(client)
    root = tree(client.get("/sites?sort=articles&ui=en"))
    assert [text_of(cell) for cell in root.cssselect("th[aria-sort]")] == ["Articles"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("&state=wrong", {"phare", "kuh"}),
        ("&state=off", {"vestnik"}),
        ("&state=waiting", {"zz"}),
        ("&find=phare", {"phare"}),
        ("&find=مجدد", {"zz"}),  # whatever marks its name has
        ("&find=observer.example", {"observer"}),
        ("&find=phare&state=off", set()),
    ],
)
def test_the_list_is_narrowed(client: Client, query: str, expected: set[str]) -> None:
    assert set(names(client, query)) == expected
    text = text_of(tree(client.get(f"/sites?ui=en{query}")).cssselect("main")[0])
    assert ("No site matches." in text) == (not expected)


def test_a_crawl_that_is_due_is_not_in_the_past(shelf: SearchFixture) -> None:
    later = client_of(shelf, now=lambda: NOW + timedelta(hours=3))
    rows = [text_of(row.cssselect("td")[-1]) for row in tree(later.get("/sites?ui=en")).cssselect("tbody tr")]
    assert set(rows) == {"due now every 30 minutes", "–"}


@pytest.mark.parametrize(
    ("ui", "told"), [("en", "In the archive, for all machines"), ("ar", "في الأرشيف، للأجهزة كلها")]
)
def test_a_site_shows_what_the_archive_says_of_it(tmp_path: Path, ui: str, told: str) -> None:
    filled = fill(tmp_path, ())
    page = client_of(filled)
    assert not tree(page.get(f"/sites/phare?ui={ui}")).cssselect("details")
    text = "name: Phare # <b>ours</b>\n"
    filled.archive.write(lambda conn: site_documents.put(conn, {"phare": text}, NOW)).result()
    (shown,) = tree(page.get(f"/sites/phare?ui={ui}")).cssselect("details")
    assert (text_of(shown.cssselect("summary")[0]), shown.cssselect("pre")[0].text) == (told, text)
    filled.close()


@pytest.mark.parametrize(("ui", "told"), [("en", "being crawled"), ("ar", "يُزار الآن")])
def test_a_site_that_is_being_crawled_says_so(tmp_path: Path, ui: str, told: str) -> None:
    filled = fill(tmp_path, ())
    run = filled.archive.write(lambda conn: runs.start(conn, ["phare"], NOW, owner="test")).result()
    client = client_of(filled)
    rows = {row.cssselect("a")[0].get("href"): row for row in tree(client.get(f"/sites?ui={ui}")).cssselect("tbody tr")}
    assert [link.partition("?")[0] for link, row in rows.items() if text_of(row.cssselect("td")[-1]) == told] == [
        "/sites/phare"
    ]
    assert told in text_of(tree(client.get(f"/sites/phare?ui={ui}")).cssselect(".facts-of")[0])
    filled.archive.write(lambda conn: runs.finish(conn, run, RunStatus.OK, NOW)).result()
    assert told not in text_of(tree(client.get(f"/sites/phare?ui={ui}")))
    filled.close()


# --- a site ----------------------------------------------------------------------------------------------------------


def test_a_site_has_all_that_is_known_of_it(shelf: SearchFixture, tmp_path: Path) -> None:
    file = tmp_path / "asi.yaml"
    file.write_text("homepage: https://asi.example/ # <b>ours</b>\n", "utf-8")
    client = client_of(shelf, now=lambda: NOW + timedelta(minutes=20), site_files=lambda _: [file, tmp_path / "gone"])
    root = tree(client.get("/sites/asi?ui=en"))
    assert text_of(root.cssselect("h1")[0]) == "صحيفة العاصي"
    text = text_of(root.cssselect("main")[0])
    assert "Next crawl in 10 minutes every 30 minutes" in text
    assert "bread and more 11 minutes ago · headline" in text
    (edit,) = [link for link in root.cssselect("main li a") if text_of(link) == "bread and more"]
    assert client.get(edit.get("href")).status_code == 200
    assert "vanished 20 minutes ago · no longer on its site" in text
    (more,) = [link for link in root.cssselect("main a") if text_of(link) == "All edits and removals"]
    assert len(tree(client.get(more.get("href"))).cssselect("tbody tr")) == 2
    sources = [text_of(row) for row in root.cssselect(".stack tbody tr")]
    assert sources[0].startswith("feed https://asi.example/feed 200 12 20 minutes ago")
    assert sources[1].startswith("sitemap https://asi.example/map.xml failed 2 times in a row 404 HTTP 404 – never")
    assert text_of(root.cssselect("pre")[0]) == "homepage: https://asi.example/ # <b>ours</b>"
    assert "Found 9 · New 3 · Changed 0 · Failed 0" in text


def test_an_article_leads_to_its_sites_page(client: Client) -> None:
    (site,) = tree(client.get(f"/articles/{FIRST.id}?ui=en")).cssselect(".facts a")
    assert (text_of(site), site.get("href")) == ("صحيفة العاصي", "/sites/asi?ui=en")
    assert client.get(site.get("href")).status_code == 200


def test_a_sites_health_has_a_history(client: Client) -> None:
    told = [text_of(line) for line in tree(client.get("/sites/phare?ui=en")).cssselect("#health + ul li")]
    assert len(told) == 1
    assert told[0].endswith("moved its articles are now at new.example: update its file · example")
    assert "Nothing has been wrong so far." in client.get("/sites/asi?ui=en").text


def test_a_site_that_is_not_there_is_404(client: Client) -> None:
    answer = client.get("/sites/nosuch?ui=en")
    assert answer.status_code == 404
    assert "The archive has no such site." in answer.text


def test_every_site_in_the_list_has_a_page_and_its_days_are_links(client: Client) -> None:
    for language in ("ar", "en"):
        links = tree(client.get(f"/sites?ui={language}")).cssselect("tbody th > a")
        assert all(client.get(link.get("href")).status_code == 200 for link in links)
    (day,) = [link for link in tree(client.get("/sites/asi")).cssselect("ol a") if "2026-11-21" in link.get("href")]
    assert text_of(tree(client.get(day.get("href"))).cssselect(".hits h2")[0]) == "bread and more"


# --- days and gaps ---------------------------------------------------------------------------------------------------


def told_gaps(counts: dict[date, int]) -> list[tuple[date, date, int]]:
    return [(gap.first, gap.last, gap.expected) for gap in site_days(counts, TODAY)[1]]


def test_days_without_what_was_to_be_expected_are_a_gap() -> None:
    daily = {TODAY - timedelta(days=ago): 4 for ago in range(56)}
    assert told_gaps(daily) == []
    broken = {day: n for day, n in daily.items() if not date(2026, 11, 3) <= day <= date(2026, 11, 5)}
    ((first, last, expected),) = told_gaps(broken)
    assert (first, last) == (date(2026, 11, 3), date(2026, 11, 5))
    assert 9 <= expected <= 12
    assert told_gaps({day: n for day, n in daily.items() if day != date(2026, 11, 4)}) == []  # chance


def test_what_is_usual_is_no_gap() -> None:
    weekdays = {day: 9 for ago in range(56) if (day := TODAY - timedelta(days=ago)).weekday() < 5}
    assert told_gaps(weekdays) == []  # nothing appears at weekends
    assert told_gaps({day: n for day, n in weekdays.items() if day != TODAY}) == []  # today may still bring some
    assert told_gaps({TODAY - timedelta(days=ago): 9 for ago in range(10)}) == []  # nothing was known before
    assert told_gaps({}) == []


def test_a_gap_up_to_yesterday_is_told() -> None:
    stopped = {TODAY - timedelta(days=ago): 6 for ago in range(5, 56)}
    ((first, last, _),) = told_gaps(stopped)
    assert (first, last) == (TODAY - timedelta(days=4), TODAY - timedelta(days=1))


# --- alerts ----------------------------------------------------------------------------------------------------------


def test_alerts_are_listed_newest_first(client: Client) -> None:
    rows = [text_of(row) for row in tree(client.get("/alerts?ui=en")).cssselect("tbody tr")]
    assert rows[0] == "الميناء 20 minutes ago fine well again nobody to notify"
    assert rows[1].startswith("Le Phare 20 November 2026")
    assert rows[1].endswith("· example 2 addresses still to be notified")
    assert "إشعاران لم يُرسلا بعد" in client.get("/alerts?ui=ar").text


def test_an_archive_without_alerts_says_so(tmp_path: Path) -> None:
    empty = fill(tmp_path, [])
    assert "No site's health has changed so far." in text_of(tree(client_of(empty).get("/alerts?ui=en")))
    empty.close()


# --- many ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ui", "more", "first"), [("en", "More sites", "First page"), ("ar", "مزيد من المواقع", "الصفحة الأولى")]
)
def test_many_sites_are_listed_by_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ui: str, more: str, first: str
) -> None:
    monkeypatch.setattr(site_pages, "LISTED", 3)
    with closing(fill(tmp_path, ())) as filled:
        client = client_of(filled)
        seen: list[str] = []
        path = f"/sites?sort=name&ui={ui}"
        while path:
            root = tree(client.get(path))
            seen += [link.get("href").split("/")[2].split("?")[0] for link in root.cssselect("tbody th > a")]
            links = {text_of(link): link.get("href") for link in root.cssselect(".next a")}
            assert (first in links) == (len(seen) > 3)
            path = links.get(more, "")
        assert sorted(seen) == sorted(SITES)
        assert names(client, "&sort=name&page=2") == seen[3:6]
        assert names(client, "&page=99") == []
