"""Saved objects for Kibana: a data view, panels and a dashboard over our index.

They are in `kibana.ndjson` as exported by Kibana 8.9 for an index with the prefix EXPORTED; newer versions convert them
on import, by the version that each panel names. To change a panel, import that file, edit, and export the dashboard
with its related objects in its place, without the summary in the last line, which `bundle` writes.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

EXPORTED = "arshif"  # the prefix of the index in the file


def bundle(prefix: str) -> str:
    """The NDJSON file for Kibana's Stack Management > Saved Objects > Import, for the index of this prefix."""
    exported = files(__package__).joinpath("kibana.ndjson").read_text("utf-8")
    objects = [_over(prefix, json.loads(line)) for line in exported.splitlines()]
    summary = {"exportedCount": len(objects), "missingRefCount": 0, "missingReferences": []}
    summary |= {"excludedObjectsCount": 0, "excludedObjects": []}
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in (*objects, summary))


def _over(prefix: str, one: dict[str, Any]) -> dict[str, Any]:
    """A saved object with the index's prefix in its own id, in the ids that it refers to, and in the data view."""
    for named in (one, *one["references"]):
        named["id"] = prefix + named["id"].removeprefix(EXPORTED)
    if one["type"] == "index-pattern":
        one["attributes"]["title"] = prefix
    return one
