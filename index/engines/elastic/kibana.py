"""What Kibana shows of an index of ours: a data view, panels and a dashboard, as saved objects that it imports.

The shapes are those of Kibana 8.9 and later, which a newer one brings to its own when it reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

CORE = "8.8.0"  # coreMigrationVersion of all objects
TYPES = {"index-pattern": "8.0.0", "lens": "8.9.0", "search": "8.0.0", "dashboard": "8.9.0"}
TIME = "@timestamp"
DAYS = "now-30d/d"  # that the dashboard shows at first
TOP = 15  # values of a panel
WIDTH, HEIGHT = 48, 15  # of Kibana's grid: its columns, and the rows of a panel
COLUMNS = ("headline", "site", "main_language", "section", "author", "url.full")  # of the list of articles
FORMATS = {"url.full": {"id": "url", "params": {"labelTemplate": "{{value}}"}}}


@dataclass(frozen=True, slots=True)
class Panel:
    """A chart: how many articles there are, over time or by the values of a field."""

    id: str
    title: str
    field: str
    split: str | None = None


PANELS = (
    Panel("over-time", "Articles over time", TIME, split="main_language"),
    Panel("sites", "Sites", "site"),
    Panel("countries", "Countries", "country"),
    Panel("sections", "Sections", "section_name"),
    Panel("authors", "Authors", "author_name"),
)


def bundle(prefix: str) -> str:
    """A file (NDJSON) for Kibana's Stack Management > Saved Objects > Import, over the index of this prefix."""
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in _objects(prefix))


def fields() -> set[str]:
    """The fields that its objects ask for."""
    named = {panel.field for panel in PANELS} | {panel.split for panel in PANELS if panel.split}
    return {*named, TIME, *COLUMNS, *FORMATS}


def _objects(prefix: str) -> Iterator[dict[str, Any]]:
    view = f"{prefix}-articles"
    yield _object(
        "index-pattern",
        view,
        {"title": prefix, "name": "Arshif", "timeFieldName": TIME, "fieldFormatMap": _text(FORMATS)},
    )
    for panel in PANELS:
        yield _lens(prefix, view, panel)
    listed = "kibanaSavedObjectMeta.searchSourceJSON.index"
    source = {"query": {"query": "", "language": "kuery"}, "filter": [], "indexRefName": listed}
    yield _object(
        "search",
        f"{prefix}-list",
        {
            "title": "Arshif: articles",
            "description": "",
            "columns": list(COLUMNS),
            "sort": [[TIME, "desc"]],
            "kibanaSavedObjectMeta": {"searchSourceJSON": _text(source)},
        },
        [{"type": "index-pattern", "id": view, "name": listed}],
    )
    yield _dashboard(prefix)


def _lens(prefix: str, view: str, panel: Panel) -> dict[str, Any]:
    columns = {"x": _date() if panel.field == TIME else _top(panel.field), "y": _count()}
    layer = {"layerId": "articles", "layerType": "data", "accessors": ["y"], "xAccessor": "x"}
    if panel.split:
        columns["split"] = _top(panel.split)
        layer["splitAccessor"] = "split"
    kind = "bar_stacked" if panel.field == TIME else "bar_horizontal"
    order = [name for name in ("split", "x", "y") if name in columns]
    state = {
        "datasourceStates": {"formBased": {"layers": {"articles": {"columnOrder": order, "columns": columns}}}},
        "visualization": {
            "preferredSeriesType": kind,
            "layers": [layer | {"seriesType": kind}],
            "legend": {"isVisible": bool(panel.split), "position": "right"},
            "valueLabels": "hide",
        },
        "query": {"query": "", "language": "kuery"},
        "filters": [],
    }
    attributes = {"title": f"Arshif: {panel.title}", "description": "", "visualizationType": "lnsXY", "state": state}
    references = [{"type": "index-pattern", "id": view, "name": "indexpattern-datasource-layer-articles"}]
    return _object("lens", f"{prefix}-{panel.id}", attributes, references)


def _date() -> dict[str, Any]:
    return {
        "label": TIME,
        "dataType": "date",
        "operationType": "date_histogram",
        "sourceField": TIME,
        "isBucketed": True,
        "scale": "interval",
        "params": {"interval": "auto", "includeEmptyRows": True},
    }


def _top(field: str) -> dict[str, Any]:
    by = {"orderBy": {"type": "column", "columnId": "y"}, "orderDirection": "desc"}
    return {
        "label": field,
        "dataType": "string",
        "operationType": "terms",
        "sourceField": field,
        "isBucketed": True,
        "scale": "ordinal",
        "params": {"size": TOP, **by, "otherBucket": True, "missingBucket": False},
    }


def _count() -> dict[str, Any]:
    return {
        "label": "Articles",
        "customLabel": True,
        "dataType": "number",
        "operationType": "count",
        "sourceField": "___records___",
        "isBucketed": False,
        "scale": "ratio",
    }


def _dashboard(prefix: str) -> dict[str, Any]:
    shown = [("lens", f"{prefix}-{panel.id}") for panel in PANELS] + [("search", f"{prefix}-list")]
    half = WIDTH // 2
    places = [(0, 0, WIDTH), *((half * (n % 2), HEIGHT * (1 + n // 2), half) for n in range(len(PANELS) - 1))]
    places.append((0, HEIGHT * (1 + len(PANELS) // 2), WIDTH))
    panels, references = [], []
    for number, ((kind, id_), (x, y, width)) in enumerate(zip(shown, places, strict=True), 1):
        grid = {"x": x, "y": y, "w": width, "h": HEIGHT, "i": str(number)}
        name = f"panel_{number}"
        panels.append(
            {"type": kind, "gridData": grid, "panelIndex": str(number), "panelRefName": name, "embeddableConfig": {}}
        )
        references.append({"type": kind, "id": id_, "name": f"{number}:{name}"})
    source = {"query": {"query": "", "language": "kuery"}, "filter": []}
    attributes = {
        "title": "Arshif",
        "description": "Articles of the archive, by the date of publication, or when they were first seen.",
        "timeRestore": True,
        "timeFrom": DAYS,
        "timeTo": "now",
        "panelsJSON": _text(panels),
        "optionsJSON": _text({"useMargins": True, "hidePanelTitles": False}),
        "kibanaSavedObjectMeta": {"searchSourceJSON": _text(source)},
        "version": 1,
    }
    return _object("dashboard", f"{prefix}-dashboard", attributes, references)


def _object(
    kind: str, id_: str, attributes: dict[str, Any], references: Sequence[dict[str, str]] = ()
) -> dict[str, Any]:
    return {
        "type": kind,
        "id": id_,
        "attributes": attributes,
        "references": list(references),
        "coreMigrationVersion": CORE,
        "typeMigrationVersion": TYPES[kind],
    }


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
