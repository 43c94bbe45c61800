"""Records with messages in them in a form for JSON: each message as its sentence, with its code beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from index.locale.catalogues import FALLBACK
from index.locale.messages import translate
from index.model.message import Message


def plain(value: Any, language: str = FALLBACK) -> Any:
    """A dataclass or mapping and its contents as plain values.

    A message under `detail` becomes its sentence, with its `code` and `params` beside it; one under another name, such
    as `why`, has them as `why_code` and `why_params`.
    """
    if isinstance(value, Message):
        return translate(value, language)
    if isinstance(value, Mapping):
        return _with_codes({str(name): one for name, one in value.items()}, language)
    if is_dataclass(value) and not isinstance(value, type):
        return _with_codes({field.name: getattr(value, field.name) for field in fields(value)}, language)
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one, language) for one in value]
    return value


def _with_codes(values: Mapping[str, Any], language: str) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, value in values.items():
        shown[name] = plain(value, language)
        if isinstance(value, Message):
            prefix = "" if name == "detail" else f"{name}_"
            shown[f"{prefix}code"] = value.code
            shown[f"{prefix}params"] = json.loads(value.to_json())["params"]
    return shown
