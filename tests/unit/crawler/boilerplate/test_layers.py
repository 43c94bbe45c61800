"""Cleaning in its layers: structure, phrases, echoes, repeats. Each removal has a reason."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from crawler import stages
from crawler.boilerplate import dom_pruning, field_duplicates, phrases, repeated_blocks
from crawler.boilerplate.repeated_blocks import RepeatedBlocks
from crawler.extract.draft import Draft, Removed
from index.model.article import Image
from tests.support.samples import a_page, a_site

PROSE = "هذه فقرة طويلة من نص المقال تكفي لتكون من متن الخبر وليست من القوائم أو الروابط الموجودة حوله في الصفحة. " * 3


def pruned(html: str) -> tuple[str, list[str]]:
    tree = LexborHTMLParser(f"<body><article>{''.join(f'<p>{PROSE}</p>' for _ in range(4))}{html}</article></body>")
    removed = dom_pruning.prune(tree)
    return tree.body.text() if tree.body else "", [r.reason for r in removed]


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        ("<div class='relatedPosts'>X1</div>", "related"),
        ("<section id='jp-relatedposts'>X1</section>", "related"),
        ("<div class='c-social_share__list'>X1</div>", "share"),
        ("<div class='newsletter-signup'>X1</div>", "newsletter"),
        ("<div id='comments'>X1</div>", "comments"),
        ("<div class='about-author'>X1</div>", "author"),
        ("<div class='post-tags'>X1</div>", "tags"),
        ("<a class='go-to-top-button'><span class='screen-reader-text'>X1</span></a>", "chrome"),
        ("<div class='ad-slot'>X1</div>", "advertisement"),
        ("<p class='wp-caption-text'>X1</p>", "caption"),
        ("<aside>X1</aside>", "element"),
        ("<div role='navigation'>X1</div>", "element"),
        ("<p><a href='/1'>X1 another article of the site</a></p>", "links"),
        ("<ul><li>Mehr: <a>X1 another article of the site</a></li><li><a>and a third one</a></li></ul>", "links"),
    ],
)
def test_structure_takes_boilerplate_with_its_reason(html: str, reason: str) -> None:
    text, reasons = pruned(html)
    assert "X1" not in text
    assert reason in reasons


def test_the_teasers_around_a_flash_go_although_they_are_most_of_the_page() -> None:
    teasers = "<div><a href='/n'>X1</a><p>" + PROSE + "</p></div>"
    flash = "<article><h1>Bridge closed</h1><p>The bridge has been closed in both directions, they said.</p></article>"
    tree = LexborHTMLParser(f"<body><main>{flash}<aside>{teasers * 3}</aside></main></body>")
    assert [r.reason for r in dom_pruning.prune(tree)] == ["element"]
    assert "X1" not in (tree.html or "")


@pytest.mark.parametrize(
    "html",
    [
        "<p class='has-normal-font-size'>X1</p>",
        "<div class='commentary'>X1</div>",
        "<p class='shareholder'>X1</p>",
        "<div class='metadata-free'>X1</div>",
        "<p>X1 with <a href='/'>a link</a> in a sentence that says more than the link does</p>",
    ],
)
def test_structure_leaves_words_that_merely_look_alike(html: str) -> None:
    assert "X1" in pruned(html)[0]


def test_what_holds_most_of_the_text_is_the_article_whatever_it_is_called() -> None:
    tree = LexborHTMLParser(f"<body><div class='sidebar social'><form><p>{PROSE}</p><p>{PROSE}</p></form></div></body>")
    dom_pruning.prune(tree)
    assert tree.body is not None
    assert tree.body.text().count(PROSE.strip()[:40]) == 6


def test_an_end_ends_only_the_last_part() -> None:
    text = [f"{PROSE} {n}" for n in range(4)]
    kept, removed = phrases.drop([*text, "مقالات ذات صلة", "غارات على الريف", "عودة النازحين"])
    assert kept == text
    assert [r.reason for r in removed] == ["related: مقالات ذات صله"] + ["after related: مقالات ذات صله"] * 2
    assert phrases.drop(["مقالات ذات صلة", *text])[0] == text


def test_echoes_of_other_fields_go() -> None:
    draft = Draft(headline="العنوان", section="سوريا", authors=("سمر حداد",), images=(Image("u", "تعليق الصورة"),))
    kept, removed = field_duplicates.drop(["العنوان", "سمر حداد", "نص", "تعليق الصورة.", "سوريا"], draft)
    assert kept == ["نص", "سوريا"]
    assert [r.reason for r in removed] == ["echo: headline", "echo: author", "echo: caption"]


def test_a_caption_that_was_taken_off_with_its_picture_is_no_echo_where_the_text_says_the_same() -> None:
    caption = "Collectors are on the hunt for bills with a printing error, and pay well for them."
    draft = Draft(images=(Image("u", caption),), removed=[Removed(caption, "caption", "structure")])
    assert field_duplicates.drop(["A first line.", caption], draft)[0] == ["A first line.", caption]


def test_the_pages_description_of_itself_is_no_echo_of_a_caption_that_was_read_off_it() -> None:
    lead = "The eastern reservoir is full for the first time in nine years, the ministry said."
    draft = Draft(description=lead, images=(Image("u", lead),))
    assert field_duplicates.drop([lead, "A second line."], draft)[0] == [lead, "A second line."]


def test_repeats_go_and_an_article_that_is_all_repeated_stays() -> None:
    known = RepeatedBlocks({repeated_blocks.block_hash("تابع ستيب نيوز"): 2})
    kept, removed = repeated_blocks.drop(["نص", "تابع «ستيب نيوز»!"], known)
    assert kept == ["نص"]
    assert [(r.layer, r.reason) for r in removed] == [("repeat", "on 2 other articles of the site")]
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
