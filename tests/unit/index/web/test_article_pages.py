"""The pages of one article: what changed in it, its saved copy, its citation; hostile pages among the copies."""

from __future__ import annotations

import html
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from lxml import html as lxml_html
from selectolax.lexbor import LexborHTMLParser
from sqlalchemy import Connection

from index.archive import frontier, notices, warc_records
from index.archive.frontier import Visit
from index.export.citation import citation, context_object, written
from index.export.wacz import PAGES
from index.model.article import Version
from index.warc.outside import Outside
from index.warc.record import Response, WarcRef, pack
from index.warc.store import WarcStore
from index.web.sanitizer import TAGS, CannotSanitize, clean, sanitize
from index.web.security_headers import HEADERS
from tests.support.filled_archive import NOW, SearchFixture, article, fill, page
from tests.support.hostile_texts import HOSTILE
from tests.support.web_client import Client, client_of, text_of, tree

PAGE = """<!doctype html><html><head><title>t</title><script src="https://evil.example/x.js"></script>
<link rel="stylesheet" href="https://evil.example/x.css"><style>p{color:red}</style></head><body onload="x()">
<h1>سعر الخبز</h1><p style="color:red" onclick="y()">السعر <a href="https://asi.example/more">مئتان</a></p>
<img src="https://evil.example/pixel.gif" alt="x"><iframe src="https://evil.example/"></iframe><form><input></form>"""
FIRST = article(
    "https://asi.example/1",
    headline="سعر الخبز",
    body="فقرة أولى\n\nالسعر مئة\n\nفقرة ثالثة\n\nرابعة",
    authors=("سامر",),
)
SECOND = replace(FIRST, body="فقرة أولى\n\nالسعر مئتان\n\nفقرة ثالثة\n\nرابعة", content_hash="other")


@dataclass(frozen=True)
class Kept:
    client: Client
    id: str


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    """An article of two versions, the second with a raw copy in windows-1256, as the page."""
    folder = tmp_path_factory.mktemp("kept")
    headers = [("Content-Type", "text/html; charset=windows-1256")]
    answer = Response(SECOND.url, NOW, "HTTP/1.1 200 OK", headers, PAGE.encode("cp1256"))
    with WarcStore(folder / "raw") as raw:
        pages = [
            page(FIRST),
            page(SECOND, NOW + timedelta(hours=1), body_hash="other", raw=lambda: raw.append(answer)),
            page(SECOND, NOW + timedelta(hours=2), url="https://asi.example/short", body_hash="other"),
        ]
        shelf = fill(folder, pages)
        yield Kept(client_of(shelf, raw=raw), FIRST.id)
    shelf.close()


@pytest.fixture
def shelf_without_copies(tmp_path: Path) -> Iterator[Client]:
    shelf = fill(tmp_path, [page(FIRST)])
    yield client_of(shelf)
    shelf.close()


def test_an_article_leads_to_all_that_is_known_of_it(kept: Kept) -> None:
    root = tree(kept.client.get(f"/articles/{kept.id}?ui=en"))
    links = set(root.xpath("//aside//a/@href"))
    own = f"/articles/{kept.id}"
    assert {f"{own}/diff?ui=en", f"{own}/diff?new=2&ui=en", f"{own}/copy?ui=en", f"{own}/copy?version=2&ui=en"} <= links
    assert f"{own}/copy?version=1&ui=en" not in links
    (second, first) = root.cssselect("#versions + ol li")
    assert "wording corrected (−1 +1)" in text_of(second)
    assert text_of(first).startswith("Version 1 seen")
    facts = dict(zip(map(text_of, root.cssselect("dl dt")), map(text_of, root.cssselect("dl dd")), strict=True))
    assert facts["Last seen on its site"].startswith("23 November 2026")
    assert facts["Content hash"] == "other"
    assert "redirects here, 23 November 2026" in text_of(root.cssselect(".record ul.plain li.address")[0])
    (cite,) = root.cssselect(".cite")
    assert text_of(cite) == (
        "سامر, “سعر الخبز”, صحيفة العاصي, undated. https://asi.example/1. Retrieved 23 November 2026. "
        "Content hash other."
    )


