"""Whatever bytes strangers send, a parser answers with a result or with the error that it names, and with nothing else.

Real forms are broken at random: pieces are cut, doubled, exchanged, and replaced by what breaks parsers.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from selectolax.lexbor import LexborHTMLParser

from crawler import stages
from crawler.config import load, site_from
from crawler.discover import alternates
from crawler.discover import parse as parse_source
from crawler.discover.site_metadata import site_metadata, sitemaps
from crawler.errors import ArshifError, ConfigError, Refused, SourceProblem, Unreadable
from crawler.extract import dates, jsonld
from crawler.extract.page_state import PageState
from crawler.fetch.robots.policy import RobotsResponse, RobotsRules
from crawler.importing import saved_pages, warc_records
from crawler.models import Page
from crawler.onboarding import opml
from crawler.scheduling.poll_interval import retry_after
from crawler.settings_model import archive_problem
from crawler.site_config import Kind, stranger
from crawler.yaml_loader import read as read_yaml
from index.archive import edits
from index.archive.backup import CONTENTS, check
from index.archive.postgresql import PostgresqlDatabase
from index.engines.cursor import decode_cursor, encode_cursor
from index.errors import ArchiveError, QueryError
from index.locale import negotiate
from index.model.message import Message
from index.model.query import Query
from index.search.query_language import parse as parse_query
from index.warc.record import WarcDamaged, WarcRef
from index.warc.store import WarcStore

INPUTS = 400  # for each parser, and fewer for those that read whole pages or files of settings
SLOW = {"page": 60, "page with JSON-LD": 100, "home page": 100, "settings": 100, "site": 100}
MANY = int(os.environ.get("ARSHIF_TEST_INPUTS", "1_000_000"))  # for each, in the long form
ROUND = 1_000  # of these with one seed
URL = "https://step.example/news/"
NOW = datetime(2026, 11, 23, tzinfo=UTC)
SITE = stranger(URL)
PLACE = dates.Place(("ar", "en"), "SY", ZoneInfo("Asia/Damascus"), NOW)
NO_SITES = load(env={})

Parser = Callable[[bytes, Path], object]


@dataclass(frozen=True)
class Target:
    """A parser, the errors that it may raise, and texts of the form that it reads."""

    parse: Parser
    errors: tuple[type[Exception], ...]
    seeds: tuple[bytes, ...]


SEEDS = Path(__file__).parents[1] / "support" / "parser_seeds"  # a text of each form
RSS = (SEEDS / "rss.xml").read_bytes()
RSS_1 = (SEEDS / "rss1.xml").read_bytes()
ATOM = (SEEDS / "atom.xml").read_bytes()
JSON_FEED = (SEEDS / "feed.json").read_bytes()
SITEMAP = (SEEDS / "sitemap.xml").read_bytes()
INDEX = (SEEDS / "sitemap_index.xml").read_bytes()
POSTS = (SEEDS / "posts.json").read_bytes()
URLS = (SEEDS / "urls.csv").read_bytes()
PAGE = (SEEDS / "page.html").read_bytes()
SCRIPTS = (SEEDS / "scripts.html").read_bytes()  # a page whose article is in the state of its scripts, in many forms
ROBOTS = (SEEDS / "robots.txt").read_bytes()
OPML = (SEEDS / "sites.opml").read_bytes()
QUERY = (SEEDS / "query.txt").read_bytes()
YAML = (SEEDS / "site.yaml").read_bytes()
KEYS = (SEEDS / "site_keys.yaml").read_bytes()  # most that a site's file may have
MANIFEST = (SEEDS / "backup.json").read_bytes()
SETTINGS = (SEEDS / "arshif.yaml").read_bytes()
SHIPPED = (Path(__file__).parents[2] / "config" / "arshif.yaml").read_bytes()  # all settings
JSON_LD = (SEEDS / "article.jsonld").read_bytes()
DATABASE = b"postgresql+psycopg://arshif@[::1]:5432/news?sslmode=require&host=%2Frun&target_session_attrs=any"
CURSORS = (
    encode_cursor("relevance", [1.25, 17, 4]).encode(),
    encode_cursor("newest", [1_795_000_000_000, 4]).encode(),
    b"1795000000000000-2-abc",
)
RECORD = (
    b"WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:1>\r\nWARC-Target-URI: https://step.example/a\r\n"
    b"WARC-Date: 2026-11-23T09:00:00Z\r\nContent-Type: application/http\r\nContent-Length: 44\r\n\r\n"
    b"HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 2\r\n\r\nok\r\n\r\n"
)
RESOURCE = (
    b"WARC/1.1\r\nWARC-Type: resource\r\nWARC-Record-ID: <urn:uuid:1>\r\nWARC-Target-URI: https://step.example/a\r\n"
    b"WARC-Date: 2026-11-23T09:00:00Z\r\nContent-Type: image/webp\r\nContent-Length: 2\r\n\r\nok\r\n\r\n"
)
HEADER = b"Mon, 23 Nov 2026 09:00:00 GMT"
DATES = tuple(
    text.encode()
    for text in (
        "2026-11-23T09:00:00.123+03:00", "Mon, 23 Nov 2026 09:00 PM EST", "23. November 2026, 09.00 Uhr MEZ",
        "نشر في: 23 تشرين الثاني 2026 - 09:05 م", "۲ آذر ۱۴۰۵ ساعت ۱۴:۳۰", "1448 محرم 3", "2026年11月23日 下午3時05分",
        "3 hours ago", "قبل ٣ أيام", "1795000000", "Updated 11/23/2026 9:00 a.m. ET", "२०८३ मंसिर ७ गते",
    )
)  # fmt: skip

DICTIONARY = (
    *(
        b"\x00",
        b"\xff",
        b"\xfe\xff",
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
        b"\xc0\x80",
        b"\r",
        b"\n",
        b"\t",
        b"\x0b",
        b"\x1b",
        b"\x7f",
    ),
    *(
        b"<",
        b">",
        b"&",
        b"'",
        b'"',
        b"</",
        b"/>",
        b"<!--",
        b"-->",
        b"<![CDATA[",
        b"]]>",
        b"<?",
        b"<!DOCTYPE x [",
        b"&#0;",
    ),
    *(
        b"&#xD800;",
        b"&#99999999999;",
        b"&x;",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"null",
        b"true",
        b"NaN",
        b"1e999",
        b"-",
    ),
    *(
        b"\\u0000",
        b"\\ud800",
        b"\\",
        b"%",
        b"%zz",
        b"%00",
        b"(",
        b")",
        b"*",
        b"~",
        b"OR",
        b"NOT",
        b"#",
        b"|",
        b"!!",
        b"&a",
        b"*a",
    ),
    *(
        b"http://",
        b"https://[",
        b"//",
        b"javascript:",
        b"data:,",
        b"file:///",
        b"http://a:99999/",
        b"0",
        b"-1",
        b"9" * 400,
    ),
    *(
        "٢٠٢٦".encode(),
        "\u202e".encode(),
        "😀".encode(),
        "İ".encode(),
        "ﷺ".encode(),
        b"0000-00-00",
        b"9999-12-31T23:59:60-99:99",
    ),
)


def source(kind: Kind) -> Parser:
    def parse(data: bytes, _: Path) -> object:
        return parse_source(kind, data, URL, {"content-type": "text/xml; charset=x"}, zone=ZoneInfo("Asia/Damascus"))

    return parse


def page(data: bytes, _: Path) -> object:
    return stages.article(Page(URL, URL, data, NOW, headers={"content-type": "text/html"}), SITE)


def robots(data: bytes, _: Path) -> object:
    rules = RobotsRules(RobotsResponse(200, data).text or b"", "Arshif/0.1")
    return rules.allow(URL), rules.delay, sitemaps(data.decode("utf-8", "replace"), URL)


def yaml(data: bytes, folder: Path) -> object:
    (folder / "site.yaml").write_bytes(data)
    return read_yaml(folder / "site.yaml")


def manifest(data: bytes, folder: Path) -> object:
    (folder / CONTENTS).write_bytes(data)
    return check(folder)


def warc(data: bytes, folder: Path) -> object:
    for number, packed in enumerate((gzip.compress(data), data)):
        (folder / f"x-{number}.warc.gz").write_bytes(packed)
        try:
            WarcStore(folder).read(WarcRef(f"x-{number}.warc.gz", 0, len(packed)), "https://step.example/a")
        except WarcDamaged:
            continue
    return None


def imported(data: bytes, folder: Path) -> object:
    """As `arshif import` reads a file: all that its records say, and then what they hold."""
    file = folder / "given.warc"
    file.write_bytes(data)
    heads = warc_records.heads(file)
    return [warc_records.content(file, head.offset, head.url) for head in heads], saved_pages.look(file)


def json_ld(data: bytes, _: Path) -> object:
    """Alone, which costs a tenth of what the page does that it is in; each of its nodes may be what is looked for."""
    found = jsonld.nodes(LexborHTMLParser(_script(data)))
    for node in found:
        for value in (*node.values(), node):
            list(jsonld.images(value, found, URL))
            jsonld.authors(value, found), jsonld.people(value, found), jsonld.texts(value)
        jsonld.section(node, found), jsonld.free(node)
    return found, jsonld.article(found, {URL}, "x"), jsonld.is_listing(found), jsonld.crumb(found, "x")


def page_with_json_ld(data: bytes, _: Path) -> object:
    """In a page, from which fields are taken."""
    return stages.article(Page(URL, URL, PAGE.replace(b"<title>", _script(data) + b"<title>"), NOW), SITE)


def _script(data: bytes) -> bytes:
    return b'<script type="application/ld+json">' + data + b"</script>"


def page_state(data: bytes, _: Path) -> object:
    """What the scripts of a page hold, alone."""
    state = PageState(data.decode("utf-8", "replace"))
    return state.story("Rain fills the reservoirs of the north", PLACE), state.html(), state.prose()


def date(data: bytes, _: Path) -> object:
    text = data.decode("utf-8", "replace")
    return dates.machine(text, PLACE), dates.visible(text, PLACE)


def cursor(data: bytes, _: Path) -> object:
    text = data.decode("utf-8", "replace")
    for sort, length in (("relevance", 3), ("newest", 2)):
        with suppress(QueryError):
            return decode_cursor(Query(cursor=text), sort, length)
    return edits._position(text)


def settings(data: bytes, folder: Path) -> object:
    (folder / "arshif.yaml").write_bytes(data)
    return load(folder, {}, only=())


def site(data: bytes, folder: Path) -> object:
    return site_from(NO_SITES, "x", data.decode("utf-8", "replace"), folder / "x.yaml")


def database(data: bytes, folder: Path) -> object:
    """What a setting names as a database is refused, or can be connected to as far as its form goes."""
    text = data.decode("utf-8", "replace")
    if archive_problem(text):
        return None
    place = PostgresqlDatabase(text, folder)
    place._engine().dispose()
    return place.name


def headers(data: bytes, _: Path) -> object:
    text = data.decode("latin-1")
    return retry_after({"retry-after": text}, NOW), negotiate(text), Message.from_json(text)


TARGETS: Mapping[str, Target] = {
    "feed": Target(source("feed"), (SourceProblem,), (RSS, RSS_1, ATOM, JSON_FEED)),
    "sitemap": Target(source("sitemap"), (SourceProblem,), (SITEMAP, INDEX, gzip.compress(SITEMAP), URLS)),
    "section": Target(source("section"), (SourceProblem,), (PAGE,)),
    "wordpress": Target(source("wordpress"), (SourceProblem,), (POSTS, JSON_FEED, b'{"code": "rest_no_route"}')),
    "urls": Target(source("urls"), (SourceProblem,), (URLS, POSTS, b'{"url": "https://step.example/a"}\n')),
    "alternates": Target(lambda data, _: alternates(data, URL), (SourceProblem,), (PAGE,)),
    "home page": Target(lambda data, _: site_metadata(data, URL, {}), (SourceProblem, Unreadable), (PAGE,)),
    "page": Target(page, (Refused, Unreadable), (PAGE, SCRIPTS)),
    "page's scripts": Target(page_state, (), (SCRIPTS,)),
    "date": Target(date, (), DATES),
    "robots.txt": Target(robots, (), (ROBOTS,)),
    "OPML": Target(lambda data, _: opml.read(data), (ArshifError,), (OPML,)),
    "query": Target(lambda data, _: parse_query(data.decode("utf-8", "replace")), (QueryError,), (QUERY,)),
    "YAML": Target(yaml, (ArshifError,), (YAML, KEYS, SETTINGS)),
    "backup.json": Target(manifest, (ArchiveError,), (MANIFEST,)),
    "import": Target(imported, (), (RECORD * 3, gzip.compress(RECORD) * 2, RECORD.replace(b"1.1", b"1.0"))),
    "JSON-LD": Target(json_ld, (), (JSON_LD,)),
    "page with JSON-LD": Target(page_with_json_ld, (Refused, Unreadable), (JSON_LD,)),
    "cursor": Target(cursor, (QueryError,), CURSORS),
    "settings": Target(settings, (ConfigError,), (SETTINGS, SHIPPED)),
    "site": Target(site, (ConfigError,), (YAML, KEYS)),
    "database": Target(
        database, (ArchiveError,), (DATABASE, b"postgresql+psycopg:///news", b"postgresql+psycopg://host:5432/db")
    ),
    "WARC": Target(warc, (), (RECORD, RESOURCE, gzip.compress(RECORD))),
    "headers": Target(headers, (), (HEADER, b"120", b"ar-SY,en;q=0.7,*;q=0", b'{"code": "x", "params": {}}')),
}


def broken(chance: random.Random, seed: bytes) -> bytes:
    """A text of that form with some of its pieces changed."""
    data = bytearray(seed)
    for _ in range(chance.choice([1, 1, 2, 3, 8, 30])):
        at = chance.randrange(len(data) + 1)
        end = min(len(data), at + chance.choice([0, 1, 1, 4, 20, 200]))
        match chance.randrange(6):
            case 0:
                del data[at:end]
            case 1:
                data[at:at] = data[at:end] * chance.choice([1, 2, 50])
            case 2:
                data[at:end] = chance.choice(DICTIONARY)
            case 3:
                data[at:at] = chance.choice(DICTIONARY) * chance.choice([1, 1, 2, 500])
            case 4 if end > at:
                data[at] ^= 1 << chance.randrange(8)
            case _:
                start = chance.randrange(len(data) + 1)
                data[at:end] = data[start : start + chance.randrange(60)]
    return bytes(data[:200_000])


def inputs(chance: random.Random, seeds: tuple[bytes, ...], count: int) -> Iterator[bytes]:
    yield b""
    for number in range(count - 1):
        yield chance.randbytes(chance.randrange(200)) if number % 20 == 0 else broken(chance, chance.choice(seeds))


@dataclass(frozen=True)
class Outcome:
    """How many inputs could be read all the same, and the one that took the most CPU time, in seconds."""

    read: int = 0
    slowest: float = 0.0
    was: bytes = b""


def fuzz(name: str, count: int, seed: int, folder: Path) -> Outcome:
    """What came of so many broken inputs of a parser; it fails on any error that is not the parser's own."""
    target, read, slowest, was = TARGETS[name], 0, 0.0, b""
    for data in inputs(random.Random(f"{name} {seed}"), target.seeds, count):
        before = time.process_time()
        try:
            target.parse(data, folder)
            read += 1
        except target.errors:
            pass
        except Exception as error:
            raise AssertionError(f"{name}, seed {seed}: {data[:3_000]!r}") from error
        if (took := time.process_time() - before) > slowest:
            slowest, was = took, data
    return Outcome(read, slowest, was)


