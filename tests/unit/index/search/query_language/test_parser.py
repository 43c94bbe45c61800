"""The query language."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.engines.query_plan import plan
from index.errors import QueryError
from index.locale import catalogue
from index.model.query import (
    MAX_QUERY_CHARACTERS,
    And,
    Count,
    Fuzzy,
    Is,
    Near,
    Node,
    Not,
    Or,
    Period,
    Prefix,
    Query,
    Words,
)
from index.search.query_language import MAX_DEPTH, MAX_TERMS, parse, sentence
from index.search.query_language.filters import FILTERS
from tests.support.long_form import LONG, in_both_forms

A, B, C = Words("a"), Words("b"), Words("c")
MAY = Period(datetime(2024, 5, 1, tzinfo=UTC), datetime(2024, 6, 1, tzinfo=UTC))


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
        ('""', None),
        ("title:a", Words("a", "headline")),
        ('TITLE: "a b"', Words("a b", "headline", phrase=True)),
        ("-body:a", Not(Words("a", "body"))),
        ("http://example.org/x", Words("http://example.org/x")),
        ("foo:bar", Words("foo:bar")),
        ("a !!! b", And((A, B))),
        ("a\x00b\u202e", And((A, B))),
        ("عاجل | سوريا", And((Words("عاجل"), Words("سوريا")))),
        ("a* b? [c] {a} ~ ^2 \\", And((A, Words("b?"), Words("[c]"), Words("{a}"), Words("^2")))),
        ("wor* wor** *", And((Prefix("wor"), Prefix("wor")))),
        ("title:wor*", Prefix("wor", "headline")),
        ("covid-1* حل*", And((Words("covid-1"), Prefix("حل")))),
        ("北京* 北*", And((Words("北京"), Words("北")))),  # what follows a character is found anyway
        ("word~ word~1 word~2", And((Fuzzy("word", None, 1),) * 3)),
        ("معارك~ المعارك~ المعارك~1", And((Fuzzy("معارك"), Fuzzy("المعارك", None, 2), Fuzzy("المعارك")))),
        ('"a b"~5 "a b"~', And((Near("a b", None, 5),) * 2)),
        ('"a a"~5', Words("a a", phrase=True)),
        ('"a b"~0', Near("a b", None, 0)),
        ('body:"a b"~12', Near("a b", "body", 12)),
        ("title:(a OR b)", Or((Words("a", "headline"), Words("b", "headline")))),
        ("title:(a body:b)", And((Words("a", "headline"), Words("b", "body")))),
        ("−a", Not(A)),
        ("\u200f-\u200fa", Not(A)),
        ("\u202btitle:\u202c\u200fa", Words("a", "headline")),
        ("“a b“ ”a b” »a b«", And((Words("a b", phrase=True),) * 3)),
        ("a || b", Or((A, B))),
        ("a && b", And((A, B))),
        ("هل سقطت حلب؟", And((Words("هل"), Words("سقطت"), Words("حلب؟")))),
        ("-site:step a", And((Not(Is("site", "step")), A))),
        ("(a site:step) OR b", Or((And((A, Is("site", "step"))), B))),
        ("a (site:x OR -on:2024-05)", And((A, Or((Is("site", "x"), Not(Is("date", MAY))))))),
    ],
)
def test_words_and_what_joins_them(text: str, node: Node | None) -> None:
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


def test_filters_of_dates_and_of_what_an_article_has() -> None:
    query = parse("on:2024 after:2024-05-31 changed:٢٠٢٤-١٢ gone:لا has:image has:author copies:yes versions:YES")
    day = lambda *of: datetime(*of, tzinfo=UTC)  # noqa: E731
    assert query == Query(
        has=("image", "author"),
        after=day(2024, 5, 31),
        before=day(2025, 1, 1),
        changed=Period(day(2024, 12, 1), day(2025, 1, 1)),
        gone=False,
        copies=True,
        versions=True,
    )
    assert not query.problems
    assert not parse("a copies:yes versions:yes").filtered
    assert all(parse(text).filtered for text in ("gone:no", "has:date", "changed:2024", "a (b -site:c)"))


@pytest.mark.parametrize(
    ("text", "after", "before"),
    [
        ("2024-05", (2024, 5, 1), (2024, 6, 1)),
        ("2024-05..2024-07", (2024, 5, 1), (2024, 8, 1)),
        ("٢٠٢٤-٠٥-١٠..", (2024, 5, 10), None),
        ("..2024", None, (2025, 1, 1)),
        (">2024-05", (2024, 6, 1), None),
        (">=2024-05", (2024, 5, 1), None),
        ("<2024-05", None, (2024, 5, 1)),
        ("<=2024-05", None, (2024, 6, 1)),
    ],
)
def test_a_time_has_a_beginning_and_an_end(
    text: str, after: tuple[int, int, int] | None, before: tuple[int, int, int] | None
) -> None:
    begin, end = (datetime(*of, tzinfo=UTC) if of else None for of in (after, before))
    for name in ("changed", "edited", "removed"):
        assert getattr(parse(f"{name}:{text}"), name) == Period(begin, end)
    assert (parse(f"on:{text}").after, parse(f"on:{text}").before) == (begin, end)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3", Count(3, 3)),
        (">1", Count(2)),
        (">=2", Count(2)),
        ("<3", Count(None, 2)),
        ("<=3", Count(None, 3)),
        ("2..5", Count(2, 5)),
        ("2.. versions:<9", Count(2, 8)),
    ],
)
def test_a_number_has_bounds(text: str, number: Count) -> None:
    query = parse(f"versions:{text} versions:yes")
    assert (query.number, query.versions, query.problems) == (number, True, ())
    assert query.filtered


def test_what_is_removed_is_gone() -> None:
    assert parse("removed:yes") == parse("gone:yes") == Query(gone=True)
    assert parse("(a -removed:no)") == parse("(a -gone:no)")
    assert parse("(versions:>1 OR a)").node == Or((Is("number", Count(2)), A))


# text -> its problem, where it is, and what is searched all the same
PROBLEMS: dict[str, tuple[str, str, str]] = {
    'a "b c': ("unclosed_quote", '"b c', 'a "b c"'),
    "«b": ("unclosed_quote", "«b", '"b"'),
    "a (b": ("unclosed_group", "(", "a b"),
    "a b)": ("unopened_group", ")", "a b"),
    "a OR": ("lonely_or", "OR", "a"),
    "OR a": ("lonely_or", "OR", "a"),
    "a OR OR b": ("lonely_or", "OR", "a OR b"),
    "(a OR) b": ("lonely_or", "OR", "a b"),
    "a title:": ("lonely_field", "title:", "a"),
    "a site:": ("lonely_field", "site:", "a"),
    "country:Syria a": ("country", "Syria", "a"),
    "lang:arabisch1 a": ("lang", "arabisch1", "a"),
    "a site:../x": ("site", "../x", "a"),
    'author:"!" a': ("name", '"!"', "a"),
    "after:soon a": ("date", "soon", "a"),
    "on:2024-02-30 a": ("date", "2024-02-30", "a"),
    "before:0000 a": ("date", "0000", "a"),
    "changed:9999 a": ("date", "9999", "a"),
    "gone:maybe a": ("yes_no", "maybe", "a"),
    "removed:soon a": ("date_or_no", "soon", "a"),
    "versions:many a": ("versions", "many", "a"),
    "edited:yes a": ("date", "yes", "a"),
    "edited:2024..soon a": ("date", "2024..soon", "a"),
    "edited:.. a": ("date", "..", "a"),
    "after:>2024 a": ("date", ">2024", "a"),
    "has:money a": ("has", "money", "a"),
    "(a versions:yes)": ("whole_query", "versions:", "a versions:yes"),
    "-copies:yes a": ("whole_query", "copies:", "a copies:yes"),
    "a b~": ("short_fuzzy", "b~", "a b"),
    "word~7": ("edits", "word~7", "word~2"),
    '"a b"~500': ("gap", '"a b"~500', '"a b"~100'),
    "x*": ("short_prefix", "x*", "x"),
    "a wo*rd": ("inner_star", "wo*rd", "a wo-rd"),
    "foo:bar": ("unknown_field", "foo:", "foo:bar"),
    'a foo:"b c"': ("unknown_field", "foo:", 'a foo: "b c"'),
    "*word a": ("inner_star", "*word", "word a"),
    "!!!": ("nothing", "!!!", ""),
    "()": ("nothing", "()", ""),
    "ab* ac* ad* ae* af*": ("too_many_patterns", "af*", "ab* ac* ad* ae* af"),
    "a" * 10 + " " + "b" * 600: ("too_long", "b" * 99, "a" * 10),
    "(" * 9 + "a" + ")" * 9: ("too_deep", "(", "a"),
    " ".join("abcdefgh" * 4 + "x"): ("too_many_words", "x", " ".join("abcdefgh" * 4)),
    "北" * 129 + " a": ("too_many_words", "北" * 129, ""),
}


@pytest.mark.parametrize("text", PROBLEMS, ids=lambda text: text[:20])
def test_what_cannot_be_read_is_told_and_the_nearest_meaning_searched(text: str) -> None:
    key, place, meaning = PROBLEMS[text]
    query = parse(text)
    (problem,) = query.problems
    assert (problem.key, text[problem.at : problem.end]) == (key, place)
    assert query == parse(meaning)
    assert sentence(problem, "en") != sentence(problem, "ar")


@pytest.mark.parametrize(
    "text", ["https://asi.example/a", "note: this", "a:b:c", "10:30", "foo:", "Opinion:why", "أي:شيء"]
)
def test_what_has_a_colon_and_is_no_field_is_a_word(text: str) -> None:
    assert parse(text).problems == ()


def test_every_problem_has_its_sentence_in_both_languages_and_is_met_here() -> None:
    keys = {f"query.{key}" for key, _, _ in PROBLEMS.values()}
    for language in ("en", "ar"):
        assert keys == {key for key in catalogue(language).keys if key.startswith("query.")}
        assert all(catalogue(language).text(key, 3).endswith(".") for key in keys)


def test_bounds() -> None:
    assert parse("a" * MAX_QUERY_CHARACTERS).node == Words("a" * MAX_QUERY_CHARACTERS)
    assert not parse(" ".join(["a"] * MAX_TERMS)).problems
    assert not parse("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH).problems
    assert parse("(" * 200 + "a" + ")" * 200) == parse("a")
    for limit in (0, 101):
        with pytest.raises(QueryError, match="1 to 100"):
            parse("a", limit=limit)


def test_every_example_of_the_documentation_can_be_read() -> None:
    text = (Path(__file__).parents[5] / "docs" / "search.md").read_text("utf-8")
    examples = re.findall(r"`([^`]+)`", text.partition("## Results")[0])
    filters = [example for example in examples if re.search(r"^-?[a-z]+:.", example)]
    assert {name for example in filters for name in re.findall(r"([a-z]+):", example)} >= {*FILTERS, "title", "body"}
    words_of = [example for example in examples if " " in example or example in filters]
    assert [example for example in words_of if parse(example.replace("…", "x")).problems] == []


SIGNS = (
    *("a", "word", "حلب", "在北京", "election", " ", "  ", '"', "«", "»", "“", "(", ")", "-", "−", "OR", "AND", "||"),
    *("title:", "body:", "site:", "lang:ar", "after:", "on:", "changed:", "gone:yes", "has:image", "versions:yes"),
    *("edited:", "removed:", "versions:>", "..", ">=", "<"),
    *("copies:yes", "2024", "2024-05", "٢٠٢٤", "!", "؟", "'", "\\", "*", "~", "~2", "~5", "\u200f", "\u202e", "\x00"),
)
PIECES = st.lists(st.sampled_from(SIGNS), max_size=40)
TEXTS = st.one_of(st.text(max_size=60), PIECES.map("".join), PIECES.map(" ".join))


@in_both_forms
@settings(max_examples=50_000 if LONG else 300)
@given(TEXTS)
def test_any_text_is_a_query(text: str) -> None:
    query = parse(text)
    plan(query)  # an engine can be asked for it
    for problem in query.problems:
        assert 0 <= problem.at <= problem.end <= len(text)
        assert sentence(problem, "ar")
