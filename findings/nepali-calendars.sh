#!/bin/sh
# Two libraries for Nepal's calendar, Bikram Sambat, disagree on a month that is past, and on every year from 2084 (April 2027).
#
# The months have 29 to 32 days by a table, as Nepal's committee announces them year by year; each library has a table of its
# own. Seen with nepali-datetime 1.0.8.5 and nepali 1.2.0: of the years 2000 to 2083 they differ only in how the first two
# months of 2062 (April to June 2005) share 62 days, so the second month's days are one apart; all years from 2084 differ.
#
#     years that differ: 2062, and 2084 to 2099
#     1 Jestha 2062: 2005-05-15 in nepali-datetime, 2005-05-14 in nepali
#
# Exits 1 when that has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check nepali-datetime==1.0.8.5 nepali==1.2.0
PYTHONUTF8=1 "$folder/venv/bin/python" - <<'PYTHON'
import sys

import nepali_datetime
from nepali.datetime import nepalidate


def length(make, year, month):
    """The last day of a month that the library takes."""
    for day in range(32, 28, -1):
        try:
            make(year, month, day)
        except ValueError:
            continue
        return day


differ = [
    year
    for year in range(2000, 2100)
    if any(length(nepali_datetime.date, year, month) != length(nepalidate, year, month) for month in range(1, 13))
]
past = [year for year in differ if year < 2084]
ahead = differ[len(past) :]
one, other = nepali_datetime.date(2062, 2, 1).to_datetime_date(), nepalidate(2062, 2, 1).to_date()
seen = [
    f"years that differ: {', '.join(map(str, past))}, and {ahead[0]} to {ahead[-1]}",
    f"1 Jestha 2062: {one} in nepali-datetime, {other} in nepali",
]
print("\n".join(seen))
told = ["years that differ: 2062, and 2084 to 2099", "1 Jestha 2062: 2005-05-15 in nepali-datetime, 2005-05-14 in nepali"]
sys.exit(seen != told or ahead != list(range(2084, 2100)))
PYTHON
