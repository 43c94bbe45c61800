"""What changed between two readings of an article: the kinds, and the words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from index.dedup import version_diff
from index.dedup.alignment import LONGEST_WORD
from index.dedup.version_diff import MAX_COMPARED_TOKENS, classify_change, is_changed, visible_text, word_diff, words
from index.model.article import LAST_CHANGE
from tests.support.archive_samples import NOW, article

BRIDGE = article(
    headline="Footbridge opens two months early",
    body="The bridge opened on Monday after two years of work, and the mayor crossed it first with her dog.\n\n"
    "It cost 412 pounds, the council said, and nineteen people crossed it before lunch in spite of the rain.\n\n"
    "A plaque will be unveiled when somebody agrees on the spelling of the engineer's name.",
)
NEWS = article(
    headline="افتتاح جسر المشاة قبل موعده",
    body="افتتح الجسر يوم الاثنين بعد عامين من العمل، وعبرته رئيسة البلدية أولاً.\n\n"
    "وبلغت كلفته 412 ليرة بحسب المجلس، وعبره تسعة عشر شخصاً قبل الظهر رغم المطر.\n\n"
    "وستوضع لوحة تذكارية عندما يتفق الجميع على كتابة اسم المهندس الذي صممه.",
)
SAID = "\n\nThe mayor told reporters that a second bridge was planned for the year after next."
GONE = BRIDGE.body.rsplit("\n\n", 1)[0]


@pytest.mark.parametrize(
    ("old", "now", "kinds"),
    [
        (BRIDGE, {"body": BRIDGE.body.replace("council", "concil")}, ("typo",)),
        (BRIDGE, {"body": BRIDGE.body.replace("nineteen", "ninteen").replace("plaque", "plaqe")}, ("typo",)),
        (BRIDGE, {"body": BRIDGE.body.replace("somebody", "someobdy")}, ("typo",)),
        (NEWS, {"body": NEWS.body.replace("أولاً", "اولا")}, ("typo",)),
        (NEWS, {"body": NEWS.body.replace("المجلس", "المجس")}, ("typo",)),
        (BRIDGE, {"body": BRIDGE.body.replace("412", "421")}, ("correction",)),
        (NEWS, {"body": NEWS.body.replace("412", "٤٢١")}, ("correction",)),
        (BRIDGE, {"body": BRIDGE.body.replace("Monday", "Sunday")}, ("correction",)),
        (NEWS, {"body": NEWS.body.replace("الاثنين", "الأربعاء")}, ("correction",)),
        (BRIDGE, {"body": BRIDGE.body + "\n\nCorrection: an earlier version gave another sum."}, ("correction",)),
        (NEWS, {"body": NEWS.body + "\n\nتصويب: ذكرت نسخة سابقة من الخبر رقماً آخر للكلفة."}, ("correction",)),
        (BRIDGE, {"body": BRIDGE.body + SAID}, ("addition",)),
        (NEWS, {"body": NEWS.body + "\n\nوقالت رئيسة البلدية إن جسراً ثانياً سيبنى في العام المقبل."}, ("addition",)),
        (BRIDGE, {"body": BRIDGE.body.replace("412", "421") + SAID}, ("correction", "addition")),
        (BRIDGE, {"body": GONE}, ("removal",)),
        (BRIDGE, {"body": "Nothing of what stood here before was kept by its editor." * 3}, ("rewrite",)),
        (BRIDGE, {"headline": "Footbridge opens early"}, ("headline",)),
        (BRIDGE, {"headline": "Bridge", "body": BRIDGE.body + SAID}, ("headline", "addition")),
        (BRIDGE, {"authors": ("Hanna Lind",)}, ("authors",)),
        (BRIDGE, {"section": "News"}, ("section",)),
        (BRIDGE, {"published": NOW}, ("dates",)),
        (BRIDGE, {"modified": NOW - timedelta(hours=2)}, ("dates",)),
    ],
)  # fmt: skip
def test_each_change_has_its_kind(old: Any, now: dict[str, Any], kinds: tuple[str, ...]) -> None:
    assert classify_change(old, replace(old, **now), seen=NOW).kinds == kinds
    assert is_changed(old, replace(old, **now), seen=NOW)


@pytest.mark.parametrize(
    "now",
    [
        {"body": BRIDGE.body.replace("engineer's", "engineer’s").replace("\n\n", " \n\n\n ")},
        {"headline": "Footbridge  opens two months early "},
        {"authors": ("سَامر",)},
        {"modified": NOW - timedelta(seconds=3)},
        {"published": NOW, "origins": {"published": "shown (relative)"}},
        {"published": NOW, "origins": {"published": f"page, {LAST_CHANGE}"}},
        {"keywords": ("another",), "images": (), "description": "another"},
    ],
    ids=["typography", "spaces", "marks of a name", "requested", "2 hours ago", "the last change", "around the text"],
)  # fmt: skip
def test_what_readers_do_not_read_is_no_change(now: dict[str, Any]) -> None:
    assert not classify_change(BRIDGE, replace(BRIDGE, **now), seen=NOW)
    assert not is_changed(BRIDGE, replace(BRIDGE, **now), seen=NOW)


@pytest.mark.parametrize(
    ("later", "kinds"),
    [(3, ()), (-1, ()), (9, ("dates",)), (-9, ("dates",))],
    ids=["as old", "nearly", "newer", "older"],
)
def test_a_date_that_moves_with_the_requests_is_none_of_the_articles(later: int, kinds: tuple[str, ...]) -> None:
    before = NOW - timedelta(days=1)
    old = replace(BRIDGE, modified=before - timedelta(minutes=20))  # as a cache made the page
    new = replace(BRIDGE, modified=NOW - timedelta(minutes=20 - later))
    assert classify_change(old, new, seen=NOW, before=before).kinds == kinds
    assert is_changed(old, new, seen=NOW, before=before) == bool(kinds)


def test_a_change_tells_its_size() -> None:
    change = classify_change(BRIDGE, replace(BRIDGE, body=BRIDGE.body.replace("412", "421") + SAID))
    assert (change.removed, change.added) == (1, 16)
    assert str(change) == "correction, addition (-1 words, +16 words)"


def told(old: str, new: str, **options: Any) -> list[tuple[str, str]]:
    return [(piece.op, piece.text) for piece in word_diff(old, new, **options)]


def test_a_diff_is_by_word_with_its_vowel_signs() -> None:
    old, new = "قالَ الوزيرُ إنّ المدينة ستفتح غداً", "قالَ الوزيرُ إنّ المدينة ستغلق غداً"
    assert told(old, new) == [
        ("same", "قالَ الوزيرُ إنّ المدينة "), ("removed", "ستفتح"), ("added", "ستغلق"), ("same", " غداً"),
    ]  # fmt: skip
    assert told("قالَ الوزيرُ", "قال الوزير", marks=False) == [("same", "قال الوزير")]
    assert told("قالَ الوزيرُ", "قال الوزيرُ")[0] == ("removed", "قالَ")


def test_a_diff_of_chinese_is_by_sign() -> None:
    assert told("他去了北京。", "他去了上海。") == [
        ("same", "他去了"), ("removed", "北京"), ("added", "上海"), ("same", "。"),
    ]  # fmt: skip


def test_a_new_paragraph_is_one_piece() -> None:
    assert told(BRIDGE.body, BRIDGE.body + SAID) == [("same", BRIDGE.body), ("added", SAID)]


@given(st.text(alphabet="ab \n.،قَ北", max_size=60), st.text(alphabet="ab \n.،قَ北", max_size=60))
def test_the_pieces_are_the_two_texts(old: str, new: str) -> None:
    pieces = word_diff(old, new)
    assert visible_text("".join(p.text for p in pieces if p.op != "added")) == visible_text(old)
    assert "".join(p.text for p in pieces if p.op != "removed") == new


@given(st.text(alphabet="abA \n.،قَ北1", max_size=60), st.text(alphabet="abA \n.،قَ北1", max_size=60))
def test_whether_something_changed_is_the_same_as_having_a_kind(old: str, new: str) -> None:
    before, now = replace(BRIDGE, body=old), replace(BRIDGE, body=new)
    assert is_changed(before, now) == bool(classify_change(before, now))


def test_what_is_very_long_is_held_by_paragraphs() -> None:
    old = "\n\n".join(f"paragraph {n} has a few words" for n in range(MAX_COMPARED_TOKENS // 5))
    pieces = word_diff(old, old.replace("paragraph 7 has", "paragraph 7 had"))
    assert [(p.op, p.text.strip()) for p in pieces if p.op != "same"] == [
        ("removed", "paragraph 7 has a few words"), ("added", "paragraph 7 had a few words"),
    ]  # fmt: skip


LETTERS = "".join(chr(97 + n * n % 26) for n in range(3 * LONGEST_WORD))


def test_the_letters_of_what_is_no_word_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of a million letters would take minutes."""
    lengths = [0]
    plain = OSA.distance

    def distance(one: str, other: str, **options: Any) -> int:
        lengths.append(max(len(one), len(other)))
        return int(plain(one, other, **options))

    monkeypatch.setattr("index.dedup.version_diff.OSA", SimpleNamespace(distance=distance))
    for old, new in ((LETTERS, LETTERS[::-1]), ("bridge", "brigde"), (LETTERS, "bridge")):
        classify_change(replace(BRIDGE, body=f"It was {old} indeed"), replace(BRIDGE, body=f"It was {new} indeed"))
    assert max(lengths) == len("bridge")


