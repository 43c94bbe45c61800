"""Pages in the mark-up of systems that cannot be set up here: a newsletter's as Substack serves them, a forum's as
Discourse serves them to readers without scripts. Articles are right in all fields; lists, comments and people are
none."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from crawler import stages
from crawler.errors import Refused
from index.model.article import Article
from tests.support.samples import a_page, a_site

LETTER = "https://notes.example.com/p/the-ferry-is-back"
WORDS = {
    "en": {
        "by": "Mona Haddad",
        "outlet": "Harbour Notes",
        "headline": "The ferry is back",
        "under": "What a year without it did to a town",
        "shown": "Mar 01, 2018",
        "caption": "The quay on the first morning",
        "text": [
            "The ferry came back on a Sunday, an hour late, and nobody minded. People stood on the quay with bread.",
            "For a year the town had lived by the road around the bay, which is sixty kilometres of holes.",
            "What was closed",
            "The baker sold his second oven in May. The school sent its upper classes across the bay by bus.",
            "I asked the harbour master what he had learned, and he said that a timetable is a promise.",
        ],
        "widget": "Harbour Notes is a reader-supported publication. For new posts, become a subscriber.",
        "share": "Share",
        "discussion": "Discussion about this post",
        "comment": "I took the very first boat, and the captain gave every child a whistle. Thank you for this.",
        "ready": "Ready for more?",
        "locked": "This post is for paid subscribers",
        "others": ["A winter of holes", "Who owns the quay", "Letters from the bay"],
    },
    "ar": {
        "by": "منى حداد",
        "outlet": "رسائل المرفأ",
        "headline": "عادت العبّارة إلى المرفأ",
        "under": "ما الذي صنعته سنة من دونها في مدينة صغيرة",
        "shown": "مارس 01, 2018",
        "caption": "الرصيف في الصباح الأول",
        "text": [
            "عادت العبّارة يوم أحد متأخرة ساعة، ولم يتذمر أحد. وقف الناس على الرصيف يحملون الخبز والزيتون.",
            "عاشت المدينة سنة كاملة على الطريق الملتف حول الخليج، وهو ستون كيلومتراً من الحفر.",
            "ما الذي أُغلق",
            "باع الخباز فرنه الثاني في أيار، وأرسلت المدرسة صفوفها العليا بالحافلة إلى الضفة الأخرى.",
            "سألت مدير المرفأ عمّا تعلّمه، فقال إن جدول الرحلات وعد يقطعه المرء على نفسه.",
        ],
        "widget": "رسائل المرفأ نشرة يدعمها قراؤها. لتصلك المقالات الجديدة فكّر في أن تصبح مشتركاً.",
        "share": "مشاركة",
        "discussion": "نقاش حول هذا المقال",
        "comment": "ركبت أول قارب، وأعطى القبطان كل طفل صافرة. شكراً لأنك كتبت عن هذا كله.",
        "ready": "هل تريد المزيد؟",
        "locked": "هذا المقال للمشتركين المدفوعين",
        "others": ["شتاء من الحفر", "من يملك الرصيف", "رسائل من الخليج"],
    },
}  # fmt: skip
SUBSCRIBE = (
    "<div class='subscription-widget-wrap-editor' data-component-name='SubscribeWidgetToDOM'>"
    "<div class='subscription-widget show-subscribe'><div class='preamble'><p class='cta-caption'>{widget}</p></div>"
    "<form class='subscription-widget-subscribe'><input type=email placeholder='Type your email…'>"
    "<input type=submit value='Subscribe'></form></div></div>"
)


def letter(language: str, free: bool = True) -> str:
    """A newsletter's post; of one for those who pay, the first two paragraphs are shown."""
    said = WORDS[language]
    picture = "https://substackcdn.example.com/image/fetch/f_auto/https%3A%2F%2Fbucket.example.com%2Fquay.jpeg"
    data = {
        "@context": "https://schema.org", "@type": "NewsArticle", "url": LETTER, "mainEntityOfPage": LETTER,
        "headline": said["headline"], "description": said["under"], "isAccessibleForFree": free,
        "datePublished": "2018-03-01T08:30:12+00:00", "dateModified": "2018-03-01T08:30:12+00:00",
        "author": [{"@type": "Person", "name": said["by"], "url": "https://substack.example.com/@mona"}],
        "publisher": {"@type": "Organization", "name": said["outlet"]},
        "image": [{"@type": "ImageObject", "url": picture}],
    }  # fmt: skip
    text = [f"<p>{one}</p>" for one in said["text"]]
    text[2] = f"<h2 class='header-anchor-post'>{said['text'][2]}<div class='pencraft header-anchor-parent'></div></h2>"
    text.insert(2, SUBSCRIBE.format(**said))
    button = f"<p class='button-wrapper'><a class='button primary' href='{LETTER}?action=share'><span>{said['share']}"
    figure = (
        f"<div class='captioned-image-container'><figure><a class='image-link image2' href='{picture}'><img "
        f"src='{picture}' width=1456 height=816 class='sizing-normal'></a>"
        f"<figcaption class='image-caption'>{said['caption']}</figcaption></figure></div>"
    )
    wall = f"<div class='paywall' data-testid='paywall'><h2 class='paywall-title'>{said['locked']}</h2></div>"
    shown = "".join(text) + f"{button}</span></a></p>" if free else "".join(text[:2])
    archive = "".join(
        f"<div class='post-preview'><a class='post-preview-title' href='/p/{n}'>{one}</a><time datetime='2018-02-0{n}'>"
        f"Feb {n}</time></div>"
        for n, one in enumerate(said["others"], start=1)
    )
    return (
        f"<html lang=en><head><title data-rh='true'>{said['headline']} - {said['by']} - {said['outlet']}</title>"
        f"<meta property='og:type' content='article'><meta property='og:title' content='{said['headline']}'>"
        f"<meta name='author' content='{said['by']}'><meta property='og:image' content='{picture}'>"
        f"<meta property='og:description' content='{said['under']}'><link rel=canonical href='{LETTER}'>"
        f"<script type='application/ld+json'>{json.dumps(data)}</script></head><body><div id=entry><div id=main>"
        f"<div class='topbar'><h1 class='navbar-title'><a href='/'>{said['outlet']}</a></h1><button>Subscribe</button>"
        f"<button>Sign in</button></div><article class='typography newsletter-post post'>"
        f"<div class='post-header'><h1 dir=auto class='post-title published'>{said['headline']}</h1>"
        f"<h3 dir=auto class='subtitle'>{said['under']}</h3><div class='byline-wrapper'>"
        f"<a href='https://substack.example.com/@mona'>{said['by']}</a>"
        f"<div class='pencraft'>{said['shown']}</div></div>"
        "<div class='post-ufi'>"
        f"<a class='post-ufi-button'><div class='label'>12</div></a><a><div class='label'>3</div>"
        f"</a><a><div class='label'>{said['share']}</div></a></div></div>"
        f"<div class='available-content'><div dir=auto class='body markup'>{figure}{shown}</div></div>"
        f"{'' if free else wall}</article><div id=discussion class='comments-page'>"
        f"<h4>{said['discussion']}</h4><div class='comment-list'>"
        f"<div class='comment'><a href='/profile/1'>Sami</a><div><p>{said['comment']}</p></div></div>"
        f"</div></div><div class='portable-archive'>{archive}</div><div class='footer-wrap'><h3>{said['ready']}</h3>"
        f"<form><input type=email></form></div></div></div></body></html>"
    )


