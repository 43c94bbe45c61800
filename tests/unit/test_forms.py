"""A page and a candidate are spelled out in the classes that docs/architecture.md names, and in no other: each further
copy of their fields is a further form."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [file for folder in ("crawler", "index", "spiders") for file in sorted((ROOT / folder).rglob("*.py"))]


@cache
def declared() -> list[tuple[str, set[str]]]:
    """Each class with the fields that it declares."""
    nodes = (node for file in SOURCES for node in ast.walk(ast.parse(file.read_text("utf-8"))))
    return [(node.name, set(_fields(node))) for node in nodes if isinstance(node, ast.ClassDef)]


def _fields(node: ast.ClassDef) -> Iterator[str]:
    for one in node.body:
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name):
            yield one.target.id


@pytest.mark.parametrize(
    ("fields", "classes"),
    [
        ({"headline", "body"}, {"Draft", "Article"}),
        ({"url", "title", "published", "modified", "language"}, {"Candidate", "FrontierRow"}),
        ({"url", "final_url", "body"}, {"Page"}),
    ],
)
def test_fields_are_declared_where_the_architecture_says(fields: set[str], classes: set[str]) -> None:
    assert {name for name, its in declared() if fields <= its} == classes
    told = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    assert all(f"`{name}`" in told for name in classes)
