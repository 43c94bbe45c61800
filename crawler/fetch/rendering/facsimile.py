"""What a browser keeps of a page that looks like the page: a picture of it, and one file with all that it loaded.

All of it is bounded: a page may be as long, and load as much, as it likes.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from index.model.codes import FacsimileReason, FetchReason, PartKind
from index.model.image_types import image_type
from index.model.message import Message

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, CDPSession, Page

HEIGHT = 16_000  # CSS pixels of a page that are pictured; WebP has at most 16,383
WIDTH = 1_280  # CSS pixels, the browser's own
QUALITY = 75  # of WebP: text is sharp, and a long page has a megabyte or two
THUMBNAIL = (320, 200)  # pixels: of the first image, or of the top of the page
MOST = {PartKind.PICTURE: 10 << 20, PartKind.PAGE: 20 << 20}  # bytes
SETTLE_SCROLLED = 5_000  # ms at most for what scrolling has made the page load
SCROLL_SCRIPT = """async most => {  // by screens, as readers do, for images that load only once they are near
  for (let y = 0; y < Math.min(document.documentElement.scrollHeight, most); y += innerHeight) {
    scrollTo(0, y);
    await new Promise(done => setTimeout(done, 100));
  }
  scrollTo(0, 0);
}"""
DECODED_SCRIPT = "image => image.decode().then(() => true, () => false)"


@dataclass(slots=True)
class Captured:
    """What was kept of a page, by kind, when that was (UTC), and why something is missing."""

    made: datetime
    parts: dict[PartKind, bytes] = field(default_factory=dict)
    problems: list[Message] = field(default_factory=list)


async def capture(page: Page, lead: Callable[[], bytes | None]) -> Captured:
    """A picture of a page that has settled, with a thumbnail of it or of its first image, which `lead` reads, and the
    page as MHTML."""
    from playwright.async_api import Error

    with suppress(Error):  # a page may go elsewhere meanwhile; whether it is still the article's, the caller sees
        await _scroll(page)
    found = Captured(datetime.now(UTC))
    session = await page.context.new_cdp_session(page)
    try:
        for kind, reason, made in (
            (PartKind.PICTURE, FacsimileReason.PICTURE, _picture),
            (PartKind.PAGE, FacsimileReason.PAGE, _whole),
        ):
            try:
                found.parts[kind] = await made(session)
            except _TooLarge as large:
                why = Message(FacsimileReason.TOO_LARGE, {"most": large.most >> 20})
                found.problems.append(Message(reason, {"why": why}))
            except Error as error:
                why = Message(FetchReason.FAILED, {"error": error.message.splitlines()[0]})
                found.problems.append(Message(reason, {"why": why}))
        with suppress(Error):
            image = lead()
            thumbnail = await _thumbnail(page.context, image) if image is not None else None
            if thumbnail is None and PartKind.PICTURE in found.parts:
                thumbnail = await _shot(session, WIDTH, WIDTH * THUMBNAIL[1] // THUMBNAIL[0], THUMBNAIL[0] / WIDTH)
            if thumbnail is not None:
                found.parts[PartKind.THUMBNAIL] = thumbnail
    finally:
        await session.detach()
    return found


class _TooLarge(Exception):
    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most


async def _scroll(page: Page) -> None:
    from playwright.async_api import TimeoutError as StillLoading

    await page.evaluate(SCROLL_SCRIPT, HEIGHT)
    with suppress(StillLoading):
        await page.wait_for_load_state("networkidle", timeout=SETTLE_SCROLLED)


async def _picture(session: CDPSession) -> bytes:
    size = (await session.send("Page.getLayoutMetrics"))["cssContentSize"]
    return _bounded(await _shot(session, min(size["width"], WIDTH), min(size["height"], HEIGHT)), PartKind.PICTURE)


async def _shot(session: CDPSession, width: float, height: float, scale: float = 1.0) -> bytes:
    clip = {"x": 0, "y": 0, "width": max(1, width), "height": max(1, height), "scale": scale}
    how = {"format": "webp", "quality": QUALITY, "captureBeyondViewport": True, "clip": clip}
    return b64decode((await session.send("Page.captureScreenshot", how))["data"])


async def _whole(session: CDPSession) -> bytes:
    tree = (await session.send("Page.getResourceTree"))["frameTree"]
    if _loaded(tree) > MOST[PartKind.PAGE]:  # before it is all in memory
        raise _TooLarge(MOST[PartKind.PAGE])
    data = (await session.send("Page.captureSnapshot", {"format": "mhtml"}))["data"]
    return _bounded(data.encode("utf-8", "surrogateescape"), PartKind.PAGE)


def _loaded(frame: dict[str, Any]) -> float:
    """The bytes of all resources of a frame and those within it."""
    own: float = sum(resource.get("contentSize", 0) for resource in frame.get("resources", ()))
    return own + sum(map(_loaded, frame.get("childFrames", ())))


def _bounded(data: bytes, kind: PartKind) -> bytes:
    if len(data) > MOST[kind]:
        raise _TooLarge(MOST[kind])
    return data


async def _thumbnail(context: BrowserContext, image: bytes) -> bytes | None:
    """A small picture of an image, which the browser decodes in its own sandbox; None if it cannot."""
    width, height = THUMBNAIL
    source = f"data:{image_type(image)};base64,{b64encode(image).decode()}"
    style = f"display:block;width:{width}px;height:{height}px;object-fit:cover"
    page = await context.new_page()
    try:
        await page.set_content(f'<body style="margin:0"><img style="{style}" src="{source}">')
        if not await page.locator("img").evaluate(DECODED_SCRIPT):
            return None
        session = await context.new_cdp_session(page)
        return await _shot(session, width, height)
    finally:
        await page.close()
