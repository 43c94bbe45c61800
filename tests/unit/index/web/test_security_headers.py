"""The search page before hostile texts, hostile addresses and other machines."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from lxml import html as lxml_html
from selectolax.lexbor import LexborHTMLParser

from index.archive import documents, health, saved_searches, site_state, source_state
from index.archive.health import Health
from index.export.citation import FORMS
from index.model.article import Article, Image
from index.model.codes import Verdict
from index.model.message import LEGACY, Message
from index.web.security_headers import HEADERS
from index.web.templating import readable, strip_controls, web_link
from tests.support.archive_samples import next_turns
from tests.support.filled_archive import NOW, SearchFixture, article, fill, page
from tests.support.hostile_texts import HOSTILE, HOSTILE_URLS
from tests.support.web_client import Client, client_of, text_of, tree, unreachable


@pytest.fixture(scope="module")
def client(shelf: SearchFixture) -> Client:
    return client_of(shelf)


# --- hostile pages ---------------------------------------------------------------------------------------------------

TAGS = frozenset(
    (
        *("html", "head", "meta", "title", "link", "body", "header", "nav", "main", "footer", "section", "article"),
        *(
            "aside",
            "textarea",
            "output",
            "fieldset",
            "legend",
            "datalist",
            "form",
            "input",
            "button",
            "h1",
            "h2",
            "h3",
            "p",
            "ul",
            "ol",
            "li",
            "a",
            "b",
            "small",
            "span",
            "bdi",
        ),
        *("br", "mark", "time", "details", "summary", "table", "thead", "tbody", "tr", "th", "td", "div"),
        *("figure", "figcaption", "dl", "dt", "dd", "ins", "del", "iframe", "label", "select", "option"),
        *("script", "svg", "path", "circle", "rect", "dialog", "kbd", "pre", "code", "progress", "img"),
    )
)
ATTRIBUTES = frozenset(
    (
        *("href", "rel", "hreflang", "lang", "dir", "class", "id", "charset", "name", "content", "type", "value"),
        *("action", "role", "aria-label", "aria-labelledby", "aria-current", "aria-invalid", "aria-describedby"),
        *("placeholder", "maxlength", "autocomplete", "autocapitalize", "spellcheck", "enterkeyhint", "autofocus"),
        *("tabindex", "datetime", "title", "data-label", "scope", "sandbox", "src", "referrerpolicy", "method"),
        *("open", "checked", "min", "max", "step", "size", "inputmode"),
        *(
            "rows",
            "list",
            "form",
            "formaction",
            "formmethod",
            "data-most",
            "required",
            "selected",
            "defer",
            "hidden",
            "aria-sort",
            "aria-live",
        ),
        *("popover", "popovertarget", "popovertargetaction", "data-hx-boost", "aria-hidden", "focusable", "download"),
        *("viewbox", "preserveaspectratio", "d", "cx", "cy", "r", "x", "y", "width", "height"),
        *(
            "data-bars",
            "data-unit",
            "data-link",
            "data-hint",
            "data-top",
            "data-step",
            "data-offset",
            "data-live",
            "max",
            "alt",
            "loading",
            "decoding",
        ),
    )
)


def assert_inert(answer: httpx.Response) -> None:
    """Nothing in the page acts or asks another server for anything, for two parsers."""
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    root = lxml_html.document_fromstring(answer.text)
    seen = [(node.tag, dict(node.attrib)) for node in root.iter() if isinstance(node.tag, str)]
    parsed = LexborHTMLParser(answer.text).root
    assert parsed is not None
    seen += [(node.tag or "", dict(node.attributes)) for node in parsed.traverse(include_text=False)]
    for tag, attributes in seen:
        if tag.startswith(("!", "-", "_")):  # the doctype
            continue
        assert tag in TAGS, f"<{tag}> {attributes}"
        assert {name.lower() for name in attributes} <= ATTRIBUTES, f"<{tag}> {attributes}"
        assert tag != "img" or re.match(r"/articles/\w+/facsimile/(picture|image|thumbnail)\?", attributes["src"])
        assert tag != "iframe" or attributes["sandbox"] in ("", None)
        for name in ("href", "action", "formaction", "src", "data-link"):
            assert_harmless_link(tag, attributes, attributes.get(name))
        if tag == "script" and attributes != {"type": "application/ld+json"}:  # a data block, which nothing runs
            assert re.match(r"/static/[\w./-]+\.js\?v=[0-9a-f]{12}$", attributes["src"]), attributes
        assert attributes.get("data-hx-boost", "true") == "true"
        assert tag != "meta" or "http-equiv" not in attributes


def assert_harmless_link(tag: str, attributes: dict[str, Any], target: str | None) -> None:
    if target is None or re.match(r"/[^/\\]|/$|#", target):
        return
    assert tag == "a", f"<{tag}> leads to another server: {target}"
    assert re.match(r"https?://", target, re.IGNORECASE), target
    assert attributes["rel"] == "noopener noreferrer nofollow"


def hostile_articles() -> Iterator[Article]:
    """An article for each hostile text, with it in every field, and one for each hostile address."""
    for number, text in enumerate(HOSTILE):
        yield article(
            f"https://trap.example/{number}",
            site="trap",
            headline=text,
            alternative_headline=text,
            description=text,
            body=f"فخ {text}\n\n{text}",
            section=text,
            authors=(text, text),
            keywords=(text,),
            country=text[:40],
            language="ar" if number % 2 else None,
            extractor=text,
            canonical_url=text,
            paywalled=True,
            images=(Image(text, text, text),),
            origins={text: text},
            published=NOW - timedelta(minutes=number),
        )
    for number, url in enumerate(HOSTILE_URLS):
        yield article(url, site="trap", headline=f"فخ {number}", body=f"فخ {number}", images=(Image(url, None, None),))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchFixture]:
    """An archive in which everything that a site can say is hostile."""
    pages = [page(of, url=of.url, final_url=f"{of.url}#moved<script>") for of in hostile_articles()]
    filled = fill(tmp_path_factory.mktemp("hostile"), pages)

    def spoil(conn: Any) -> None:
        for number, text in enumerate(HOSTILE):
            known = {"name": text, "homepage": text, "country": text, "languages": (text[:50],)}
            said = Message(LEGACY, {"text": text})
            unwell = Health(Verdict.QUIET, said, example=text, since=NOW)
            health.put(conn, f"trap{number}", unwell)
            health.alert(conn, f"trap{number}", unwell, NOW, [])
            source_state.put(conn, f"trap{number}", text, kind=text[:50], problem=said, failures=2, polled=NOW)
            site_state.put(conn, f"trap{number}", **known, verdict=text, detail=said, last_run=NOW)
            saved_searches.add(conn, f"{text[:90]} {number}", text[:400].strip() or "x", NOW)
        legacy = {f"trap{number}": (NOW, Message(LEGACY, {"text": text})) for number, text in enumerate(HOSTILE)}
        next_turns(conn, legacy)
        site_state.put(conn, "trap", name=HOSTILE[0], homepage=HOSTILE_URLS[0])

    filled.archive.write(spoil).result()
    yield filled
    filled.close()


def test_there_are_enough_of_them_and_each_is_another() -> None:
    assert len(set(HOSTILE)) == len(HOSTILE) >= 60
    assert len(set(HOSTILE_URLS)) == len(HOSTILE_URLS) >= 18


def test_a_hostile_text_is_text_in_every_view(hostile: SearchFixture) -> None:
    client = client_of(hostile)
    for ui in ("ar", "en"):
        for path in ("/", "/sites", "/sites/asi", "/sites/trap7", "/alerts", "/edits", "/runs", "/searches"):
            answer = client.get(path, params={"ui": ui})
            assert answer.status_code == 200
            assert_inert(answer)
    with hostile.archive.read() as conn:
        found = documents.documents(conn, [of.id for of in hostile_articles()])
    assert len(found) == len(HOSTILE) + len(HOSTILE_URLS)
    for document in found:
        answer = client.get(f"/articles/{document.article.id}")
        assert answer.status_code == 200
        assert_inert(answer)
        (headline,) = tree(answer).cssselect("article h1")
        wanted = document.article.headline or document.article.url
        assert text_of(headline) == re.sub(r"\s+", " ", str(strip_controls(wanted))).strip()
        for view in ("diff", "copy"):
            answer = client.get(f"/articles/{document.article.id}/{view}?ui=ar")
            assert answer.status_code == 200
            assert_inert(answer)
        for form in FORMS:
            answer = client.get(f"/articles/{document.article.id}/cite.{form}")
            assert answer.status_code == 200
            assert answer.headers["content-disposition"].startswith("attachment;")
        assert client.get(f"/api/articles/{document.article.id}").json().get("url", "") == document.article.url


def test_hostile_results_are_text_on_every_page_of_them(hostile: SearchFixture) -> None:
    client = client_of(hostile)
    shown_links, path = 0, "/search?q=فخ&sort=oldest"
    while path:
        answer = client.get(path)
        assert answer.status_code == 200
        assert_inert(answer)
        root = tree(answer)
        assert all(text_of(mark) == "فخ" for mark in root.cssselect("mark"))
        shown_links += len(root.cssselect(".hits h2 a"))
        path = next(iter(root.xpath("//a[@rel='next']/@href")), "")
    assert shown_links == len(HOSTILE) + len(HOSTILE_URLS)


FREE = ("section", "author", "after", "until")


@pytest.mark.parametrize("text", [*HOSTILE, *HOSTILE_URLS], ids=range(len(HOSTILE) + len(HOSTILE_URLS)))
def test_a_hostile_query_is_text(client: Client, text: str) -> None:
    for parameters in (("q",), ("sort", "by", "ui", "path"), ("cursor",), ("site", "country", "lang"), FREE):
        answer = client.get("/search", params={"q": "حلب"} | dict.fromkeys(parameters, text[:1000]))
        assert answer.status_code in {200, 400, 414}
        assert_inert(answer)
    answer = client.get("/" + quote(text[:2000]))
    assert answer.status_code in {200, 404}  # 200: a text that begins with two slashes and no path
    assert_inert(answer)


def test_only_web_addresses_become_links() -> None:
    assert [url for url in HOSTILE_URLS if web_link(url)] == []
    assert web_link("https://step.example/%D8%A3?a=1&b=2#c") == "https://step.example/%D8%A3?a=1&b=2#c"
    assert web_link(None) is None


def test_controls_and_overrides_are_not_shown_but_joiners_are() -> None:
    assert strip_controls("a\x00b\x1bc\u202ed\u202de\x9bf\ud800g") == "abcdefg"
    persian = "می\u200cرود\u200f!\nخط"
    assert strip_controls(persian) == persian


def test_an_address_is_shown_as_people_read_it() -> None:
    assert (
        readable("https://a.example/%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1/1?x=%20%2F") == "https://a.example/أخبار/1?x=%20%2F"
    )
    assert readable("https://a.example/%E2%80%AEgpj.exe") == "https://a.example/%E2%80%AEgpj.exe"  # an override
    assert readable("https://a.example/%D8") == "https://a.example/%D8"


# --- hostile queries -------------------------------------------------------------------------------------------------


def test_no_query_breaks_the_page(client: Client) -> None:
    pieces = [
        "(",
        ")",
        '"',
        "«",
        "-",
        "OR",
        "AND",
        "title:",
        "site:",
        "after:2024-13",
        "حلب",
        "\x00",
        "\u202e",
        "*",
        "a:b",
    ]
    for number in range(5 * len(pieces)):
        first, length = number // 5 + 1, number % 5 + 1
        query = " ".join(pieces[first * step % len(pieces)] for step in (1, 2, 3, 5, 7)[:length])
        answer = client.get("/search", params={"q": query})
        assert answer.status_code in {200, 400}, query


def test_a_cursor_that_is_none_is_told(client: Client) -> None:
    keys = (
        *("[]", "{}", "null", '["oldest","x"]', "[[[[", '["relevance"]', '["newest",true]', '"newest"', "1"),
        *('["newest",1e400]', '["newest",-1]', '["newest",NaN]', '["newest",99999999999999999999]'),
        *('["relevance",1,1,-100]', '["relevance",1,1,NaN]', '["relevance",Infinity,1,1]'),
    )
    cursors = [base64.urlsafe_b64encode(key.encode()).rstrip(b"=").decode() for key in keys]
    for cursor in [*cursors, "ء", "\x00", "=", "A" * 30_000]:
        for sort in ("relevance", "newest", "oldest"):
            answer = client.get("/search", params={"q": "حلب", "cursor": cursor, "sort": sort})
            assert answer.status_code == 400, cursor


def test_a_cursor_from_far_away_finds_nothing_and_costs_nothing(client: Client) -> None:
    far = base64.urlsafe_b64encode(b'["relevance",1e-9,1,1000000000000000]').rstrip(b"=").decode()
    assert client.get("/search", params={"q": "حلب", "cursor": far}).status_code == 200


# --- who may ask, and with which headers -----------------------------------------------------------------------------


def test_every_answer_has_the_headers(client: Client, shelf: SearchFixture) -> None:
    nowhere = client_of(replace(shelf, engine=unreachable()))
    faulty = client_of(replace(shelf, engine=None))  # type: ignore[arg-type]
    answers = {
        200: client.get("/"),
        400: client.get("/search?q=a&cursor=x"),
        404: client.get("/nothing"),
        405: client.request("POST", "/search"),
        421: client.get("/", headers={"host": "evil.example"}),
        503: nowhere.get("/search?q=a"),
        500: faulty.get("/search?q=a"),
    }
    more = [
        client.get(path) for path in ("/static/arshif.css", "/static/none", "/healthz", "/api/search?q=a", "/api/x")
    ]
    for status, answer in [*answers.items(), *((answer.status_code, answer) for answer in more)]:
        assert answer.status_code == status
        for name, value in HEADERS.items():
            assert answer.headers.get_list(name) == [value], f"{status} {answer.url}"
    assert "script-src 'self';" in HEADERS["content-security-policy"]
    assert "unsafe" not in HEADERS["content-security-policy"]
    assert HEADERS["content-security-policy"].startswith("default-src 'none';")


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8000", "LOCALHOST", "127.0.0.1:1", "127.8.8.8", "[::1]:8000", "a.localhost", "box:80"],
)
def test_answers_to_names_of_this_machine(shelf: SearchFixture, host: str) -> None:
    assert client_of(shelf, hosts=["Box"]).get("/healthz", headers={"host": host}).text == "ok\n"


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "192.168.1.2",
        "0.0.0.0",
        "[::ffff:8.8.8.8]",
        "notlocalhost",
        "localhost@evil.example",
        "[::1",
        "2130706433",
        "box",
        "a b",
    ],
)
def test_answers_to_no_other_name(client: Client, host: str) -> None:
    answer = client.get("/", headers={"host": host})
    assert answer.status_code == 421
    assert "localhost" in answer.text


def test_static_files_stay_in_their_folder(client: Client) -> None:
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd"):
        assert client.get(path).status_code == 404


def test_reads_only(client: Client) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        for path in ("/", "/search", "/articles/1", "/sites", "/runs", "/api/search", "/api/articles/1"):
            refused = client.request(method, path, content=b"x" * 100).status_code
            assert refused == (415 if (method, path) == ("PATCH", "/api/articles/1") else 405), (method, path)
