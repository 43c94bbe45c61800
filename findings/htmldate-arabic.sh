#!/bin/sh
# htmldate swaps day and month when the digits are Arabic, and reads the months of the Levant as January.
#
# Seen with htmldate 1.11.0. The same date in the two kinds of digits is two days; and of a day with a month as Syria, Lebanon,
# Jordan, Palestine and Iraq name it, only the year is read, which is given as its first day, with nothing that tells
# it from a date that was read whole:
#
#     04/03/2024 -> 2024-03-04
#     ٠٤/٠٣/٢٠٢٤ -> 2024-04-03
#     12 أغسطس 2024 -> 2024-08-12
#     12 آب 2024 -> 2024-01-01
#     5 تشرين الثاني 2023 -> 2023-01-01
#
# آب is أغسطس, August. Exits 1 when that has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check htmldate==1.11.0 dateparser==1.5.0
PYTHONUTF8=1 "$folder/venv/bin/python" -W ignore - <<'PYTHON'
import sys

from htmldate import find_date

EXPECTED = {
    "04/03/2024": "2024-03-04",
    "٠٤/٠٣/٢٠٢٤": "2024-04-03",
    "12 أغسطس 2024": "2024-08-12",
    "12 آب 2024": "2024-01-01",
    "5 تشرين الثاني 2023": "2023-01-01",
}
PAGE = "<html><body><article><h1>خبر</h1><p class='date'>{}</p><p>نص الخبر</p></article></body></html>"
seen = {date: find_date(PAGE.format(date), original_date=True, extensive_search=True) for date in EXPECTED}
for date, read in seen.items():
    print(f"{date} -> {read}")
sys.exit(seen != EXPECTED)
PYTHON
