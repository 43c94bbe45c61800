"""The newsroom: its pages carry the truth, its documents agree with one another, and it changes on command."""

from __future__ import annotations

import gzip
import html
import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import feedparser
import httpx
import pytest

from crawler import config
from tests.support import loopback
from tests.support.news_sites import Article, Newsroom
from tests.support.news_sites.story_generator import story
from tests.support.patience import PATIENCE

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
SITES = ("jannah", "arabic2", "english", "old", "app", "fa", "fr", "ru", "zh")
WRITTEN = tuple(site for site in SITES if site != "app")  # their pages need no script
LOC = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"


@pytest.fixture(scope="module")
def still() -> Iterator[Newsroom]:
    """A newsroom that nobody changes."""
    with Newsroom(now=NOW) as room:
        yield room


@pytest.fixture
def room() -> Iterator[Newsroom]:
    with Newsroom(now=NOW) as room:
        yield room


@pytest.fixture(scope="module")
def web() -> Iterator[httpx.Client]:
    with loopback.Client() as client:
        yield client


def shown(answer: httpx.Response, encoding: str = "utf-8") -> str:
    """A page's source with its references resolved."""
    return html.unescape(answer.content.decode(encoding))


def encoding(site: str) -> str:
    return "windows-1256" if site == "old" else "utf-8"


# --- the truth and the pages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("site", WRITTEN)
def test_a_page_carries_the_truth(still: Newsroom, web: httpx.Client, site: str) -> None:
    for article in still.articles(site):
        page = shown(web.get(article.url).raise_for_status(), encoding(site))
        image = [article.image.url, article.image.caption] if article.image else []
        for text in (article.headline, article.section, *article.authors, *article.body, *image):
            assert text in page, (article.slug, text)


def test_every_language_has_its_articles(still: Newsroom) -> None:
    counts = {site: len(still.articles(site)) for site in SITES}
    assert counts["jannah"] == 15
    assert counts["english"] >= 12
    assert all(counts[site] >= 3 for site in SITES)
    assert [still.articles(site)[0].language for site in ("fa", "fr", "ru", "zh")] == ["fa", "fr", "ru", "zh"]


def test_all_but_the_founding_article_are_of_the_last_week(still: Newsroom) -> None:
    old = [a.slug for site in SITES for a in still.articles(site) if a.published < NOW - timedelta(days=7)]
    assert old == ["founding"]
    assert all(a.modified <= NOW for site in SITES for a in still.articles(site))


def test_the_founding_article_stands_among_the_themes_boilerplate(still: Newsroom, web: httpx.Client) -> None:
    truth = still.article("jannah", "founding")
    page = shown(web.get(truth.url))
    assert (truth.published.isoformat(), truth.section) == ("2018-06-08T18:00:00+03:00", "الشأن السوري")
    assert len(truth.body) == 7
    assert f"<title>{truth.headline} - وكالة ستيب نيوز</title>" in page
    label, title = page.index('class="post-cat '), page.index('class="post-title entry-title"')
    body, caption = page.index(truth.body[-1]), page.index('class="wp-caption-text"')
    related, top = page.index("مقالات ذات صلة"), page.index("زر الذهاب إلى الأعلى")
    assert label < title < body < caption < related < top
    assert 'content="2018-06-08T18:00:00+03:00"' in page


def test_two_sites_carry_one_wire_story(still: Newsroom) -> None:
    here, there = still.article("jannah", "snow-storm"), still.article("arabic2", "snow-storm")
    assert (here.headline, here.body) == (there.headline, there.body)
    assert here.url != there.url


def test_the_app_shows_nothing_without_a_script(still: Newsroom, web: httpx.Client) -> None:
    article = still.articles("app")[0]
    page = shown(web.get(article.url))
    assert article.headline not in page
    assert article.body[0] not in page
    told = web.get(f"{still.sites['app'].url}/api/articles/{article.slug}").json()
    assert (told["title"], told["paragraphs"]) == (article.headline, list(article.body))


