"""Articles as linked data (JSON-LD 1.1, https://www.w3.org/TR/json-ld11/) with schema.org's vocabulary; what it has no
name for has one of ours, under a prefix of its own, so that no reader takes it for schema.org's."""

from __future__ import annotations

import json
import re
from typing import Any

VOCABULARY = "urn:arshif:"  # of our own terms
OWN = ("score", "marked", "snippets", "others")  # of a search result
CONTEXT: list[Any] = [
    "https://schema.org",
    {
        "arshif": VOCABULARY,
        "archive": {
            "@id": "arshif:archive",
            "@context": {"@vocab": VOCABULARY, "origins": {"@id": "arshif:origins", "@type": "@json"}},
        },
        **{name: {"@id": f"arshif:{name}", "@type": "@json"} for name in OWN},
    },
]
# What could end a script element, is no character, or makes a text read differently from how it is written
_UNSAFE = re.compile("[<>&\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def as_linked_data(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of an article (`schema_org.schema_org_fields`) as a node: with `@context`, and with the types of the
    article, its authors and its images."""
    typed: dict[str, Any] = {"@context": CONTEXT, "@type": "NewsArticle", **fields}
    if "author" in fields:
        typed["author"] = [{"@type": "Person", "name": name} for name in fields["author"]]
    if "image" in fields:
        typed["image"] = [
            {"@type": "ImageObject", **{name: value for name, value in image.items() if value is not None}}
            for image in fields["image"]
        ]
    return typed


def as_script(node: dict[str, Any]) -> str:
    """The node as the text of a `<script type="application/ld+json">`, which nothing in it can end."""
    text = json.dumps(node, ensure_ascii=False, separators=(",", ":"))
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
