"""Edits and removals as plain values, ready for JSON."""

from __future__ import annotations

from typing import Any

from index.archive.edits import Edit, Page
from index.model.iso import iso


def edit_fields(edit: Edit) -> dict[str, Any]:
    """The fields of an edit or removal, with its times in ISO 8601, in UTC."""
    return {
        "what": "removed" if edit.version is None else "edited",
        "at": iso(edit.at),
        "article": edit.article,
        "site": edit.site,
        "url": edit.url,
        "headline": edit.headline,
        "version": edit.version,
        "kinds": None if edit.kinds is None else list(edit.kinds),
        "removed": edit.removed,
        "added": edit.added,
        "maybe_ours": edit.maybe_ours,
        "back": edit.back and iso(edit.back),
        "notice": edit.notice and {"text": edit.notice.text, "seen": iso(edit.notice.seen), "url": edit.notice.url},
    }


def page_fields(page: Page) -> dict[str, Any]:
    """A part of the list, with the cursor of the next one."""
    return {"edits": [edit_fields(one) for one in page.edits], "cursor": page.cursor}