def test_a_diff_marks_the_words_and_leaves_out_what_stayed(kept: Kept) -> None:
    for ui, way in (("en", "ltr"), ("ar", "rtl")):
        root = tree(kept.client.get(f"/articles/{kept.id}/diff?ui={ui}"))
        assert root.get("dir") == way
        (reading,) = root.cssselect("article")
        assert reading.get("dir") == "rtl"
        assert [text_of(node) for node in root.cssselect("del")] == ["مئة"]
        assert [text_of(node) for node in root.cssselect("ins")] == ["مئتان"]
        assert "فقرة أولى" in text_of(reading)
    assert kept.client.get(f"/articles/{kept.id}/diff?old=1&new=1").status_code == 200
    assert kept.client.get(f"/articles/{kept.id}/diff?new=9").status_code == 404
    assert kept.client.get(f"/articles/{kept.id}/diff?old=x").status_code == 404


def test_a_saved_copy_stands_in_a_sandbox_and_says_what_was_taken_out(kept: Kept) -> None:
    answer = kept.client.get(f"/articles/{kept.id}/copy?ui=en")
    root = tree(answer)
    (frame,) = root.cssselect("iframe")
    assert frame.get("sandbox") == ""
    assert answer.headers.get_list("content-security-policy") == [HEADERS["content-security-policy"]]
    told = "1 script, 3 style sheets, 1 image, 1 frame, 2 forms and 1 link (its text stays) removed; nothing is loaded"
    assert told in text_of(root)
    inner = kept.client.get(frame.get("src"))
    (policy,) = inner.headers.get_list("content-security-policy")
    assert policy.startswith("sandbox; default-src 'none'; style-src 'sha256-")
    assert "frame-ancestors 'self'" in policy
    assert "السعر مئتان" in text_of(tree(inner))
    assert dict(tree(inner).getroottree().getroot().attrib) == {"lang": "ar", "dir": "rtl"}
    assert "evil" not in inner.text
    assert_plain(inner.text.partition("<body>")[2])


def test_without_a_copy_it_says_so(kept: Kept) -> None:
    root = tree(kept.client.get(f"/articles/{kept.id}/copy?version=1&ui=en"))
    assert root.cssselect("iframe") == []
    assert "The page of this version was not kept" in text_of(root)
    assert kept.client.get(f"/articles/{kept.id}/copy/page?version=1").status_code == 404
    assert kept.client.get("/articles/none/copy/page").status_code == 404


def assert_plain(html: str) -> None:
    """Only TAGS, and no attribute with an address or an action, for two parsers."""
    seen = [(node.tag, set(node.attrib)) for node in lxml_html.fragment_fromstring(html, create_parent="div").iter()]
    root = LexborHTMLParser(f"<div>{html}</div>").body
    assert root is not None
    seen += [(node.tag, set(node.attributes)) for node in root.traverse(include_text=False)]
    for tag, attributes in seen:
        assert tag in TAGS | {"body", "tbody"}, tag
        assert attributes <= {"dir", "lang", "colspan", "rowspan"}, attributes


MUTATIONS = (  # which have come through sanitisers before: a parser reads what another one wrote differently
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<table><caption><svg><title><table><caption></caption></table></title></svg><img src=x onerror=alert(1)>",
    "<p dir='\"><script>alert(1)</script>' lang='x\"onclick=alert(1)'>x</p>",
    "<a href='javascript:alert(1)'>x</a><area href=x><base href=//evil.example><meta http-equiv=refresh content=0>",
    "<xmp><script>alert(1)</script></xmp><plaintext><script>alert(1)</script>",
)


@pytest.mark.parametrize("text", [*HOSTILE, *MUTATIONS], ids=range(len(HOSTILE) + len(MUTATIONS)))
def test_nothing_active_is_left_of_a_page(text: str) -> None:
    assert_plain(clean(f"<p>before</p>{text}").html)
    assert_plain(clean(f'<div dir="{text}">{text}').html)


