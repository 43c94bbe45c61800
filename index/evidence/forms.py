"""What manifests are made of, as bytes: the form of a reading, and that of a manifest. Neither may ever change.

Both are JSON in one line: keys in order, no spaces, UTF-8 unescaped (RFC 8785 for such values), and a line feed. A
further form would get a new number, and the old one stays.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from pydantic import ConfigDict, TypeAdapter

from index.model.iso import iso

READING, MANIFEST = "arshif-reading/1", "arshif-manifest/1"
READ = (  # what a reading holds, by the names of the archive's columns; besides its record and when it was stored
    *("article", "site", "url", "body_hash", "extractor", "state", "content_hash"),
    *("headline", "alternative_headline", "description", "body", "section", "keywords", "authors"),
    *("published", "modified", "language", "country", "canonical_url", "images", "paywalled"),
)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The manifest of a day (UTC), the `number`-th of its archive, `made` at a moment in ISO 8601.

    `root` is that of the Merkle tree over its `entries`, `previous` the SHA-256 of the manifest before it (None: it is
    the first); both in hexadecimal digits.
    """

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)

    number: int
    day: str
    made: str
    entries: int
    root: str
    previous: str | None
    format: str = MANIFEST

    @property
    def text(self) -> str:
        """Its form, which is signed, stamped and hashed."""
        return canonical(asdict(self))

    @property
    def digest(self) -> str:
        """The SHA-256 of its form, by which the next manifest names it."""
        return sha256(self.text.encode()).hexdigest()


_MANIFEST: TypeAdapter[Manifest] = TypeAdapter(Manifest)


READING_FIELDS = (*READ, "format", "record", "stored")


def parse_manifest(text: str | bytes) -> Manifest:
    """The manifest of which this is the form.

    :raises ValueError: when it is none.
    """
    found = _MANIFEST.validate_json(text)
    if found.format != MANIFEST or found.text.encode() != (text.encode() if isinstance(text, str) else text):
        raise ValueError("not the form of a manifest")
    return found


def reading_bytes(row: Mapping[str, Any], stored: datetime | None, record: bytes | None) -> bytes:
    """The form of a reading, which is a leaf of a manifest's tree.

    `row` has the columns READ, `stored` is when the archive got it (None: before it took that down), `record` the leaf
    hash of the WARC record that it was read from (None: there is none).
    """
    values: dict[str, Any] = {name: row[name] for name in READ}
    values |= {name: iso(value) for name in ("published", "modified") if (value := values[name]) is not None}
    values |= {
        "format": READING,
        "record": record.hex() if record is not None else None,
        "stored": iso(stored) if stored is not None else None,
    }
    return canonical(values).encode()


def canonical(values: Mapping[str, Any]) -> str:
    """JSON in one line, the same for the same values."""
    return json.dumps(values, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")) + "\n"
