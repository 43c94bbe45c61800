"""WARC files in a bucket of an object store that speaks Amazon's S3 protocol.

Objects are complete or not there, and nothing is appended to one: records come in segments (`index.warc.segments`),
each put under a name that nobody has (If-None-Match), which compaction merges. Credentials come from the environment or
a file; what a server says of them is in no error.
"""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from configparser import ConfigParser
from configparser import Error as ConfigError
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from index.errors import ArchiveError
from index.model.message import Message
from index.warc.files import by_file, is_file_name
from index.warc.messages import RawMessage
from index.warc.place import MARK, FileFacts
from index.warc.record import WarcMissing, WarcRef, empty
from index.warc.segments import SegmentWriter

if TYPE_CHECKING:
    from obstore.store import S3Store

T = TypeVar("T")

# Seconds until a server that does not answer counts as away. In PostgreSQL, a transaction may be silent for 20
RETRY, CONNECT, TIMEOUT = timedelta(seconds=12), timedelta(seconds=3), timedelta(seconds=15)
PART_BYTES = 8 * 1024**2  # of a large file, that are sent at once
# From this length on, an object is looked for before it is sent: a server may refuse one that is there, and end the
# connection, before it has received all of it; the answer is lost then
LARGE_BYTES = 1024**2
_STATUS, _CODE = re.compile(r"status code: (\d{3})"), re.compile(r"<Code>([A-Za-z]{1,64})</Code>")
_ELSEWHERE = (  # where else the library finds credentials by itself, or that it needs none
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_SKIP_SIGNATURE",
)