def test_a_page_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.web.sanitizer.SECONDS", 0.2)
    with pytest.raises(CannotSanitize, match=r"takes more than 0\.2 s of CPU time"):
        sanitize([], b"<div>" * 2_000_000)
    monkeypatch.undo()
    with pytest.raises(CannotSanitize, match="cannot be read"):
        sanitize([("Content-Encoding", "gzip")], b"\x1f\x8bno gzip")


CITED = citation(
    Version(
        2,
        datetime(2026, 11, 23, 12, tzinfo=UTC),
        replace(
            FIRST,
            headline="100% {of} A&B_\\x\n~^",
            authors=("سامر", "O'Neil}"),
            published=NOW,
            url="https://a.example/x}y",
        ),
    ),
    "Le Phare\nER  - ",
)


def test_citations_hold_what_programs_would_take_for_their_own() -> None:
    bib = written(CITED, "bib")
    braced = r"\textbraceleft{}of\textbraceright{}"
    others = r"A\&B\_\textbackslash{}x \textasciitilde{}\textasciicircum{}"
    assert rf"title = {{{{100\% {braced} {others}}}}}" in bib
    assert "author = {{سامر} and {O'Neil\\textbraceright{}}}" in bib
    assert "url = {https://a.example/x%7Dy}" in bib
    assert "year = {2026}" in bib
    ris = written(CITED, "ris").split("\r\n")
    assert [line[:2] for line in ris] == ["TY", "TI", "AU", "AU", "T2", "PY", "DA", "UR", "Y2", "LA", "N1", "ER", ""]
    (csl,) = json.loads(written(CITED, "json"))
    assert csl["issued"] == {"date-parts": [[2026, 11, 23]]}
    assert csl["author"] == [{"literal": "سامر"}, {"literal": "O'Neil}"}]
    assert csl["note"].endswith(FIRST.content_hash)


@pytest.mark.parametrize("text", ["}", "{", "}{", "\\}", "\\", "{{", 'a "quoted" @article{x,', "100%"])
def test_a_bibtex_entry_ends_where_its_own_brace_says(text: str) -> None:
    """BibTeX finds the end of an entry by counting braces, whether or not a backslash precedes them."""
    cited = replace(CITED, title=text, authors=(text, text), outlet=text, language=text, content_hash=text)
    bib = written(cited, "bib").rstrip()
    depth = [0]
    for sign in bib:
        depth.append(depth[-1] + {"{": 1, "}": -1}.get(sign, 0))
    assert depth.index(0, 1 + bib.index("{")) == len(bib), "only its last brace ends it"


def test_reference_managers_find_the_article_and_each_result(kept: Kept) -> None:
    """As Zotero reads context objects: percent-encoded, with %20 for a space, an author for each `rft.au`."""
    for path in (f"/articles/{kept.id}", "/search?q="):
        (said,) = (node.get("title") for node in tree(kept.client.get(path)).cssselect("span.Z3988"))
        assert "+" not in said
        told = parse_qs(said, strict_parsing=True)
        assert told["rft_val_fmt"] == ["info:ofi/fmt:kev:mtx:dc"]
        assert told["rft.type"] == ["newspaperArticle"]
        assert all(told[f"rft.{name}"] for name in ("title", "source", "identifier"))
        assert told["rft.au"] == ["سامر"]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_context_object_keeps_each_field_apart(text: str) -> None:
    one = article("https://asi.example/ب?a=1&b=2", headline=f"س {text}", body="x", authors=("سامر", "A & B=C"))
    told = parse_qs(context_object(one, "صحيفة"), strict_parsing=True)
    assert told["rft.au"] == ["سامر", "A & B=C"]
    assert told["rft.source"] == ["صحيفة"]
    assert told["rft.identifier"] == [one.url]
    assert len(told["rft.title"]) == 1


def test_citations_are_files(kept: Kept) -> None:
    for form in ("bib", "ris", "json"):
        answer = kept.client.get(f"/articles/{kept.id}/cite.{form}?version=1")
        assert answer.status_code == 200
        assert FIRST.content_hash in answer.text
    assert kept.client.get(f"/articles/{kept.id}/cite.doc").status_code == 400


