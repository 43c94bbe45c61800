"""Disk space: whether there is enough for another crawl."""

from __future__ import annotations

import shutil
from contextlib import suppress
from enum import StrEnum

from crawler.settings_model import Settings
from index.archive import raw_owner
from index.archive.warc_records import Extent
from index.errors import ArchiveError
from index.model.message import Given, Message

# Times `least_free` that must be free before crawls start again: at exactly `least_free`, they would start and stop
RESUME_FACTOR = 1.05


class DiskMessage(StrEnum):
    """Message codes about the disk; sizes are bytes."""

    SHORTAGE = "disk.shortage"  # free, folder, least
    RAW_COPIES = "disk.raw_copies"  # n: pages, size, month, keep: seconds
    RAW_COPIES_KEPT = "disk.raw_copies_kept"  # n, size, month: kept for ever
    RAW_OUTSIDE = "disk.raw_outside"  # n: records in files of others


def shortage(settings: Settings, *, again: bool = False, more: int = 0) -> Message | None:
    """The reason why no crawl may write now, and what to do; None if there is enough space: in the data folder and, if
    they are in another folder, where the raw copies are. `again`: it was short before, so RESUME_FACTOR applies.
    `more`: so many bytes are needed besides to write raw copies; for a bucket, that is in the data folder first.
    """
    least = settings.least_free * (RESUME_FACTOR if again else 1)
    rooms = _rooms(settings)
    for number, (folder, left) in enumerate(rooms, 1):
        if left - (more if number == len(rooms) else 0) < least:
            params: dict[str, Given] = {"free": left, "folder": folder, "least": settings.least_free}
            return Message(DiskMessage.SHORTAGE, params)
    return None


def free(settings: Settings) -> int:
    """Free bytes where the archive is, or will be, or where its raw copies are, if that is less."""
    return min(left for _, left in _rooms(settings))


def _rooms(settings: Settings) -> list[tuple[str, int]]:
    """Folders and the free bytes there; the last is the one in which raw copies are written."""
    data = settings.data
    there = next(folder for folder in (data, *data.parents) if folder.exists())
    rooms = [(str(data), shutil.disk_usage(there).free)]
    if settings.raw.url:
        place = raw_owner.place_at(settings.raw.url, data)
        with suppress(ArchiveError):  # a mount that is away: whoever writes there says so
            left = place.free()
            rooms += [] if left is None else [(place.name, left)]
    return rooms


def raw_copies(settings: Settings, extent: Extent) -> Message:
    """The message with the size of the raw responses, their growth per month, and how long they are kept."""
    params: dict[str, Given] = {"n": extent.copies, "size": extent.bytes, "month": round(extent.month)}
    if days := settings.raw.keep_days:
        return Message(DiskMessage.RAW_COPIES, params | {"keep": days * 86_400})
    return Message(DiskMessage.RAW_COPIES_KEPT, params)