def read(html: str, url: str) -> Article:
    return stages.article(a_page(html, url=url), a_site(languages=["ar", "en"])).article


@pytest.mark.parametrize("language", WORDS)
def test_a_newsletter_s_post_is_right_in_every_field(language: str) -> None:
    said, article = WORDS[language], read(letter(language), LETTER)
    assert article.headline == said["headline"]
    assert article.body.split("\n\n") == said["text"]
    assert article.authors == (said["by"],)
    assert article.published == datetime(2018, 3, 1, 8, 30, 12, tzinfo=UTC)
    assert article.language == language
    assert article.description == said["under"]
    assert [one.caption for one in article.images] == [said["caption"]]
    assert article.section is None
    assert article.canonical_url == LETTER


@pytest.mark.parametrize("language", WORDS)
def test_a_newsletter_s_post_for_those_who_pay_is_said_to_be_one(language: str) -> None:
    article = read(letter(language, free=False), LETTER)
    assert article.paywalled
    assert article.body.split("\n\n") == WORDS[language]["text"][:2]


@pytest.mark.parametrize("language", WORDS)
def test_a_newsletter_s_archive_is_no_article(language: str) -> None:
    said = WORDS[language]
    previews = "".join(
        f"<div class='post-preview-content'><div><a data-testid='post-preview-title' href='/p/{n}'>{one} {n}</a></div>"
        f"<div><a href='/p/{n}'>{said['text'][n % 5]}</a></div><div class='post-meta'><time datetime='2018-02-0{n}'>"
        f"Feb {n}</time> • <a href='https://substack.example.com/@mona'>{said['by']}</a></div></div>"
        for n, one in enumerate(said["others"] * 3, start=1)
    )
    html = (
        f"<title>Archive - {said['outlet']}</title><meta property='og:title' content='Archive - {said['outlet']}'>"
        f"<div class='topbar'><h1 class='navbar-title'><a href='/'>{said['outlet']}</a></h1></div><div class="
        f"'archive-page'><div class='portable-archive-list'>{previews}</div></div>"
    )
    with pytest.raises(Refused):
        read(html, "https://notes.example.com/archive")


