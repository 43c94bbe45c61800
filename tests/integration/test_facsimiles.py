"""Copies that look like the page: what a real Chromium and a real server make of them, and what they never do."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crawler.fetch.rendering.facsimile import THUMBNAIL
from index.archive import facsimiles
from index.archive.facsimiles import Facsimile
from index.model.codes import PartKind
from index.warc.store import WarcStore
from tests.integration.harness import Harness
from tests.support.news_sites import Newsroom
from tests.support.newspaper import Story, sentence
from tests.support.pictures import png, webp_size

pytestmark = pytest.mark.browser

HOST = "http://news.pictures.example"
ADDRESS = f"{HOST}/2026/11/story-1"
PRIVATE = "http://10.1.2.3/inside.png"


@pytest.fixture
def room() -> Iterator[Newsroom]:
    with Newsroom(via="proxy", only=("fr",)) as opened:
        yield opened


@pytest.fixture
def house(room: Newsroom, tmp_path: Path, chromium: str) -> Harness:
    return Harness(room, tmp_path, settings={"browser": {"path": chromium}})


def publish(room: Newsroom, number: int = 1, images: tuple[str, ...] = (f"{HOST}/one.png",), more: str = "") -> str:
    """Put a story with these images on a site that no file describes; gives its address."""
    told = Story(number, sentence(100 * number, 7)[:-1], [sentence(100 * number + at) for at in range(1, 5)])
    url = f"{HOST}/2026/11/story-{number}"
    shown = "".join(f'<figure><img src="{image}" width="640" height="360"></figure>' for image in images)
    page = told.html().replace(told.url.encode(), url.encode())
    room.serve(url, page.replace(b"</article>", f"{shown}{more}</article>".encode()), "text/html; charset=utf-8")
    return url


def kept(house: Harness, article: str, version: int = 1) -> Facsimile:
    with house.archive() as conn:
        found = facsimiles.of_version(conn, article, version)
    assert found is not None
    return found


def bytes_of(house: Harness, found: Facsimile, kind: PartKind, number: int = 1) -> bytes:
    part = found.part(kind, number)
    assert part is not None
    with WarcStore(house.data / "raw") as raw:
        return raw.read(part.ref, part.target)[1]


def asked(room: Newsroom, path: str) -> int:
    return sum(request.path == path for request in room.requests())


def test_a_picture_one_file_and_the_images_are_kept_with_the_version(room: Newsroom, house: Harness) -> None:
    image = png(640, 360)
    room.serve(f"{HOST}/one.png", image, "image/png")
    publish(room)
    (told,) = house.told("archive", "--copy", ADDRESS)
    assert told["copy"] == {"images": 1, "picture": True, "page": True, "detail": None}
    found = kept(house, told["article"])
    assert bytes_of(house, found, PartKind.IMAGE) == image
    width, height = webp_size(bytes_of(house, found, PartKind.PICTURE))
    assert width == 1_280
    assert height > 360
    assert webp_size(bytes_of(house, found, PartKind.THUMBNAIL)) == THUMBNAIL
    whole = bytes_of(house, found, PartKind.PAGE)
    assert b"multipart/related" in whole
    assert f"Content-Location: {HOST}/one.png".encode() in whole
    assert b"<script" not in whole.lower()
    assert house.arshif("verify").startswith("5 raw copies checked")
    before = len(room.requests())
    house.told("archive", "--copy", ADDRESS)
    assert asked(room, "/one.png") == 2, "once by us and once by the page: a version that has a copy gets no other"
    assert len(room.requests()) == before + 1


def test_without_being_asked_nothing_is_pictured(room: Newsroom, house: Harness) -> None:
    room.serve(f"{HOST}/one.png", png(640, 360), "image/png")
    publish(room)
    (told,) = house.told("archive", ADDRESS)
    assert "copy" not in told
    assert asked(room, "/one.png") == 0
    with house.archive() as conn:
        assert facsimiles.of_version(conn, told["article"], 1) is None


def test_what_fails_costs_the_article_nothing_and_is_tried_with_its_next_visit(room: Newsroom, house: Harness) -> None:
    room.serve(f"{HOST}/two.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/png")
    publish(room, images=(f"{HOST}/one.png", f"{HOST}/two.png", PRIVATE))
    (told,) = house.told("archive", "--copy", ADDRESS)
    assert told["archived"]
    assert (told["copy"]["code"], told["copy"]["params"]["n"]) == ("facsimile.images", 3)
    assert told["copy"]["params"]["why"]["code"] == "fetch.http_status"
    assert told["copy"]["picture"]
    room.serve(f"{HOST}/one.png", png(640, 360), "image/png")
    before = len(room.requests())
    (told,) = house.told("archive", "--copy", ADDRESS)
    assert (told["result"], told["copy"]["images"], told["copy"]["params"]["n"]) == ("unchanged", 1, 2)
    assert told["copy"]["params"]["why"]["code"] == "facsimile.not_image"
    assert asked(room, "/2026/11/story-1") == 3, "what is there is not made again: one page more, without a browser"
    assert len(room.requests()) == before + 3, "the page and the images that it lacks, but none of a private address"


def test_what_can_never_be_had_is_not_tried_again(room: Newsroom, house: Harness) -> None:
    room.serve(f"{HOST}/one.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/png")
    room.serve(f"{HOST}/large.bin", bytes(21 << 20), "application/octet-stream")
    load = f'<style>@font-face {{font-family: f; src: url("{HOST}/large.bin")}} i {{font-family: f}}</style><i>.</i>'
    publish(room, images=(f"{HOST}/one.png", f"{room.sites['fr'].url}/gone.png"), more=load)
    (told,) = house.told("archive", "--copy", ADDRESS)
    assert (told["copy"]["picture"], told["copy"]["page"], told["copy"]["code"]) == (True, False, "facsimile.page")
    assert told["copy"]["params"]["why"]["code"] == "facsimile.too_large"
    room.serve(f"{HOST}/one.png", png(640, 360), "image/png")
    before = len(room.requests())
    (told,) = house.told("archive", "--copy", ADDRESS)
    assert (told["copy"]["images"], told["copy"]["code"]) == (1, "facsimile.page"), "what is lost stays told"
    assert [request.path for request in room.requests()[before:]] == ["/2026/11/story-1", "/one.png"]
    before = len(room.requests())
    (told,) = house.told("archive", "--copy", ADDRESS)
    assert (told["copy"]["code"], len(room.requests())) == ("facsimile.page", before + 1)


def test_the_browser_reaches_no_private_address_and_robots_txt_holds(room: Newsroom, house: Harness) -> None:
    room.serve(f"{HOST}/robots.txt", b"User-agent: *\nDisallow: /hidden/", "text/plain")
    room.serve(f"{HOST}/hidden/one.png", png(640, 360), "image/png")
    room.serve(PRIVATE, png(10, 10), "image/png")
    reach = f'<img src="{PRIVATE}"><script>fetch("{PRIVATE}?script")</script>'
    publish(room, images=(f"{HOST}/hidden/one.png",), more=reach)
    (told,) = house.told("archive", "--copy", ADDRESS)
    assert told["copy"]["picture"]
    assert "fetch.robots_disallowed" in str(told["copy"]["params"])
    assert [request for request in room.requests() if request.host.startswith("10.")] == []


EDIT = "document.querySelector('.entry-content p').textContent += ' It has been corrected since.';"
ELSEWHERE = f"if (location.pathname.endsWith('-1')) location.replace('{HOST}/2026/11/story-2');"


@pytest.mark.parametrize("script", [EDIT, ELSEWHERE], ids=["edited", "elsewhere"])
def test_a_page_that_shows_a_browser_another_text_is_not_kept_as_the_version(
    script: str, room: Newsroom, house: Harness
) -> None:
    room.serve(f"{HOST}/one.png", png(640, 360), "image/png")
    publish(room, 2)
    publish(room, more=f"<script>{script}</script>")
    (told,) = house.told("archive", "--copy", ADDRESS)
    assert (told["archived"], told["copy"]["picture"], told["copy"]["page"]) == (True, False, False)
    assert (told["copy"]["code"], told["copy"]["params"]["why"]["code"]) == ("facsimile.picture", "facsimile.changed")
    assert {part.kind for part in kept(house, told["article"]).parts} == {PartKind.IMAGE}


BUG = """
from functools import wraps
from crawler import stages

