"""Answer, Visit: what a site gives for a request."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .snapshot import Edition


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and headers. `modified` becomes Last-Modified; without it the answer has no validators."""

    status: int
    body: bytes
    content_type: str
    modified: datetime | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def etag(self) -> str:
        """A strong validator of the body."""
        return f'"{hashlib.sha1(self.body, usedforsecurity=False).hexdigest()[:20]}"'


@dataclass(frozen=True, slots=True)
class Visit:
    """A site as it is at the moment, at the address where the visitor reached it, and what he asked after the `?`."""

    edition: Edition
    base: str
    query: Mapping[str, str] = field(default_factory=dict)


Producer = Callable[[Visit], Answer]
Routes = dict[str, Producer]


def as_json(value: Any, visit: Visit, content_type: str = "application/json; charset=UTF-8", **headers: str) -> Answer:
    """An answer in JSON, as new as the site's newest change."""
    body = json.dumps(value, ensure_ascii=False).encode()
    return Answer(200, body, content_type, visit.edition.changed, headers)


def redirect(location: str) -> Answer:
    """301 to that address."""
    return Answer(301, b"", "text/html; charset=UTF-8", None, {"Location": location})
