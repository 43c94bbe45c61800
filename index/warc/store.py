"""Raw responses, byte for byte as servers sent them, in WARC 1.1 files with one gzip member per record.

Any WARC tool can read them (https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/).
"""

from __future__ import annotations

import fcntl
import gzip
import os
import re
import threading
import zlib
from base64 import b32encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha1
from io import BytesIO, FileIO
from itertools import count
from pathlib import Path
from urllib.parse import unquote, urlsplit

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from index.atomic_files import sync_folder
from index.errors import ArchiveError, ArshifError, Busy

FILE_BYTES = 1024**3  # length at which a file is closed: 1 GB is the WARC guidelines' recommended size
RECORD_BYTES = 128 * 1024**2  # longest unpacked record; by default, a page has at most 5 MiB, a source 50
_CHUNK_BYTES = 1024 * 1024  # bytes read at a time
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.warc\.gz")
_PACKED, _STORED = 6, 0  # zlib levels: compressing what came compressed only takes time
MEMBER = b"\x1f\x8b\x08"  # how a gzip member begins: its magic number and the method, RFC 1952
RECORD = re.compile(rb"WARC/1\.[01]\r?\n")  # the first line of a record
_STATUS = re.compile(r"HTTP/\S+ ([1-9]\d\d)\b")  # how the head of a response begins
_FIRST_LINE = 16  # bytes at least that it fits in
_GZIP = zlib.MAX_WBITS + 16  # tells zlib to expect gzip's header and checksum

Headers = Sequence[tuple[str, str]]


class WarcDamaged(ArshifError):
    """A raw response is missing or not as written: its article stays, but cannot be extracted again."""


@dataclass(frozen=True, slots=True)
class WarcRef:
    """The location of a record: the file's name in the WARC folder, and the position of its gzip member in bytes."""

    file: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Response:
    """A response as received: `status_line` such as `HTTP/1.1 200 OK`, headers in original order and case, and the
    body's bytes. `url` is the one after redirects; `fetched` is aware. `truncated` says why the body was not kept, as
    WARC-Truncated does: `length` or `unspecified`; empty if it was."""

    url: str
    fetched: datetime
    status_line: str
    headers: Headers
    body: bytes
    truncated: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """A response as a WARC file has it: `packed` is its gzip member, `date` its WARC-Date as written, `digest` that of
    its payload, such as `sha1:` and base 32."""

    packed: bytes
    url: str
    date: str
    status: int
    headers: Headers
    body: bytes
    digest: str


