"""Cleaning in its layers: phrases, duplicates of fields, repeated blocks. Each removal has a reason."""

from __future__ import annotations

import pytest

from crawler import stages
from crawler.boilerplate import field_duplicates, phrases, repeated_blocks
from crawler.boilerplate.field_duplicates import Fields
from crawler.boilerplate.removed import RemovalReason
from crawler.boilerplate.repeated_blocks import RepeatedBlocks
from index.model.article import Image
from index.model.message import Message
from tests.support.samples import a_page, a_site

PROSE = "هذه فقرة طويلة من نص المقال تكفي لتكون من متن الخبر وليست من القوائم أو الروابط الموجودة حوله في الصفحة. " * 3


def test_an_end_ends_only_the_last_part() -> None:
    text = [f"{PROSE} {n}" for n in range(4)]
    kept, removed = phrases.drop([*text, "مقالات ذات صلة", "غارات على الريف", "عودة النازحين"])
    assert kept == text
    label = {"kind": "related", "phrase": "مقالات ذات صله"}
    after = Message(RemovalReason.AFTER_PHRASE, label)
    assert [r.reason for r in removed] == [Message(RemovalReason.PHRASE, label), after, after]
    assert phrases.drop(["مقالات ذات صلة", *text])[0] == text


def test_echoes_of_other_fields_go() -> None:
    fields = Fields(headline="العنوان", section="سوريا", authors=("سمر حداد",), images=(Image("u", "تعليق الصورة"),))
    kept, removed = field_duplicates.drop(["العنوان", "سمر حداد", "نص", "تعليق الصورة.", "سوريا"], fields)
    assert kept == ["نص", "سوريا"]
    assert [r.reason.params["field"] for r in removed] == ["headline", "author", "caption"]


def test_a_caption_that_was_taken_off_with_its_picture_is_no_echo_where_the_text_says_the_same() -> None:
    caption = "Collectors are on the hunt for bills with a printing error, and pay well for them."
    fields = Fields(images=(Image("u", caption),), captions_removed=[caption])
    assert field_duplicates.drop(["A first line.", caption], fields)[0] == ["A first line.", caption]


def test_the_pages_description_of_itself_is_no_echo_of_a_caption_that_was_read_off_it() -> None:
    lead = "The eastern reservoir is full for the first time in nine years, the ministry said."
    fields = Fields(description=lead, images=(Image("u", lead),))
    assert field_duplicates.drop([lead, "A second line."], fields)[0] == [lead, "A second line."]


def test_repeats_go_and_an_article_that_is_all_repeated_stays() -> None:
    known = RepeatedBlocks({repeated_blocks.block_hash("تابع ستيب نيوز"): 2})
    kept, removed = repeated_blocks.drop(["نص", "تابع «ستيب نيوز»!"], known)
    assert kept == ["نص"]
    assert [(r.layer, r.reason) for r in removed] == [("repeat", Message(RemovalReason.REPEATED, {"n": 2}))]
    assert repeated_blocks.drop(["نص", "تابع ستيب نيوز"], known, keep={"تابع ستيب نيوز"})[1] == []
    assert repeated_blocks.drop(["تابع ستيب نيوز"], known) == (["تابع ستيب نيوز"], [])


def test_the_path_learns_and_applies_what_a_site_repeats() -> None:
    promo = "وكالة ستيب نيوز تنقل لكم الحدث لحظة بلحظة من قلب المدن السورية"

    def page(n: int) -> str:
        text = "".join(f"<p>{PROSE} {n} {i}</p>" for i in range(3))
        return f"<title>خبر رقم {n}</title><body><article><h1>خبر رقم {n}</h1>{text}<p>{promo}</p></article></body>"

    site = a_site()
    first, second = (stages.article(a_page(page(n)), site) for n in (1, 2))
    common = RepeatedBlocks(dict.fromkeys(set(first.blocks) & set(second.blocks), 2))
    assert promo in first.article.body
    again = stages.article(a_page(page(1)), site, repeats=common)
    assert promo not in again.article.body
    assert [r.text for r in again.removed if r.layer == "repeat"] == [promo]
    assert again.blocks == first.blocks


@pytest.mark.parametrize(("articles", "others", "gone"), [(3, 2, True), (40, 2, True), (400, 2, False), (400, 9, True)])
def test_a_sentence_needs_more_evidence_on_a_large_site(articles: int, others: int, gone: bool) -> None:
    sentence = "The war began when the bridge fell, and both towns have blamed each other for it ever since."
    line = "Follow the Courier on Telegram."
    found = RepeatedBlocks({repeated_blocks.block_hash(text): others for text in (sentence, line)}, articles)
    kept, _ = repeated_blocks.drop(["Own text.", sentence, line], found)
    assert (sentence not in kept) is gone
    assert line not in kept


def test_a_lead_that_others_show_as_a_teaser_stays_where_it_is_the_lead() -> None:
    lead = "All seven libraries stay open after the council voted to close its own canteen and sell a car."
    found = RepeatedBlocks({repeated_blocks.block_hash(lead): 9})
    for body, description in (([lead, "More."], None), (["Now.", lead], lead)):
        assert repeated_blocks.drop(body, found, repeated_blocks.own(body, description))[0] == body
    assert repeated_blocks.drop(["Now.", lead], found, repeated_blocks.own(["Now.", lead], None))[0] == ["Now."]


def test_what_the_sites_file_says_of_paragraphs_wins() -> None:
    keep, strip = "اقرأ أيضاً قصص الأطفال", "نقلاً عن مراسلنا"
    text = f"<p>{PROSE}</p><p>{keep}</p><p>{strip} في حلب</p><p>{PROSE}</p>"
    html = f"<title>خبر</title><article><h1>خبر</h1>{text}</article>"
    body = stages.article(
        a_page(html), a_site(rules=[{"keep_text": [keep], "strip_text": ["نقلا عن مراسلنا"]}])
    ).article.body
    assert keep in body
    assert strip not in body
    assert keep not in stages.article(a_page(html), a_site()).article.body
