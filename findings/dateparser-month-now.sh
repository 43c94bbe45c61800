#!/bin/sh
# dateparser gives the present moment for a date with the Arabic name of August in the Levant.
#
# Seen with dateparser 1.5.0. Without a language, "12 آب 2024" (12 August 2024, as it is written in Syria, Lebanon, Jordan,
# Palestine and Iraq) is neither an error nor that day, but now: an old article becomes the newest. With
# `languages=["ar"]` it is None, as are the other months of that calendar either way:
#
#     12 أغسطس 2024 -> 2024-08-12
#     12 آب 2024 -> now
#     12 آب 2024, languages=["ar"] -> None
#     5 تشرين الثاني 2023 -> None
#
# Exits 1 when that has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check dateparser==1.5.0
PYTHONUTF8=1 "$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys
from datetime import datetime

from dateparser import parse


def told(text, **options):
    before = datetime.now()
    found = parse(text, **options)
    if found is not None and before <= found <= datetime.now():
        return "now"
    return str(found and found.date())


seen = [
    told("12 أغسطس 2024"),
    told("12 آب 2024"),
    told("12 آب 2024", languages=["ar"]),
    told("5 تشرين الثاني 2023"),
]
print("\n".join(seen))
sys.exit(seen != ["2024-08-12", "now", "None", "None"])
PYTHON
