"""The query language."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.article import And, Node, Not, Or, Query, Words
from index.engines.plan import plan
from index.errors import QueryError
from index.query import MAX_CHARACTERS, MAX_DEPTH, MAX_TERMS, parse

A, B, C = Words("a"), Words("b"), Words("c")


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("", None),
        ("  \n", None),
        ("a", A),
        ("a b", And((A, B))),
        ("a AND b", And((A, B))),
        ("AND a", A),
        ("a OR b", Or((A, B))),
        ("a OR b c", Or((A, And((B, C))))),
        ("(a OR b) c", And((Or((A, B)), C))),
        ("((a))", A),
        ("a or b", And((A, Words("or"), B))),
        ("-a", Not(A)),
        ("a -b", And((A, Not(B)))),
        ("-(a b)", Not(And((A, B)))),
        ("a - b", And((A, B))),
        ("a -", A),
        ("--a", Not(A)),
        ("covid-19", Words("covid-19")),
        ('"a b" c', And((Words("a b", phrase=True), C))),
        ("«دير الزور»", Words("دير الزور", phrase=True)),
        ("“a b”", Words("a b", phrase=True)),
        ('-"a b"', Not(Words("a b", phrase=True))),
        ('""', "nothing"),
        ("title:a", Words("a", "headline")),
        ('TITLE: "a b"', Words("a b", "headline", phrase=True)),
        ("-body:a", Not(Words("a", "body"))),
        ("http://example.org/x", Words("http://example.org/x")),
        ("foo:bar", Words("foo:bar")),
        ("a !!! b", And((A, B))),
        ("a\x00b\u202e", And((A, Words("b\u202e")))),
        ("عاجل | سوريا", And((Words("عاجل"), Words("سوريا")))),
        ("a* b? [c] {a} ~ ^2 \\", And((Words("a*"), Words("b?"), Words("[c]"), Words("{a}"), Words("^2")))),
    ],
)
def test_words_and_what_joins_them(text: str, node: Node | str | None) -> None:
    if node == "nothing":
        with pytest.raises(QueryError, match="nothing to search for"):
            parse(text)
    else:
        assert parse(text).node == node


def test_filters_hold_for_the_whole_query_wherever_they_stand() -> None:
    query = parse(
        'site:step a OR site:enab b country:sy lang:AR author:"ليلى حداد" section:سياسة after:2024-05 before:٢٠٢٥'
    )
    assert query == Query(
        node=Or((A, B)),
        sites=("step", "enab"),
        countries=("SY",),
        languages=("ar",),
        authors=("ليلى حداد",),
        sections=("سياسة",),
        after=datetime(2024, 5, 1, tzinfo=UTC),
        before=datetime(2025, 1, 1, tzinfo=UTC),
    )
    assert query.filtered


def test_given_filters_are_added_to_those_of_the_text() -> None:
    query = parse("a site:step", sites=("enab",), sort="newest", limit=5)
    assert (query.sites, query.sort, query.limit) == (("enab", "step"), "newest", 5)


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ('a "b', 2, "not closed"),
        ("«b", 0, "add »"),
        ("a (b", 2, "add \\)"),
        ("a b)", 3, "no \\( for this"),
        ("a OR", 4, "both sides"),
        ("OR a", 0, "both sides"),
        ("a OR OR b", 5, "both sides"),
        ("(a OR) b", 5, "both sides"),
        ("a title:", 2, "right after it"),
        ("title:(a)", 0, "right after it"),
        ("site:", 0, "needs a value"),
        ("a -site:b", 3, "whole query"),
        ("(a lang:ar)", 3, "whole query"),
        ("country:Syria", 8, "country:SY"),
        ("lang:arabisch1", 5, "lang:ar"),
        ("site:../x", 5, "site:step"),
        ('author:"!"', 7, "letters or digits"),
        ("after:soon", 6, "2024-05-31"),
        ("after:2024-02-30", 6, "2024-05-31"),
        ("before:0000", 7, "2024-05-31"),
        ("!!!", 0, "nothing to search for"),
        ("()", 0, "nothing to search for"),
    ],
)
def test_what_cannot_be_read_says_where_and_what_to_do(text: str, position: int, words: str) -> None:
    with pytest.raises(QueryError, match=words) as caught:
        parse(text)
    assert caught.value.position == position


def test_bounds() -> None:
    assert parse("a" * MAX_CHARACTERS).node == Words("a" * MAX_CHARACTERS)
    with pytest.raises(QueryError, match="shorten it to 512"):
        parse("a" * (MAX_CHARACTERS + 1))
    parse(" ".join(["a"] * MAX_TERMS))
    with pytest.raises(QueryError, match="More than 32 words") as caught:
        parse(" ".join(["a"] * (MAX_TERMS + 1)))
    assert caught.value.position == 2 * MAX_TERMS
    with pytest.raises(QueryError, match="More than 32 words"):
        parse('"' + " ".join(["a"] * (MAX_TERMS + 1)) + '"')
    parse("(" * (MAX_DEPTH - 1) + "a" + ")" * (MAX_DEPTH - 1))
    with pytest.raises(QueryError, match="More than 8 groups"):
        parse("(" * 200 + "a" + ")" * 200)
    for limit in (0, 101):
        with pytest.raises(QueryError, match="1 to 100"):
            parse("a", limit=limit)


PIECES = st.lists(
    st.sampled_from(
        [
            "a",
            "حلب",
            " ",
            '"',
            "«",
            "»",
            "(",
            ")",
            "-",
            "OR",
            "AND",
            "title:",
            "site:",
            "after:",
            "2024",
            "!",
            "'",
            "\\",
            "*",
        ]
    ),
    max_size=30,
)


@given(st.one_of(st.text(max_size=60), PIECES.map("".join), PIECES.map(" ".join)))
def test_any_text_is_a_query_or_a_mistake_that_is_told(text: str) -> None:
    mistake = None
    try:
        plan(parse(text))  # an engine can be asked for it
    except QueryError as told:
        mistake = told
    assert mistake is None or (str(mistake) and 0 <= mistake.position <= len(text))