THREAD = "https://forum.example.com/t/the-night-ferry/412"
POSTS = {
    "en": (
        "The night ferry: who has taken it?",
        "Travel",
        [
            "I am thinking of the night ferry for the holidays, with two children and a dog that never saw the sea.",
            "The company says that there are cabins for four, yet its page shows none from June on.",
            "Has anybody here taken it since it came back? I would like to know whether the deck is open at night.",
        ],
        "We took it in April. The cabins are small and clean, and the deck is open until midnight.",
    ),
    "ar": (
        "العبّارة الليلية: من جرّبها منكم؟",
        "سفر",
        [
            "أفكر في العبّارة الليلية في العطلة مع طفلين وكلب لم ير البحر في حياته كلها.",
            "تقول الشركة إن فيها مقصورات لأربعة، لكن صفحتها لا تعرض منها شيئاً منذ حزيران.",
            "هل جرّبها أحد هنا منذ عودتها؟ أود أن أعرف هل يبقى السطح مفتوحاً في الليل.",
        ],
        "أخذناها في نيسان، والمقصورات صغيرة ونظيفة، والسطح مفتوح حتى منتصف الليل.",
    ),
}  # fmt: skip
ORGANISATION = (
    "<div itemprop='publisher' itemscope itemtype='http://schema.org/Organization'><meta itemprop='name' "
    "content='Harbour Forum'></div>"
)


def post(number: int, by: str, day: int, text: str) -> str:
    reply = "itemprop='comment' itemscope itemtype='http://schema.org/Comment'" if number > 1 else ""
    return (
        f"<div id='post_{number}' {reply} class='topic-body crawler-post'><div class='crawler-post-meta'>"
        f"<span class='creator' itemprop='author' itemscope itemtype='http://schema.org/Person'><a itemprop='url' "
        f"rel=nofollow href='/u/{by}'><span itemprop='name'>{by}</span></a></span>"
        f"<span class='crawler-post-infos'><time datetime='2018-03-0{day}T10:15:00Z' class='post-time'>March {day}, "
        f"2018, 10:15am</time><meta itemprop='dateModified' content='2018-03-0{day}T10:15:00Z'>"
        f"<span itemprop='position'>{number}</span></span></div><div class='post' itemprop='text'>{text}</div>"
        f"<div itemprop='interactionStatistic' itemscope itemtype='http://schema.org/InteractionCounter'>"
        f"<meta itemprop='userInteractionCount' content='3'><span class='post-likes'>3 Likes</span></div></div>"
    )


def topics(title: str, section: str) -> str:
    return "<table class='topic-list'><tbody>" + "".join(
        f"<tr class='topic-list-item' id='topic-list-item-{n}'><td class='main-link' itemprop='itemListElement' "
        f"itemscope itemtype='http://schema.org/ListItem'><meta itemprop='name' content='{title} {n}'><span>"
        f"<a itemprop='url' href='/t/topic-{n}/{n}' class='title raw-link raw-topic-link'>{title} {n}</a></span>"
        f"<div class='link-bottom-line'><a href='/c/travel/5' class='badge-wrapper bullet'>{section}</a></div></td>"
        f"<td class='replies'><span class='posts' title='posts'>{n}</span></td><td class='views'>{n * 40}</td>"
        f"<td>March {n}, 2018</td></tr>"
        for n in range(1, 10)
    ) + "</tbody></table>"  # fmt: skip


