"""From results to an article and back: matches marked on its page, the way back, what a search may have meant."""

from __future__ import annotations

import pytest

from tests.support.filled_archive import SearchFixture
from tests.support.web_client import Client, client_of, text_of, tree


@pytest.fixture(scope="module")
def client(shelf: SearchFixture) -> Client:
    return client_of(shelf)


def test_the_matches_are_marked_on_the_articles_page_too_with_the_way_back(client: Client) -> None:
    results = "/search?q=البوكمال&lang=ar&sort=newest&ui=en"
    links = [link.get("href") for link in tree(client.get(results)).cssselect(".hits h2 a")]
    root = tree(client.get(links[0]))
    marks = [text_of(mark) for mark in root.cssselect(".body mark")]
    assert len(marks) > 2
    assert set(marks) <= {"البوكمال", "“البوكمال”", "للبوكمال", "والبوكمال", "بالبوكمال", "لبوكمال"}
    assert [text_of(mark) for mark in root.cssselect("h1 mark")] == ["البوكمال"]
    assert len(root.cssselect(".body p")) == 7
    (back,) = root.cssselect(".back a")
    assert text_of(back) == "Back to the results"
    again = tree(client.get(back.get("href")))
    assert [a.get("href") for a in again.cssselect(".hits h2 a")] == links
    assert again.cssselect(".chips li")


def test_the_way_back_leads_to_the_same_page_of_results(client: Client) -> None:
    first = tree(client.get("/search?q=lang:ar&sort=oldest&ui=en"))
    second = tree(client.get(first.xpath("//a[@rel='next']/@href")[0]))
    link = second.cssselect(".hits h2 a")[3].get("href")
    (back,) = tree(client.get(link)).cssselect(".back a")
    hrefs = [a.get("href") for a in tree(client.get(back.get("href"))).cssselect(".hits h2 a")]
    assert hrefs[3] == link


def test_an_article_by_itself_has_neither(client: Client) -> None:
    link = tree(client.get("/")).cssselect(".list a")[0].get("href")
    root = tree(client.get(link))
    assert root.cssselect(".back, mark") == []


@pytest.mark.parametrize(("ui", "told"), [("en", "Did you mean البوكمال?"), ("ar", "هل تقصد البوكمال؟")])
def test_a_search_that_found_nothing_leads_to_what_it_may_have_meant(client: Client, ui: str, told: str) -> None:
    (meant,) = tree(client.get(f"/search?q=البوكمالن&lang=ar&ui={ui}")).cssselect(".meant")
    assert text_of(meant) == told
    assert "lang=ar" in meant.cssselect("a")[0].get("href")
    assert tree(client.get(meant.cssselect("a")[0].get("href"))).cssselect(".hits")


def test_an_unknown_field_is_named(client: Client) -> None:
    note = text_of(tree(client.get("/search?q=foo:bar&ui=en")).cssselect("#mistake")[0])
    assert "foo: is not a field, so it was searched as it stands. The fields are title:, body:, site:" in note
    arabic = text_of(tree(client.get("/search?q=foo:bar&ui=ar")).cssselect("#mistake")[0])
    assert "ليس \u2068foo:\u2069 حقلاً" in arabic