@dataclass(frozen=True, slots=True)
class Bucket:
    """The WARC files below a prefix of a bucket: `s3://bucket/prefix?endpoint=https://s3.example.org&region=eu-1`.
    `scratch` is an existing folder for drafts of large files."""

    url: str
    scratch: Path

    @property
    def name(self) -> str:
        """The URL, which has no credentials in it."""
        return self.url

    def writer(self, name: str, info: Mapping[str, str], file_bytes: int) -> SegmentWriter:  # noqa: ARG002 - merged
        """A writer of segments."""
        return SegmentWriter(self._put, name, info)

    def read(self, ref: WarcRef) -> bytes:
        """The bytes at a location."""
        if not is_file_name(ref.file) or ref.offset < 0 or ref.length <= 0:
            raise WarcMissing(f"raw copy {ref.file!r} at {ref.offset} is none of ours")
        data = self.piece(ref.file, ref.offset, ref.length)
        if data is None or len(data) != ref.length:
            raise WarcMissing(f"raw copy {ref.file} in {self.name} ends before the end of the record at {ref.offset}")
        return data

    def listed(self, start: str = "") -> dict[str, FileFacts]:
        """The files by their names."""
        found = self._asked(lambda: dict(self._list(start)))
        return {name: facts for name, facts in found.items() if is_file_name(name)}

    def free(self) -> None:
        """A bucket is not filled up."""

    @contextmanager
    def create(self, name: str) -> Iterator[IO[bytes]]:
        """A new file, which is written to disk and sent at the end."""
        with self._draft() as out:
            yield out
            self._send(name, out)

    @contextmanager
    def held(self, name: str) -> Iterator[bool]:
        """Whether a file is there: no writer goes on with one."""
        yield self.piece(name, 0, 1) is not None

    def blank(self, refs: Iterable[WarcRef]) -> int:
        """Write the files anew that have these records: the last version of each has them no more."""
        done = 0
        for name, its in by_file(refs):
            with self._draft() as out:
                if size := self.fetch(name, out):
                    within = [ref for ref in its if ref.offset + ref.length <= size]
                    for ref in within:
                        out.seek(ref.offset)
                        out.write(empty(ref.length))
                    self._send(name, out)
                    done += len(within)
        return done

    def remove(self, name: str) -> bool:
        """Delete a file."""
        if is_file_name(name):
            library, store = _library(self.url), self._store()
            with suppress(_NotThere):
                self._asked(lambda: library.delete(store, name))
        return True

    def repair(self, files: Mapping[str, int]) -> int:  # noqa: ARG002
        """Nothing is ever torn."""
        return 0

    def torn_bytes(self, name: str) -> int:  # noqa: ARG002
        """Nothing is ever torn."""
        return 0

    def remove_cut(self) -> None:
        """Nothing is ever cut off."""

    def claim(self, archive: str) -> str:
        """The id of the archive whose files these are: this one, if they were nobody's."""
        if self.piece(MARK) is None:
            self._put(MARK, archive.encode())
        return (self.piece(MARK) or b"").decode("utf-8", "replace").strip()

    def fetch(self, name: str, out: IO[bytes]) -> int:
        """Write an object to a file; return its length, 0 if it is not there.

        :raises ArchiveError: when the server is away, or refuses it.
        """
        while piece := self.piece(name, out.tell()):
            out.write(piece)
            if len(piece) < PART_BYTES:
                break
        return out.tell()

    # --- requests

    def _store(self) -> S3Store:
        return _store(os.getpid(), self.url, _credentials_written())

    def _put(self, name: str, content: bytes) -> bool:
        """Create an object; whether it has this content now. It has if it was there with this content: then the answer
        to an attempt before was lost."""
        library, store = _library(self.url), self._store()

        def put() -> bool:
            try:
                library.put(store, name, content, mode="create", use_multipart=False)
            except library.exceptions.AlreadyExistsError:
                return False
            return True

        def there() -> bytes | None:
            return self.piece(name, 0, len(content) + 1)

        if len(content) >= LARGE_BYTES and (found := there()) is not None:
            return found == content
        return self._asked(put) or there() == content

    def piece(self, name: str, offset: int = 0, length: int = PART_BYTES) -> bytes | None:
        """What is at this place of an object, as far as it goes; None if there is nothing.

        :raises ArchiveError: when the server is away, or refuses it.
        """
        library, store = _library(self.url), self._store()
        try:
            return self._asked(lambda: bytes(library.get_range(store, name, start=offset, length=length)))
        except _NotThere:
            return None

    def _list(self, start: str) -> Iterator[tuple[str, FileFacts]]:
        """The objects, or those of each folder that begin with this, from there on in the order of their names."""
        library, store = _library(self.url), self._store()
        if not start:
            yield from _facts(one for some in library.list(store) for one in some)
            return
        yield from _facts(one for one in library.list_with_delimiter(store)["objects"] if one["path"].startswith(start))
        for year in library.list_with_delimiter(store)["common_prefixes"]:
            for folder in library.list_with_delimiter(store, prefix=year)["common_prefixes"]:
                first = f"{folder}/{start}"
                for some in library.list(store, prefix=folder, offset=first):
                    yield from _facts(one for one in some if one["path"].startswith(first))
                    if some and some[-1]["path"] > first and not some[-1]["path"].startswith(first):
                        break

    @contextmanager
    def _draft(self) -> Iterator[IO[bytes]]:
        try:
            with TemporaryFile(dir=self.scratch) as out:
                yield out
        except OSError as error:
            raise ArchiveError(f"cannot write {error.filename or self.scratch}: {error.strerror}") from error

    def _send(self, name: str, file: IO[bytes]) -> None:
        library, store = _library(self.url), self._store()

        def put() -> None:
            file.seek(0)
            library.put(store, name, file, chunk_size=PART_BYTES, max_concurrency=2)

        self._asked(put)

    def _asked(self, ask: Callable[[], T]) -> T:
        """The result of a request.

        :raises _NotThere: when an object is not there, or not so long.
        :raises ArchiveError: when the server is away, or refuses it.
        """
        try:
            return ask()
        except (FileNotFoundError, _library(self.url).exceptions.BaseError) as error:
            told = self._told(error)
        raise told  # without the library's own words, which may hold what a server says of keys

    def _told(self, error: Exception) -> ArchiveError:
        code, status = (found[1] if (found := sought.search(str(error))) else "" for sought in (_CODE, _STATUS))
        params = {"place": self.name, "why": f"HTTP {status} {code}".strip()}
        if code == "NoSuchBucket":
            return ArchiveError(Message(RawMessage.NO_BUCKET, params))
        if code == "RequestTimeTooSkewed":  # a signature holds for 15 minutes
            return ArchiveError(Message(RawMessage.CLOCK, params))
        if code == "InvalidRange" or isinstance(error, FileNotFoundError):
            return _NotThere(Message(RawMessage.NO_BUCKET, params))
        kind = RawMessage.DENIED if status in ("401", "403") else RawMessage.FAILED if status else RawMessage.AWAY
        return ArchiveError(Message(kind, params))


