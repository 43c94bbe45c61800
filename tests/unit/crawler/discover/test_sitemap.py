"""Sitemaps: their fields, their caps, and what is sent in their place."""

from __future__ import annotations

import gzip
import html
import tracemalloc
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest

from crawler import discover
from crawler.discover import source_document
from crawler.discover.collector import SkipReason
from crawler.discover.sitemap import MAX_CHILDREN, lists_archives, lists_posts
from crawler.discover.source_document import MAX_BYTES
from crawler.errors import SourceProblem
from crawler.models import Discovered
from index.model.candidate import Candidate
from tests.support.patience import cpu_within

URL = "https://example.sy/sitemap.xml"
DAMASCUS = timezone(timedelta(hours=3))
NEWS = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"
  xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"><url>
  <loc> https://example.sy/خبر/1 </loc><lastmod>2024-05-06T01:00:00Z</lastmod>
  <image:image><image:loc>https://example.sy/1.jpg</image:loc><image:title>صورة</image:title></image:image>
  <news:news><news:publication><news:name>ستيب</news:name><news:language>ar</news:language></news:publication>
    <news:publication_date>2024-05-05T10:00+03:00</news:publication_date>
    <news:title><![CDATA[عنوان & خبر]]></news:title>
  </news:news></url></urlset>"""


def read(body: str | bytes, **how: object) -> Discovered:
    return discover.parse("sitemap", body if isinstance(body, bytes) else body.encode(), URL, {}, **how)  # type: ignore[arg-type]


def urls(body: str | bytes) -> list[str]:
    return [c.url for c in read(body).candidates]


def test_a_news_sitemap_with_its_fields() -> None:
    assert read(NEWS) == Discovered(
        "sitemap",
        (
            Candidate(
                "https://example.sy/%D8%AE%D8%A8%D8%B1/1",
                "عنوان & خبر",
                datetime(2024, 5, 5, 10, tzinfo=DAMASCUS),
                datetime(2024, 5, 6, 1, tzinfo=UTC),
                "ar",
            ),
        ),
        title="ستيب",
    )


@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(NEWS.encode()),
        gzip.compress(gzip.compress(NEWS.encode())),
        gzip.compress(NEWS[:200].encode()) + gzip.compress(NEWS[200:].encode()),
        NEWS.encode("utf-16"),
        NEWS.replace("UTF-8", "windows-1256").encode("windows-1256"),
        NEWS.replace(' xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"', "").encode(),
        b"\n \xef\xbb\xbf" + NEWS.encode(),
    ],
    ids=["gz", "gz twice", "two members", "utf-16", "windows-1256", "prefix", "leading"],
)
def test_however_it_is_packed_and_written(body: bytes) -> None:
    (found,) = read(body).candidates
    assert (found.title, found.language) == ("عنوان & خبر", "ar")


@pytest.mark.parametrize(
    "declared",
    [
        'xmlns="http://www.google.com/schemas/sitemap/0.84"',
        'xmlns="https://www.sitemaps.org/schemas/sitemap/0.9/" xmlns:s="http://www.sitemaps.org/schemas/sitemap/0.9"',
        'xmlns:s="http://www.sitemaps.org/schemas/sitemap/0.9"',
        "",
    ],
    ids=["old", "two", "of the loc alone", "undeclared"],
)
@pytest.mark.parametrize("prefix", ["", "s:"])
def test_namespaces_of_a_sitemap_tell_nothing_but_pictures(declared: str, prefix: str) -> None:
    picture = "<image:loc>https://example.sy/1.jpg</image:loc>"
    entry = f"<url>{picture}<{prefix}loc>https://example.sy/1</{prefix}loc><video:video>{picture}</video:video></url>"
    assert urls(f"<urlset {declared}>{entry}</urlset>") == ["https://example.sy/1"]


def test_an_index_gives_its_children_newest_first() -> None:
    found = read(
        "<sitemapindex><sitemap><loc>/1.xml</loc><lastmod>2024-01-01</lastmod></sitemap>"
        "<sitemap><loc>/0.xml.gz</loc></sitemap><sitemap><loc>ftp://x/</loc></sitemap><sitemap><loc>/1.xml</loc></sitemap>"
        "<sitemap><loc>/2.xml</loc><lastmod>2024-02-01T00:00:00Z</lastmod></sitemap></sitemapindex>"
    )
    assert found.candidates == ()
    assert found.further == (
        ("https://example.sy/2.xml", datetime(2024, 2, 1, tzinfo=UTC)),
        ("https://example.sy/1.xml", datetime(2024, 1, 1, 23, 59, 59, tzinfo=UTC)),  # not later than that
        ("https://example.sy/0.xml.gz", None),
    )
    assert found.skipped == {SkipReason.UNUSABLE_LINK: 1, SkipReason.DUPLICATE: 1}


def test_a_day_without_a_time_is_its_first_instant_for_an_entry() -> None:
    body = "<urlset><url><loc>/1</loc><lastmod>2024-05-05</lastmod></url></urlset>"
    assert read(body).candidates[0].modified == datetime(2024, 5, 5, tzinfo=UTC)
    assert read(body, zone=DAMASCUS).candidates[0].modified == datetime(2024, 5, 5, tzinfo=DAMASCUS)


def test_an_unresolved_entity_drops_its_entry_and_nothing_else() -> None:
    found = read(
        '<?xml version="1.0"?><!DOCTYPE u [<!ENTITY x SYSTEM "file:///etc/passwd"><!ENTITY y "yy">]><urlset>'
        "<url><loc>https://example.sy/&x;/1</loc></url><url><loc>https://example.sy/&y;</loc></url>"
        "<url><loc>https://example.sy/&#0;</loc></url>"
        "<url><loc>https://example.sy/?a=1&b=2&amp;c=3</loc></url>"
        "<url><loc><![CDATA[https://example.sy/?d=4&e=5]]></loc></url>"
        "<url><loc>https://example.sy/<!-- no end of it -->6</loc></url></urlset>"
    )
    assert [c.url for c in found.candidates] == [
        "https://example.sy/?a=1&b=2&c=3",
        "https://example.sy/?d=4&e=5",
        "https://example.sy/6",
    ]
    assert found.skipped == {SkipReason.UNUSABLE_LINK: 3}


def test_a_text_sitemap() -> None:
    found = read("https://example.sy/1\nhttps://example.sy/2\n")
    assert found.kind == "sitemap"
    assert [c.url for c in found.candidates] == ["https://example.sy/1", "https://example.sy/2"]


def test_feeds_and_sitemaps_are_taken_for_what_they_are() -> None:
    feed = b'<rss version="2.0"><channel><item><link>https://example.sy/1</link></item></channel></rss>'
    assert read(feed).kind == "feed"
    assert read(gzip.compress(feed)).candidates == (Candidate("https://example.sy/1"),)
    assert discover.parse("feed", NEWS.encode(), URL, {}).kind == "sitemap"
    assert discover.parse("section", NEWS.encode(), URL, {}).kind == "sitemap"


def test_a_cut_sitemap_gives_what_came_whole_and_says_that_it_is_cut() -> None:
    whole = "<urlset>" + "".join(f"<url><loc>https://example.sy/{n}</loc></url>" for n in range(100)) + "</urlset>"
    packed = gzip.compress(whole.encode())
    for body in (whole[: whole.index("/57<") + 2].encode(), packed[: len(packed) - 40]):
        found = read(body)
        assert found.skipped[SkipReason.CUT_SHORT] >= 1
        assert 40 < len(found.candidates) < 100
        assert found.candidates[-1].url == f"https://example.sy/{len(found.candidates) - 1}"


def test_an_empty_sitemap_is_no_problem() -> None:
    assert read("<urlset></urlset>") == Discovered("sitemap")


@pytest.mark.parametrize("body", ["<urlset><url></b></urlset>", "<urlset><url>", "<urlset>" + "<a>" * 5_000])
def test_a_broken_sitemap_without_an_entry_is_a_problem(body: str) -> None:
    with pytest.raises(SourceProblem) as problem:
        read(body)
    assert problem.value.reason == "source.broken_sitemap"


def test_damaged_gzip_is_a_problem() -> None:
    with pytest.raises(SourceProblem) as problem:
        read(b"\x1f\x8bnonsense")
    assert problem.value.reason == "source.broken_gzip"


def test_the_bomb_ends_at_the_cap() -> None:
    """Three million entries in some 340 KiB: they held Scrapy for 210 s."""
    entries = b"".join(b"<url><loc>https://example.sy/%d</loc></url>" % n for n in range(60_000))
    bomb = gzip.compress(b"<urlset>" + entries + b"<url><loc>https://example.sy/a</loc></url>" * 3_000_000, 6)
    with cpu_within(5):
        found = read(bomb)
    assert len(found.candidates) == 50_000
    assert found.skipped[SkipReason.TOO_MANY] == 1


@pytest.mark.parametrize(
    ("head", "unit"),
    [
        (b"<urlset><url>", b"<loc>http://h/a</loc>"),
        (b"<urlset><url>", b"<a/>"),
        (b"<urlset><url><loc>", b"a" * 50),
        (b"<urlset>", b"<![CDATA["),
        (b"<urlset>", b"&"),
        (b"<urlset ", b'a="b" '),
    ],
)
def test_no_sitemap_takes_long_or_much(head: bytes, unit: bytes) -> None:
    body = gzip.compress(head + unit * (20_000_000 // len(unit)), 1)
    found = 0
    with cpu_within(20), suppress(SourceProblem):  # 3 alone; beside others that need the memory, several times that
        found = len(read(body).candidates)
    assert found <= 1


def test_unpacking_stops_at_its_cap() -> None:
    bomb = gzip.compress(b" " * (3 * MAX_BYTES), 1)
    tracemalloc.start()
    try:
        with pytest.raises(SourceProblem) as problem:
            read(bomb)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert problem.value.reason == "source.empty"
    assert peak < 4.5 * MAX_BYTES


def test_an_index_gives_so_many_children_and_no_more() -> None:
    body = "".join(f"<sitemap><loc>/{n}.xml</loc></sitemap>" for n in range(MAX_CHILDREN + 7))
    found = read(f"<sitemapindex>{body}</sitemapindex>")
    assert len(found.further) == MAX_CHILDREN
    assert found.skipped == {SkipReason.TOO_MANY: 7}


@pytest.mark.parametrize(
    "body",
    [
        "<sitemapindex><sitemap>\nhttps://example.sy/1.xml?a=1&amp;b=2\n</sitemap></sitemapindex>",
        "<sitemapindex><sitemap><lastmod>2024-01-01</lastmod> https://example.sy/1.xml?a=1&amp;b=2</sitemap></sitemapindex>",
        "<sitemapindex><sitemap><![CDATA[https://example.sy/1.xml?a=1&b=2]]></sitemap></sitemapindex>",
        "<sitemapindex><loc>https://example.sy/1.xml?a=1&amp;b=2</loc></sitemapindex>",
        "<s:sitemapindex xmlns:s='x'><s:sitemap>/1.xml?a=1&amp;b=2</s:sitemap></s:sitemapindex>",
        "<SITEMAPINDEX><SITEMAP><LOC>https://example.sy\n   /1.xml?a=1&amp;b=2</LOC></SITEMAP></SITEMAPINDEX>",
    ],
)
def test_an_address_that_is_not_where_it_belongs(body: str) -> None:
    children = read(body).further
    urlset = body.lower().replace("cdata", "CDATA").replace("sitemapindex", "urlset").replace("sitemap>", "url>")
    entries = read(urlset).candidates
    assert [url for url, _ in children] == ["https://example.sy/1.xml?a=1&b=2"]
    assert [entry.url for entry in entries] == ["https://example.sy/1.xml?a=1&b=2"]


@pytest.mark.parametrize(
    "inside", ["soon", "https://example.sy/a https://example.sy/b", "<loc></loc>", "ftp://x.example/1"]
)
def test_a_text_that_is_no_address_is_none(inside: str) -> None:
    found = read(f"<urlset><url>{inside}</url><url><loc>/2</loc></url></urlset>")
    assert [entry.url for entry in found.candidates] == ["https://example.sy/2"]
    assert found.skipped == {SkipReason.NO_LINK: 1}


@pytest.mark.parametrize(
    "lastmod",
    [
        "<lastmod>2024-01-01 2024-02-01T10:00:00Z</lastmod>",
        "<lastmod>2024-02-01T10:00:00Z, 2023-12-31</lastmod>",
        "<lastmod>2024-01-01</lastmod><lastmod>2024-02-01T10:00:00Z</lastmod>",
    ],
)
def test_of_several_dates_the_last_holds(lastmod: str) -> None:
    last = datetime(2024, 2, 1, 10, tzinfo=UTC)
    assert [c.modified for c in read(f"<urlset><url><loc>/1</loc>{lastmod}</url></urlset>").candidates] == [last]
    index = f"<sitemapindex><sitemap><loc>/1.xml</loc>{lastmod}</sitemap></sitemapindex>"
    assert [at for _, at in read(index).further] == [last]


def test_a_day_alone_is_a_day_where_the_site_is() -> None:
    (found,) = read("<urlset><url><loc>/1</loc><lastmod>2024/5/5</lastmod></url></urlset>", zone=DAMASCUS).candidates
    assert found.modified == datetime(2024, 5, 5, tzinfo=DAMASCUS)


def children(*names: str) -> list[str]:
    index = "".join(f"<sitemap><loc>/{name}</loc></sitemap>" for name in names)
    return [url.rpartition("/")[2] for url, _ in read(f"<sitemapindex>{index}</sitemapindex>").further]


@pytest.mark.parametrize(
    ("named", "kept"),
    [
        (
            "wp-sitemap-posts-post-1.xml wp-sitemap-posts-page-1.xml wp-sitemap-taxonomies-category-1.xml"
            " wp-sitemap-taxonomies-post_tag-1.xml wp-sitemap-users-1.xml",
            "wp-sitemap-posts-post-1.xml wp-sitemap-posts-page-1.xml",
        ),
        ("post-sitemap.xml post_tag-sitemap.xml category-sitemap.xml author-sitemap.xml", "post-sitemap.xml"),
        ("news.xml category-news.xml tags.xml", "news.xml category-news.xml"),
        ("2024.xml tags.xml", "2024.xml tags.xml"),  # which of them lists the articles is not known
        ("category-1.xml category-2.xml", "category-1.xml category-2.xml"),
    ],
)
def test_tags_and_authors_are_left_out_beside_posts(named: str, kept: str) -> None:
    assert children(*named.split()) == kept.split()


@pytest.mark.parametrize(
    ("name", "posts", "archives"),
    [
        ("post-sitemap2.xml", True, False),
        ("wp-sitemap-posts-post-12.xml", True, False),
        ("news-sitemap.xml.gz", True, False),
        ("post_tag-sitemap.xml", False, True),
        ("wp-sitemap-taxonomies-post_tag-1.xml", False, True),
        ("sitemap-category-articles.xml", True, False),
        ("sitemap-2024-05.xml", False, False),
        ("newsletter.xml", False, False),
    ],
)
def test_what_a_sitemap_is_named_for(name: str, posts: bool, archives: bool) -> None:
    url = f"https://example.sy/tag/{name}"
    assert (lists_posts(url), lists_archives(url)) == (posts, archives)


def test_the_address_of_an_image_is_none_of_an_article() -> None:
    image = "<image:loc>https://cdn.example/1.jpg</image:loc>"
    for names in ("", ' xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'):
        found = f"<urlset{names}><url>{image}<loc>https://example.sy/1</loc></url><url>{image}</url></urlset>"
        assert urls(found) == ["https://example.sy/1"]


def test_an_index_that_lists_its_children_as_pages() -> None:
    found = read("<sitemapindex><url><loc>https://example.sy/1.xml</loc></url></sitemapindex>")
    assert (found.candidates, found.further) == ((), (("https://example.sy/1.xml", None),))
    entries = "".join(
        f"<url><loc>{loc}</loc></url>" for loc in ("example.sy/post-sitemap2.xml.gz", "/sitemaps-explained")
    )
    found = read(f"<urlset>{entries}</urlset>")
    assert [one.url for one in found.candidates] == ["https://example.sy/sitemaps-explained"]
    assert found.further == (("https://example.sy/post-sitemap2.xml.gz", None),)


@pytest.mark.parametrize(
    ("loc", "url"),
    [
        ("https://example.sy/?a=1&amp;amp;b=2", "https://example.sy/?a=1&b=2"),
        ("https://example.sy/caf&eacute;", "https://example.sy/caf%C3%A9"),
        ("https://example.sy/?a=1&copy=2", "https://example.sy/?a=1&copy=2"),
    ],
    ids=["escaped twice", "an entity of HTML", "no entity"],
)
def test_entities_in_an_address(loc: str, url: str) -> None:
    assert urls(f"<urlset><url><loc>{loc}</loc></url></urlset>") == [url]


def test_a_sign_that_begins_no_tag_costs_no_further_entry() -> None:
    title = "<news:news><news:title>5 < 6</news:title></news:news>"
    entries = f"<url><loc>https://example.sy/1</loc>{title}</url><url><loc>https://example.sy/2</loc></url>"
    found = read(f'<urlset xmlns:news="n">{entries}</urlset>').candidates
    assert [(c.url, c.title) for c in found] == [("https://example.sy/1", "5 < 6"), ("https://example.sy/2", None)]


def test_a_text_sitemap_with_the_line_ends_of_old_systems() -> None:
    assert urls("https://example.sy/1\rhttps://example.sy/2\r") == ["https://example.sy/1", "https://example.sy/2"]
    assert urls("https://example.sy/1\t2026-05-01\nhttps://example.sy/2\t0.5\n") == [
        "https://example.sy/1",
        "https://example.sy/2",
    ]


ENTRIES = "".join(f"<url><loc>https://www.stepagency-sy.net/archives/{n}</loc></url>" for n in (1, 2))
WHOLE = f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{ENTRIES}</urlset>'


@pytest.mark.parametrize(
    "body",
    [
        ENTRIES,
        f'<?xml version="1.0" encoding="UTF-8"?>\n{ENTRIES}',
        f"<!doctype html><html><body>{WHOLE}</body></html>",
        f"<html><body><pre>{html.escape(WHOLE)}</pre></body></html>",
        f"<html><body><div class=line><span class=tag>{html.escape(WHOLE)}</span></div></body></html>",
    ],
    ids=["without a root", "only declared", "within a page", "as text of a page", "as a browser shows its source"],
)
def test_a_sitemap_without_its_root_or_within_a_page(body: str) -> None:
    assert urls(body) == [f"https://www.stepagency-sy.net/archives/{n}" for n in (1, 2)]


def test_a_page_that_only_names_sitemaps_is_none() -> None:
    for told in (
        "Write &lt;urlset&gt; first.",
        "Begin with &lt;urlset&gt; and end with &lt;/urlset&gt;.",
        f"<a href=/news/1>A story</a> <pre>{html.escape(WHOLE)}</pre>",
    ):
        assert source_document.read(f"<html><p>{told}</p></html>".encode(), {}).what == "html"