def test_the_old_site_labels_its_encoding_in_the_page_only(still: Newsroom, web: httpx.Client) -> None:
    answer = web.get(still.articles("old")[0].url)
    assert answer.headers["content-type"] == "text/html"
    assert b"charset=windows-1256" in answer.content
    with pytest.raises(UnicodeDecodeError):
        answer.content.decode("utf-8")


def test_linked_data_agrees_with_the_truth(still: Newsroom, web: httpx.Client) -> None:
    for site, slug in (("jannah", "barada-spring"), ("english", "flood-barrier"), ("ru", "ledokol-muzey")):
        truth = still.article(site, slug)
        script = re.search(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', web.get(truth.url).text, re.S)
        assert script
        data = json.loads(script[1])
        news = next(node for node in data.get("@graph", [data]) if node["@type"] == "NewsArticle")
        assert news["headline"] == truth.headline
        assert datetime.fromisoformat(news["datePublished"]) == truth.published
        assert datetime.fromisoformat(news["dateModified"]) == truth.modified


def test_the_daily_writes_both_names_of_a_month_and_often_no_other_date(still: Newsroom, web: httpx.Client) -> None:
    pages = [shown(web.get(a.url)) for a in still.articles("arabic2")]
    assert all(re.search(r"1[0-5] كانون الثاني/يناير 2026", page) for page in pages)
    dated = ["datePublished" in page for page in pages]
    assert any(dated)
    assert not all(dated)


def test_an_amp_variant_names_its_article(still: Newsroom, web: httpx.Client) -> None:
    truth = still.articles("english")[0]
    amp = re.search(r'rel="amphtml" href="([^"]+)"', web.get(truth.url).text)
    assert amp
    assert f'<link rel="canonical" href="{truth.url}">' in web.get(amp[1]).text


# --- where articles are found --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("site", "path", "version"),
    [
        ("jannah", "/feed/", "rss20"),
        ("arabic2", "/atom.xml", "atom10"),
        ("english", "/rss.xml", "rss20"),
        ("old", "/rss091.xml", "rss091n"),
        ("old", "/index.rdf", "rss10"),
        ("fr", "/atom.xml", "atom10"),
    ],
)
def test_a_feed_is_of_its_kind_and_true(still: Newsroom, web: httpx.Client, site: str, path: str, version: str) -> None:
    answer = web.get(still.sites[site].url + path)
    feed = feedparser.parse(answer.content, response_headers=dict(answer.headers))
    truth = still.articles(site)[: len(feed.entries)]
    assert feed.version == version
    assert [(e.title, e.link) for e in feed.entries] == [(a.headline, a.url) for a in truth]
    if version != "rss091n":  # it knows no dates
        dates = [e.get("published_parsed") or e.updated_parsed for e in feed.entries]
        assert [date[:6] for date in dates] == [a.published.astimezone(UTC).timetuple()[:6] for a in truth]


def test_the_json_feed_tracks_its_readers(still: Newsroom, web: httpx.Client) -> None:
    feed = web.get(still.sites["english"].url + "/feed.json").json()
    truth = still.articles("english")
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert [item["id"] for item in feed["items"]] == [a.url for a in truth]
    assert feed["items"][0]["url"].startswith(truth[0].url + "?utm_source=")
    assert web.get(feed["items"][0]["url"]).content == web.get(truth[0].url).content


@pytest.mark.parametrize("site", ["jannah", "arabic2", "english", "zh"])
def test_sitemaps_list_every_article(still: Newsroom, web: httpx.Client, site: str) -> None:
    robots = web.get(still.sites[site].url + "/robots.txt").text
    found, waiting = set(), re.findall(r"^Sitemap: (\S+)$", robots, re.M)
    while waiting:
        answer = web.get(waiting.pop()).raise_for_status()
        body = gzip.decompress(answer.content) if answer.url.path.endswith(".gz") else answer.content
        tree = ElementTree.fromstring(body)
        locs = [str(node.text) for node in tree.iter(LOC)]
        if tree.tag.endswith("sitemapindex"):
            waiting += locs
        else:
            found.update(locs)
    assert {a.url for a in still.articles(site)} <= found


