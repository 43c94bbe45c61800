"""Space: whether the disk has room for another crawl."""

from __future__ import annotations

import shutil

from crawler.settings_model import Settings
from index.archive.warc_records import Extent

RESUME_FACTOR = (
    1.05  # times the least that is to stay free, until crawls start again: what is just enough would come and go
)
UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))  # as disks are sold


def shortage(settings: Settings, *, again: bool = False) -> str:
    """Why no crawl may write now, and what to do; "" where there is room. `again`: it was short before."""
    left = free(settings)
    if left >= settings.least_free * (RESUME_FACTOR if again else 1):
        return ""
    return (
        f"{size(left)} are free at {settings.data}, and {size(settings.least_free)} are to stay free (least_free): "
        "make room, and crawls go on by themselves"
    )


def free(settings: Settings) -> int:
    """Bytes that are free where the archive lies, or will lie."""
    place = next(folder for folder in (settings.data, *settings.data.parents) if folder.exists())
    return shutil.disk_usage(place).free


def raw_copies(settings: Settings, extent: Extent) -> str:
    """What raw copies take, what a month adds, and how long they are kept, in words."""
    days = settings.raw.keep_days
    kept = f"kept for {days} days" if days else "kept for ever"
    return f"{extent.copies} pages, {size(extent.bytes)}; a month brings {size(extent.month)}; {kept} (raw.keep_days)"


def size(count: float) -> str:
    """Bytes for people: 1.5 GB."""
    return next((f"{count / unit:.1f} {name}" for unit, name in UNITS if count >= unit), f"{count:.0f} bytes")
