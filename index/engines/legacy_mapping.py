"""Searching an index of an older mapping while its replacement is built, without clauses on fields that it lacks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from index.engines.query_plan import Clause, Plan


def without_unknown(asked: Plan, fields: Collection[str]) -> Plan:
    """The plan without the clauses on fields other than these, so that they do not restrict the results."""
    scored = _known(asked.scored, fields) if asked.scored is not None else None
    filters = [_known(clause, fields) for clause in asked.filters]
    return replace(asked, scored=scored, filters=tuple(clause for clause in filters if clause is not None))


def _known(clause: Clause, fields: Collection[str]) -> Clause | None:
    part: Any = clause
    if hasattr(part, "field"):
        return clause if part.field in fields else None
    inner = tuple(one for one in (_known(c, fields) for c in part.clauses) if one is not None)
    changed = {"clauses": inner}
    if hasattr(part, "without"):
        changed["without"] = tuple(one for one in (_known(c, fields) for c in part.without) if one is not None)
    if any(changed.values()) or not part.clauses:
        narrowed: Clause = replace(part, **changed)
        return narrowed
    return None
