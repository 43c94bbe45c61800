"""What a search that found nothing may have meant: words of the index, in Arabic and other scripts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from index.search.query_language import parse
from index.search.suggestions import suggestion
from tests.support.filled_archive import SearchFixture, article, fill, page

TEXTS = {
    "ar": [
        ("أسعار القمح ترتفع", "ارتفعت أسعار القمح في الأسواق"),
        ("موسم القمح", "بدأ حصاد القمح"),
        ("القمر", "خسوف القمر"),
    ],
    "en": [
        ("Parliament votes", "The parliament voted on the harbour bill"),
        ("Harbour reopens", "The harbour is open"),
    ],
    "ru": [("Гавань открыта", "Новая гавань принимает корабли")],
}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchFixture]:
    texts = [
        article(f"https://asi.example/{language}{n}", headline=headline, body=body, language=language)
        for language, pairs in TEXTS.items()
        for n, (headline, body) in enumerate(pairs)
    ]
    filled = fill(tmp_path_factory.mktemp("suggestions"), map(page, texts))
    yield filled
    filled.close()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("القمخ", "القمح"),  # in more articles than القمر, which is as similar
        ("اسعار القمخ", "اسعار القمح"),  # the word that is found stays as it was typed
        ("parlaiment", "parliament"),
        ("harbuor bill", "harbour bill"),
        ('"harbuor bill"', '"harbour bill"'),
        ("title:harbuor -fish", "title:harbour -fish"),
        ("гаваьн", "гавань"),
        ("parlaiment lang:en", "parliament lang:en"),
        ("\u200fharbuor", "\u200fharbour"),
    ],
)
def test_a_word_that_no_article_has_is_replaced_by_the_most_similar_one(
    shelf: SearchFixture, written: str, meant: str
) -> None:
    assert suggestion(parse(written), written, shelf.engine, shelf.archive) == meant


@pytest.mark.parametrize(
    "written",
    [
        "harbour القمح",  # both are there, together nowhere
        "زققثص",  # nothing is like it
        "harbuor القمح",  # what it may have meant finds nothing either
        "harbuor*",
        "site:harbuor",
        "ab",
        "",
        "٢٠٢٥",
    ],
)
def test_nothing_is_suggested_that_finds_nothing(shelf: SearchFixture, written: str) -> None:
    assert suggestion(parse(written), written, shelf.engine, shelf.archive) is None


def test_a_suggestion_finds_something_with_the_filters_of_the_search(shelf: SearchFixture) -> None:
    query = parse("parlaiment", languages=("ar",))
    assert suggestion(query, "parlaiment", shelf.engine, shelf.archive) is None
