"""Programs that replay archives show a collection that Arshif wrote: pywb, and ReplayWeb.page in a real Chromium."""

from __future__ import annotations

import json
import random
import re
import shutil
import socket
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import httpx
import pytest
from playwright.sync_api import BrowserContext, expect

from crawler.fetch.rendering.facsimile import THUMBNAIL
from crawler.fetch.rendering.settings import find_browser
from index.export.surt import surt
from tests.browser import chromium
from tests.interop.test_programs import said
from tests.security.fetch_cli import arshif
from tests.support.moved_news import DAM, GIVEN, HEADLINES, SITE, Answer, serving
from tests.support.moved_news import page as page_of
from tests.support.patience import PATIENCE, wait_for
from tests.support.pictures import png, webp_size
from tests.support.requirements import missing

pytestmark = pytest.mark.interop

REPLAYWEBPAGE = "replaywebpage@2.4.6"  # of npm
TYPES = {".html": "text/html", ".js": "text/javascript"}
READABLE = [  # the addresses that the feed gave, and an article's own as a person reads it
    *GIVEN,
    *(unquote(path) for path in GIVEN.values() if path != unquote(path)),
]
IMAGE, SIZE = f"/2026/11/{quote('صورة السد')}.png", (640, 360)
FACSIMILE = {  # what is kept of how the page with that image looked: its URL before the address, and its media type
    "image": ("", "image/png"),
    "picture": ("urn:fullPage:", "image/webp"),
    "thumbnail": ("urn:thumbnail:", "image/webp"),
    "page": ("urn:mhtml:", "multipart/related"),
}


@dataclass(frozen=True)
class Exported:
    """A collection, and the outlet's address; the outlet itself is gone."""

    file: Path
    home: str

    def headline(self, path: str) -> str:
        return HEADLINES[GIVEN.get(path) or quote(path)]

    def part(self, kind: str) -> str:
        """The URL of a part of a facsimile."""
        return f"{FACSIMILE[kind][0]}{self.home}{IMAGE if kind == 'image' else DAM}"


def is_part(kind: str, body: bytes) -> bool:
    """Whether a program gives these bytes as they were kept."""
    match kind:
        case "image":
            return body == png(*SIZE)
        case "page":
            return body.startswith(b"From: ") and f"Content-Location: {IMAGE}".encode()[-20:] in body
        case _:
            return webp_size(body)[0] == (THUMBNAIL[0] if kind == "thumbnail" else 1_280)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory, chromium: str) -> Exported:
    """The collection of a crawl of that outlet, and of what one of its pages looked like."""
    folder = tmp_path_factory.mktemp("exported")
    with serving() as outlet:
        figure = f'<figure><img src="{IMAGE}" width="{SIZE[0]}" height="{SIZE[1]}"></figure>'
        outlet.answers[DAM] = Answer(page_of(DAM, figure))
        outlet.answers[IMAGE] = Answer(png(*SIZE), headers={"Content-Type": "image/png"})
        config = outlet.config(folder, browser={"path": chromium})
        arshif(config, "crawl", "--since", "1d", codes=[0])
        answer = arshif(config, "archive", "--copy", "--json", f"{outlet.url}{DAM}", codes=[0])
    ((told,), _) = json.JSONDecoder().raw_decode(answer)  # its log follows
    assert told["copy"] == {"images": 1, "picture": True, "page": True, "detail": None}
    arshif(config, "export", "wacz", SITE, "--out", str(folder / "news.wacz"), codes=[0])
    return Exported(folder / "news.wacz", outlet.url)


