"""What is no article is told from what merely looks alike: short news, live pages, articles about errors."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace

import pytest

from crawler import stages
from crawler.errors import Refused
from crawler.extract import page_classifier, page_redirects, teasers
from crawler.extract.html_document import parse
from index.model.codes import PageReason
from tests.support.patience import cpu_within
from tests.support.samples import URL, a_page, a_site

FLASH = "أعلنت مديرية الري أن السد سيُفتح مساء اليوم أمام المزارعين في الريف الشرقي."
HEAD = "<title>السد سيُفتح مساء اليوم</title>"
ENTRY = "The ferry is two miles out and on its way."
LINKS = "".join(f"<li><a href='/n/{n}'>خبر آخر من أخبار الموقع رقم {n}</a></li>" for n in range(60))
CARDS = "".join(
    f"<div class=c><h3><a href='/n/{n}'>خبر آخر رقم {n}</a></h3><p>هذه مقدمة الخبر رقم {n} كما تظهر هنا.</p></div>"
    for n in range(9)
)
SPACE = "\n" + " " * 1_000 + "<p>"  # the indentation of a template
POSTS = [
    "".join(
        f"<p>{line} of {name} said that the gate would open in spring, and that nobody had a key.</p>" for line in "ab"
    )
    for name in ("Dora", "Emil", "Fadi", "Ghada", "Hana", "Ivo")
]


def article(html: str) -> str:
    return stages.article(a_page(html), a_site()).article.body


@pytest.mark.parametrize(
    "html",
    [
        f"{HEAD}<ul>{LINKS}</ul><h1>السد سيُفتح مساء اليوم</h1><div class=t><p>{FLASH}</p></div>",
        f"{HEAD}<h1>السد سيُفتح مساء اليوم</h1><article><p>{FLASH}</p><p>{FLASH * 3}</p></article>{CARDS}",
        "<title>404: how an error became a friend - The Paper</title><h1>404: how an error became a friend</h1>"
        + "<p>Everybody has met it, and nobody remembers the first time. It was a room in Geneva.</p>" * 30,
        "<title>Access denied to the harbour, say fishermen</title><script type='application/ld+json'>"
        '{"@type": "NewsArticle", "headline": "Access denied to the harbour, say fishermen"}</script>'
        "<h1>Access denied to the harbour, say fishermen</h1><p>The gate was locked on Monday, nobody had a key.</p>",
        "<title>Live: the ferry</title><meta property='og:type' content='article'><h1>Live: the ferry</h1>"
        + "".join(f"<div><h3><a href='#e{n}'>1{n}:00</a></h3><p>{ENTRY}</p></div>" for n in range(9)),
        "<title>The gate in six voices</title><h1>The gate in six voices</h1>"
        "<time datetime=2018-06-08T10:00Z>8 June 2018</time>"
        + "".join(f"<h2><a href='/people/{n}'>Voice number {n}</a></h2>{text}" for n, text in enumerate(POSTS)),
    ],
    ids=["flash among links", "article with cards", "about an error", "declared", "live page", "headings that lead on"],
)  # fmt: skip
def test_articles_are_taken(html: str) -> None:
    assert article(html)


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        (f"<title>اقتصاد - صدى</title><h1>اقتصاد</h1>{CARDS}", "page.listing"),
        (f"<title>اقتصاد - صدى</title><h1>اقتصاد</h1>{CARDS.replace('<p>', SPACE)}", "page.listing"),
        (
            "<title>News from Tollgate</title><h1>News from Tollgate</h1>"
            + "".join(f"<h2><a href='/n/{n}'>Post number {n}</a></h2>{text}" for n, text in enumerate(POSTS)),
            "page.listing",
        ),
        (
            "<title>Blog</title><main><h1>Blog</h1>"
            + "".join(
                f"<article><header><h2><a href='/n/{n}'>Post {n}</a></h2></header><div>{text * 5}</div></article>"
                for n, text in enumerate(POSTS)
            ),
            "page.listing",
        ),
        ("<title>صدى</title><h2>عفواً، الصفحة غير موجودة</h2><ul>" + LINKS + "</ul>", "page.not_found"),
        ("<title>Un instant…</title><h1>Un instant…</h1><p>Vérification.</p>", "page.wall"),
        (
            "<title>Le Soir</title><h1>Le respect de votre vie privée est notre priorité</h1><p>Cookies.</p>",
            "page.consent",
        ),
        ("<meta property='og:type' content='video.other'><title>x y</title><h1>x y</h1><video></video>", "page.video"),
    ],
)
def test_what_is_none_is_refused_with_its_reason(html: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        article(html)
    assert refused.value.reason == reason


LEAD = "A bridge that was shut for a year is open to cars again, and the town came to see it on Monday."


@pytest.mark.parametrize(
    ("text", "notice"),
    [
        (LEAD, "<h3>This story is for subscribers only</h3><p>Log in or subscribe to continue reading.</p>"),
        (
            "فُتح الجسر أمام السيارات بعد سنة، وخرجت المدينة كلها لرؤيته صباح الاثنين.",
            "<p>هذا المحتوى للمشتركين فقط</p>",
        ),
    ],
    ids=["en", "ar"],
)
def test_a_notice_below_a_part_of_the_text_is_none_of_it(text: str, notice: str) -> None:
    assert article(f"<article><h1>The bridge</h1><p>{text}</p><div class=paywall-box>{notice}</div></article>") == text


BELOW = "<h1>%s</h1>%s<div class=entry><div><a href='%s'>%s</a></div><p>by Ann Lee</p><p>%s</p></div>"


def read_at(url: str, html: str) -> str:
    return stages.article(a_page(html, url=url), a_site()).article.body


@pytest.mark.parametrize("to", ["/news/sport/bridge", "https://news.example.com/news/sport/bridge#text"])
def test_a_folder_that_shows_what_is_in_it_is_no_article_however_little_that_is(to: str) -> None:
    with pytest.raises(Refused) as refused:
        read_at("https://news.example.com/news/sport", BELOW % ("Sport", "", to, "The bridge is open again", LEAD))
    assert refused.value.reason == "page.listing"


@pytest.mark.parametrize(
    ("text", "to", "named"),
    [
        ("", "/news/other/bridge", "The bridge is open again"),
        (
            "".join(f"<p>{n} of the harbour guards said: {LEAD}</p>" for n in (4, 5)),
            "/news/sport/2",
            "The bridge is open again",
        ),
        ("", "/news/sport/2", "2"),
        ("", "/news/sport/#top", "The bridge is open again"),
        ("", "/news/sport/feed/", "Feed of the comments"),
    ],
    ids=["a link elsewhere", "text of its own", "its second page", "itself", "its feed"],
)
def test_a_text_that_is_not_beside_a_title_of_a_page_below_is_an_article(text: str, to: str, named: str) -> None:
    assert LEAD in read_at("https://news.example.com/news/sport", BELOW % ("Sport", text, to, named, LEAD))


MENU = "<nav>" + LINKS + "</nav>"


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("ไม่พบหน้าที่คุณต้องการ", "ขออภัย"),
        ("Không tìm thấy trang", "Trang bạn tìm không còn nữa."),
        ("पृष्ठ भेटिएन", "तपाईंले खोज्नुभएको पृष्ठ छैन।"),
        ("পৃষ্ঠাটি পাওয়া যায়নি", "দুঃখিত।"),
        ("خطای ۴۰۴", "صفحه‌ای که می‌خواستید اینجا نیست."),
        ("پەڕەکە نەدۆزرایەوە", "ببوورە."),
        ("该文章已被删除", "您访问的文章已被删除。"),
        ("Stranica nije pronađena", "Žao nam je."),
        ("Dieser Artikel ist nicht mehr verfügbar", "Er wurde entfernt."),
        ("تم حذف هذا الخبر", "نعتذر من القراء."),
    ],
)
def test_pages_that_are_not_there_say_so_in_many_languages(title: str, text: str) -> None:
    with pytest.raises(Refused) as refused:
        article(f"<title>{title} | صدى</title>{MENU}<h1>{title}</h1><p>{text}</p>")
    assert refused.value.reason == "page.not_found"


def test_pages_that_are_not_there_are_known_by_what_they_are_called() -> None:
    page = "<title>صدى</title><body class='%s'><h1>Hoppla</h1><p>Davon wissen wir leider gar nichts.</p>"
    for name in ("rtl error404 wp-theme", "page-not-found", "http-404"):
        with pytest.raises(Refused) as refused:
            article(page % name)
        assert refused.value.reason == "page.not_found"
    for name in ("postid-404 single", "post-404", "page-id-404 has-404-menu"):
        assert article(page % name)


@pytest.mark.parametrize(
    "html",
    [
        "<title>WordPress › Fehler</title><body id=error-page><div class=wp-die-message><p>Fehler.</p></div>",
        "<title>Runtime Error</title><h1>Server Error in '/' Application.</h1><p>An error occurred on the server.</p>",
        "<title>ورود | صدى</title><h1>ورود</h1><form><input name=u><input type=password></form><p>وارد شوید.</p>",
        "<title>Вход</title><h1>Вход</h1><form><input name=u><input type=password></form><p>Для чтения войдите.</p>",
        "<h1>451: Unavailable due to legal reasons</h1><p>You attempt to access this website from a region where …</p>",
        "<title>Küste</title><h1>Ihr Browser wird nicht unterstützt</h1><p>Bitte nehmen Sie einen neueren.</p>",
        "<title>متصفحك غير مدعوم | صدى</title><h1>عذرا</h1><p>يرجى تثبيت إصدار أحدث من المتصفح للمتابعة.</p>",
    ],
    ids=["WordPress", "ASP.NET", "a log-in in Persian", "a log-in in Russian", "the law", "a browser", "one in Arabic"],
)
def test_errors_of_a_server_and_forms_to_log_in_are_walls(html: str) -> None:
    with pytest.raises(Refused) as refused:
        article(html)
    assert refused.value.reason == "page.wall"


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("/ar/", "page.home"),
        ("/login?next=%2F1", "page.wall"),
        ("/category/politics", "page.listing"),
        ("/search?q=bridge", "page.listing"),
        ("/errors/404.html", "page.not_found"),
        ("/2018/06/08/the-bridge-is-open", None),
    ],
)
def test_where_a_site_leads_in_place_of_an_article(to: str, reason: str | None) -> None:
    url = f"https://news.example.com{to}"
    page = a_page(f"<title>The bridge is open</title><h1>The bridge is open</h1>{OPEN}", url)
    assert stages.article(page, a_site()).article.body  # asked for itself
    led = replace(page, asked=URL)
    if reason is None:
        assert stages.article(led, a_site()).article.body
        return
    with pytest.raises(Refused) as refused:
        stages.article(led, a_site())
    assert refused.value.reason == reason
    declared = "<meta property='article:published_time' content='2018-06-08T10:00:00Z'>"
    assert stages.article(replace(led, body=declared.encode() + led.body), a_site()).article.body


def test_a_site_that_has_its_articles_below_such_a_url_leads_to_them() -> None:
    page = a_page(f"<title>Bridge</title><h1>Bridge</h1>{OPEN}", "https://news.example.com/tag/bridge")
    assert stages.article(replace(page, asked="https://news.example.com/tag/the-bridge"), a_site()).article.body


def test_what_may_be_gone_tomorrow_is_asked_for_again() -> None:
    assert set(page_classifier.TRANSIENT_REASONS) == {"page.wall", "page.consent"}


@pytest.mark.parametrize(
    "html",
    [
        "<title>" + "- | " * 100_000 + "</title><p>x</p>",
        "<title>x</title>" + "<h3><a href='/1'>a</a></h3>" * 20_000,
        "<title>x</title>" + "<div>" * 900 + "<h3><a href='/1'>a b c</a></h3>" * 500 + "</div>" * 900,
        "<title>x</title>" + "<a href='/1'>read more</a> " * 30_000,
        "<title>" + "404 " * 100_000 + "</title>" + "<a>x</a>" * 20_000,
    ],
)
def test_hostile_pages_cost_little(html: str) -> None:
    document = parse(html, "https://step.example/1")
    with cpu_within(5):  # a hundredth of it on this page's like in a browser's size
        teasers.read(document)
        with suppress(Refused):
            page_classifier.reject_document(document, [])


PASSWORD = "<form action='/unlock' method=post><label>%s <input type=password name=p></label><input type=submit></form>"
OPEN = "<p>" + "The bridge across the river was opened on Monday, and the whole town came to see it. " * 12 + "</p>"
TEASERS = "".join(
    f"<article><h3><a href=/{n}>Post {n}</a></h3><p>A few lines of post {n}.</p></article>" for n in range(3)
)
UNLOCK = "<form class=post-password-form>%s <input type=password></form>"
MEMBERS = "<section class=gh-content><aside class=gh-post-upgrade-cta><h2>%s</h2><a href=#/join>+</a></aside></section>"
LOCKED = {
    "WordPress": "<article class=hentry><h1>Protected: The plan</h1><div class=entry-content>"
    + UNLOCK % "This content is protected. Password:"
    + "</div></article>",
    "WordPress in Arabic": f"<main><h1>محمي: الخطة</h1>{UNLOCK % 'هذا المحتوى محمي بكلمة مرور.'}</main>{TEASERS}",
    "Wagtail": "<body><h1>Password required</h1><p>You need a password to see this page.</p>"
    + PASSWORD.replace("<label>", "<input type=hidden name=csrf value=x><label>") % "Password",
    "a form in French": f"<main><h1>Le plan</h1>{PASSWORD % 'Mot de passe'}</main>",
    "a form in Japanese": f"<main><h1>計画</h1><p>パスワードを入力してください。</p>{PASSWORD % 'パスワード'}</main>",
    "Ghost": f"<article><h1>The plan</h1>{MEMBERS % 'For members only'}</article><section>{TEASERS}</section>",
    "Ghost in Turkish": f"<main><h1>Plan</h1>{MEMBERS % 'Bu yazı üyelere özeldir'}</main>{TEASERS}",
}


@pytest.mark.parametrize("system", LOCKED)
@pytest.mark.parametrize("declared", [True, False])
def test_a_page_that_asks_for_a_password_or_a_membership_is_a_wall(system: str, declared: bool) -> None:
    head = "<meta property='article:published_time' content='2018-01-05T11:25:15Z'>" if declared else ""
    with pytest.raises(Refused) as refused:
        article(f"<title>The plan</title>{head}{LOCKED[system]}")
    assert refused.value.reason == "page.wall"


def test_a_text_that_is_no_more_than_the_description_is_behind_a_wall_if_it_is_not_free() -> None:
    said = {
        "@type": "NewsArticle",
        "headline": "The plan of the town",
        "description": FLASH,
        "isAccessibleForFree": False,
    }
    page = (
        f"<title>x</title><script type='application/ld+json'>{json.dumps(said)}</script><h1>The plan of the town</h1>%s"
    )
    with pytest.raises(Refused) as refused:
        article(page % f"<article><p>{FLASH}</p></article>")
    assert refused.value.reason == "page.wall"
    assert article(page % f"<article><p>{FLASH}</p><p>{ENTRY * 9}</p></article>")


@pytest.mark.parametrize(
    "html",
    [
        f"<article><h1>The bridge is open</h1>{OPEN}</article><div class=login-modal>{PASSWORD % 'Password'}</div>",
        f"<header>{PASSWORD % 'Password'}</header><article><h1>The bridge is open</h1>{OPEN}</article>",
        f"<main><h1>The bridge is open</h1>{OPEN}{PASSWORD % 'Password'}</main>",
        "<article><h1>The bridge is open</h1><p>It opened.</p></article>"
        "<form><input type=email><input type=password><button>Log in</button></form>",
        f"<article><h1>The bridge is open</h1><section class=gh-content>{OPEN}"
        "<aside class=gh-post-upgrade-cta>x</aside></section></article>",
    ],
    ids=["a dialog", "a header", "below the text", "a log-in", "a part of the text"],
)
def test_a_page_with_a_text_beside_a_form_is_no_wall(html: str) -> None:
    assert article(f"<title>The bridge is open</title>{html}")


@pytest.mark.parametrize(
    ("html", "url"),
    [
        ("<meta http-equiv=refresh content='0; url=/a/2'>", "https://step.example/a/2"),
        ("<meta http-equiv='Refresh' content=\"0;URL='https://other.example/a/2'\">", "https://other.example/a/2"),
        ("<base href='/b/'><meta http-equiv=refresh content='2;c'><p>Please wait.</p>", "https://step.example/b/c"),
        ("<script>window.location = '/a/2';</script>", "https://step.example/a/2"),
        ('<script>document.location.href="\\/a\\/2"</script>', "https://step.example/a/2"),
        ("<script>top.location.replace('/a/2')</script><p>يتم تحويلك الآن</p>", "https://step.example/a/2"),
        ("<meta http-equiv=refresh content='300; url=/a/2'>", None),
        ("<meta http-equiv=refresh content='0; url=/a/1'>", None),  # itself
        ("<meta http-equiv=refresh content='0; url=javascript:x()'>", None),
        ("<noscript><meta http-equiv=refresh content='0; url=/a/2'></noscript>", None),
        ("<meta http-equiv=refresh content=0>", None),
        ("<script>//<![CDATA[\nlocation.assign('/a/2'); // on\n//]]></script>", "https://step.example/a/2"),
        ("<script><!--\n/* moved */ self.location = '/a/2'\n--></script>", "https://step.example/a/2"),
        ("<script>function go() { location.href = '/a/2' }</script>", None),
        ("<script>if (/MSIE/.test(navigator.userAgent)) { window.location = '/old' }</script>", None),
        ("<script>if (old) location = '/old'</script>", None),
        (
            "<script>setTimeout(function () { window.location.href = '/a/2'; }, 1500);</script>",
            "https://step.example/a/2",
        ),
        ("<script>setTimeout(() => location.replace('/a/2'))</script>", "https://step.example/a/2"),
        ("<script>setTimeout(\"location='\\/a\\/2'\", 0)</script>", "https://step.example/a/2"),
        ("<script>setTimeout(function () { location.href = '/a/2'; }, 60000);</script>", None),
        ("<body onload=\"location.href='/a/2'\">Wait</body>", "https://step.example/a/2"),
        ('<body onload="start()">Wait</body>', None),
        ("<script>var a = 1; location = '/old'</script>", None),
        ("<script>var to = '/a/2'; window.location.href = to;</script>", "https://step.example/a/2"),
        ("<script>var to = '/a/2'; if (old) location = to;</script>", None),
        ("<script>window.parent.location['href'] = '/a/2'</script>", "https://step.example/a/2"),
        ("<script>window.onload = function () { location.replace('/a/2') }</script>", "https://step.example/a/2"),
        (
            "<script>document.addEventListener('DOMContentLoaded', () => { location = '/a/2'; });</script>",
            "https://step.example/a/2",
        ),
        ("<script>document.addEventListener('click', () => { location = '/a/2'; });</script>", None),
        (f"<meta http-equiv=refresh content='0; url=/a/2'>{OPEN}", None),
    ],
)
def test_where_a_page_that_holds_nothing_leads(html: str, url: str | None) -> None:
    assert page_redirects.target(parse(html, "https://step.example/a/1")) == url


@pytest.mark.parametrize(
    "script",
    [
        f"<script id=__NEXT_DATA__ type=application/json>{json.dumps({'story': {'text': OPEN}})}</script>",
        '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "The bridge is open"}</script>',
    ],
    ids=["the state", "JSON-LD"],
)
def test_a_page_whose_article_stands_in_its_scripts_leads_nowhere(script: str) -> None:
    html = f"<script>location = '/app'</script>{script}<div id=root></div>"
    assert page_redirects.target(parse(html, "https://step.example/a/1")) is None


@pytest.mark.parametrize(
    "title",
    [
        "Maintenance | The Step",
        "We'll be back soon",
        "Unavailable in your region",
        "الموقع قيد الصيانة",
        "502 Bad Gateway",
    ],
)
def test_a_site_that_is_away_is_fetched_again(title: str) -> None:
    notice = "<p>We are at work on our pages. Please come back in an hour.</p>" * 3
    with pytest.raises(Refused) as refused:
        article(f"<title>{title}</title><h1>{title}</h1>{notice}")
    assert refused.value.reason in page_classifier.TRANSIENT_REASONS
    assert article(
        f"<title>Maintenance of bridges: what it costs | The Step</title><h1>Maintenance of bridges</h1>{OPEN}"
    )


def test_a_page_that_leads_on_is_refused_with_where_it_leads() -> None:
    with pytest.raises(Refused) as refused:
        article("<meta http-equiv=refresh content='0; url=/a/2'>")
    assert refused.value.reason == "page.leads_on"
    assert str(refused.value.message.params["url"]).endswith("/a/2")


NOTICES = {
    "Substack": "<div class='available-content'></div><div data-testid=paywall class=paywall><h2>This post is for paid"
    " subscribers</h2><a href=/s>Subscribe</a></div>",
    "a Ghost theme": "<div class=single-content><div class=content-offer><h2>This post is for paying subscribers only"
    f"</h2></div></div></article>{TEASERS.replace('few lines of post', 'long paragraph of many words in post')}",
    "a box": "<div class=paywall-box><p>To continue reading this article, please subscribe.</p></div>",
    "German": "<p>Dieser Artikel ist nur für Abonnenten. Jetzt anmelden!</p>",
    "Arabic": "<div><strong>هذا المحتوى مخصص للمشتركين فقط</strong></div>",
    "Japanese": "<div>この記事は有料会員限定です。</div>",
}


@pytest.mark.parametrize("system", NOTICES)
def test_a_notice_in_the_place_of_the_text_is_a_wall(system: str) -> None:
    head = "<meta property='og:type' content='article'>"
    with pytest.raises(Refused) as refused:
        article(f"<title>The plan of the town</title>{head}<article><h1>The plan of the town</h1>{NOTICES[system]}")
    assert refused.value.reason == "page.wall"


def test_readers_comments_below_a_notice_are_no_text() -> None:
    comments = "".join(
        f"<div class=comment><b>reader{n}</b> <time datetime='2018-05-07T0{n}:00:00Z'>7 May</time>"
        f"<p>{OPEN[3:90]}</p></div>"
        for n in range(5)
    )
    page = (
        f"<article><h1>The plan of the town</h1>{NOTICES['a box']}</article><section id=comments>{comments}</section>"
    )
    with pytest.raises(Refused) as refused:
        article(f"<title>The plan of the town</title><meta property='og:type' content='article'>{page}")
    assert refused.value.reason == "page.wall"


@pytest.mark.parametrize("heading", ["Login required", "يجب تسجيل الدخول", "ログインが必要です"])
def test_a_page_to_log_in_is_a_wall(heading: str) -> None:
    with pytest.raises(Refused) as refused:
        article(f"<title>{heading} - The Wiki</title><h1>{heading}</h1><p>Please <a href=/l>log in</a>.</p>")
    assert refused.value.reason == "page.wall"


def test_a_flash_beside_an_offer_to_subscribe_is_an_article() -> None:
    head = "<meta property='og:type' content='article'>"
    offer = "<div class=paywall-modal><p>Subscribe to continue reading.</p></div>"
    flash = "<p>The bridge across the river was opened on Monday, and the whole town came to see it in the rain.</p>"
    found = article(f"<title>Bridge opened</title>{head}<article><h1>Bridge opened</h1>{flash}</article>{offer}")
    assert "whole town" in found


SEVEN = "فُتح السد مساء اليوم أمام المزارعين."
SAID = {"@type": "NewsArticle", "headline": "x y", "isAccessibleForFree": True}
FREE = f'<script type="application/ld+json">{json.dumps(SAID)}</script>'
READABLE = {
    "the text is named so": f"<h1>السد</h1><div class=paywall><p>{FLASH}</p><p>{FLASH * 3}</p></div>",
    "a short text is named so": f"<article><h1>السد</h1><div class=paywall><p>{SEVEN}</p></div></article>",
    "the page has none": f"<body class='single no-paywall'><h1>السد</h1><p>{FLASH}</p></body>",
    "free by JSON-LD": f"{FREE}<h1>x y</h1><div class='body paywall'><p>{SEVEN}</p><p>For members only</p></div>",
    "a hidden dialog": f"<article><h1>السد</h1><p>{SEVEN}</p></article>"
    "<div id=paywall-modal hidden><p>هذا المحتوى مخصص للمشتركين</p></div>",
    "a dialog": f"<article><h1>السد</h1><p>{SEVEN}</p></article><div id=paywall-modal><p>For members only</p></div>",
    "a footer": f"<article><h1>السد</h1><p>{SEVEN}</p></article><footer><a href=/m>For members only</a></footer>",
    "a link": f"<article><h1>السد</h1><p>{SEVEN}</p></article>"
    "<div class=c9><p><a href=/m>For members only</a></p></div>",
    "a Japanese sentence": "<article><h1>計画</h1><p>会員限定の試写会が五日に東京で開かれた。</p></article>",
    "a Japanese paragraph": "<article><h1>計画</h1><p>"
    + "会員限定の試写会が五日に東京で開かれ、監督が語った。" * 3
    + "</p></article>",
    "an English sentence": "<article><h1>Club burns</h1><p>The old club by the river, which had been for members"
    " only since it was built by the brothers in 1890, burned down on Monday night in a storm.</p></article>",
}


@pytest.mark.parametrize("html", READABLE.values(), ids=READABLE)
def test_a_text_that_all_may_read_is_no_wall(html: str) -> None:
    assert article(f"<title>السد</title><meta property='og:type' content='article'>{html}")


@pytest.mark.parametrize(
    "headline",
    [
        "Members only: the golf club that would not open its doors",
        "Please log in: how we got used to passwords",
        "Forbidden fruit",
        "يجب تسجيل الدخول: كيف تغيرت المدارس",
        "ログインが必要なサービスが増えている",
    ],
    ids=["en", "en-log-in", "en-forbidden", "ar", "ja"],
)
def test_a_headline_that_begins_like_a_notice_is_that_of_an_article(headline: str) -> None:
    assert article(f"<title>{headline} - The Paper</title><article><h1>{headline}</h1>{OPEN}</article>")


@pytest.mark.parametrize("title", ["Members only", "Members only | The Golf Club", "Site - Login required"])
def test_a_title_that_is_a_notice_beside_the_name_of_the_site_is_a_wall(title: str) -> None:
    with pytest.raises(Refused) as refused:
        article(f"<title>{title}</title><p>Please <a href=/l>log in</a>.</p>")
    assert refused.value.reason == "page.wall"


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ('"wgIsArticle":true,"wgIsMainPage":true', PageReason.HOME),
        ('"wgIsArticle":false,"wgCanonicalSpecialPageName":"Recentchanges"', PageReason.LISTING),
        ('"wgIsArticle":true,"wgDiffOldId":8,"wgDiffNewId":9', PageReason.LEADS_ON),
    ],
    ids=["main page", "recent changes", "comparison"],
)
def test_what_a_wiki_shows_beside_its_articles_is_none(told: str, reason: PageReason) -> None:
    text = f"<h1>السد سيُفتح مساء اليوم</h1><article><p>{FLASH}</p><p>{FLASH * 3}</p></article>"
    wiki = '<meta name="generator" content="MediaWiki 1.39.17"/>'
    assert article(f'{wiki}<script>RLCONF={{"wgIsArticle":true,"wgIsRedirect":false}};</script>{HEAD}{text}')
    url = "https://example.sy/index.php?title=A&diff=9&oldid=8"
    with pytest.raises(Refused) as refused:
        stages.article(a_page(f"{wiki}<script>RLCONF={{{told}}};</script>{HEAD}{text}", url=url), a_site())
    assert refused.value.reason == reason
    if reason == PageReason.LEADS_ON:
        assert refused.value.message.params["url"] == "https://example.sy/index.php?title=A"
