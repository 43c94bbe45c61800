"""What is made for Kibana: objects that refer to each other, and to fields that a real index has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from index.engines.base import new_target
from index.engines.elastic.kibana import EXPORTED, bundle
from tests.engines.conftest import opened

PREFIX = "news-2"


def objects() -> dict[tuple[str, str], dict[str, Any]]:
    found = [json.loads(line) for line in bundle(PREFIX).splitlines()[:-1]]
    return {(one["type"], one["id"]): one for one in found}


def test_every_reference_is_in_the_bundle() -> None:
    there = objects()
    kinds = [kind for kind, _ in there]
    assert kinds == ["index-pattern", *["lens"] * 5, "search", "dashboard"]
    for one in there.values():
        assert {(reference["type"], reference["id"]) for reference in one["references"]} <= there.keys()
    board = there["dashboard", f"{PREFIX}-dashboard"]
    panels = json.loads(board["attributes"]["panelsJSON"])
    assert [f"{panel['panelIndex']}:{panel['panelRefName']}" for panel in panels] == [
        reference["name"] for reference in board["references"]
    ]
    taken = {
        (x, y)
        for panel in panels
        for x in range(panel["gridData"]["x"], panel["gridData"]["x"] + panel["gridData"]["w"])
        for y in range(panel["gridData"]["y"], panel["gridData"]["y"] + panel["gridData"]["h"])
    }
    assert len(taken) == sum(panel["gridData"]["w"] * panel["gridData"]["h"] for panel in panels)  # none over another


def test_it_ends_with_a_summary_and_its_panels_name_their_version() -> None:
    *objects_, summary = map(json.loads, bundle(PREFIX).splitlines())
    assert summary["exportedCount"] == len(objects_) == len(objects())
    assert (summary["missingRefCount"], summary["missingReferences"]) == (0, [])
    panels = json.loads(objects()["dashboard", f"{PREFIX}-dashboard"]["attributes"]["panelsJSON"])
    assert {panel["version"] for panel in panels} == {"8.9.0"}


def test_no_object_is_over_the_index_that_was_exported() -> None:
    assert EXPORTED not in bundle(PREFIX)
    assert all(one["id"].startswith(f"{PREFIX}-") for one in objects().values())
    assert objects()["index-pattern", f"{PREFIX}-articles"]["attributes"]["title"] == PREFIX


def asked_for(key: str) -> set[str]:
    """Every field that an object names under this key, read out of the objects themselves."""
    found: set[str] = set()

    def look(value: Any) -> None:
        if isinstance(value, dict):
            named = value.get(key)
            found.update([named] if isinstance(named, str) else named if isinstance(named, list) else ())
            for inner in value.values():
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)

    look(list(objects().values()))
    return found - {"___records___"}


@pytest.mark.elasticsearch
def test_every_field_is_in_the_mapping_of_a_real_index(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    panels = asked_for("sourceField")
    formats = json.loads(objects()["index-pattern", f"{PREFIX}-articles"]["attributes"]["fieldFormatMap"])
    assert panels > {"@timestamp", "main_language", "site", "country"}
    for engine in opened("elasticsearch", request, tmp_path):
        target = new_target(engine.prefix)
        engine.create(target)
        client = engine.server.client  # type: ignore[attr-defined]
        there = client.field_caps(index=target, fields="*")["fields"]
        assert panels | asked_for("timeFieldName") | asked_for("columns") | formats.keys() <= there.keys()
        assert set(there["@timestamp"]) == {"date"}
        for panel in panels:
            assert all(kind["aggregatable"] for kind in there[panel].values())
        ecs_and_schema_org = {"event.created", "event.dataset", "ecs.version", "url.domain", "datePublished"}
        assert ecs_and_schema_org | {"dateModified", "articleBody", "articleSection", "inLanguage"} <= there.keys()
