"""WARC and WACZ files in the shapes in which others write them, made of pages of our own."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from fastwarc.stream_io import ZstdWriter
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

HTML = ("Content-Type", "text/html; charset=utf-8")


@dataclass(frozen=True)
class Archived:
    """A page as someone archived it; `date` is WARC-Date."""

    url: str
    date: str
    body: bytes
    kind: str = "response"
    status: str = "200 OK"
    headers: tuple[tuple[str, str], ...] = field(default=(HTML,))


def article(number: int, addition: str = "", language: str = "en") -> bytes:
    """The page of an article of which no other has a paragraph."""
    sentence = "The council of the harbour decided on {} further metres of quay, they said, and more is to follow{}."
    body = "".join(f"<p>{sentence.format(number * 7 + i, addition)}</p>" for i in range(6))
    title = f"Harbour council decides on quay number {number}"
    meta = f'<meta property="article:published_time" content="2020-01-{number % 28 + 1:02}T10:00:00Z">'
    text = f"<html lang={language}><head><title>{title}</title>{meta}</head>"
    return f"{text}<body><article><h1>{title}</h1>{body}</article></body></html>".encode()


def warc(pages: Iterable[Archived], *, gzip: bool = True) -> bytes:
    """A WARC file of these pages."""
    file = BytesIO()
    writer = WARCWriter(file, gzip=gzip)
    for page in pages:
        head = None
        if page.kind != "resource":
            head = StatusAndHeaders(page.status, list(page.headers), protocol="HTTP/1.1")
        record = writer.create_warc_record(
            page.url,
            page.kind,
            payload=BytesIO(page.body),
            http_headers=head,
            warc_content_type="text/html" if head is None else "",
            warc_headers_dict={"WARC-Date": page.date},
        )
        writer.write_record(record)
        record.raw_stream.close()  # a spooled file of warcio's
    return file.getvalue()


def zstandard(data: bytes) -> bytes:
    """The same in one Zstandard frame."""
    file = BytesIO()
    writer = ZstdWriter(file)
    writer.write(data)
    writer.close()
    return file.getvalue()


def wacz(file: Path, members: dict[str, bytes]) -> None:
    """A WACZ file with these members."""
    with zipfile.ZipFile(file, "w") as container:
        for name, data in members.items():
            container.writestr(name, data)


def raw_file(folder: Path, name: str = "*") -> Path:
    """The one file of raw responses with this name in a folder, whatever the month."""
    (path,) = folder.rglob(f"{name}.warc.gz")
    return path