class _AsReceived(StatusAndHeaders):  # type: ignore[misc]
    """The head of a response, which warcio writes unchanged; otherwise it would normalize and percent-encode it."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_line, list(response.headers))
        lines = [response.status_line, *(f"{name}: {value}" for name, value in response.headers), "", ""]
        self.headers_buff = "\r\n".join(lines).encode("latin-1", "backslashreplace")

    def compute_headers_buffer(self, header_filter: object = None) -> None:
        """Nothing to compute."""


class WarcStore:
    """A folder of raw responses. It reads what any process wrote there, and writes to files of its own, beginning with
    `name-00001.warc.gz`.

    `name` is the writer's, such as `20261123T191000-run7`; an existing file is continued after its last complete
    record, and a torn one is cut off. A file of `file_bytes` or more gets no further record.
    """

    def __init__(
        self,
        folder: Path | str,
        name: str | None = None,
        info: Mapping[str, str] | None = None,
        *,
        file_bytes: int = FILE_BYTES,
    ) -> None:
        self.folder = Path(folder)
        self._file_bytes = file_bytes
        self._name = name or f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{os.getpid()}"
        self._info = {"software": "Arshif", "format": "WARC File Format 1.1", **(info or {})}
        self._file: FileIO | None = None
        self._guard = threading.Lock()

    def append(self, response: Response) -> WarcRef:
        """Write a response, synced to disk, and return its location. Thread-safe.

        :raises Busy: when another process writes under our name.
        :raises ArchiveError: when the response cannot be written; then the file is as before.
        """
        record = _pack(response)
        with self._guard:
            try:
                file = self._ready()
                offset = self._put(file, record)
            except OSError as error:
                raise ArchiveError(f"cannot write raw copies to {self.folder}: {error.strerror}") from error
            return WarcRef(_path(file).name, offset, len(record))

    def read(self, ref: WarcRef, url: str | None = None) -> tuple[list[tuple[str, str]], bytes]:
        """The headers and the body of a record.

        :raises WarcDamaged: when it is not a complete response, not as its digests say, or not one of `url`.
        """
        found = self.record(ref, url)
        return list(found.headers), found.body

    def checked(self, ref: WarcRef, url: str | None = None) -> bytes:
        """A record as stored, a gzip member, after its digests were checked.

        :raises WarcDamaged: as `read` does.
        """
        return self.record(ref, url).packed

    def record(self, ref: WarcRef, url: str | None = None) -> Record:
        """A record with what it says of itself, after its digests were checked.

        :raises WarcDamaged: as `read` does.
        """
        return _parse(self.packed(ref), ref, url)

    def unpacked(self, ref: WarcRef, url: str | None = None) -> bytes:
        """A record as it was before it was compressed, after its digests were checked.

        :raises WarcDamaged: as `read` does.
        """
        return _unpack(self.checked(ref, url), ref)

    def holds(self, ref: WarcRef) -> bool:
        """Whether the file of a record is there, and reaches to its end."""
        try:
            size = (self.folder / ref.file).stat().st_size if is_file_name(ref.file) else 0
        except OSError:
            return False
        return 0 <= ref.offset < ref.offset + ref.length <= size

    def close(self) -> None:
        """Close the file."""
        with self._guard:
            if self._file is not None:
                self._file.close()
                self._file = None

    def __enter__(self) -> WarcStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- writing

    def _ready(self) -> FileIO:
        if self._file is not None and self._file.seek(0, os.SEEK_END) < self._file_bytes:
            return self._file
        number = 1
        if self._file is not None:
            number = int(_path(self._file).name.rpartition("-")[2].partition(".")[0]) + 1
            self._file.close()
            self._file = None
        while (path := self.folder / f"{self._name}-{number:05}.warc.gz").exists() and self._full(path):
            number += 1
        self._file = self._begin(path)
        return self._file

    def _full(self, path: Path) -> bool:
        return path.stat().st_size >= self._file_bytes

    def _begin(self, path: Path) -> FileIO:
        self.folder.mkdir(parents=True, exist_ok=True)
        file = FileIO(path, "a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            truncate_torn_tail(file)
            if file.seek(0, os.SEEK_END) == 0:
                self._put(file, pack_info(path.name, self._info))
                sync_folder(self.folder)
        except BlockingIOError as error:
            file.close()
            raise Busy(f"another process writes {path}") from error
        except BaseException:
            file.close()
            raise
        return file

    def _put(self, file: FileIO, record: bytes) -> int:
        offset = file.seek(0, os.SEEK_END)
        try:
            rest = memoryview(record)
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
        except OSError:
            file.truncate(offset)
            raise
        return offset

    # --- reading

    def packed(self, ref: WarcRef) -> bytes:
        """A record as stored, a gzip member.

        :raises WarcDamaged: when the file is missing or too short.
        """
        if not is_file_name(ref.file):
            raise WarcDamaged(f"raw copy {ref.file!r} is no name of a file of ours")
        path = self.folder / ref.file
        try:
            with path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if not 0 <= ref.offset < ref.offset + ref.length <= size:
                    raise WarcDamaged(f"raw copy {path} ends at {size}, before the end of the record at {ref.offset}")
                file.seek(ref.offset)
                return file.read(ref.length)
        except OSError as error:
            raise WarcDamaged(f"raw copy {path} cannot be read: {error.strerror}") from error


def is_file_name(name: str) -> bool:
    """Whether this is the name of a WARC file as we write them, which leads to no place but its folder."""
    return _FILE.fullmatch(name) is not None


def repair(folder: Path, name: str, referred: Mapping[str, int] | None = None) -> int:
    """Cut off torn records that a dead writer of that name left in its files; return the number of bytes removed.

    `referred` says, by file, where the last record ends that the archive refers to: nothing before that is cut. What is
    cut stays beside the file, as `NAME.torn-OFFSET`. The locked file of a living writer is skipped.

    :raises ArchiveError: when a file cannot be written.
    """
    cut = 0
    for path in folder.glob(f"{name}-*.warc.gz"):
        try:
            with FileIO(path, "r+") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                cut += truncate_torn_tail(file, (referred or {}).get(path.name, 0))
        except BlockingIOError:
            continue
        except OSError as error:
            raise ArchiveError(f"cannot mend raw copies {path}: {error.strerror}") from error
    return cut


def torn_bytes(path: Path) -> int:
    """The number of bytes after the last complete record of a file; 0 while its writer is active."""
    with FileIO(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return 0
        return file.seek(0, os.SEEK_END) - _end_of_last_record(file)


def truncate_torn_tail(file: FileIO, referred: int = 0) -> int:
    """Cut off the partial record that a crash left at the end of a file; return the number of bytes removed.

    Nothing before `referred` is cut, and nothing before a later complete record: a record damaged in the middle of a
    file is no tail. What is cut is kept in a file beside it.
    """
    size = file.seek(0, os.SEEK_END)
    whole = min(size, max(referred, _end_of_last_record(file, referred)))
    if whole < size:
        _set_aside(file, whole)
        file.truncate(whole)
        os.fsync(file.fileno())
    file.seek(0, os.SEEK_END)
    return size - whole


def _set_aside(file: FileIO, start: int) -> None:
    path = _path(file)
    aside = path.with_name(f"{path.name}.torn-{start}")
    for number in count(2):
        if not aside.exists():
            break
        aside = path.with_name(f"{path.name}.torn-{start}-{number}")
    file.seek(start)
    with aside.open("xb") as out:
        while piece := file.read(_CHUNK_BYTES):
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())
    sync_folder(path.parent)


def _end_of_last_record(file: FileIO, start: int = 0) -> int:
    """Where the last complete record of a file ends that begins at `start` or later; `start` if there is none."""
    whole = _end_of_members(file, start)
    while (later := _next_record(file, whole)) is not None:
        whole = later
    return whole


def _next_record(file: FileIO, start: int) -> int | None:
    """The end of the run of complete members that begins with the first complete record after `start`."""
    file.seek(start)
    before = b""
    at = start
    while piece := file.read(_CHUNK_BYTES):
        data = before + piece
        found = data.find(MEMBER, 1 if at == start and not before else 0)
        while found >= 0:
            place = at - len(before) + found
            if (end := _end_of_members(file, place)) > place:
                file.seek(place)
                if begins_record(file.read(1_024)):
                    return end
            found = data.find(MEMBER, found + 1)
        at += len(piece)
        before = data[-len(MEMBER) + 1 :]
        file.seek(at)
    return None


def begins_record(data: bytes) -> bool:
    """Whether a gzip member with this beginning holds a record: compressed content of a page may look like one, too."""
    try:
        return RECORD.match(zlib.decompressobj(_GZIP).decompress(data, _FIRST_LINE)) is not None
    except zlib.error:
        return False


def _end_of_members(file: FileIO, start: int) -> int:
    """The end of the last of the complete members that follow one another from `start` on; `start` if there is none."""
    file.seek(start)
    whole = at = start
    unpacker, data = zlib.decompressobj(_GZIP), b""
    while True:
        if not data and not (data := file.read(_CHUNK_BYTES)):
            return whole
        given = len(data)
        try:
            unpacker.decompress(data, _CHUNK_BYTES)  # the output is discarded, so it is limited
        except zlib.error:
            return whole
        rest = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
        at += given - len(rest)
        data = rest
        if unpacker.eof:
            whole, unpacker = at, zlib.decompressobj(_GZIP)


def _path(file: FileIO) -> Path:
    return Path(str(file.name))


def _pack(response: Response) -> bytes:
    plain = BytesIO()
    writer = WARCWriter(plain, gzip=False, warc_version="WARC/1.1")
    when = response.fetched.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    record = writer.create_warc_record(
        response.url,
        "response",
        payload=BytesIO(response.body),
        length=len(response.body),
        warc_headers_dict={"WARC-Date": when} | ({"WARC-Truncated": response.truncated} if response.truncated else {}),
        http_headers=_AsReceived(response),
    )
    writer.write_record(record)
    encoded = any(name.lower() == "content-encoding" for name, _ in response.headers)
    return gzip.compress(plain.getvalue(), _STORED if encoded else _PACKED, mtime=0)


def pack_info(name: str, info: Mapping[str, str]) -> bytes:
    """The `warcinfo` record with which a file begins."""
    packed = BytesIO()
    writer = WARCWriter(packed, gzip=True, warc_version="WARC/1.1")
    writer.write_record(writer.create_warcinfo_record(name, dict(info)))
    return packed.getvalue()


def _unpack(packed: bytes, ref: WarcRef) -> bytes:
    unpacker = zlib.decompressobj(_GZIP)
    try:
        record = unpacker.decompress(packed, RECORD_BYTES)
    except zlib.error as error:
        raise WarcDamaged(f"raw copy {ref.file} at {ref.offset} is damaged: {error}") from error
    if not unpacker.eof or unpacker.unused_data:
        raise WarcDamaged(f"raw copy {ref.file} at {ref.offset} is not one whole record")
    return record


def _parse(packed: bytes, ref: WarcRef, url: str | None) -> Record:
    where = f"raw copy {ref.file} at {ref.offset}"
    try:
        found = next(ArchiveIterator(BytesIO(_unpack(packed, ref)), no_record_parse=True))
    except (StopIteration, ArchiveLoadFailed, ValueError) as error:
        raise WarcDamaged(f"{where} is no record of a WARC file") from error
    if found.rec_type != "response":
        raise WarcDamaged(f"{where} is no answer but {found.rec_type}")
    target = found.rec_headers.get_header("WARC-Target-URI")
    if url is not None and not _is_of(target or "", url):
        raise WarcDamaged(f"{where} is the answer of {target}, not of {url}")
    block = found.raw_stream.read()
    head, _, body = block.partition(b"\r\n\r\n")
    if found.rec_headers.get_header("Content-Length") != str(len(block)):  # warcio returns what there is
        raise WarcDamaged(f"{where} is shorter than it says")
    for name, content in (("WARC-Block-Digest", block), ("WARC-Payload-Digest", body)):
        if not _agrees(found.rec_headers.get_header(name), content):
            raise WarcDamaged(f"{where} is not as its {name} says")
    line, *lines = head.decode("latin-1").split("\r\n")
    pairs = [line.partition(":") for line in lines]
    headers = [(name, value.removeprefix(" ")) for name, _, value in pairs]
    status = _STATUS.match(line)
    date, digest = (found.rec_headers.get_header(name) or "" for name in ("WARC-Date", "WARC-Payload-Digest"))
    return Record(packed, target or "", date, int(status[1]) if status else 0, headers, body, digest)


def _is_of(target: str, url: str) -> bool:
    """Whether a record of `target` is the response of `url`, of which the archive may know the canonical form, that has
    fewer parameters and escapes."""
    if target == url:
        return True
    try:
        same = _place(target) == _place(url)
    except ValueError:  # one has no valid host or port
        return False
    return same and _parameters(urlsplit(url).query) <= _parameters(urlsplit(target).query)


def _place(url: str) -> tuple[str, str | None, int | None, str]:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, port, unquote(parts.path)


def _parameters(query: str) -> set[str]:
    return set(filter(None, unquote(query).split("&")))


def _agrees(digest: str | None, content: bytes) -> bool:
    """Whether content has this digest of a WARC header, such as `sha1:` and base 32; None if the record has none."""
    if digest is None:
        return True
    name, _, value = digest.partition(":")
    if name.lower() != "sha1":  # as all of ours are
        return False
    return b32encode(sha1(content, usedforsecurity=False).digest()).decode() == value.upper()
