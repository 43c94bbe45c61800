"""Where the raw copies of an archive are, and that they are its own. Of two archives at one place, each would take the
other's files for leftovers, and delete them; and where the setting is changed, what was stored before would be missing.

The data folder's file says where its archive's raw copies are, if they are elsewhere, by the setting's value, and under
which id; the place has the id, too.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote
from uuid import uuid4

from index.atomic_files import new_file, replace_file, sync_folder
from index.errors import ArchiveError, FileThere
from index.model.message import Message
from index.warc import files
from index.warc.bucket import Bucket
from index.warc.folder import Folder
from index.warc.messages import RawMessage
from index.warc.place import Place

FILE = "raw.place"  # in the data folder: the id and, after a space, the URL
OWN = "raw"  # folder in the data folder
FILES = "files"  # what people call that folder where they give the URL of a place


def place_at(url: str, data: Path) -> Place:
    """The place with this URL, as in the settings: empty for the folder in the data folder."""
    if not url:
        return Folder(data / OWN)
    if url.startswith("file://"):
        return Folder(Path(unquote(url.removeprefix("file://"))))
    return Bucket(url, data)


def check(url: str, data: Path) -> None:
    """Check that the raw copies of this data folder's archive are in the place with this URL.

    :raises ArchiveError: when they are elsewhere, or that cannot be read.
    """
    known = _read(data)
    before = "" if known is None else known[1]
    if before is None or before == url or (not before and not files.names(data / OWN)):
        return
    params = {"place": place_at(url, data).name, "before": place_at(before, data).name, "url": before}
    raise ArchiveError(Message(RawMessage.NOT_THERE, params | {"to": url or FILES}))


def claim(url: str, data: Path) -> Place:
    """The place with this URL, which belongs to the archive of this data folder from now on; the folder in the data
    folder does anyway. Once the raw copies are there, call `settle`.

    :raises ArchiveError: when it belongs to another archive, or cannot be reached, or the id cannot be written.
    """
    place = place_at(url, data)
    if url:
        known = _read(data) or _begin(data)  # before the place has it
        mine = known[0]
        if (mark := place.claim(mine)) != mine:
            params = {"place": place.name, "mark": mark, "file": str(data / FILE)}
            raise ArchiveError(Message(RawMessage.OTHER_ARCHIVE, params))
    return place


def settle(url: str, data: Path) -> None:
    """Record that the raw copies of this data folder's archive are in the place with this URL.

    :raises ArchiveError: when that cannot be written.
    """
    known = _read(data)
    if known is not None and known[1] != url:
        _write(data, _line(known[0], url))


def elsewhere(data: Path) -> str | None:
    """Where the raw copies of this data folder's archive are and under which id, in a line for `join`; None if they are
    in the folder.

    :raises ArchiveError: when that cannot be read.
    """
    known = _read(data)
    return _line(known[0], known[1]).decode() if known is not None and known[1] else None


def is_free(data: Path) -> bool:
    """Whether a data folder has neither raw copies nor a place where its archive's are."""
    return _read(data) is None and not files.names(data / OWN)


def has_none(data: Path) -> bool:
    """Whether a data folder's archive has no raw copies yet, in the folder or elsewhere, for all that is known here.

    :raises ArchiveError: when that cannot be read.
    """
    return elsewhere(data) is None and not files.names(data / OWN)


def join(data: Path, line: str) -> None:
    """Have this data folder's archive have its raw copies where that of another has them: the same archive on another
    machine, which has given this line.

    :raises ArchiveError: when that cannot be written.
    """
    _write(data, line.encode())


def _read(data: Path) -> tuple[str, str | None] | None:
    """The id and the URL; that is None where only the id is known, as where this archive takes the place of another."""
    file = data / FILE
    try:
        mine, _, url = file.read_text("utf-8").strip("\n").partition(" ")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        params = {"file": str(file), "error": str(error)}
        raise ArchiveError(Message(RawMessage.UNREADABLE_MARK, params)) from None
    return mine, url.removeprefix("url=") if url else None


def _begin(data: Path) -> tuple[str, str | None]:
    """A new id, with which raw copies are in the data folder; or what another process has begun with meanwhile."""
    mine, file = uuid4().hex, data / FILE
    try:
        data.mkdir(parents=True, exist_ok=True)
        with new_file(file) as out:
            out.write(_line(mine, ""))
        sync_folder(data)
    except FileThere:
        if (known := _read(data)) is not None:
            return known
        raise
    except OSError as error:
        raise ArchiveError(f"cannot write {file}: {error.strerror}") from error
    return mine, ""


def _write(data: Path, line: bytes) -> None:
    try:
        replace_file(data / FILE, line)
    except OSError as error:
        raise ArchiveError(f"cannot write {data / FILE}: {error.strerror}") from error


def _line(mine: str, url: str) -> bytes:
    return f"{mine} url={url}\n".encode()
