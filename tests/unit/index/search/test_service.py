"""Marks and snippets, on the text as it was written."""

from __future__ import annotations

import dataclasses

from index.model.article import IndexDocument
from index.model.query import Query
from index.model.results import Hit, Match, Matches, Span
from index.search.highlight import SNIPPET_CHARACTERS, SNIPPETS
from index.search.query_language import parse
from index.search.service import find
from tests.engines.corpus import document
from tests.support.patience import cpu_within


class Finds:
    """An engine that finds what it was made with: here the texts matter, not the finding."""

    def __init__(self, *ids: str) -> None:
        self.found = ids

    def search(self, _: Query) -> Matches:
        return Matches(len(self.found), tuple(Match(id_, 1.0) for id_ in self.found), "next")


def _keyed(*documents: IndexDocument) -> dict[tuple[str, int | None], IndexDocument]:
    return {(document.article.id, None): document for document in documents}


def hit(text: str, *documents: IndexDocument) -> Hit:
    results = find(parse(text), Finds(documents[0].article.id), lambda _: (_keyed(*documents), {}))  # type: ignore[arg-type]
    return results.hits[0]


def marked(spans: tuple[Span, ...]) -> list[str]:
    return [span.text for span in spans if span.marked]


def test_marks_keep_the_tashkeel_and_the_article_of_the_text() -> None:
    found = hit("معارك", document("a", "المَعَارِكُ في البوكمال", "لا معارك. ومعاركُهم؟"))
    assert found.headline == (Span("المَعَارِكُ", True), Span(" في البوكمال"))
    assert marked(found.snippets[0]) == ["معارك", "ومعاركُهم"]
    assert "".join(span.text for span in found.snippets[0]) == "لا معارك. ومعاركُهم؟"


def test_a_phrase_is_one_mark_and_its_words_alone_are_none() -> None:
    found = hit('"دير الزور"', document("a", "ريف دير الزور", "دير بعيد. الزور قريب. دير الزور هنا."))
    assert marked(found.headline) == ["دير الزور"]
    assert marked(found.snippets[0]) == ["دير الزور"]


def test_words_of_chinese_are_marked_whole() -> None:
    found = hit("北京", document("a", "在北京大学", "北京人", language="zh"))
    assert marked(found.headline) == ["北京"]


def test_what_is_excluded_or_of_another_field_is_not_marked() -> None:
    found = hit("title:حلب -حمص", document("a", "حلب وحمص", "حلب حمص"))
    assert marked(found.headline) == ["حلب"]
    assert marked(found.snippets[0]) == []


def test_stop_words_are_marked_only_where_nothing_else_is() -> None:
    text = document("a", "في حلب", "في مدينة حلب في الشمال")
    assert marked(hit("في حلب", text).headline) == ["حلب"]
    assert marked(hit("في", text).headline) == ["في"]
    assert marked(hit("the who", document("a", "Who is the one", "", language="en")).headline) == ["Who", "the"]


def test_stems_of_another_language_mark_nothing() -> None:
    assert marked(hit("elections", document("a", "élection", "", language="fr")).headline) == ["élection"]
    assert marked(hit("elections", document("a", "election", "", language="fa")).headline) == []


def test_snippets_are_pieces_of_the_text_at_borders_of_words() -> None:
    body = "\n\n".join(f"{'كلمة أخرى ' * 30}زلزال رقم {i} {'ثم غيرها، ' * 30}".strip() for i in range(6))
    found = hit("زلزال", document("a", body=body))
    assert len(found.snippets) == SNIPPETS
    places = []
    for snippet in found.snippets:
        text = "".join(span.text for span in snippet)
        assert text in body
        assert marked(snippet) == ["زلزال"]
        assert SNIPPET_CHARACTERS // 2 < len(text) <= SNIPPET_CHARACTERS + 5
        assert "\n\n" not in text
        padded = f" {body} "
        assert padded[padded.index(text) - 1].isspace()
        assert not padded[padded.index(text) + len(text)].isalnum()
        places.append(body.index(text))
    assert places == sorted(places)


def test_the_snippet_with_both_words_comes_before_those_with_one() -> None:
    body = "\n\n".join([*(f"حلب {'كلمة ' * 60}" for _ in range(5)), f"حلب وزلزال {'كلمة ' * 60}"])
    assert any(
        "زلزال" in "".join(s.text for s in snippet) for snippet in hit("حلب زلزال", document("a", body=body)).snippets
    )


def test_without_a_match_in_the_body_its_beginning_shows() -> None:
    body = "بداية النص. " * 40
    snippets = hit("", document("a", body=body)).snippets
    assert len(snippets) == 1
    assert body.startswith("".join(span.text for span in snippets[0]))
    assert hit("", document("a", body="")).snippets == ()


def test_a_long_text_full_of_matches_is_no_burden() -> None:
    with cpu_within(5):
        found = hit("حلب", document("a", body="حلب هنا. " * 20_000))
    assert len(found.snippets) == SNIPPETS


def test_the_whole_is_the_headline_with_or_without_marks() -> None:
    for headline in ("حلب: «حلب» (حلب)", "بلا شيء", "حلب"):
        assert "".join(s.text for s in hit("حلب", document("a", headline)).headline) == headline


def test_order_scores_totals_and_others_come_from_engine_and_archive() -> None:
    documents = [document("b"), dataclasses.replace(document("a"), story="s")]
    results = find(parse("x"), Finds("a", "gone", "b"), lambda _: (_keyed(*documents), {"s": 4}))  # type: ignore[arg-type]
    assert [h.document.article.id for h in results.hits] == ["a", "b"]
    assert [h.others for h in results.hits] == [4, 0]
    assert (results.total, results.cursor) == (3, "next")
    assert results.seconds > 0
