"""Disk space: whether there is enough for another crawl."""

from __future__ import annotations

import shutil
from enum import StrEnum

from crawler.settings_model import Settings
from index.archive.warc_records import Extent
from index.model.message import Given, Message

# Times `least_free` that must be free before crawls start again: at exactly `least_free`, they would start and stop
RESUME_FACTOR = 1.05


class DiskMessage(StrEnum):
    """Message codes about the disk; sizes are bytes."""

    SHORTAGE = "disk.shortage"  # free, folder, least
    RAW_COPIES = "disk.raw_copies"  # n: pages, size, month, keep: seconds
    RAW_COPIES_KEPT = "disk.raw_copies_kept"  # n, size, month: kept for ever


def shortage(settings: Settings, *, again: bool = False, more: int = 0) -> Message | None:
    """The reason why no crawl may write now, and what to do; None if there is enough space. `again`: it was short
    before, so RESUME_FACTOR applies. `more`: so many bytes are needed besides."""
    left = free(settings)
    if left - more >= settings.least_free * (RESUME_FACTOR if again else 1):
        return None
    params: dict[str, Given] = {"free": left, "folder": str(settings.data), "least": settings.least_free}
    return Message(DiskMessage.SHORTAGE, params)


def free(settings: Settings) -> int:
    """Free bytes on the disk where the archive is, or will be."""
    place = next(folder for folder in (settings.data, *settings.data.parents) if folder.exists())
    return shutil.disk_usage(place).free


def raw_copies(settings: Settings, extent: Extent) -> Message:
    """The message with the size of the raw responses, their growth per month, and how long they are kept."""
    params: dict[str, Given] = {"n": extent.copies, "size": extent.bytes, "month": round(extent.month)}
    if days := settings.raw.keep_days:
        return Message(DiskMessage.RAW_COPIES, params | {"keep": days * 86_400})
    return Message(DiskMessage.RAW_COPIES_KEPT, params)