def object_at(address: str) -> tuple[Bucket, str]:
    """The bucket, to be read only, and the key in the address of an object: `s3://bucket/key`, with the same after it
    as in the URL of a place.

    :raises ValueError: when it names none.
    """
    parts = urlsplit(address)
    key = unquote(parts.path).strip("/")
    if not parts.netloc or "@" in parts.netloc or not key:
        raise ValueError(
            f"{address} names no object: write s3://BUCKET/KEY, with ?endpoint=… for another than Amazon's"
        )
    return Bucket(parts._replace(path="", fragment="").geturl(), Path()), key


class _NotThere(ArchiveError):
    """An object is not there, or ends before what was asked for."""


def _facts(objects: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, FileFacts]]:
    for one in objects:
        yield one["path"], FileFacts(one["size"], one["last_modified"].timestamp())


def _library(url: str) -> Any:
    """obstore, which is loaded where there is a bucket only."""
    try:
        import obstore
        import obstore.exceptions
    except ImportError:
        raise ArchiveError(Message(RawMessage.NO_LIBRARY, {"place": url})) from None
    return obstore


@lru_cache(maxsize=8)
def _store(process: int, url: str, written: int) -> S3Store:  # noqa: ARG001
    """The client of a process, as a forked one has connections of its own, with the keys that were in their file when
    that was `written`: some are replaced every hour."""
    from obstore.store import S3Store

    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    config: dict[str, Any] = {"region": query.get("region") or os.environ.get("AWS_REGION") or "us-east-1"}
    config |= _credentials(url)
    if endpoint := query.get("endpoint"):
        config["endpoint"] = endpoint.rstrip("/")
    client: dict[str, Any] = {"timeout": TIMEOUT, "connect_timeout": CONNECT}
    client["allow_http"] = query.get("endpoint", "").startswith("http:")
    if authority := os.environ.get("AWS_CA_BUNDLE"):
        client["root_certificate"] = _authorities(url, authority)
    backoff = {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=1), "base": 2}
    retry: Any = {"max_retries": 1_000, "retry_timeout": RETRY, "backoff": backoff}
    prefix = parts.path.strip("/") or None
    return S3Store(parts.netloc, prefix=prefix, client_options=client, retry_config=retry, **config)  # type: ignore[arg-type]


def _authorities(url: str, file: str) -> bytes:
    """The certificate authorities in a file, which were seen to be some: the library's own errors come late, or not."""
    try:
        ssl.create_default_context(cafile=file)
        return Path(file).read_bytes()
    except OSError as error:  # ssl's own are some, too
        params = {"place": url, "file": file, "why": error.strerror or str(error)}
        raise ArchiveError(Message(RawMessage.NO_AUTHORITIES, params)) from None


def _credentials_file() -> Path:
    """AWS's file of credentials.

    :raises RuntimeError: when this user has no home, where it is by default.
    """
    return Path(os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials").expanduser()


def _credentials_written() -> int:
    """When that file was last written to, in nanoseconds since 1970; 0 if it is not there."""
    try:
        return _credentials_file().stat().st_mtime_ns
    except (OSError, RuntimeError):
        return 0


def _credentials(url: str) -> dict[str, str]:
    """The keys in AWS's file of credentials; none if the library finds them by itself."""
    if any(os.environ.get(name) for name in _ELSEWHERE):
        return {}
    parser = ConfigParser(interpolation=None, default_section="")
    try:
        parser.read_string(_credentials_file().read_text("utf-8"))
        found = parser[os.environ.get("AWS_PROFILE") or "default"]
        keys = {"access_key_id": found["aws_access_key_id"], "secret_access_key": found["aws_secret_access_key"]}
    except (OSError, RuntimeError, UnicodeDecodeError, ConfigError, KeyError):
        raise ArchiveError(Message(RawMessage.NO_CREDENTIALS, {"place": url})) from None
    return keys | ({"session_token": found["aws_session_token"]} if "aws_session_token" in found else {})
