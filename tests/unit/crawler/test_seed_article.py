"""The article that the project began with, on a page in the manner of the WordPress theme it stood in (Jannah)."""

from __future__ import annotations

from datetime import datetime
from html import escape
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from crawler import stages
from crawler.extract.draft import Extraction
from crawler.text import line
from index.locale import translate
from tests.support.samples import URL, a_page, a_site

TEXT = Path(__file__).parents[2] / "support" / "news_sites" / "data" / "seed-article.txt"
# As it was copied off the page by hand: section, headline, paragraphs, caption, related box, back-to-top button.
SECTION, HEADLINE, *PARAGRAPHS, CAPTION, RELATED, TO_TOP = (p for p in map(line, TEXT.read_text().split("\n")) if p)
IMAGE = "https://news.example.com/wp-content/uploads/2018/06/deir-ezzor.jpg"
SHARE = "".join(
    f'<a href="https://{host}/share" class="{host}-share-btn"><span class="social-text">{name}</span></a>'
    for host, name in (("facebook.com", "فيسبوك"), ("twitter.com", "تويتر"), ("wa.me", "واتساب"))
)
FIGURE = f"""<figure id="attachment_4711" style="width: 780px" class="wp-caption aligncenter">
  <img class="size-full wp-image-4711" src="{IMAGE}" alt=""><figcaption class="wp-caption-text">{CAPTION}</figcaption>
</figure>"""
META = f"""<meta property="og:type" content="article"><meta property="og:site_name" content="وكالة ستيب نيوز">
<meta property="og:title" content="{HEADLINE} - وكالة ستيب نيوز"><meta property="og:image" content="{IMAGE}">
<meta property="article:published_time" content="2018-06-08T21:14:05+03:00">
<link rel="canonical" href="{URL}">"""


def the_page(meta: str = META, figure: str = FIGURE) -> str:
    """The page: section label over the title, share buttons, body, figure, tags, related box, comments, sidebar."""
    body = "\n<p>&nbsp;</p>\n".join(f"<p>{escape(p)}</p>" for p in PARAGRAPHS)
    related = "".join(f'<h3 class="post-title"><a href="/{n}">غارات على ريف حلب {n}</a></h3>' for n in range(3))
    return f"""<!DOCTYPE html><html dir="rtl" lang="ar"><head><title>{HEADLINE} - وكالة ستيب نيوز</title>{meta}</head>
<body id="tie-body" class="single has-sidebar tie-no-js"><div id="tie-container">
<header id="theme-header"><nav id="main-nav"><ul class="menu"><li><a href="/">الرئيسية</a></li><li><a href="/syria">
الشأن السوري</a></li></ul></nav><div class="breaking"><span class="breaking-title">عاجل</span></div></header>
<div id="content" class="site-content container"><div class="main-content tie-col-md-8" role="main">
<article id="the-post" class="container-wrapper post-content">
<header class="entry-header-outer"><div class="entry-header">
<span class="post-cat-wrap"><a class="post-cat tie-cat-5" href="/syria">{SECTION}</a></span>
<h1 class="post-title entry-title">{HEADLINE}</h1>
<div class="single-post-meta post-meta"><span class="date meta-item">8 يونيو، 2018</span><span class="meta-item">
دقيقة واحدة</span></div></div></header>
<div id="share-buttons-top" class="share-buttons"><div class="share-links">{SHARE}</div></div>
<div class="entry-content entry clearfix">{body}{figure}
<div class="post-bottom-meta post-bottom-tags"><div class="post-bottom-meta-title">الوسوم</div><span class="tagcloud">
<a href="/tag/1" rel="tag">البوكمال</a> <a href="/tag/2" rel="tag">دير الزور</a></span></div></div>
<div id="share-buttons-bottom" class="share-buttons"><div class="share-links">{SHARE}</div></div></article>
<div class="post-components"><div id="related-posts" class="container-wrapper"><div class="mag-box-title"><h3>{RELATED}
</h3></div><div class="related-posts-list">{related}</div></div>
<div id="comments" class="comments-area"><div id="respond"><h3>اترك تعليقاً <small>إلغاء الرد</small></h3>
<form><p>لن يتم نشر عنوان بريدك الإلكتروني.</p></form></div></div></div></div>
<aside class="sidebar"><div class="widget"><h3>الأكثر قراءة</h3><ul><li><a href="/9">تطورات إدلب</a></li></ul></div>
</aside>
</div><footer id="footer">جميع الحقوق محفوظة لوكالة ستيب نيوز</footer>
<a id="go-to-top" class="go-to-top-button" href="#go-to-tie-body"><span class="tie-icon-angle-up"></span>
<span class="screen-reader-text">{TO_TOP}</span></a></div></body></html>"""


@pytest.fixture(scope="module", params=[META, ""], ids=["with metadata", "without any metadata"])
def founding(request: pytest.FixtureRequest) -> Extraction:
    return stages.article(a_page(the_page(request.param)), a_site())


def test_the_body_is_exactly_its_paragraphs(founding: Extraction) -> None:
    assert founding.article.body == "\n\n".join(PARAGRAPHS)
    assert len(PARAGRAPHS) == 7


def test_the_headline_is_without_the_site_s_name(founding: Extraction) -> None:
    assert founding.article.headline == HEADLINE


def test_the_section_is_the_label_over_the_title(founding: Extraction) -> None:
    assert founding.article.section == SECTION == "الشأن السوري"


def test_the_caption_is_with_its_image_and_not_in_the_body(founding: Extraction) -> None:
    (image,) = founding.article.images
    assert (image.url, image.caption) == (IMAGE, CAPTION)
    assert CAPTION not in founding.article.body


def test_no_trace_of_what_stands_around_it(founding: Extraction) -> None:
    article = founding.article
    everything = " ".join([article.headline, article.body, article.description or "", *article.keywords])
    for phrase in (RELATED, TO_TOP, "فيسبوك", "الوسوم", "اترك تعليق", "الأكثر قراءة", "جميع الحقوق"):
        assert phrase not in everything
    assert RELATED == "مقالات ذات صلة"
    assert TO_TOP == "زر الذهاب إلى الأعلى"


def test_each_removal_has_a_reason(founding: Extraction) -> None:
    related = [r for r in founding.removed if RELATED in r.text]
    assert [(r.layer, r.reason.params) for r in related] == [("structure", {"kind": "related"})]
    assert all(translate(r.reason, "en") for r in founding.removed)


def test_the_language_and_the_tags(founding: Extraction) -> None:
    assert founding.article.language == "ar"
    assert founding.article.keywords == ("البوكمال", "دير الزور")


def test_the_date_has_the_page_s_zone_or_says_what_was_added() -> None:
    said = stages.article(a_page(the_page()), a_site()).article
    assert said.published == datetime.fromisoformat("2018-06-08T21:14:05+03:00")
    assert said.origins["published"] == "meta"
    shown = stages.article(a_page(the_page("")), a_site()).article
    assert shown.published == datetime(2018, 6, 8, tzinfo=ZoneInfo("Asia/Damascus"))
    assert shown.origins["published"] == "page, day only"


def test_a_caption_in_a_plain_paragraph_is_no_body_either() -> None:
    figure = f'<div class="wp-caption"><img src="{IMAGE}" alt=""><p class="wp-caption-text">{CAPTION}</p></div>'
    article = stages.article(a_page(the_page(figure=figure)), a_site()).article
    assert article.images[0].caption == CAPTION
    assert article.body == "\n\n".join(PARAGRAPHS)
