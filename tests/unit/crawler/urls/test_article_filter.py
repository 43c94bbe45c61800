"""Which URLs may be articles, and how much a link looks like one."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import unquote

import pytest

from crawler.urls.article_filter import ARTICLE_SCORE, article_score, may_be_article
from crawler.urls.canonical import canonical
from crawler.urls.reasons import UrlReason

PAGES = Path(__file__).parents[4] / "../shared/pages/open"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/", "home"),
        ("/ar", "home"),
        ("/ar/", "home"),
        ("/index.php", "home"),
        ("/en-us/home.html", "home"),
        ("/?lang=ar", "home"),
        ("/wp-content/uploads/a.jpg", "file"),
        ("/report.PDF", "file"),
        ("/?attachment_id=5", "file"),
        ("/tag/سوريا", "tag"),
        ("/tag/a-phrase-of-many-words-here", "tag"),
        ("/وسم/سوريا/", "tag"),
        ("/ar/topics/c719d2el19gt", "tag"),
        ("/category/politics", "category"),
        ("/category/politics/syria/", "category"),
        ("/تصنيف/سياسة", "category"),
        ("/?cat=5", "category"),
        ("/author/omar-al-khatib", "author"),
        ("/كاتب/عمر", "author"),
        ("/u/mona_h", "author"),
        ("/u/mona_h/summary", "author"),
        ("/@mona", "author"),
        ("/?s=دمشق", "search"),
        ("/search/label/x", "search"),
        ("/login", "service"),
        ("/ar/من-نحن", "service"),
        ("/privacy-policy/", "service"),
        ("/feed/", "feed"),
        ("/2024/05/a-story/feed/", "feed"),
        ("/?feed=rss2", "feed"),
        ("/page/2", "page"),
        ("/news/page/17/", "page"),
        ("/صفحة/3", "page"),
        ("/news?page=3", "page"),
        ("/2024", "calendar"),
        ("/2024/05/", "calendar"),
        ("/archive/2024/5/12", "calendar"),
        ("/?m=202405", "calendar"),
        ("/wp-json/wp/v2/posts/5", "machine"),
        ("/wp-login.php", "machine"),
        ("/a-story/?share=facebook", "share"),
        ("/a-story/?replytocom=17", "share"),
        ("/a/b/a/c/a/d", "repeated"),
        ("/news/undefined", "placeholder"),
        ("/news/1234-what-happened/print", "print"),
        ("/print/123456", "print"),
        ("/index.php?option=com_content&id=5&print=1", "print"),
        ("/news.php?id=5&format=print", "print"),
        ("/news/1234-what-happened/comments/", "share"),
        ("/news/[object Object]", "placeholder"),
        ("/%7B%7Burl%7D%7D", "placeholder"),
        ("/${path}/1", "placeholder"),
        ("/<%= url %>", "placeholder"),
        ("/news/:slug", "placeholder"),
        ("/news/[...slug]", "placeholder"),
    ],
)
def test_never_an_article(path: str, reason: str) -> None:
    url = canonical("https://example.com" + path)
    assert url is not None
    assert may_be_article(url) == f"address.{reason}"


@pytest.mark.parametrize(
    "path",
    [
        "/?p=123",
        "/?some-article",
        "/news.php?id=5&page=2",
        "/قصف-على-ريف-إدلب/",
        "/2024/05/12/a-story",
        "/11/11/11/eleven",
        "/category/politics/12345-what-the-ministers-said",
        "/topics/politics/ministers-agree-on-new-budget-12345",
        "/ar/%D8%AE%D8%A8%D8%B1/a-68123456",
        "/arabic/articles/c4nn5e6yx0qo",
        "/123456",
        "/@mona/the-ferry-is-back",
        "/u/12345-the-ferry-is-back",
        "/about-the-war-in-the-north",
        "/2026/05/help/",
        "/print/2026/05/12/the-paper-of-today",
        "/news/print",
        "/opinion/comments/a-word-on-the-budget",
        "/category/politics/1234-what-happened",
        "/category/politics/what-happened-1234",
    ],
)
def test_may_be_an_article(path: str) -> None:
    url = canonical("https://example.com" + path)
    assert url is not None
    assert may_be_article(url) is None


@pytest.mark.parametrize(
    "url", ["https://www.facebook.com/sharer/x", "https://t.me/share/url?url=x", "https://x.com/a/1"]
)
def test_other_networks_are_elsewhere(url: str) -> None:
    assert may_be_article(url) == UrlReason.ELSEWHERE
    assert may_be_article("https://netflix.com/a-title-of-five-words-or-more") is None


@pytest.mark.parametrize("url", ["mailto:a@example.com", "whatsapp://send", "tel:1", "javascript:void(0)"])
def test_other_schemes(url: str) -> None:
    assert may_be_article(url) == UrlReason.SCHEME


def test_a_site_s_rules_come_first() -> None:
    url = "https://example.com/tag/%D8%AE%D8%A8%D8%B1-1"
    assert may_be_article(url, allow=["/tag/خبر"]) is None
    assert may_be_article(url, allow=["/tag/"], deny=["خبر-1$"]) == UrlReason.DENIED
    assert may_be_article("https://example.com/a-story-of-five-words", allow=["/news/"]) == UrlReason.NOT_ALLOWED
    assert may_be_article("https://example.com/", allow=["example"]) == UrlReason.HOME


@pytest.mark.parametrize(
    ("path", "article"),
    [
        ("/news/2024/05/12/story", True),
        ("/قصف-مدفعي-على-ريف-إدلب-الجنوبي", True),
        ("/news/1234567", True),
        ("/article.php?id=4711", True),
        ("/arabic/articles/c4nn5e6yx0qo", True),
        ("/a/0f8fad5b-d9cb-469f-a165-70867728950e", True),
        ("/politics", False),
        ("/politics/syria", False),
        ("/middle-east-news", False),
        ("/live", False),
        ("/section/12", False),
    ],
)
def test_scores_of_links(path: str, article: bool) -> None:
    url = canonical("https://example.com" + path)
    assert url is not None
    assert (article_score(url) >= ARTICLE_SCORE) == article


@pytest.mark.skipif(not PAGES.is_dir(), reason="needs ../shared/pages, which is not here")
def test_addresses_of_real_articles_pass() -> None:
    """Of the modern corpora, whose pages are all articles: hardly one may be refused, and most read like one."""
    said = [
        json.loads(path.read_text())["url"]
        for kind in ("fundus", "scrapinghub")
        for path in (PAGES / kind).glob("*.json")
    ]
    found = [canonical(url) for url in said]
    assert None not in found
    urls = [url for url in found if url]
    refused = [(unquote(url), reason) for url in urls if (reason := may_be_article(url))]
    assert len(refused) <= len(urls) / 200, refused
    assert sum(article_score(url) >= ARTICLE_SCORE for url in urls) >= 0.9 * len(urls)
