#!/bin/sh
# Months of hijridate have 28 to 31 days, and the 30th of a month that had 29 in Mecca is an error.
#
# Seen with hijridate 2.6.0. Its table is Umm al-Qura's as it was printed (dralshehri/hijridate#26), not as it is computed:
# a lunar month has 29 or 30 days, and eight of its months have not. So a day can be read that no other table has, and a
# date of a country that saw the next moon a day later, such as 30 Ramadan 1444 (Friday, 21 April 2023, in Oman), is none:
#
#     1343-09 28, 1345-05 31, 1345-08 28, 1348-11 31, 1348-12 28, 1349-10 28, 1349-11 31, 1364-08 28
#     30 Ramadan 1444: day must be in 1-29 for month, got '30'
#
# Exits 1 when that has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check hijridate==2.6.0
"$folder/venv/bin/python" - <<'PYTHON'
import sys

from hijridate import Hijri

lengths = {(y, m): Hijri(y, m, 1).month_length() for y in range(1343, 1501) for m in range(1, 13)}
odd = ", ".join(f"{y}-{m:02} {days}" for (y, m), days in lengths.items() if days not in (29, 30))
try:
    said = Hijri(1444, 9, 30).to_gregorian().isoformat()
except ValueError as error:
    said = str(error)
print(f"{odd}\n30 Ramadan 1444: {said}")
expected = "1343-09 28, 1345-05 31, 1345-08 28, 1348-11 31, 1348-12 28, 1349-10 28, 1349-11 31, 1364-08 28"
sys.exit((odd, said) != (expected, "day must be in 1-29 for month, got '30'"))
PYTHON
