"""The OpenAPI description of the API: each operation with the errors that it can give, and no others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OF_BODY = {"413", "415"}  # the errors of a body
FOREIGN = "422"  # FastAPI adds it to whatever has a parameter: ours are answered with 400
FOREIGN_SCHEMAS = ("HTTPValidationError", "ValidationError")


def described(schema: dict[str, Any]) -> dict[str, Any]:
    """The description as FastAPI makes it of the routes, without the errors that an operation cannot give."""
    for operation in (one for way in schema["paths"].values() for one in way.values()):
        body = "requestBody" in operation
        never = {FOREIGN} if body else {FOREIGN, *OF_BODY}
        if not body and all(map(_is_any_text, operation.get("parameters", ()))):
            never |= {"400"}
        answers = operation["responses"]
        operation["responses"] = {status: answer for status, answer in answers.items() if status not in never}
    for name in FOREIGN_SCHEMAS:
        schema["components"]["schemas"].pop(name, None)
    return schema


def _is_any_text(parameter: Mapping[str, Any]) -> bool:
    """Whether a parameter can be read whatever it is."""
    schema = parameter["schema"]
    return parameter["in"] == "path" and schema["type"] == "string" and set(schema) <= {"type", "title"}