# --- pywb ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wayback(python: Path, exported: Exported, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the collection in pywb."""
    folder = tmp_path_factory.mktemp("pywb")
    for command in (["init", "news"], ["add", "--unpack-wacz", "news", str(exported.file)]):
        done = subprocess.run(
            [python.with_name("wb-manager"), *command],
            cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (folder / "pywb.log").open("wb") as log:
        command = [python.with_name("wayback"), "-b", "127.0.0.1", "-p", str(port)]
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        wait_for(lambda: answers(port) or process.poll() is not None)
        assert process.poll() is None, (folder / "pywb.log").read_text("utf-8")
        yield f"http://127.0.0.1:{port}/news/mp_"
    finally:
        process.terminate()
        process.wait()


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("path", READABLE)
def test_pywb_shows_each_address(wayback: str, exported: Exported, path: str) -> None:
    with httpx.Client(timeout=PATIENCE, trust_env=False, follow_redirects=True) as client:
        address = f"{wayback}/{exported.home}{path}"
        for _ in range(2):  # a page that only leads on does so in the reader
            answer = client.get(address)
            assert answer.status_code == 200
            if f"<h1>{exported.headline(path)}</h1>" in answer.text:
                return
            found = re.search(r"url=([^\"]+)\"|location\.replace\(\"([^\"]+)\"", answer.text)
            assert found is not None, answer.text
            address = f"{wayback}/{exported.home}{(found[1] or found[2]).rpartition(exported.home)[2]}"
    pytest.fail(answer.text)


@pytest.mark.parametrize("kind", FACSIMILE)
def test_pywb_gives_what_the_page_looked_like(wayback: str, exported: Exported, kind: str) -> None:
    answer = httpx.get(f"{wayback.removesuffix('mp_')}id_/{exported.part(kind)}", timeout=PATIENCE, trust_env=False)
    assert (answer.status_code, answer.headers["content-type"]) == (200, FACSIMILE[kind][1])
    assert is_part(kind, answer.content)


def test_pywb_does_not_know_another_address(wayback: str, exported: Exported) -> None:
    assert httpx.get(f"{wayback}/{exported.home}/nothing", timeout=PATIENCE, trust_env=False).status_code == 404


def test_the_keys_of_the_index_are_those_of_the_program_surt(python: Path, tmp_path: Path) -> None:
    chosen = random.Random(7)
    pieces = [*"abzAZ019-_.~!$'()*+,;:@|/&=?", "%20", "%D8%B3", "%2F", "%25", "%2b", "//", "/./", "س", "é"]
    hosts = ["a.example", "www.b.example", "www1.c.co.uk", "d.example:8080", "e.example:443", "xn--mgbh0fb.example"]
    urls = []
    for _ in range(3_000):
        path, query = ("".join(chosen.choices(pieces, k=chosen.randint(0, 9))) for _ in range(2))
        urls.append(f"https://{chosen.choice(hosts)}/{path.replace('?', '')}{chosen.choice(['', '?'])}{query}")
    urls += [f"https://a.example/b?{name}={'a1' * 16}&c=d" for name in ("sid", "PHPSESSID", "jsessionid", "other")]
    urls += [f"https://a.example/1?CFID=12&CFTOKEN=34&b=1{end}" for end in ("", "&ASPSESSIONIDABCDEFGH=" + "AB" * 12)]
    urls += [f"urn:fullPage:{url}" for url in urls[::3]]
    urls = [url for url in urls if ".." not in url]  # which nobody asks for: a browser takes such a segment off
    (tmp_path / "urls").write_text(json.dumps(urls), "utf-8")
    code = "import json, sys, surt; print(json.dumps([surt.surt(u) for u in json.load(open(sys.argv[1]))]))"
    theirs = said(python, code, tmp_path / "urls")
    assert isinstance(theirs, list)
    assert [(url, key) for url, key in zip(urls, theirs, strict=True) if surt(url) != key] == []


# --- ReplayWeb.page --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def viewer(exported: Exported, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of ReplayWeb.page's static files, with the collection beside them; parts of it can be asked for."""
    npm = shutil.which("npm") or missing("There is no npm on this machine: install it (Debian: apt install npm).")
    folder = tmp_path_factory.mktemp("replaywebpage")
    done = subprocess.run(
        [npm, "pack", REPLAYWEBPAGE], cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    if done.returncode:
        pytest.skip(f"ReplayWeb.page cannot be had: {done.stderr.strip()[-300:]}")
    with tarfile.open(next(folder.glob("*.tgz"))) as packed:
        packed.extractall(folder, filter="data")
    shutil.copy(exported.file, folder / "package" / "news.wacz")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = folder / "package" / (urlsplit(self.path).path.lstrip("/") or "index.html")
            if not path.is_file():
                self.send_error(404)
                return
            body, status = path.read_bytes(), 200
            asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range") or "")
            whole = len(body)
            if asked:
                begin = int(asked[1]) if asked[1] else max(0, whole - int(asked[2]))
                end = min(int(asked[2]) + 1, whole) if asked[1] and asked[2] else whole
                body, status = body[begin:end], 206
            self.send_response(status)
            if asked:
                self.send_header("Content-Range", f"bytes {begin}-{end - 1}/{whole}")
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Type", TYPES.get(path.suffix, "application/octet-stream"))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def context() -> Iterator[BrowserContext]:
    path = find_browser("")
    if path is None:
        missing("There is no Chromium on this machine: install it (Debian: apt install chromium-headless-shell).")
    expect.set_options(timeout=PATIENCE * 1_000)
    with chromium.running(path) as browser:
        found = browser.new_context()
        found.set_default_timeout(PATIENCE * 1_000)
        yield found
        found.close()


@pytest.fixture
def asked(context: BrowserContext) -> Iterator[set[str]]:
    """The hosts that a test's tabs ask for anything."""
    hosts: set[str] = set()
    context.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    yield hosts
    for page in context.pages:
        page.close()


@pytest.mark.parametrize("path", READABLE)
def test_replaywebpage_shows_each_address(
    viewer: str, context: BrowserContext, asked: set[str], exported: Exported, path: str
) -> None:
    page = context.new_page()
    url = quote(exported.home + path, safe="")
    page.goto(f"{viewer}/?source={quote(f'{viewer}/news.wacz', safe='')}#view=pages&url={url}")
    shown = page.locator("replay-app-main iframe, iframe[name='___wb_replay_top_frame']").first.content_frame
    expect(shown.locator("h1")).to_have_text(exported.headline(path))
    assert asked - {""} == {urlsplit(viewer).netloc}, "all is in the collection"


def test_replaywebpage_shows_the_image_of_an_article_and_what_its_page_looked_like(
    viewer: str, context: BrowserContext, asked: set[str], exported: Exported
) -> None:
    page = context.new_page()
    url = quote(exported.home + DAM, safe="")
    page.goto(f"{viewer}/?source={quote(f'{viewer}/news.wacz', safe='')}#view=pages&url={url}")
    shown = page.locator("replay-app-main iframe, iframe[name='___wb_replay_top_frame']").first.content_frame
    image = shown.locator("figure img")
    expect(image).to_be_visible()
    wait_for(lambda: image.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [*SIZE])
    (replayed,) = {frame.url for frame in page.frames if frame.url.endswith(exported.home + DAM)}
    for kind, (_, media) in FACSIMILE.items():
        told = page.evaluate(
            "async url => { const a = await fetch(url);"
            " return [a.status, a.headers.get('content-type'), [...new Uint8Array(await a.arrayBuffer())]] }",
            replayed.removesuffix(exported.home + DAM).replace("mp_/", "id_/") + exported.part(kind),
        )
        assert (kind, *told[:2]) == (kind, 200, media)
        assert is_part(kind, bytes(told[2])), kind
    assert asked - {""} == {urlsplit(viewer).netloc}, "all is in the collection"


def test_replaywebpage_lists_the_pages(viewer: str, context: BrowserContext, asked: set[str]) -> None:
    page = context.new_page()
    page.goto(f"{viewer}/?source={quote(f'{viewer}/news.wacz', safe='')}#view=pages")
    entries = page.locator("wr-page-entry a p:first-child")
    expect(entries).to_have_count(len(HEADLINES))
    assert sorted(text.strip() for text in entries.all_text_contents()) == sorted(HEADLINES.values())
    assert asked - {""} == {urlsplit(viewer).netloc}


# --- its own tools ---------------------------------------------------------------------------------------------------


def test_the_formats_own_validator_finds_nothing(python: Path, exported: Exported) -> None:
    done = subprocess.run(
        [python.with_name("wacz"), "validate", "-f", exported.file],
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
