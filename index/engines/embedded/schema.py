"""What tantivy holds of a document."""

from __future__ import annotations

import tantivy

from index.analysis import words
from index.engines.base import TALLIED, Record

TEXTS = ("headline", "body", "headline_stem", "body_stem", "author", "section")
WHOLE = ("id", "article", "lead", "gone", "has", "site", "country", "language", *sorted(set(TALLIED.values())))
NUMBERS = ("order", "changed", "day", "version", "digest")


def schema() -> tantivy.Schema:
    """Every field there is. Those that are counted are columns too."""
    builder = tantivy.SchemaBuilder()
    for name in dict.fromkeys(WHOLE):
        counted = name in TALLIED.values()
        builder.add_text_field(name, stored=name == "id", fast=counted, tokenizer_name="raw", index_option="basic")
    for name in TEXTS:
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="position")
    for name in NUMBERS:
        builder.add_unsigned_field(name, fast=True)
    return builder.build()


def document(made: Record) -> tantivy.Document:
    """A record as tantivy takes it."""
    document = tantivy.Document()
    document.add_text("id", made.id)
    for name, values in made.keywords.items():
        for value in values:
            document.add_text(name, value)
    for name, values in made.texts.items():
        for value in values:  # one by one: a phrase does not reach from one author into the next
            document.add_text(name, " ".join(words(value)))
    for name, stems in made.stems.items():
        document.add_text(name, stems)
    for name in NUMBERS:
        document.add_unsigned(name, getattr(made, name))
    return document
