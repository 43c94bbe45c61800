"""What a page looked like, as readers are shown it: images told by their bytes, nothing that is a document, nothing
from elsewhere; and how it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import Connection

from crawler.requested.desk import Desk
from index.archive import Archive, articles, documents, facsimiles, requests
from index.archive.facsimiles import NewPart
from index.model.article import Image, Version
from index.model.codes import FacsimileReason, FetchOutcome, FetchReason, PartKind
from index.model.message import Message
from index.warc.store import WarcStore
from index.web.security_headers import HEADERS
from tests.support.filled_archive import NOW, SearchFixture, article, fill, page
from tests.support.hostile_texts import HOSTILE
from tests.support.newspaper import configured
from tests.support.web_client import Client, client_of, text_of, tree
from tests.unit.index.web.test_request_pages import JSON, send, settle
from tests.unit.index.web.test_security_headers import assert_inert

GIF, PNG = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", b"\x89PNG\r\n\x1a\n pixels"
WEBP, JPEG = b"RIFF\x04\x00\x00\x00WEBPVP8 pixels", b"\xff\xd8\xff\xe0 pixels"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script></svg>"
HTML = b"<!doctype html><script>alert(1)</script>"
MHTML = b"MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n\r\n<script>alert(1)</script>"
IMAGES = [GIF, SVG, HTML, JPEG]
SEEN = article(
    "https://asi.example/pictured",
    headline="قافلة مصوّرة",
    body="قافلة",
    images=tuple(Image(f"https://asi.example/{n}.png", HOSTILE[n], "وكالة") for n in range(1, 5)),
)
OTHER = article("https://asi.example/unseen", headline="قافلة بلا صورة", body="قافلة")


@dataclass(frozen=True)
class Shown:
    client: Client
    shelf: SearchFixture
    path: str

    @property
    def archive(self) -> Archive:
        return self.shelf.archive


def pictured(archive: Archive, raw: WarcStore, problem: Message | None = None) -> None:
    """Keep what the page of SEEN looked like, with some images that are not what their server called them."""
    parts = [
        (PartKind.PICTURE, 1, SEEN.url, "image/webp", WEBP),
        (PartKind.THUMBNAIL, 1, SEEN.url, "image/webp", WEBP),
        (PartKind.PAGE, 1, SEEN.url, "multipart/related", MHTML),
        *((PartKind.IMAGE, n, image.url, "image/png", IMAGES[n - 1]) for n, image in enumerate(SEEN.images, start=1)),
    ]

    def keep(conn: Any) -> None:
        for kind, number, url, media, body in parts:
            new = NewPart(kind, number, url, NOW, media, body, body.hex())
            facsimiles.keep(conn, SEEN.site, SEEN.id, 1, new, raw.append)
        facsimiles.close(conn, SEEN.id, 1, problem, NOW)

    archive.write(keep).result()


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[Shown]:
    shelf = fill(tmp_path, map(page, [SEEN, OTHER]))
    with WarcStore(tmp_path / "raw") as raw:
        pictured(shelf.archive, raw)
        desk = Desk(configured(tmp_path / "config"), shelf.archive)
        yield Shown(client_of(shelf, raw=raw, ask=desk), shelf, f"/articles/{SEEN.id}")
    shelf.close()


def test_the_saved_copy_shows_what_the_page_looked_like(shown: Shown) -> None:
    for ui, heading in (("en", "What the page looked like"), ("ar", "كما بدت الصفحة")):
        answer = shown.client.get(f"{shown.path}/copy?ui={ui}")
        root = tree(answer)
        assert heading in [text_of(node) for node in root.cssselect("h2")]
        sources = [image.get("src") for image in root.cssselect("main img")]
        own = f"{shown.path}/facsimile"
        assert sources == [f"{own}/picture?version=1&ui={ui}"] + [
            f"{own}/image?version=1&number={n}&ui={ui}" for n in range(1, 5)
        ]
        assert {image.get("loading") for image in root.cssselect("main img")} == {"lazy"}
        (link,) = root.cssselect("a[download][href*=facsimile]")
        assert link.get("href") == f"{own}/page?version=1&ui={ui}"
        assert answer.headers["content-security-policy"] == HEADERS["content-security-policy"]
        assert_inert(answer)


def test_images_are_told_by_their_bytes_and_a_document_is_none(shown: Shown) -> None:
    kinds = ("picture", "thumbnail", *(f"image?number={n}" for n in range(1, 5)))
    types = [
        answer.headers["content-type"] if answer.status_code == 200 else answer.status_code
        for kind in kinds
        for answer in [shown.client.get(f"{shown.path}/facsimile/{kind}{'&' if '?' in kind else '?'}version=1")]
    ]
    assert types == ["image/webp", "image/webp", "image/gif", 404, 404, "image/jpeg"]


@pytest.mark.parametrize("kind", ["picture", "page"])
def test_a_part_that_is_opened_by_itself_can_do_nothing(shown: Shown, kind: str) -> None:
    answer = shown.client.get(f"{shown.path}/facsimile/{kind}?version=1")
    assert answer.status_code == 200
    assert answer.headers.get_list("content-security-policy") == ["sandbox; default-src 'none'"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "private" in answer.headers["cache-control"]


def test_the_page_as_one_file_is_only_stored(shown: Shown) -> None:
    answer = shown.client.get(f"{shown.path}/facsimile/page?version=1")
    assert answer.content == MHTML
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == f'attachment; filename="{SEEN.id}-1.mhtml"'


def test_the_page_as_one_file_takes_a_slot_until_it_is_sent(shown: Shown) -> None:
    page_file, picture = (f"{shown.path}/facsimile/{kind}?version=1" for kind in ("page", "picture"))
    for _ in range(4):
        assert shown.client.get(page_file).headers["content-length"] == str(len(MHTML))
    turns = shown.client.app.state.exports
    assert turns.acquire(blocking=False)
    assert turns.acquire(blocking=False), "all are free again"
    refused = shown.client.get(page_file)
    assert refused.status_code == 503
    assert "retry-after" in refused.headers
    assert shown.client.get(picture).status_code == 200


def test_no_more_versions_are_read_than_are_shown(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Sequence[int] | None] = []
    every = documents.versions

    def versions(conn: Connection, article: str, numbers: Sequence[int] | None = None) -> list[Version]:
        read.append(numbers)
        return every(conn, article, numbers)

    monkeypatch.setattr(documents, "versions", versions)
    for kind in ("picture", "thumbnail", "page", "image"):
        assert shown.client.get(f"{shown.path}/facsimile/{kind}?version=1").status_code == 200
    assert read == [], "a part needs no text"
    for path in ("copy", "copy?version=1", "cite.bib?version=1", "cite.ris"):
        assert shown.client.get(f"{shown.path}/{path}").status_code == 200, path
    assert shown.client.get(f"/hash/{SEEN.content_hash}").status_code == 200
    assert read == [[1]] * 5


@pytest.mark.parametrize("version", ["2", "0", "-1", "x", "²", "1" * 5_000, str(2**31), str(2**64)], ids=range(8))
def test_a_version_that_is_none_is_not_found(shown: Shown, version: str) -> None:
    for path in ("copy", "copy/page", "cite.bib"):
        assert shown.client.get(f"{shown.path}/{path}", params={"version": version}).status_code == 404, path


@pytest.mark.parametrize(
    "path",
    [
        "picture",
        "picture?version=2",
        f"picture?version={2**31}",
        "picture?version=0",
        "image?version=1&number=9",
        "frame?version=1",
        "image?version=1&number=x",
    ],
)
def test_what_is_not_there_is_not_found(shown: Shown, path: str) -> None:
    assert shown.client.get(f"{shown.path}/facsimile/{path}").status_code in (400, 404)
    assert shown.client.get(f"/articles/{OTHER.id}/facsimile/picture?version=1").status_code == 404


def test_results_show_the_thumbnails_that_are_kept(shown: Shown) -> None:
    root = tree(shown.client.get("/search?q=قافلة&ui=en"))
    assert len(root.cssselect(".hits > li")) == 2
    (image,) = root.cssselect(".hits img")
    assert image.get("src") == f"{shown.path}/facsimile/thumbnail?version=1&ui=en"
    assert (image.get("loading"), image.get("width"), image.get("height"), image.get("alt")) == (
        "lazy",
        "160",
        "100",
        "",
    )


@pytest.mark.parametrize(
    ("ui", "told"),
    [
        ("en", "Not all of what the page looked like was kept: there is no picture of it: no answer in time"),
        ("ar", "لم تُحفظ الصفحة كما بدت كاملة: لا لقطة لها"),
    ],
    ids=["en", "ar"],
)
def test_what_is_missing_is_told(shown: Shown, ui: str, told: str) -> None:
    why = Message(FacsimileReason.PICTURE, {"why": Message(FetchReason.TIMEOUT)})
    shown.archive.write(lambda conn: facsimiles.close(conn, SEEN.id, 1, why, NOW)).result()
    assert told in text_of(tree(shown.client.get(f"{shown.path}/copy?ui={ui}")))


def test_the_form_asks_for_a_copy_if_its_box_is_ticked(shown: Shown) -> None:
    (box,) = tree(shown.client.get("/archive?ui=en")).cssselect("form[action='/archive'] input[type=checkbox]")
    asked = [
        send(shown.client, "/archive", url=f"{SEEN.url}-{n}", **fields).headers["location"]
        for n, fields in enumerate(({box.get("name"): box.get("value")}, {}))
    ]
    with shown.archive.read() as conn:
        found = [requests.get(conn, int(path.rpartition("/")[2])) for path in asked]
    assert [one.facsimile for one in found if one] == [True, False]


def test_an_article_in_the_api_has_the_files_of_each_version(shown: Shown) -> None:
    newer = replace(SEEN, body="قافلة أخرى", content_hash="newer")
    shown.archive.write(lambda conn: articles.store(conn, page(newer, NOW + timedelta(hours=1)))).result()
    why = Message(FacsimileReason.PICTURE, {"why": Message(FetchReason.TIMEOUT)})
    shown.archive.write(lambda conn: facsimiles.close(conn, SEEN.id, 2, why, NOW)).result()
    first, second = shown.client.get(f"/api/articles/{SEEN.id}").json()["archive"]["versions"]
    files = first["facsimile"]["parts"]
    assert [(one["kind"], one["url"]) for one in files] == [
        *(("image", image.url) for image in SEEN.images),
        *((kind, SEEN.url) for kind in ("page", "picture", "thumbnail")),
    ]
    assert (first["facsimile"]["detail"], {one["made"] for one in files}) == (None, {"2026-11-23T12:00:00Z"})
    given = {one["kind"]: shown.client.get(one["path"]) for one in files}
    assert (given["page"].content, given["picture"].content, given["image"].content) == (MHTML, WEBP, JPEG)
    assert second["facsimile"] == {
        "tried": "2026-11-23T12:00:00Z", "parts": [], "detail": "there is no picture of it: no answer in time",
        "code": "facsimile.picture", "params": {"why": {"code": "fetch.timeout", "params": {}}},
    }  # fmt: skip
    listed = shown.client.get(f"/api/articles/{SEEN.id}/versions").json()
    assert [one["facsimile"] for one in listed] == [first["facsimile"], second["facsimile"]]
    (other,) = shown.client.get(f"/api/articles/{OTHER.id}").json()["archive"]["versions"]
    assert other["facsimile"] is None


def test_what_the_api_tells_of_files_is_as_it_is_described(shown: Shown) -> None:
    told = shown.client.get("/api/openapi.json").json()
    for path in ("/api/articles/{article}", "/api/articles/{article}/versions"):
        schema = told["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        answer = shown.client.get(path.format(article=SEEN.id)).json()
        errors = Draft202012Validator(schema | {"components": told["components"]}).iter_errors(answer)
        assert [error.message for error in errors] == []


def test_the_api_takes_and_tells_it(shown: Shown) -> None:
    ask = {"url": SEEN.url, "copy": True}
    answer = shown.client.request("POST", "/api/archive", headers=JSON, json=ask)
    assert (answer.status_code, answer.json()["copy"]) == (202, None)
    number = answer.json()["id"]
    settle(shown.shelf, number, Message(FetchOutcome.SAME), SEEN.id)
    told = shown.client.get(f"/api/archive/{number}").json()
    assert told["copy"] == {
        "images": 4, "picture": True, "page": True, "detail": None, "code": None, "params": None
    }  # fmt: skip
    assert "What the page looked like" in shown.client.get(f"/archive/{number}?ui=en").text
    for no_truth_value in ("perhaps", "true", 0):
        wrong = shown.client.request("POST", "/api/archive", headers=JSON, json=ask | {"copy": no_truth_value})
        assert (wrong.status_code, wrong.json()["params"]) == (400, {"name": "copy"})