def test_a_news_sitemap_has_titles_and_only_the_newest(still: Newsroom, web: httpx.Client) -> None:
    text = shown(web.get(still.sites["english"].url + "/sitemaps/news.xml"))
    titles = re.findall(r"<news:title>(.*?)</news:title>", text)
    assert titles == [a.headline for a in still.articles("english") if a.published > NOW - timedelta(hours=48.4)]
    assert len(titles) < len(still.articles("english"))


def test_listings_lead_to_every_article(still: Newsroom, web: httpx.Client) -> None:
    for place in still.sites.values():
        if place.id == "app":
            continue
        listed = ""
        for label in place.outlet.sections:
            truth = [a for a in still.articles(place.id) if a.section == label]
            pages = place.outlet.pages(place.outlet.section_url(label), -(-len(truth) // place.outlet.per_page))
            listed += "".join(shown(web.get(place.url + page), encoding(place.id)) for page in pages)
        for article in still.articles(place.id):
            assert article.path in listed or unquote(article.path) in listed, article.url


def test_wordpress_pages_its_posts(still: Newsroom, web: httpx.Client) -> None:
    posts = still.sites["jannah"].url + "/wp-json/wp/v2/posts"
    first = web.get(posts, params={"per_page": 10, "_fields": "link,title.rendered,date_gmt"})
    second = web.get(posts, params={"per_page": 10, "page": 2})
    truth = still.articles("jannah")
    assert (first.headers["x-wp-total"], first.headers["x-wp-totalpages"]) == ("15", "2")
    assert 'rel="next"' in first.headers["link"]
    assert [post["link"] for post in first.json() + second.json()] == [a.url for a in truth]
    assert first.json()[0].keys() == {"link", "title", "date_gmt"}
    assert html.unescape(first.json()[0]["title"]["rendered"]) == truth[0].headline
    assert web.get(posts, params={"page": 3}).status_code == 400
    assert web.get(posts, params={"per_page": 101}).json()["code"] == "rest_invalid_param"


def test_wordpress_gives_what_changed_since(room: Newsroom, web: httpx.Client) -> None:
    posts = room.sites["jannah"].url + "/wp-json/wp/v2/posts"
    assert web.get(posts, params={"modified_after": room.now.isoformat()}).json() == []
    edited = room.edit("jannah", "book-fair", headline="عنوان جديد")
    since = (NOW - timedelta(seconds=1)).isoformat()
    assert [p["link"] for p in web.get(posts, params={"modified_after": since}).json()] == [edited.url]
    assert web.get(posts, params={"after": since}).json() == []
    old = web.get(posts, params={"before": "2019-01-01T00:00:00", "orderby": "modified", "order": "asc"}).json()
    assert [post["link"] for post in old] == [room.article("jannah", "founding").url]


def test_a_short_address_leads_to_its_post(still: Newsroom, web: httpx.Client) -> None:
    truth = still.article("jannah", "gold-price")
    answer = web.get(f"{still.sites['jannah'].url}/", params={"p": truth.number})
    assert (answer.status_code, answer.headers["location"]) == (301, truth.url)
    assert web.get(truth.url.rstrip("/")).headers["location"] == truth.url


# --- what is no article --------------------------------------------------------------------------------------------


def test_not_found_is_404_and_on_one_site_200(still: Newsroom, web: httpx.Client) -> None:
    assert web.get(still.sites["jannah"].url + "/nowhere").status_code == 404
    soft = web.get(still.sites["english"].url + "/nowhere")
    assert (soft.status_code, "Page not found" in soft.text) == (200, True)


def test_a_dead_feeds_home_page_names_the_living_one(room: Newsroom, web: httpx.Client) -> None:
    base = room.sites["jannah"].url
    assert web.get(base + "/dead-feed.xml").status_code == 410
    assert (
        f'<link rel="alternate" type="application/rss+xml" title="وكالة ستيب نيوز « الخلاصة" href="{base}/feed/"'
        in (shown(web.get(base + "/")))
    )
    room.bury_feed("jannah", 404)
    assert web.get(base + "/feed/").status_code == 404
    assert f'href="{base}/v2/feed/"' in web.get(base + "/").text
    assert len(feedparser.parse(web.get(base + "/v2/feed/").content).entries) == 10


def test_a_wall_stands_before_all_but_robots(room: Newsroom, web: httpx.Client) -> None:
    article = room.articles("english")[0]
    room.wall("english", status=202)
    answer = web.get(article.url)
    assert (answer.status_code, article.headline in answer.text) == (202, False)
    assert web.get(room.sites["english"].url + "/robots.txt").status_code == 200
    room.wall("english", on=False)
    assert web.get(article.url).status_code == 200


def test_a_site_fails_and_recovers(room: Newsroom, web: httpx.Client) -> None:
    base = room.sites["fr"].url
    room.fail("fr", 503, retry_after=120, only="/atom")
    answer = web.get(base + "/atom.xml")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "120")
    assert web.get(base + "/").status_code == 200
    room.fail("fr", None)
    assert web.get(base + "/atom.xml").status_code == 200


def test_a_slow_site_is_slow(room: Newsroom, web: httpx.Client) -> None:
    room.hang("zh", 0.2)
    began = time.monotonic()
    assert web.get(room.sites["zh"].url + "/").status_code == 200
    assert time.monotonic() - began >= 0.2
    room.hang("zh", 0)
    room.drip("zh", 5)
    with pytest.raises(httpx.ReadTimeout):
        web.get(room.sites["zh"].url + "/", timeout=httpx.Timeout(PATIENCE, read=0.2))


# --- validators ----------------------------------------------------------------------------------------------------


def known(answer: httpx.Response) -> dict[str, str]:
    return {"If-None-Match": answer.headers["etag"], "If-Modified-Since": answer.headers["last-modified"]}


def some_addresses(room: Newsroom) -> list[str]:
    return [
        room.articles("jannah")[0].url,
        room.sites["jannah"].url + "/feed/",
        room.sites["jannah"].url + "/",
        room.sites["jannah"].url + "/wp-json/wp/v2/posts",
        room.sites["english"].url + "/sitemaps/archive-1.xml.gz",
        room.sites["english"].url + "/feed.json",
        room.sites["arabic2"].url + "/section/economy",
        room.sites["ru"].url + "/robots.txt",
    ]


def test_what_has_not_changed_is_304(still: Newsroom, web: httpx.Client) -> None:
    for address in some_addresses(still):
        first = web.get(address)
        assert first.status_code == 200
        assert first.content
        for headers in (known(first), {"If-Modified-Since": first.headers["last-modified"]}):
            again = web.get(address, headers=headers)
            assert (again.status_code, again.content) == (304, b""), address
            assert again.headers["etag"].removeprefix("W/") == first.headers["etag"].removeprefix("W/")
        assert web.get(address, headers={"If-None-Match": '"another"'}).status_code == 200


def test_what_has_changed_is_sent_again(room: Newsroom, web: httpx.Client) -> None:
    article = room.articles("english")[3]
    addresses = [article.url, *(room.sites["english"].url + path for path in ("/feed.json", "/sitemap-index.xml", "/"))]
    before = {address: web.get(address) for address in addresses}
    room.edit("english", article.slug, headline="Quite another headline")
    for address, answer in before.items():
        now = web.get(address, headers=known(answer))
        assert now.status_code == 200, address
        assert now.headers["etag"] != answer.headers["etag"]
        assert now.headers["last-modified"] != answer.headers["last-modified"]


def test_validators_can_be_absent_or_lie(room: Newsroom, web: httpx.Client) -> None:
    article = room.articles("ru")[0]
    room.validators("ru", "off")
    assert not {"etag", "last-modified"} & web.get(article.url).headers.keys()
    room.validators("ru", "lying")
    before = web.get(article.url)
    room.edit("ru", article.slug, body="Совсем другой текст.")
    assert web.get(article.url, headers=known(before)).status_code == 304
    after = web.get(article.url)
    assert (after.headers["etag"], after.content) != (before.headers["etag"], before.content)
    assert after.headers["etag"] == before.headers["etag"]


# --- what happens to articles --------------------------------------------------------------------------------------


def found(room: Newsroom, web: httpx.Client, site: str) -> list[str]:
    return [e.link for e in feedparser.parse(web.get(room.sites[site].url + "/feed/").content).entries]


def test_a_published_article_is_everywhere(room: Newsroom, web: httpx.Client) -> None:
    assert len(found(room, web, "jannah")) == 10
    article = room.publish("jannah", headline="خبر جديد", body="فقرة أولى.\n\nفقرة ثانية.")
    assert room.articles("jannah")[0] == article
    assert article.body == ("فقرة أولى.", "فقرة ثانية.")
    assert abs(article.published - room.now) < timedelta(minutes=2)
    assert found(room, web, "jannah")[0] == article.url
    assert article.url in web.get(room.sites["jannah"].url + "/post-sitemap.xml").text
    assert "فقرة ثانية." in web.get(article.url).text


def test_a_feed_holds_the_newest_of_many_of_one_minute(room: Newsroom, web: httpx.Client) -> None:
    urls = [room.publish("jannah").url for _ in range(12)]
    assert found(room, web, "jannah") == urls[:1:-1]


def test_an_edit_shows_and_is_later(room: Newsroom, web: httpx.Client) -> None:
    before = room.article("arabic2", "tripoli-port")
    web.get(before.url)
    after = room.edit("arabic2", "tripoli-port")
    assert len(after.body) == len(before.body) + 1
    assert (after.url, after.published) == (before.url, before.published)
    assert after.modified > before.modified
    assert after.body[-1] in web.get(after.url).text
    assert room.edit("arabic2", "tripoli-port").modified > after.modified


def test_a_moved_article_leads_on(room: Newsroom, web: httpx.Client) -> None:
    for site in SITES:
        before = room.articles(site)[0]
        after = room.move(site, before.slug)
        answer = web.get(before.url)
        assert (answer.status_code, answer.headers["location"]) == (301, after.url)
        assert web.get(after.url).status_code == 200
    twice = room.move("jannah", "founding"), room.move("jannah", "founding")
    assert web.get(twice[0].url).headers["location"] == twice[1].url


def test_a_copy_says_the_same_elsewhere(room: Newsroom, web: httpx.Client) -> None:
    source = room.article("jannah", "mosaic-hama")
    there = room.copy("jannah", "mosaic-hama", "arabic2")
    here = room.copy("jannah", "mosaic-hama", "jannah")
    assert [(a.headline, a.body) for a in (there, here)] == [(source.headline, source.body)] * 2
    assert there.site == "arabic2"
    assert (here.url != source.url, here.published) == (True, source.published)
    assert all(source.body[0] in web.get(a.url).text for a in (there, here))


@pytest.mark.parametrize("status", [404, 410, 200])
def test_a_vanished_article_is_gone_with_its_old_addresses(room: Newsroom, web: httpx.Client, status: int) -> None:
    first = room.article("english", "tidal-power")
    second = room.move("english", "tidal-power")
    room.vanish("english", "tidal-power", status)
    for article in (first, second):
        answer = web.get(article.url)
        assert (answer.status_code, article.headline in answer.text) == (status, False)
    assert "tidal-power" not in [a.slug for a in room.articles("english")]
    with pytest.raises(KeyError):
        room.edit("english", "tidal-power")


def test_commands_and_visits_may_come_at_the_same_time(room: Newsroom) -> None:
    def work() -> None:
        with loopback.Client() as client:
            for _ in range(5):
                made.append(room.publish("english"))
                statuses.append(client.get(room.sites["english"].url + "/").status_code)
                room.edit("english", made[-1].slug)
                statuses.append(client.get(made[-1].url).status_code)

    made: list[Article] = []
    statuses: list[int] = []
    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 60
    assert len({a.url for a in made}) == 30
    assert {a.slug for a in made} <= {a.slug for a in room.articles("english")}


# --- how it is reached ---------------------------------------------------------------------------------------------


def test_the_proxy_answers_for_every_host(still: Newsroom) -> None:
    with loopback.Client(proxy=still.proxy) as web:
        truth = still.article("jannah", "founding", via="proxy")
        assert truth.url.startswith("http://stepagency-sy.net/2018/06/08/")
        assert f'<link rel="canonical" href="{truth.url}" />' in web.get(truth.url).text
        for place in still.sites.values():
            assert place.outlet.name in shown(web.get(f"http://{place.host}/"), encoding(place.id))
        assert web.get("http://nobody.example/").status_code == 502
        assert web.get(still.sites["fr"].url + "/").status_code == 200


def test_pages_saved_elsewhere_are_served_under_their_names(room: Newsroom) -> None:
    room.serve("http://saved.example/a?b=1", b"<p>as it was</p>", "text/html; charset=utf-8")
    with loopback.Client(proxy=room.proxy) as web:
        assert web.get("http://saved.example/a?b=1").content == b"<p>as it was</p>"
        assert web.get("http://saved.example/robots.txt").status_code == 404


def test_the_log_says_what_was_asked(room: Newsroom, web: httpx.Client) -> None:
    article = room.articles("english")[0]
    began = time.monotonic()
    web.get(article.url, headers={"User-Agent": "reader", "Accept-Encoding": "identity"})
    web.head(room.sites["english"].url + "/nowhere")
    first, second = room.requests("english")
    assert (first.path, first.status, first.headers["user-agent"]) == (article.path, 200, "reader")
    assert (second.method, second.sent) == ("HEAD", 0)
    assert first.sent > 2000
    assert began <= first.time <= second.time <= time.monotonic()
    assert room.requests("jannah") == []


def test_a_connection_is_kept(still: Newsroom) -> None:
    with loopback.Client() as web:
        streams = set()
        for path in ("/", "/feed/", "/nowhere", "/robots.txt"):
            streams.add(web.get(still.sites["jannah"].url + path).extensions["network_stream"].get_extra_info("socket"))
        assert len(streams) == 1


def test_the_same_seed_says_the_same() -> None:
    def told(seed: int) -> list[bytes]:
        with (
            Newsroom(seed=seed, now=NOW, via="proxy") as room,
            loopback.Client(proxy=room.proxy) as web,
        ):
            published = [room.publish(site).headline.encode() for site in ("jannah", "english", "arabic2")]
            return [*published, *(web.get(a.url).content for a in room.articles("ru"))]

    assert told(1) == told(1)
    assert told(1)[:3] != told(2)[:3]


@pytest.mark.parametrize(("language", "different"), [("ar", 240), ("en", 140)])
def test_the_stock_is_large_and_readable(language: str, different: int) -> None:
    drafts = [story(language, number) for number in range(different)]
    assert len({d.body for d in drafts}) == different
    assert len({d.headline for d in drafts[:40]}) == 40
    assert not [d for d in drafts if "{" in d.headline + "".join(d.body)]
    assert all(len(" ".join(d.body).split()) >= 40 for d in drafts)


@pytest.mark.parametrize("via", ["ports", "proxy"])
def test_arshif_reads_its_configuration_and_reaches_the_sources(still: Newsroom, tmp_path: Path, via: str) -> None:
    read = config.load(still.config(tmp_path / "config", via=via))  # type: ignore[arg-type]
    assert sorted(read.sites) == sorted(SITES)
    assert read.settings.proxy.get_secret_value() == (still.proxy if via == "proxy" else "")
    with loopback.Client(proxy=read.settings.proxy.get_secret_value() or None) as web:
        for site in read.enabled:
            for source in site.sources:
                assert web.get(str(source.url)).status_code == 200, source
    narrowed = config.load(still.config(tmp_path / "narrowed", kinds=["wordpress"]))
    assert list(narrowed.sites) == ["jannah"]


def test_it_runs_by_itself_until_it_is_ended(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.support.news_sites",
        "--port",
        "0",
        "--config",
        str(tmp_path),
        "--publish-every",
        ".01",
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(15)]
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
        assert process.wait(PATIENCE) == 0
    assert lines[0].startswith("newsroom: http://127.0.0.1:")
    assert [line.split()[0] for line in lines[1:10]] == list(SITES)
    assert lines[11].startswith("published jannah: ")
    assert lines[14].startswith("edited jannah: ")
    assert sorted(path.stem for path in (tmp_path / "sites" / "test").iterdir()) == sorted(SITES)
