"""The definition of our Elasticsearch indexes: analyzers, mapping and template."""

from __future__ import annotations

from typing import Any

from index.engines.base import MAPPING_VERSION, Layout
from index.engines.record import NUMBERS
from index.text.analysis import OTHER_PLANES, SINGLE, TOKEN_CHARACTERS
from index.text.char_folding import fold_table

ECS = "9.1.0"  # version of the Elastic Common Schema from which the dashboard fields have their names
EARLIER = "-versions"  # suffix of the index of earlier versions, after its target's name, and of its alias
# Additional names under which people and dashboards look for existing fields
ALIASES = {"articleBody": "body", "articleSection": "section_name", "inLanguage": "main_language"}


def analysis_settings() -> dict[str, Any]:
    """Elasticsearch's analyzers, generated from the same tables that `words` uses."""
    mappings = [f"{_escaped(chr(point))}=>{_escaped(folded)}" for point, folded in sorted(fold_table().items())]
    single = _java(SINGLE)
    pattern = f"[{single}]|(?:[\\p{{L}}\\p{{M}}\\p{{N}}&&[^{single}]&&[\\x{{0}}-\\x{{FFFF}}]]|[{_java(OTHER_PLANES)}])"
    return {
        "char_filter": {"arshif_fold": {"type": "mapping", "mappings": mappings}},
        "tokenizer": {
            "arshif_words": {"type": "pattern", "group": 0, "pattern": f"{pattern}{{1,{TOKEN_CHARACTERS}}}"},
        },
        "analyzer": {
            "arshif_exact": {"type": "custom", "char_filter": ["arshif_fold"], "tokenizer": "arshif_words"},
            "arshif_stem": {"type": "custom", "tokenizer": "whitespace"},
        },
    }


def _escaped(text: str) -> str:
    """The text as \\uXXXX per UTF-16 code unit, so that no character is taken for a space or an escape."""
    units = text.encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def _java(ranges: str) -> str:
    return "".join(c if c == "-" else f"\\x{{{ord(c):X}}}" for c in ranges)


def template(prefix: str, layout: Layout) -> dict[str, Any]:
    """The composable index template for indexes of this mapping version."""
    copies = {"auto_expand_replicas": "0-1"} if layout.replicas is None else {"number_of_replicas": layout.replicas}
    return {
        "index_patterns": [f"{prefix}-v{MAPPING_VERSION}-*"],
        "priority": 500,
        "allow_auto_create": False,
        "template": {
            "settings": {
                "number_of_shards": layout.shards,
                **copies,
                "refresh_interval": "1s",  # explicit, so that idle shards refresh too: searchable within five seconds
                "analysis": analysis_settings(),
            },
            "mappings": mapping(),
        },
        "_meta": {"description": "Made by Arshif; do not edit", "mapping_version": MAPPING_VERSION},
    }


def mapping() -> dict[str, Any]:
    """The mapping with every field; a document with any other field is rejected."""
    exact = {"type": "text", "analyzer": "arshif_exact"}
    stem = {"type": "text", "analyzer": "arshif_stem"}
    keyword, date = {"type": "keyword"}, {"type": "date"}
    long, integer = {"type": "long"}, {"type": "integer"}
    whole = ("article", "lead", "gone", "has", "site", "country", "language")
    return {
        "dynamic": "strict",
        "_meta": {"mapping_version": MAPPING_VERSION},
        "_source": {"excludes": ["headline_stem", "body_stem"]},
        "properties": {
            **dict.fromkeys(("headline", "body", "author", "section"), exact),
            **dict.fromkeys(("headline_stem", "body_stem"), stem),
            **dict.fromkeys((*whole, "main_language", "author_name", "section_name"), keyword),
            **dict.fromkeys(("order", "changed"), long),
            **dict.fromkeys(("day", *NUMBERS), integer),
            "digest": {"type": "long", "index": False},
            # For people and dashboards; our own searches do not use these
            **dict.fromkeys(("@timestamp", "datePublished", "dateModified"), date),
            **{name: {"type": "alias", "path": path} for name, path in ALIASES.items()},
            "ecs": {"properties": {"version": keyword}},
            "event": {"properties": {"created": date, "dataset": keyword}},
            "url": {"properties": {"full": keyword | {"ignore_above": 2048}, "domain": keyword}},
        },
    }
