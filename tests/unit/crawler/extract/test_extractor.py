"""Each field of an article: where it is taken from, in which order, and what is no article at all."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from crawler import stages
from crawler.errors import Refused, Unreadable
from crawler.extract.author_names import names
from crawler.extract.draft import Extraction
from index.model.article import Article, Image
from index.model.candidate import Candidate
from tests.support.samples import URL, a_page, a_site

TEXT = [
    "أعلنت مديرية الزراعة في المحافظة بدء موسم الحصاد هذا العام وسط توقعات بإنتاج أفضل من العام الماضي بكثير.",
    "وقال مدير الزراعة إن المساحات المزروعة بالقمح بلغت نحو خمسين ألف هكتار موزعة على مختلف مناطق الريف الشرقي.",
    "وأضاف أن المراكز ستستقبل المحصول من الفلاحين ابتداء من الأسبوع المقبل وأن الأسعار ستعلن في مؤتمر صحفي قريب.",
]
HEADLINE = "بدء موسم حصاد القمح في الريف الشرقي"
LD = {
    "@context": "https://schema.org",
    "@type": "NewsArticle",
    "headline": HEADLINE,
    "description": "مراكز استلام المحصول تفتح الأسبوع المقبل",
    "articleSection": "اقتصاد",
    "keywords": "القمح, الحصاد",
    "author": [{"@type": "Person", "name": "سمر حداد"}],
    "datePublished": "2018-06-08T21:14:05+03:00",
    "dateModified": "2018-06-09T08:00:00+03:00",
    "image": {"@type": "ImageObject", "url": "/wheat.jpg", "caption": "حقل قمح"},
    "isAccessibleForFree": "False",
}


def html(body: str = "", head: str = "", title: str = HEADLINE, headline: str = HEADLINE) -> str:
    text = body or "".join(f"<p>{p}</p>" for p in TEXT)
    return (
        f'<html lang="ar"><head><title>{title}</title>{head}</head><body><main><article><h1>{headline}</h1>'
        f"<div class='entry-content'>{text}</div></article></main></body></html>"
    )


def ld(**changes: Any) -> str:
    return f'<script type="application/ld+json">{json.dumps({**LD, **changes})}</script>'


def extract(page: str, **site: Any) -> Extraction:
    return stages.article(a_page(page), a_site(**site))


def article(page: str, **site: Any) -> Article:
    return extract(page, **site).article


def test_json_ld_gives_every_field() -> None:
    found = article(html(head=ld()))
    assert found.headline == HEADLINE
    assert found.description == LD["description"]
    assert found.section == "اقتصاد"
    assert found.keywords == ("القمح", "الحصاد")
    assert found.authors == ("سمر حداد",)
    assert found.published == datetime.fromisoformat("2018-06-08T21:14:05+03:00")
    assert found.modified == datetime.fromisoformat("2018-06-09T08:00:00+03:00")
    assert found.images == (Image("https://news.example.com/wheat.jpg", "حقل قمح"),)
    assert found.paywalled is True
    assert {found.origins[f] for f in ("section", "authors", "published", "images", "paywalled")} == {"json-ld"}
    assert found.body == "\n\n".join(TEXT)


def test_microdata_and_meta_fill_what_is_left() -> None:
    head = (
        '<meta property="og:description" content="وصف"><meta property="article:tag" content="القمح">'
        '<meta property="article:published_time" content="2018-06-08T10:00:00+03:00">'
        '<meta name="author" content="ليلى">'
    )
    body = '<time itemprop="dateModified" datetime="2018-06-08T12:00:00+03:00"></time>' + "".join(
        f"<p>{p}</p>" for p in TEXT
    )
    found = article(html(body, head))
    assert found.origins["modified"] == "microdata"
    assert found.origins["published"] == found.origins["keywords"] == found.origins["authors"] == "meta"
    assert (found.description, found.origins["description"]) == ("وصف", "og")
    assert found.paywalled is None


def test_a_candidate_fills_only_what_the_page_does_not_say() -> None:
    said = Candidate(URL, title="عنوان الخلاصة", published=datetime(2018, 6, 1, tzinfo=UTC))
    found = stages.article(a_page(html(), candidate=said), a_site()).article
    assert found.headline == HEADLINE
    assert (found.published, found.origins["published"]) == (said.published, "feed")
    assert stages.article(a_page(html(head=ld()), candidate=said), a_site()).article.origins["published"] == "json-ld"


def test_the_site_s_rules_come_first_and_by_date() -> None:
    old = {"valid_from": "2017-01-01", "select": {"headline": "h2.old"}}
    new = {
        "valid_from": "2018-06-01",
        "select": {
            "headline": "h2.real",
            "body": "div.story p",
            "authors": ".who",
            "published": ".when",
            "section": ".no",
        },
        "strip": [".story .box"],
    }
    body = (
        "<h2 class=real>العنوان الحقيقي</h2><h2 class=old>قديم</h2><span class=who>بقلم ليلى أحمد</span>"
        "<span class=when>٨ حزيران ٢٠١٨</span>"
        "<div class=story><p>الفقرة الأولى</p><p class=box>صندوق</p><p>الثانية</p></div>"
    )
    found = article(html(body, ld()), rules=[old, new])
    assert found.headline == "العنوان الحقيقي"
    assert found.body == "الفقرة الأولى\n\nالثانية"
    assert found.authors == ("ليلى أحمد",)
    assert found.published is not None
    assert (found.published.date().isoformat(), found.origins["published"]) == ("2018-06-08", "rule, day only")
    assert (found.section, found.origins["section"]) == ("اقتصاد", "json-ld")  # its selector matches nothing any more


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        (f"{HEADLINE} - وكالة ستيب نيوز", HEADLINE),
        (f"{HEADLINE} | وكالة ستيب نيوز", HEADLINE),
        (f"وكالة ستيب نيوز | {HEADLINE}", HEADLINE),
        (f"{HEADLINE} | اقتصاد | وكالة ستيب نيوز", f"{HEADLINE} | اقتصاد"),
        (f"{HEADLINE} – news.example.com", HEADLINE),
        ("حلب - إدلب: هدنة جديدة", "حلب - إدلب: هدنة جديدة"),
    ],
)
def test_titles_lose_the_site_s_name(title: str, expected: str) -> None:
    page = html(title=title).replace(f"<h1>{HEADLINE}</h1>", "")
    assert article(page).headline == expected


def test_the_visible_headline_beats_the_one_for_search_engines() -> None:
    head = f'<meta property="og:title" content="{HEADLINE[:24]}…">'
    assert article(html(head=head)).headline == HEADLINE
    logged = html(head=ld()).replace("<h1>", "<h1>تسجيل الدخول</h1><h1>")
    assert article(logged).headline == HEADLINE


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (["By Jane Doe and John Roe"], ("Jane Doe", "John Roe")),
        (["كتب: أحمد العلي، سمر حداد"], ("أحمد العلي", "سمر حداد")),
        (["admin", "هيئة التحرير", "jane@example.com", "https://example.com/jane"], ()),
        (["Jane Doe", "JANE DOE"], ("Jane Doe",)),
        (["Von Anna Müller (Berlin)"], ("Anna Müller",)),
    ],
)
def test_names_alone(said: list[str], expected: tuple[str, ...]) -> None:
    assert names(said) == expected


def test_a_person_in_the_byline_beats_the_outlet_in_json_ld() -> None:
    outlet = {"@type": "Organization", "name": "وكالة ستيب نيوز"}
    byline = "<div class='byline'><a>سمر حداد</a></div>" + "".join(f"<p>{p}</p>" for p in TEXT)
    assert article(html(byline, ld(author=outlet))).authors == ("سمر حداد",)
    assert article(html(head=ld(author=outlet))).authors == ("وكالة ستيب نيوز",)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("https://www.example.com/story", "https://www.example.com/story"),
        ("/2018/story?id=1#top", "https://news.example.com/2018/story?id=1"),
        ("https://evil.example.org/story", None),
        ("https://news.example.com/", None),
        ("javascript:alert(1)", None),
        ("http://[::1/", None),
    ],
)
def test_canonical_addresses_stay_within_the_domain(said: str, expected: str | None) -> None:
    assert article(html(head=f'<link rel="canonical" href="{said}">')).canonical_url == expected


def test_captions_of_figures_join_the_declared_images() -> None:
    figure = (
        '<figure><img data-src="/wheat-780x470.jpg" src="data:image/gif;base64,AA"><figcaption>حقل في الريف'
        ' <span class="credit">سانا</span></figcaption></figure>'
    )
    found = article(html(figure + "".join(f"<p>{p}</p>" for p in TEXT), ld(image="/wheat.jpg")))
    assert found.images == (Image("https://news.example.com/wheat.jpg", "حقل في الريف", "سانا"),)
    assert "حقل في الريف" not in found.body


def test_the_lead_between_headline_and_body_is_the_first_paragraph() -> None:
    lead = "تفتح مراكز استلام المحصول أبوابها الأسبوع المقبل في جميع مناطق المحافظة وفق ما أعلنته مديرية الزراعة."
    page = html(head=ld()).replace("<div class='entry", f"<p class='lead'>{lead}</p><div class='entry")
    assert article(page).body == "\n\n".join([lead, *TEXT])


def test_the_day_in_the_address_is_the_last_resort() -> None:
    body = "".join(f"<p>{p}</p>" for p in TEXT)
    found = article(html(body))
    assert found.published is not None
    assert (found.published.isoformat(), found.origins["published"]) == (
        "2018-06-08T00:00:00+03:00",
        "address, day only",
    )


def test_a_moment_in_utc_is_told_in_the_zone_of_the_day_that_the_page_shows() -> None:
    shown = '<p itemprop="datePublished">8 يونيو 2018</p>' + "".join(f"<p>{p}</p>" for p in TEXT)
    page = a_page(html(shown, ld(datePublished="2018-06-07T23:15:00Z")), "https://news.example.com/story")
    found = stages.article(page, a_site()).article
    assert (found.published and found.published.isoformat()) == "2018-06-08T00:15:00+01:00"


def test_the_language_in_which_a_date_is_told_is_the_titles_where_none_is_declared() -> None:
    text = (
        "La commissione ha approvato il progetto per la nuova linea e i lavori cominciano in autunno, dice il sindaco."
    )
    page = "<title>Approvato il progetto della nuova linea</title><h1>Approvato il progetto della nuova linea</h1>"
    page += f"<div>6 dicembre 2017</div><div class=text><p>{text}</p><p>{text} Lo ha detto ieri.</p></div>"
    found = stages.article(a_page(page, "https://news.example.com/story"), a_site(languages=["en"])).article
    assert found.published is not None
    assert found.published.date().isoformat() == "2017-12-06"


def test_a_body_in_several_containers_is_taken_whole() -> None:
    parts = [
        f"<div class='part'>{''.join(f'<p>{p} ({n})</p>' for p in TEXT)}</div><div class='ad-slot'>x</div>"
        for n in range(4)
    ]
    found = article(html("".join(parts)))
    assert found.body.count("\n\n") == 11


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": 404}, "fetch.http_status"),
        ({"html": "   "}, "page.empty"),
        ({"html": "<html><body></body></html>"}, "page.no_text"),
        ({"final_url": "https://news.example.com/"}, "page.home"),
        (
            {"asked": "https://news.example.com/1", "final_url": "https://consent.example.com/collect?x=1"},
            "page.consent",
        ),
        ({"html": "%PDF-1.7"}, "page.not_html"),
        ({"headers": {"content-type": "image/jpeg"}}, "page.not_html"),
        ({"html": "<title>Just a moment...</title><body><h1>news.example.com</h1><p>Checking</p>"}, "page.wall"),
        ({"html": "<title>x</title><body><h1>Please wait</h1><form id=challenge-form></form>"}, "page.wall"),
        (
            {"html": "<title>الصفحة غير موجودة - ستيب</title><body><h1>عذراً</h1><p>الصفحة المطلوبة</p>"},
            "page.not_found",
        ),
        ({"html": "<title>404</title><body><h1>Page not found</h1>"}, "page.not_found"),
        (
            {"html": "<title>Before you continue</title><body><h1>Before you continue to us</h1><p>Cookies"},
            "page.consent",
        ),
        ({"html": "<title>Headline</title><body><h1>Headline</h1><div id=root></div>"}, "page.no_text"),
        (
            {"html": "<title>سوريا</title><body><h1>سوريا</h1>" + "<li><a href=/a>خبر من هناك</a></li>" * 60},
            "page.listing",
        ),
    ],
)
def test_what_is_no_article_is_refused(changes: dict[str, Any], reason: str) -> None:
    page = a_page(changes.pop("html", html()), **changes)
    with pytest.raises(Refused) as refused:
        stages.article(page, a_site())
    assert refused.value.reason == reason


def test_an_article_about_error_404_is_one() -> None:
    assert (
        article(html(title="404: قصة خطأ", headline="404: قصة خطأ", head=ld(headline="404: قصة خطأ"))).headline
        == "404: قصة خطأ"
    )


def test_a_flash_is_an_article_however_short() -> None:
    flash = article(html("<p>عاجل: انفجار وسط المدينة</p>", ld()))
    assert (flash.body, flash.template, flash.signature) == ("عاجل: انفجار وسط المدينة", True, None)


def test_hostile_pages_are_unreadable() -> None:
    for body, reason in (
        (b"<html><body>" + b"<div>" * 100_000, "parse.too_deep"),
        (b"<html><body>" + b"<div>" * 1_100 + b"x", "parse.too_deep"),
    ):
        with pytest.raises(Unreadable) as unreadable:
            stages.article(a_page(body), a_site())
        assert unreadable.value.reason == reason


@pytest.mark.parametrize(
    ("shown", "published", "modified"),
    [
        ("<time class='entry-date published updated' datetime='2018-01-20T08:30:00+03:00'>x</time>", 20, None),
        ("<abbr class='published' title='2018-01-20T08:30:00+03:00'>20 Jan</abbr>", 20, None),
        ("<span>Updated 21.01.2018, 09:15 · First published 20.01.2018, 08:30</span>", 20, 21),
        ("<span>آخر تحديث 21.01.2018 09:15 | نشر 20.01.2018 08:30</span>", 20, 21),
        ("<span>Stand: 21.01.2018, 09:15 Uhr | Veröffentlicht: 20.01.2018, 08:30 Uhr</span>", 20, 21),
        ("<span>08:30, 20 January 2018 / 09:15, 21 January 2018 (updated)</span>", 20, 21),
        ("<span>Updated 21 January 2018 09:30 UTC | Published 20 January 2018 08:30 UTC</span>", 20, 21),
        ("<span>08:30 20/01/2018 (GMT+3)</span>", 20, None),
        ("<span>Aktualisiert: 21.01.2018, 09:15 Veröffentlicht: 20.01.2018, 08:30</span>", 20, 21),
    ],
)
def test_the_first_date_is_told_from_that_of_an_update(shown: str, published: int, modified: int | None) -> None:
    found = article(html(f"<div>{shown}</div>" + "".join(f"<p>{p}</p>" for p in TEXT)))
    assert found.published is not None
    assert (found.published.day, found.published.hour, found.published.minute) == (published, 8, 30)
    assert (found.modified.day if found.modified else None) == modified


@pytest.mark.parametrize(
    "timed",
    [
        "<meta property='article:published_time' content='2018-06-08T21:14:05+03:00'>",
        "<meta itemprop='datePublished' content='2018-06-08T21:14:05+03:00'>",
        "</head><body><time datetime='2018-06-08T21:14:05+03:00'>8/6</time>",
    ],
)
def test_a_time_is_better_than_the_day_alone(timed: str) -> None:
    found = article(html(head=ld(datePublished="2018-06-08") + timed))
    assert found.published == datetime.fromisoformat("2018-06-08T21:14:05+03:00")


@pytest.mark.parametrize(
    "elsewhere",
    [
        "<div class=top><a href='/2'><time datetime='2018-05-01'>1 May</time> قصة أخرى</a></div>",
        "<time class=clock datetime='2018-06-09T08:00'>8:00</time>",
        "<div><time datetime='2018-05-02'>2 May</time></div>",
    ],
    ids=["a teaser", "a clock", "anything above"],
)
def test_of_several_times_the_nearest_to_the_headline_is_taken(elsewhere: str) -> None:
    own = "<p><time datetime='2018-06-08T21:14:05+03:00'>8/6</time></p>" + "".join(f"<p>{p}</p>" for p in TEXT)
    page = html(own).replace("<body>", f"<body>{elsewhere}", 1)
    assert article(page).published == datetime.fromisoformat("2018-06-08T21:14:05+03:00")


@pytest.mark.parametrize(
    "box",
    [
        "<div class=related><a href='/2'>قصة أخرى</a> <time datetime='2018-05-01'>1 May 2018</time></div>",
        "<div class='comments-area'><div><b>علي</b> <span>1 May 2018</span><p>شكرا لكم</p></div></div>",
    ],
    ids=["related", "comments"],
)
def test_a_day_beside_other_articles_and_comments_is_none_of_this_one(box: str) -> None:
    assert article(html().replace("</main>", f"{box}</main>", 1)).origins["published"].startswith("address")


def test_the_date_of_a_page_that_declares_no_article() -> None:
    about = json.dumps({"@type": "WebPage", "datePublished": "2018-05-30T21:14:05+03:00"})
    found = article(html(head=f'<script type="application/ld+json">{about}</script>'))
    assert found.published is not None
    assert found.published.date().isoformat() == "2018-05-30"


@pytest.mark.parametrize("value", ["1528481645", "1528481645000", "2018-06-08T21:14:05+03:00"])
def test_a_time_that_a_script_is_to_show(value: str) -> None:
    shown = f"<span class=post-date data-timestamp='{value}'></span>" + "".join(f"<p>{p}</p>" for p in TEXT)
    assert article(html(shown)).published == datetime.fromisoformat("2018-06-08T21:14:05+03:00")


def test_the_time_of_another_day_does_not_replace_a_day() -> None:
    timed = "<meta property='article:published_time' content='2018-06-10T21:14:05+03:00'>"
    found = article(html(head=ld(datePublished="2018-06-08") + timed))
    assert found.published is not None
    assert found.published.date().isoformat() == "2018-06-08"


MENU = "<a href='/sport'>Sport</a> <a href='/index.xml'>RSS</a>"


@pytest.mark.parametrize(
    ("above", "section"),
    [
        (
            f"<header><h2><a href='/'>Site</a></h2><ul><li>{MENU.replace('</a> ', '</a></li><li>')}</li></ul></header>",
            None,
        ),
        (f"<div id='top'>{MENU}</div>", None),
        (f"<div class='site-menu'><span>Sport</span></div><div>{MENU}</div>", None),
        (f"<header>{MENU}</header><p>Sport</p>", "Sport"),
        (f"<header>{MENU}</header><div class='kicker'><a href='/sport'>Sport</a></div>", "Sport"),
        ("<nav class='breadcrumb'><a href='/'>Home</a><a href='/sport'>Sport</a></nav>", "Sport"),
        ("<nav aria-label='Breadcrumb' class='breadcrumbs'><a href='/sport'>Sport</a></nav>", "Sport"),
    ],
)
def test_a_link_of_the_menu_is_no_section(above: str, section: str | None) -> None:
    page = html().replace("<main><article>", f"{above}<main><article>")
    assert article(page).section == section


@pytest.mark.parametrize(
    "said", ["سمر حداد", "Uncategorized", "غير مصنف", "RSS", "Non classé", HEADLINE, "Step Agency"]
)
def test_authors_the_outlet_and_placeholders_are_no_section(said: str) -> None:
    outlet = '<meta property="og:site_name" content="Step Agency">'
    assert article(html(head=ld(articleSection=said) + outlet)).section is None
    other = '<meta property="article:section" content="اقتصاد">'
    assert article(html(head=ld(articleSection=said) + outlet + other)).section == "اقتصاد"


def test_a_publication_time_that_is_that_of_the_last_change_gives_way_to_an_earlier_one() -> None:
    """As where a template writes the time of each edition into `datePublished`."""
    head = (
        '<meta property="article:published_time" content="2018-06-08T21:14:05+03:00">'
        '<meta property="article:modified_time" content="2018-06-09T08:10:00+03:00">'
    )
    edition = '<meta itemprop="datePublished" content="2018-06-09T08:10:00+03:00">'
    found = article(html(edition + "".join(f"<p>{p}</p>" for p in TEXT), head))
    assert found.published == datetime.fromisoformat("2018-06-08T21:14:05+03:00")
    assert found.modified == datetime.fromisoformat("2018-06-09T08:10:00+03:00")


@pytest.mark.parametrize("between", ["</dt><dd>", "</p><p>", "</span></div><div><span>"])
def test_the_label_of_a_date_may_stand_in_the_element_before_it(between: str) -> None:
    text = "".join(f"<p>{p}</p>" for p in TEXT * 3)
    dated = f"<dl><dt>Published:{between}8 June 2018</dd></dl>"
    page = a_page(html(text + dated), "https://news.example.com/story")
    assert stages.article(page, a_site()).article.published.date() == date(2018, 6, 8)