def test_a_copy_lost_from_the_disk_is_told(tmp_path: Path) -> None:
    answer = Response(FIRST.url, NOW, "HTTP/1.1 200 OK", [], b"<p>x")
    with WarcStore(tmp_path / "raw") as raw:
        shelf: SearchFixture = fill(tmp_path, [page(FIRST, raw=lambda: raw.append(answer))])
    for file in (tmp_path / "raw").rglob("*.warc.gz"):
        file.unlink()
    client = client_of(shelf, raw=WarcStore(tmp_path / "raw"))
    assert "cannot be shown" in client.get(f"/articles/{FIRST.id}/copy?ui=en").text
    assert client.get(f"/articles/{FIRST.id}/copy/page").status_code == 404
    shelf.close()


@pytest.mark.parametrize(
    ("language", "why"),
    [("en", "it is in a file outside of this archive"), ("ar", "هي في ملف خارج هذا الأرشيف")],
    ids=["en", "ar"],
)
def test_a_page_in_a_file_of_others_is_shown_while_that_is_there(tmp_path: Path, language: str, why: str) -> None:
    file = tmp_path / "others.warc.gz"
    file.write_bytes(pack(Response(FIRST.url, NOW, "HTTP/1.1 200 OK", [], b"<p>said there")))
    ref = WarcRef(file.as_uri(), 0, file.stat().st_size, digest=sha256(file.read_bytes()).hexdigest())
    shelf: SearchFixture = fill(tmp_path, [page(FIRST, raw=lambda: ref)])
    client = client_of(shelf, raw=WarcStore(tmp_path / "raw", outside=Outside([str(tmp_path)])))
    assert "said there" in client.get(f"/articles/{FIRST.id}/copy/page").text
    assert why not in client.get(f"/articles/{FIRST.id}/copy?ui={language}").text
    file.write_bytes(pack(Response(FIRST.url, NOW, "HTTP/1.1 200 OK", [], b"<p>made up")))
    told = client.get(f"/articles/{FIRST.id}/copy?ui={language}").text
    assert why in told
    assert file.name not in told, "where files of the server are is nobody's business"
    assert client.get(f"/articles/{FIRST.id}/copy/page").status_code == 404
    shelf.close()


@pytest.mark.parametrize("path", ["/articles/{}/copies.wacz", "/export.wacz?q=الخبز"])
def test_saved_pages_are_downloaded_as_a_collection(kept: Kept, path: str) -> None:
    head, answer = (kept.client.request(method, path.format(kept.id)) for method in ("HEAD", "GET"))
    assert (head.status_code, head.content, answer.status_code) == (200, b"", 200)
    for name, value in (("content-type", "application/wacz"), ("arshif-total", "1")):
        assert head.headers[name] == answer.headers[name] == value
    with zipfile.ZipFile(BytesIO(answer.content)) as file:
        pages = file.read(PAGES).decode().splitlines()[1:]
    assert [json.loads(line)["url"] for line in pages] == [SECOND.url]


def test_no_collection_of_what_is_not_there(kept: Kept, shelf_without_copies: Client) -> None:
    assert kept.client.get("/articles/none/copies.wacz").status_code == 404
    assert shelf_without_copies.get("/export.wacz", headers={"accept": "application/json"}).json()["code"] == (
        "error.no_raw_copies"
    )


def test_an_id_that_was_merged_leads_to_the_article_and_its_version(tmp_path: Path) -> None:
    old = article("https://asi.example/old", body="نص", published=NOW)
    new = article("https://asi.example/new", headline="خبر آخر", body="نص آخر", published=NOW)
    later = replace(page(new, NOW + timedelta(hours=2)), url=old.url)
    shelf = fill(tmp_path, [page(old), page(new, NOW + timedelta(hours=1)), later])
    client = client_of(shelf)
    for path in ("/articles/{}", "/articles/{}/redline", "/api/articles/{}", "/api/articles/{}/versions"):
        answer = client.get(path.format(new.id))
        assert (answer.status_code, answer.headers["location"]) == (308, path.format(old.id))
        assert client.get(path.format(new.id), follow_redirects=True).status_code == 200
    cited = client.get(f"/articles/{new.id}/cite.bib?version=1")
    assert cited.headers["location"] == f"/articles/{old.id}/cite.bib?version=2"
    unknown = client.get(f"/articles/{new.id}/cite.bib?version=2")
    assert unknown.status_code == 404, "the article has a second version, but another one"
    assert "The article has no such version." in unknown.text
    assert client.get(f"/articles/{new.id}/cite.bib?version=").status_code == 308
    assert client.get(f"/articles/{'z' * 26}").status_code == 404
    hits = client.get("/api/search?q=خبر").json()["hits"]
    assert [hit["archive"]["id"] for hit in hits] == [old.id]
    shelf.close()


