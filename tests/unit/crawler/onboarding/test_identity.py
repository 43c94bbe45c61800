"""The id and the country that a person would choose for a site."""

from __future__ import annotations

import pytest

from crawler.onboarding.identity import country, free_id, only_country, site_id


@pytest.mark.parametrize(
    ("homepage", "name", "chosen"),
    [
        ("https://www.village.example/", "Village", "village"),
        ("https://www.harbour.co.uk/", "Harbour", "harbour"),
        ("https://arabic.harbour.co.uk/", "Harbour", "harbour-arabic"),
        ("https://news.harbour.com/", "Harbour News", "harbour"),  # not "news"
        ("https://daily.news/", "Daily", "daily"),
        ("https://fishers.blogspot.com/", "Fishers", "fishers"),  # a blog of its own, not a part of Blogger
        ("https://harbour.com:8443/", "Harbour", "harbour"),
        ("http://192.0.2.7:8081/", "The Village News", "the-village-news"),
        ("http://192.0.2.7:8081/", "أخبار القرية", "192-0-2-7-8081"),
        ("http://localhost/", "localhost", "localhost"),
        ("http://[2001:db8::7]:8081/", "", "2001-db8-7-8081"),
        ("https://xn--mgbh0fb.example/", "Example News", "example-news"),
        ("https://" + "a" * 60 + "-bcdef.example/", "", "a" * 60 + "-bc"),
    ],
)
def test_an_id_names_the_outlet(homepage: str, name: str, chosen: str) -> None:
    assert site_id(homepage, name) == chosen


def test_an_id_that_is_taken_gets_a_number() -> None:
    assert free_id("mina", {"mina", "mina-2"}) == "mina-3"
    assert free_id("mina", ()) == "mina"
    assert len(free_id("a" * 63, {"a" * 63})) <= 63


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("SY", "SY"),
        ("sy", "SY"),
        ("Syria", "SY"),
        ("JORDAN", "JO"),
        ("UK", "GB"),
        ("USA", "US"),
        ("U.S.", "US"),
        ("Atlantis", "UN"),
        ("", "UN"),
    ],
)
def test_a_country_is_that_of_the_address_that_the_site_gives(said: str, found: str) -> None:
    assert country("mina.example", "ar_AR", said) == found


@pytest.mark.parametrize(
    ("languages", "found"),
    [
        (["ja"], "JP"),
        (["he", "en"], "IL"),
        (["ar"], "UN"),
        (["en"], "UN"),
        (["pl", "ja"], "UN"),
        (["und"], "UN"),
        ([], "UN"),
    ],
)
def test_a_language_of_one_country_alone_tells_it(languages: list[str], found: str) -> None:
    assert only_country(languages) == found
