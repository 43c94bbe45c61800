"""A page and a candidate are spelled out in the classes that docs/architecture.md names, and in no other: each further
copy of their fields is a further form."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [file for folder in ("crawler", "index", "spiders") for file in sorted((ROOT / folder).rglob("*.py"))]


def classes_with(fields: set[str]) -> set[str]:
    """The classes that declare all of these fields."""
    found = set()
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                declared = {
                    one.target.id
                    for one in node.body
                    if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
                }
                if fields <= declared:
                    found.add(node.name)
    return found


@pytest.mark.parametrize(
    ("fields", "classes"),
    [
        ({"headline", "body"}, {"Draft", "Article"}),
        ({"url", "title", "published", "modified", "language"}, {"Candidate", "FrontierRow"}),
        ({"url", "final_url", "body"}, {"Page"}),
    ],
)
def test_fields_are_declared_where_the_architecture_says(fields: set[str], classes: set[str]) -> None:
    assert classes_with(fields) == classes
    told = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    assert all(f"`{name}`" in told for name in classes)
