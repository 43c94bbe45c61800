"""Files that are imported from elsewhere: by http(s), or from a bucket of an object store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from ssl import SSLError
from tempfile import TemporaryFile
from typing import IO
from urllib.parse import urljoin, urlsplit
from urllib.request import Request, urlopen

from crawler.discover.source_document import MAX_BYTES
from crawler.errors import ArchiveError, ArshifError
from crawler.settings_model import PRODUCT
from index.warc.bucket import object_at
from index.warc.messages import RawMessage

WEB = ("http://", "https://")
S3 = "s3://"
TIMEOUT = 60.0  # seconds without a byte of a download
_PIECE = 64 * 1024  # bytes
_SAY_WHAT_TO_DO = (RawMessage.NO_LIBRARY, RawMessage.NO_CREDENTIALS, RawMessage.NO_AUTHORITIES)


def is_remote(path: str) -> bool:
    """Whether this is an address, rather than a path on this machine."""
    return path.startswith((*WEB, S3))


def file_name(path: str) -> str:
    """The name of the file at a path or an address, by which its kind is told, in lower case."""
    return Path(urlsplit(path).path if is_remote(path) else path).name.lower()


def beside(address: str, line: str) -> str:
    """The address that a line of the list at `address` stands for: a relative one begins at the root of its server or
    bucket, as in Common Crawl's lists."""
    if is_remote(line):
        return line
    parts = urlsplit(address)
    if parts.scheme == "s3":
        return parts._replace(path=f"/{line.lstrip('/')}").geturl()
    return urljoin(f"{parts.scheme}://{parts.netloc}/", line)


def content(path: str) -> bytes:
    """A list: what is in a file or at an address, of up to `MAX_BYTES`.

    :raises ArshifError: when it cannot be read or downloaded, or is longer.
    """
    try:
        with open(path, "rb") if not is_remote(path) else TemporaryFile() as file:
            if is_remote(path):
                fetch(path, file)
                file.seek(0)
            found = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ArshifError(f"{path} cannot be read: {error.strerror or error}") from error
    if len(found) > MAX_BYTES:
        raise ArshifError(f"{path} is longer than {MAX_BYTES >> 20} MB: split it, and import the parts")
    return found


def fetch(address: str, out: IO[bytes]) -> None:
    """Write what is at an address to a file.

    :raises ArshifError: when it cannot be downloaded, or not all of it.
    """
    if address.startswith(S3):
        _from_bucket(address, out)
    else:
        _from_web(address, out)


def _from_web(url: str, out: IO[bytes]) -> None:
    with _open(url) as answer, _whole(url):
        declared = answer.headers.get("Content-Length")
        while piece := answer.read(_PIECE):
            out.write(piece)
    if declared is not None and out.tell() != int(declared):
        raise ArshifError(f"{url}: the download broke off at {out.tell()} of {declared} bytes; try again")


def _from_bucket(address: str, out: IO[bytes]) -> None:
    try:
        bucket, key = object_at(address)
    except ValueError as error:
        raise ArshifError(str(error)) from None
    try:
        found = bucket.fetch(key, out)
    except ArchiveError as error:
        if error.message.code in _SAY_WHAT_TO_DO:
            raise
        why = {
            RawMessage.NO_BUCKET: "there is no such bucket", RawMessage.AWAY: "no server answers",
        }.get(RawMessage(error.message.code)) or f"the server refuses it ({error.message.params['why']})"  # fmt: skip
        raise ArshifError(f"{address} cannot be downloaded: {why}") from None
    if not found:
        raise ArshifError(f"{address} cannot be downloaded: there is no such object, or it is empty")


def _open(url: str):  # type: ignore[no-untyped-def]
    try:
        return urlopen(Request(url, headers={"User-Agent": PRODUCT}), timeout=TIMEOUT)
    except (HTTPException, OSError, ValueError) as error:
        raise ArshifError(f"{url} cannot be downloaded: {error}") from error


@contextmanager
def _whole(url: str) -> Iterator[None]:
    """:raises ArshifError: when the download that is made meanwhile breaks off."""
    try:
        yield
    except (HTTPException, ConnectionError, TimeoutError, SSLError) as error:
        raise ArshifError(f"{url}: the download broke off: {error}; run the import again") from error
