"""tantivy's schema, and records as its documents."""

from __future__ import annotations

from collections.abc import Collection

import tantivy

from index.engines.record import FACET_FIELDS, NUMBERS, IndexRecord
from index.text.analysis import words

TEXTS = ("headline", "body", "headline_stem", "body_stem", "author", "section")
KEYWORD_FIELDS = (
    "id",
    "article",
    "lead",
    "gone",
    "has",
    "site",
    "country",
    "language",
    *sorted(set(FACET_FIELDS.values())),
)
OWN_NUMBERS = ("order", "changed", "day", "version", "digest")  # one of each
FIELDS = frozenset((*KEYWORD_FIELDS, *TEXTS, *OWN_NUMBERS, *NUMBERS))


def schema() -> tantivy.Schema:
    """The schema with every field; those of facets are fast fields too."""
    builder = tantivy.SchemaBuilder()
    for name in dict.fromkeys(KEYWORD_FIELDS):
        counted = name in FACET_FIELDS.values()
        builder.add_text_field(name, stored=name == "id", fast=counted, tokenizer_name="raw", index_option="basic")
    for name in TEXTS:
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="position")
    for name in (*OWN_NUMBERS, *NUMBERS):
        builder.add_unsigned_field(name, fast=True)
    return builder.build()


def document(made: IndexRecord, fields: Collection[str] = FIELDS) -> tantivy.Document:
    """A record as a tantivy document, with the fields that the index has."""
    document = tantivy.Document()
    document.add_text("id", made.id)
    for name in made.keywords.keys() & fields:
        for value in made.keywords[name]:
            document.add_text(name, value)
    for name in made.texts.keys() & fields:
        for value in made.texts[name]:  # one by one, so that no phrase spans two authors
            document.add_text(name, " ".join(words(value)))
    for name in made.stems.keys() & fields:
        document.add_text(name, made.stems[name])
    for name in OWN_NUMBERS:
        if name in fields:
            document.add_unsigned(name, getattr(made, name))
    for name in made.numbers.keys() & fields:
        for number in made.numbers[name]:
            document.add_unsigned(name, number)
    return document
