#!/bin/sh
# Tantivy's tokenizers cut words of Hindi, Bengali and Burmese in two or more, and lose Arabic words of twenty letters.
#
# Seen with tantivy 0.27.0 (Python). `simple`, of which `default` and `en_stem` are made, takes alphanumeric characters
# together, as Rust's `char::is_alphanumeric` has it. Vowel signs are alphabetic, the sign that joins two consonants (virama,
# U+094D, U+09CD, U+1039 and others) is not. `default` also drops words of 40 bytes or more, which are twenty letters of
# Arabic or Cyrillic, and fourteen signs of Hindi:
#
#     हिन्दी -> हिन दी
#     প্রধানমন্ত্রী -> প রধানমন ত রী
#     တက္ကသိုလ် -> တက ကသိုလ
#     words of 19 and 20 Arabic letters: 1 and 0 found
#
# Exits 1 when that has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check tantivy==0.27.0
PYTHONUTF8=1 "$folder/venv/bin/python" - <<'PYTHON'
import sys

import tantivy

EXPECTED = {"हिन्दी": "हिन दी", "প্রধানমন্ত্রী": "প রধানমন ত রী", "တက္ကသိုလ်": "တက ကသိုလ"}
simple = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple()).build()
seen = {word: " ".join(simple.analyze(word)) for word in EXPECTED}
for word, found in seen.items():
    print(f"{word} -> {found}")

builder = tantivy.SchemaBuilder()
builder.add_text_field("body")
index = tantivy.Index(builder.build())
writer = index.writer()
words = ["ا" + "ب" * 18, "ا" + "ب" * 19]
for word in words:
    writer.add_document(tantivy.Document(body=[word]))
writer.commit()
index.reload()
counts = [index.searcher().search(index.parse_query(word, ["body"])).count for word in words]
print("words of {} and {} Arabic letters: {} and {} found".format(*map(len, words), *counts))
sys.exit(seen != EXPECTED or counts != [1, 0])
PYTHON