def test_an_id_that_was_merged_twice_leads_to_its_own_versions_only(tmp_path: Path) -> None:
    one, two, three = (
        article(f"https://asi.example/{name}", headline=f"خبر {name}", body=f"نص {name}", published=NOW)
        for name in ("one", "two", "three")
    )
    came = [
        *(page(it, NOW + timedelta(hours=n)) for n, it in enumerate((one, two, three))),
        replace(page(three, NOW + timedelta(hours=4)), url=two.url),  # the third is the second, which has two versions
        replace(page(three, NOW + timedelta(hours=5)), url=one.url),
    ]
    shelf = fill(tmp_path, came)
    client = client_of(shelf)
    for asked, number in ((two, 2), (three, 3)):
        cited = client.get(f"/articles/{asked.id}/cite.bib?version=1")
        assert cited.headers["location"] == f"/articles/{one.id}/cite.bib?version={number}"
        assert client.get(f"/articles/{asked.id}/redline?old=1&new=2").status_code == 404
    shelf.close()


@pytest.mark.parametrize(
    ("language", "told", "missing"),
    [
        ("en", "in its place:", "in its place: a page that is no article"),
        ("ar", "حلّ محلّه:", "حلّت محلّه صفحة ليست مقالاً"),
    ],
)
def test_what_took_the_place_of_an_article_is_shown_with_its_saved_copy(
    tmp_path: Path, language: str, told: str, missing: str
) -> None:
    hostile = "سُحب هذا المقال <script>alert(1)</script>"
    answer = Response(FIRST.url, NOW, "HTTP/1.1 200 OK", [("Content-Type", "text/html")], "<p>سُحب</p>".encode())
    with WarcStore(tmp_path / "raw") as raw:
        shelf = fill(tmp_path, [page(FIRST, NOW)])

        def take_away(conn: Connection) -> None:
            frontier.mark_gone(conn, FIRST.site, FIRST.url, Visit(NOW, None, 410))
            for hour, text in enumerate(("", hostile)):
                at = NOW + timedelta(hours=hour)
                keep = partial(warc_records.add, conn, FIRST.site, raw.append(answer), FIRST.url, at)
                notices.keep(conn, FIRST.id, at, FIRST.url, text, keep)

        shelf.archive.write(take_away).result()
        client = client_of(shelf, raw=raw)
        root = tree(client.get(f"/articles/{FIRST.id}?ui={language}"))
        links = root.cssselect("aside.record dd a[href*='/notices/']")
        assert [text_of(link) for link in links] == [missing, f"{told} {hostile}"]
        (listed,) = tree(client.get(f"/edits?ui={language}")).cssselect("a[href*='/notices/']")
        assert text_of(listed) == f"{told} {hostile}", "the last of them"
        shown = tree(client.get(links[1].get("href")))
        assert hostile in text_of(shown.cssselect("main")[0])
        (frame,) = shown.xpath("//iframe/@src")
        saved = client.get(frame)
        assert "سُحب" in saved.text
        assert "sandbox" in saved.headers["content-security-policy"]
        assert client.get(f"/articles/{FIRST.id}/notices/999").status_code == 404
        assert client.get(f"/articles/{FIRST.id}/notices/999/page").status_code == 404
        assert html.escape(hostile, quote=False) in client.get(f"/edits.atom?ui={language}").text
        found = client.get("/api/edits").json()["edits"]
        assert [one["notice"] and one["notice"]["text"] for one in found if one["what"] == "removed"] == [hostile]
    shelf.close()