@pytest.mark.parametrize("name", TARGETS)
def test_broken_bytes_are_read_or_told(name: str, tmp_path: Path) -> None:
    found = fuzz(name, SLOW.get(name, INPUTS), 1, tmp_path)
    assert found.read or name in ("backup.json", "section"), "some of them are still readable"


@pytest.mark.long
@pytest.mark.timeout(0)  # a million pages take hours
@pytest.mark.parametrize("name", TARGETS)
def test_a_million_broken_inputs(name: str, tmp_path: Path) -> None:
    """ARSHIF_TEST_INPUTS=20000 for fewer. What took the most CPU time is told: it may grow faster than its input."""
    fuzz(name, 10, 1, tmp_path)  # what is loaded or computed once is no input's
    rounds = [fuzz(name, ROUND, 1_000 + seed, tmp_path) for seed in range(MANY // ROUND)]
    most = max(rounds, key=lambda one: one.slowest)
    read = sum(one.read for one in rounds)
    print(f"{name}: {read:,} of {MANY:,} read; at most {1_000 * most.slowest:.0f} ms of CPU: {most.was[:300]!r}")


# --- what was found so ----------------------------------------------------------------------------------------------

FOUND: list[tuple[str, bytes]] = [
    ("wordpress", b"[" * 100_000),
    ("urls", b'url,title\nhttps://step.example/a,"' + b"x" * 200_000 + b"\nhttps://step.example/b,\n"),
    ("sitemap", "<sitemap\u0130ndex><sitemap><loc>https://step.example/map.xml</loc></sitemap>".encode()),
    ("sitemap", INDEX.replace(b"step.example/", b"ste<p.example/", 1)),
    ("sitemap", b'<urlset xmlns="<![CDATA[&#xD800;" s=""></>'),
    ("sitemap", b"<urlset><url><loc>https://step.example/<!--<![CDATA[-->&#xDC00;</loc></url></urlset>"),
    ("feed", RSS.replace(b"step.example/", b"step.examp[[le/")),
    ("sitemap", b"loc,title\nhttps://step.example/a,'" + b"x" * 200_000),
    ("feed", b'<rss version="2.0"><channel encoding==><item><title>&#99999999999</title><link>x</link>'),
    ("feed", b'{"version": "https://jsonfeed.org/version/1", "items": ' + b'{"a":' * 50_000),
    ("headers", b"9" * 5_000),
    ("headers", b"[" * 50_000),
    ("YAML", b"[" * 5_000),
    ("YAML", b"a: &a [*a]"),
    ("backup.json", b"[" * 100_000),
    ("query", b"(" * 5_000),
    ("query", "s\u0130te:asi la\u017fg:ar \u017fite:asi".encode()),
    ("database", b"postgresql+psycopg:///news?host=a:b:c&host=d"),
    ("database", b"postgresql+psycopg:///news?host=a:b&host=d"),
    ("database", b"postgresql+psycopg:///news?port=x"),
    ("database", b"postgresql+psycopg:///news?host=a,b&port=1,2,3"),
    ("page", b'<script type="application/ld+json">' + b"[" * 50_000),
    ("JSON-LD", b'{"@type": "NewsArticle", "image": ' + b"[" * 900 + b"]" * 900 + b"}"),
    (
        "JSON-LD",
        b'{"@type": ' + b"[" * 900 + b"]" * 900 + b', "isAccessibleForFree": ' + b"[" * 900 + b"]" * 900 + b"}",
    ),
    ("page with JSON-LD", b'{"@type": "NewsArticle", "datePublished": ' + b"[" * 900 + b"]" * 900 + b"}"),
    ("JSON-LD", b'{"@type": "NewsArticle", "headline": "&#' + b"0" * 5_000 + b'65;"}'),
    ("feed", RSS.replace(b"A &amp; b", b"&#" + b"9" * 5_000)),
    *(("feed", RSS.replace(b"utf-8", codec).replace(b"News", b"\xff")) for codec in (b"uu", b"zip", b"idna", b"rot13")),
    ("page", b'<meta charset="hex"><p>caf\xe9'),
    ("page", PAGE.replace(b"<h1>", b"<h1>&amp;#" + b"9" * 5_000 + b";")),
    ("WARC", RECORD.replace(b"Length: 44", b"Length: " + b"4" * 50)),
    ("WARC", RESOURCE.replace(b"image/webp", "image/\u0662".encode())),
    ("import", RECORD.replace(b"Length: 44", b"Length: " + b"4" * 50)),
    ("import", RECORD.replace(b"application/http", b"axplication/http")),
    ("robots.txt", b"Sitemap: https://[\nSitemap: https://x]/\nUser-agent: *\nDisallow: //[x"),
    ("page", PAGE.replace(b"<title>", b'<meta property="og:image" content="https://[x/1.jpg"><title>')),
    ("page", PAGE.replace(b'"/1.jpg"', b'"https://[x/1.jpg"')),
    ("page", PAGE.replace(b"<img ", b'<img srcset="/2.jpg ' + b"9" * 5_000 + b'w" ')),
    ("page", PAGE.replace(b'"/1.jpg"', b'"https://x]/1.jpg"')),
    ("page", PAGE.replace(b"<title>", b'<base href="https://[x/"><title>')),
    ("page", b'<base href="https://[x/"><meta http-equiv="refresh" content="0;url=/x"><p>x'),
    ("robots.txt", b"Crawl-delay: 1e999\nUser-agent: *\nCrawl-delay: nan\nDisallow: /" + b"*" * 5_000),
]


@pytest.mark.parametrize(("name", "data"), FOUND, ids=[f"{n}-{name}" for n, (name, _) in enumerate(FOUND)])
def test_what_broke_one_breaks_it_no_more(name: str, data: bytes, tmp_path: Path) -> None:
    target = TARGETS[name]
    with suppress(*target.errors):
        target.parse(data, tmp_path)


def test_the_seeds_are_of_the_forms_that_they_are_for(tmp_path: Path) -> None:
    for name, target in TARGETS.items():
        if name != "section":  # a single link is no list
            with suppress(ArchiveError):  # the archive of a manifest, which is not there
                assert target.parse(target.seeds[0], tmp_path) is not None or name == "WARC", name
    assert json.loads(MANIFEST)["format"] == 1