def test_nor_are_they_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of thousands of such texts would fill the memory of a process that lives for months."""
    asked: list[str] = []
    monkeypatch.setattr(version_diff, "_key_of_word", lambda token: asked.append(token) or token)
    pieces = word_diff(f"a {LETTERS} b", f"a {LETTERS[::-1]} b")
    assert [(p.op, p.text) for p in pieces] == [
        ("same", "a "), ("removed", LETTERS), ("added", LETTERS[::-1]), ("same", " b"),
    ]  # fmt: skip
    assert {*asked} == {"a", " ", "b"}


def test_words_keep_their_marks() -> None:
    assert words("قالَ: «نعم»، 北京!") == ["قالَ", "نعم", "北", "京"]


@pytest.mark.parametrize(
    ("before", "after", "renamed"),
    [
        (BRIDGE.headline, f"{BRIDGE.headline} | The Evening Post", False),
        (f"{BRIDGE.headline} - Post", f"{BRIDGE.headline} - The Evening Post", False),
        (f"وكالة الجسر | {NEWS.headline}", NEWS.headline, False),
        (f"{BRIDGE.headline} - Post", f"{BRIDGE.headline.replace('two', 'ten')} - The Evening Post", True),
        ("Live - Day 5", "Live - Day 6", True),
    ],
    ids=["comes", "changes", "goes", "with an edit", "no headline beside it"],
)
def test_the_name_of_a_site_in_a_title_is_no_headline(before: str, after: str, renamed: bool) -> None:
    titles = {"headline": "title"}
    old, new = (replace(BRIDGE, headline=one, origins=titles) for one in (before, after))
    assert is_changed(old, new) is renamed
    assert classify_change(old, new).kinds == (("headline",) if renamed else ())


@pytest.mark.parametrize(
    ("title", "heading", "renamed"),
    [
        (f"{BRIDGE.headline} | The Evening Post", BRIDGE.headline, False),
        (f"وكالة الجسر | {NEWS.headline}", NEWS.headline, False),
        (f"{BRIDGE.headline} | The Evening Post", BRIDGE.headline.replace("two", "ten"), True),
        (BRIDGE.headline, f"{BRIDGE.headline} | The Evening Post", True),
    ],
    ids=["after it", "before it", "with an edit", "a heading says what it says"],
)
def test_a_heading_that_comes_or_goes_beside_a_title_is_no_headline(title: str, heading: str, renamed: bool) -> None:
    untitled = replace(BRIDGE, headline=title, origins={"headline": "title"})
    headed = replace(BRIDGE, headline=heading, origins={"headline": "h1"})
    assert is_changed(untitled, headed) is renamed
    assert is_changed(headed, untitled) is renamed