@wraps(real := stages.article)
def article(page, *arguments):
    return 1 / 0 if page.rendered else real(page, *arguments)

stages.article = article
"""


def test_a_bug_of_ours_costs_the_picture_only(room: Newsroom, house: Harness, tmp_path: Path) -> None:
    (tmp_path / "bug" / "sitecustomize.py").parent.mkdir()
    (tmp_path / "bug" / "sitecustomize.py").write_text(BUG, "utf-8")
    room.serve(f"{HOST}/one.png", png(640, 360), "image/png")
    publish(room)
    (told,) = house.told("archive", "--copy", ADDRESS, PYTHONPATH=str(tmp_path / "bug"))
    assert (told["archived"], told["copy"]["images"], told["copy"]["picture"]) == (True, 1, False)
    assert told["copy"]["params"]["why"]["code"] == "parse.internal_error"
    assert "ZeroDivisionError" in house.log
    (told,) = house.told("archive", "--copy", ADDRESS)
    assert told["copy"] == {"images": 1, "picture": True, "page": True, "detail": None}


def test_a_page_as_long_as_it_likes_is_bounded(room: Newsroom, house: Harness) -> None:
    room.serve(f"{HOST}/one.png", png(640, 360), "image/png")
    publish(room, more='<div style="height:90000px">.</div>')
    (told,) = house.told("archive", "--copy", ADDRESS)
    picture = bytes_of(house, kept(house, told["article"]), PartKind.PICTURE)
    assert webp_size(picture) == (1_280, 16_000)


def test_without_a_browser_the_images_are_kept_and_why_is_said(room: Newsroom, house: Harness) -> None:
    room.serve(f"{HOST}/one.png", png(640, 360), "image/png")
    publish(room)
    (told,) = house.told("archive", "--copy", ADDRESS, ARSHIF_BROWSER__PATH="/nowhere/chromium")
    assert told["archived"]
    assert (told["copy"]["code"], told["copy"]["images"], told["copy"]["picture"]) == ("facsimile.no_browser", 1, False)
    house.arshif("archive", "--copy", ADDRESS, ARSHIF_BROWSER__PATH="/nowhere/chromium")
    assert "there is no Chromium on this machine" in house.log


def test_a_site_whose_file_says_so_is_pictured_as_it_is_crawled(room: Newsroom, house: Harness) -> None:
    (file,) = house.config.rglob("fr.yaml")
    file.write_text(file.read_text("utf-8") + "\ncopy: true\n", "utf-8")
    counts = house.crawl("fr")["fr"]["counts"]
    assert counts["stored"] == len(room.articles("fr"))
    for document in house.documents("fr").values():
        found = kept(house, document.article.id)
        assert found.part(PartKind.PICTURE), found.problem
    asked_before = len(room.requests())
    house.crawl("fr")
    assert not [r for r in room.requests()[asked_before:] if "Mozilla" in r.headers.get("user-agent", "")]


def test_forgetting_an_article_leaves_nothing_of_how_it_looked(room: Newsroom, house: Harness) -> None:
    image = png(640, 360)
    room.serve(f"{HOST}/one.png", image, "image/png")
    publish(room)
    house.arshif("archive", "--copy", ADDRESS)
    house.arshif("forget", ADDRESS, "--yes")
    files: Any = [io.BytesIO(path.read_bytes()) for path in house.data.glob("raw/**/*.warc.gz")]
    left = b"".join(zlib.decompress(data, 31) for file in files for data in _members(file.read()))
    assert image not in left
    assert b"WARC-Type: resource" not in left


def _members(data: bytes) -> Iterator[bytes]:
    while data:
        unpacker = zlib.decompressobj(31)
        unpacker.decompress(data)
        yield data[: len(data) - len(unpacker.unused_data)]
        data = unpacker.unused_data
