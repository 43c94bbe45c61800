#!/bin/sh
# SQLite's full-text search takes vocalised Arabic and Hindi apart into letters.
#
# Seen with SQLite 3.51.1 (pysqlite3-binary 0.5.4.post2). The tokenizer unicode61, which is FTS5's default and below
# `porter` too, takes letters, numbers and private characters for parts of words, and combining marks (categories Mn and
# Mc) for what separates them; `remove_diacritics` is about Latin ones only. A mark follows nearly every consonant of
# Hindi, and of Arabic wherever vowels are written, so that a word is found by its letters, and so are most others:
#
#     كَتَبَ مُحَمَّدٌ -> ب ت ح د ك م
#     كتب محمد -> كتب محمد
#     मुख्यमंत्री -> ख त म यम र
#
# The first two are the same words. `categories` ('L* N* Co Mn Mc') keeps the marks, and then the two do not meet.
#
# Exits 1 when that has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check pysqlite3-binary==0.5.4.post2
PYTHONUTF8=1 "$folder/venv/bin/python" - <<'PYTHON'
import sys

from pysqlite3 import dbapi2 as sqlite

EXPECTED = {
    "كَتَبَ مُحَمَّدٌ": "ب ت ح د ك م",
    "كتب محمد": "كتب محمد",
    "मुख्यमंत्री": "ख त म यम र",
}


def terms(text, tokenizer="unicode61"):
    db = sqlite.connect(":memory:")
    db.execute(f'CREATE VIRTUAL TABLE texts USING fts5(body, tokenize="{tokenizer}")')
    db.execute("CREATE VIRTUAL TABLE terms USING fts5vocab(texts, row)")
    db.execute("INSERT INTO texts VALUES (?)", [text])
    return " ".join(term for (term,) in db.execute("SELECT term FROM terms"))


print("SQLite", sqlite.sqlite_version)
seen = {text: terms(text) for text in EXPECTED}
for text, found in seen.items():
    print(f"{text} -> {found}")
kept = terms("كَتَبَ", "unicode61 categories 'L* N* Co Mn Mc'")
print(f"with marks as parts of words: {kept}")
sys.exit(seen != EXPECTED or kept != "كَتَبَ")
PYTHON
