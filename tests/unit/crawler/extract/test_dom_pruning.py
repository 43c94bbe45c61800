"""Elements that are no part of an article go off the page's tree, each with a reason."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from crawler.extract import dom_pruning
from tests.support.patience import cpu_within

PROSE = "هذه فقرة طويلة من نص المقال تكفي لتكون من متن الخبر وليست من القوائم أو الروابط الموجودة حوله في الصفحة. " * 3


def pruned(html: str) -> tuple[str, list[object]]:
    tree = LexborHTMLParser(f"<body><article>{''.join(f'<p>{PROSE}</p>' for _ in range(4))}{html}</article></body>")
    removed = dom_pruning.prune(tree)
    return tree.body.text() if tree.body else "", [r.reason.params["kind"] for r in removed]


@pytest.mark.parametrize(
    ("html", "kind"),
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
        ("<table class=related><tr><th>More</th></tr><tr><td><a href=/1>X1</a> of May</td></tr></table>", "related"),
        ("<p><a href='/1'>X1 another article of the site</a></p>", "links"),
        ("<ul><li>Mehr: <a>X1 another article of the site</a></li><li><a>and a third one</a></li></ul>", "links"),
    ],
)
def test_structure_takes_boilerplate_with_its_reason(html: str, kind: str) -> None:
    text, kinds = pruned(html)
    assert "X1" not in text
    assert kind in kinds


def test_the_teasers_around_a_flash_go_although_they_are_most_of_the_page() -> None:
    teasers = "<div><a href='/n'>X1</a><p>" + PROSE + "</p></div>"
    flash = "<article><h1>Bridge closed</h1><p>The bridge has been closed in both directions, they said.</p></article>"
    tree = LexborHTMLParser(f"<body><main>{flash}<aside>{teasers * 3}</aside></main></body>")
    assert [r.reason.params["kind"] for r in dom_pruning.prune(tree)] == ["element"]
    assert "X1" not in (tree.html or "")


@pytest.mark.parametrize(
    "html",
    [
        "<p class='has-normal-font-size'>X1</p>",
        "<div class='commentary'>X1</div>",
        "<p class='shareholder'>X1</p>",
        "<div role><p>X1</p></div>",
        "<p><img class=emoji src=/1f600.png><em>X1 «لن نغادر بيوتنا مهما حدث».</em></p>",
        "<p><img src=/s/e/emoji/1f600.png><em>X1 We shall not leave, she said.</em></p>",
        "<div class='metadata-free'>X1</div>",
        "<table class='related-figures'><tr><th>Year</th><th>Riders</th></tr><tr><td>2018</td><td>X1</td></tr></table>",
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


@pytest.mark.parametrize("name", ["promo", "t-ad-{} promo", "social-{}"])
def test_a_class_of_most_paragraphs_takes_none_of_them(name: str) -> None:
    texts = "".join(f"<p class='{name.format(at)}'>{PROSE}</p>" for at in range(5))
    tree = LexborHTMLParser(f"<body><main><h1>Title</h1>{texts}</main></body>")
    dom_pruning.prune(tree, headline="Title")
    assert tree.body is not None
    assert len(tree.body.css("p")) == 5


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        (f"<p data-nosnippet>X1 {PROSE}</p>", True),
        (f"<div data-nosnippet><p>X1 {PROSE}</p></div>", True),
        ("<p>They said <span data-nosnippet>X1</span> and went.</p>", True),
        ("<div data-nosnippet>X1</div>", False),
    ],
)
def test_what_search_engines_do_not_quote_goes_unless_it_is_prose(html: str, kept: bool) -> None:
    assert ("X1" in pruned(html)[0]) is kept


@pytest.mark.parametrize("link", ["https://shop.example/1", "//shop.example/1", "/shop/1"])
def test_reviews_with_a_link_to_what_they_review_are_no_teasers(link: str) -> None:
    review = "X1 يعمل هذا الحاسوب تسع ساعات ووزنه قليل، " + "وشاشته تُقرأ في الشمس أيضًا. " * (
        5 if link[:2] == "/s" else 1
    )
    box = f"<div class=item><h3><a href={link}>الحاسوب</a></h3><p>{review}</p><a href={link}>شاهده</a></div>"
    tree = LexborHTMLParser(f"<body><article>{f'<p>{PROSE}</p>' * 4}{box}</article></body>")
    dom_pruning.prune(tree, host="www.news.example")
    assert tree.body is not None
    assert "X1" in tree.body.text()


@pytest.mark.parametrize("own", ["/n/1", "https://news.example/n/1"])
def test_a_box_with_a_linked_heading_and_a_line_is_a_teaser(own: str) -> None:
    box = f"<div class=item><h3><a href={own}>الجسر</a></h3><p>X1 فُتح الجسر.</p><a href={own}>المزيد</a></div>"
    tree = LexborHTMLParser(f"<body><article>{f'<p>{PROSE}</p>' * 4}{box}</article></body>")
    dom_pruning.prune(tree, host="www.news.example")
    assert tree.body is not None
    assert "X1" not in tree.body.text()


@pytest.mark.parametrize(
    "html",
    [
        "<div>" + "<section id=related><h2>T</h2></section>" * 3_000 + "</div>",
        "<div>" + "<h2><a href=/n>A heading of the list</a></h2>" * 12_000 + "</div>",
    ],
    ids=["sections", "links"],
)
def test_many_elements_of_one_box_take_a_time_like_their_number(html: str) -> None:
    with cpu_within(2):
        pruned(html)