def forum(title: str, head: str, inner: str) -> str:
    return (
        f"<html lang=en><head><title>{title} - Harbour Forum</title><meta name=generator content='Discourse 3.6.0'>"
        f"<meta property='og:site_name' content='Harbour Forum'><meta property='og:type' content='website'>"
        f"<meta property='og:image' content='https://forum.example.com/uploads/default/logo.png'>{head}</head>"
        f"<body class=crawler><header><a href='/'>Harbour Forum</a></header><div id=main-outlet class=wrap role=main>"
        f"{inner}</div><footer class='container wrap'><nav class='crawler-nav'><ul><li itemscope itemtype='http://schema.org/"
        f"SiteNavigationElement'><span itemprop=name><a href='/' itemprop=url>Home</a></span></li></ul></nav>"
        f"<p class='powered-by-link'>Powered by <a href='https://www.discourse.example'>Discourse</a>, best viewed "
        f"with JavaScript enabled</p></footer></body></html>"
    )


def thread(language: str) -> str:
    title, section, text, reply = POSTS[language]
    head = (
        f"<meta property='og:title' content='{title}'><meta property='og:url' content='{THREAD}'><link rel=canonical "
        f"href='{THREAD}'><meta property='article:published_time' content='2018-03-01T10:15:00+00:00'>"
        f"<meta property='og:article:section' content='{section}'>"
    )
    inner = (
        f"<div id=topic-title><h1><a href='/t/the-night-ferry/412'>{title}</a></h1><div class='topic-category' "
        f"itemscope itemtype='http://schema.org/BreadcrumbList'><span itemprop='itemListElement' itemscope itemtype='http://schema."
        f"org/ListItem'><a href='/c/travel/5' class='badge-wrapper bullet' itemprop=item><span class='category-name' "
        f"itemprop=name>{section}</span></a><meta itemprop=position content=1></span></div></div>"
        f"<div itemscope itemtype='http://schema.org/DiscussionForumPosting'><meta itemprop=headline content='{title}'>"
        f"<meta itemprop=datePublished content='2018-03-01T10:15:00Z'>"
        f"<meta itemprop=articleSection content='{section}'>{ORGANISATION}"
        f"{post(1, 'mona_h', 1, ''.join(f'<p>{one}</p>' for one in text))}"
        f"{post(2, 'sami', 2, f'<p>{reply}</p>')}{post(3, 'rana', 3, f'<p>{reply} +1</p>')}</div>"
        f"<h3>Related topics</h3>{topics('Another topic', section)}"
    )
    return forum(f"{title} - {section}", head, inner)


@pytest.mark.parametrize("language", POSTS)
def test_a_forum_s_thread_is_what_its_first_post_says(language: str) -> None:
    title, section, text, _ = POSTS[language]
    article = read(thread(language), THREAD)
    assert article.headline == title
    assert article.body.split("\n\n") == text
    assert article.authors == ("mona_h",)
    assert article.published == datetime(2018, 3, 1, 10, 15, tzinfo=UTC)
    assert article.language == language
    assert article.section == section
    assert article.images == ()
    assert article.canonical_url == THREAD


@pytest.mark.parametrize(
    ("path", "title", "inner"),
    [
        ("latest", "Latest topics", topics("The night ferry to the islands", "Travel")),
        ("c/travel/5", "Latest Travel topics", "<h1>Travel</h1>" + topics("The night ferry to the islands", "Travel")),
    ],
    ids=["latest", "category"],
)
def test_a_forum_s_lists_are_no_articles(path: str, title: str, inner: str) -> None:
    with pytest.raises(Refused):
        read(forum(title, "", inner), f"https://forum.example.com/{path}")


BIO = "<h1>mona_h</h1><p class=bio>I live by the harbour and write about boats, bread and the weather.</p>"
PERSON = {"@context": "https://schema.org", "@type": "ProfilePage", "mainEntity": {"@type": "Person", "name": "mona_h"}}


@pytest.mark.parametrize(
    "head",
    [
        "<meta property='og:type' content='profile'>",
        f"<script type='application/ld+json'>{json.dumps(PERSON)}</script>",
    ],
    ids=["og:type", "JSON-LD"],
)
def test_the_page_of_a_person_is_no_article(head: str) -> None:
    with pytest.raises(Refused):
        read(f"<title>mona_h</title>{head}{BIO}", "https://forum.example.com/people/7")
