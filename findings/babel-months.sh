#!/bin/sh
# Babel gives the names of months in another language than the one asked for, once one was asked for before.
#
# Seen with babel 2.18.0. The names that stand alone (`LLLL`, as in "November 2026" on a calendar) are in the language for
# which they were first asked in the process, in 46 of the 55 languages tried. Those within a date (`MMMM`) are right:
#
#     bg alone: януари
#     az: yanvar
#     bg after az: yanvar, within a date януари
#
# Exits 1 when that has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check babel==2.18.0
PYTHONUTF8=1 "$folder/venv/bin/python" - <<'PYTHON'
import subprocess
import sys

from babel import Locale

ALONE = "from babel import Locale; print(Locale.parse('bg').months['stand-alone']['wide'][1])"


def first(language, where):
    return Locale.parse(language).months[where]["wide"][1]


seen = [
    "bg alone: " + subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=True).stdout.strip(),
    "az: " + first("az", "stand-alone"),
    "bg after az: " + first("bg", "stand-alone") + ", within a date " + first("bg", "format"),
]
print("\n".join(seen))
sys.exit(seen != ["bg alone: януари", "az: yanvar", "bg after az: yanvar, within a date януари"])
PYTHON
