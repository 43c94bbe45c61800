"""Config: Arshif's own files about the newsroom: one YAML per site, and an arshif.yaml that lets it be crawled."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from .server_group import Newsroom


def write(
    room: Newsroom,
    directory: Path,
    via: Literal["ports", "proxy"],
    *,
    kinds: Sequence[str] | None = None,
    delay: float = 0.0,
    every: float = 0.05,
    settings: dict[str, Any] | None = None,
) -> Path:
    """Write `arshif.yaml` and `sites/test/<id>.yaml`, and give back the directory.

    `kinds` of sources narrow what is written (a site that has none of these is left out); `delay` between two requests
    is in seconds, `every` between two crawls in minutes; `settings` are further keys of arshif.yaml.
    """
    folder = directory / "sites" / "test"
    folder.mkdir(parents=True, exist_ok=True)
    for id_ in room.sites:
        about = site(room, id_, via, kinds=kinds)
        if about["sources"]:
            (folder / f"{id_}.yaml").write_text(_yaml(about), "utf-8")
    skeleton = {
        "contact": "newsroom@localhost.example",
        "politeness": {"delay": delay},
        "schedule": {"every": every},
        "allow_networks": [f"{room.address}/32"],
        **({"proxy": room.proxy} if via == "proxy" else {}),
        **(settings or {}),
    }
    (directory / "arshif.yaml").write_text(_yaml(skeleton), "utf-8")
    return directory


def site(
    room: Newsroom, id_: str, via: Literal["ports", "proxy"], *, kinds: Sequence[str] | None = None
) -> dict[str, Any]:
    """What a site's file says."""
    place = room.sites[id_]
    outlet = place.outlet
    base = f"http://{place.host}" if via == "proxy" else f"http://{room.address}:{place.port}"
    sources = [
        {"kind": kind, "url": base + path, **({"links": links} if links else {})}
        for kind, path, links in outlet.sources
        if kinds is None or kind in kinds
    ]
    return {
        "name": outlet.name,
        "homepage": f"{base}/",
        "country": outlet.country,
        "languages": [outlet.language],
        "time_zone": outlet.zone,
        "publisher": outlet.publisher,
        "sources": sources,
        "rendering": outlet.rendering,
        **({"rules": [outlet.rules]} if outlet.rules else {}),
        "enabled": True,
    }


def _yaml(value: dict[str, Any]) -> str:
    """A mapping as YAML, one key a line; JSON's values are YAML's."""
    return "".join(f"{key}: {json.dumps(part, ensure_ascii=False)}\n" for key, part in value.items())
