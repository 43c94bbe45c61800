"""Space: whether the disk has room for another crawl."""

from __future__ import annotations

import shutil
from enum import StrEnum

from crawler.settings_model import Settings
from index.archive.warc_records import Extent
from index.model.message import Given, Message

RESUME_FACTOR = (
    1.05  # times the least that is to stay free, until crawls start again: what is just enough would come and go
)


class DiskMessage(StrEnum):
    """What is said of the disk; sizes are bytes."""

    SHORTAGE = "disk.shortage"  # free, folder, least
    RAW_COPIES = "disk.raw_copies"  # n: pages, size, month, keep: seconds
    RAW_COPIES_KEPT = "disk.raw_copies_kept"  # n, size, month: kept for ever


def shortage(settings: Settings, *, again: bool = False) -> Message | None:
    """Why no crawl may write now, and what to do; None where there is room. `again`: it was short before."""
    left = free(settings)
    if left >= settings.least_free * (RESUME_FACTOR if again else 1):
        return None
    params: dict[str, Given] = {"free": left, "folder": str(settings.data), "least": settings.least_free}
    return Message(DiskMessage.SHORTAGE, params)


def free(settings: Settings) -> int:
    """Bytes that are free where the archive lies, or will lie."""
    place = next(folder for folder in (settings.data, *settings.data.parents) if folder.exists())
    return shutil.disk_usage(place).free


def raw_copies(settings: Settings, extent: Extent) -> Message:
    """What raw copies take, what a month adds, and how long they are kept."""
    params: dict[str, Given] = {"n": extent.copies, "size": extent.bytes, "month": round(extent.month)}
    if days := settings.raw.keep_days:
        return Message(DiskMessage.RAW_COPIES, params | {"keep": days * 86_400})
    return Message(DiskMessage.RAW_COPIES_KEPT, params)
