#!/usr/bin/env bash
# FastWARC finds a record's type and length only where WARC-Type and Content-Length are written in just that case, though
# names of fields are in any case (WARC 1.1, section 4) and its own headers.get() finds them so. It says nothing of it:
# with names in small letters, such as some writers of HTTP/2 heads use for all, a file gives one record of unknown type without
# content, and then either none or an error, by what the first line of the content looks like. In capitals, the
# records of a file have an unknown type, so that who asks for responses gets none.
#
# Seen with FastWARC 2.0.1 on two records that warcio 1.8.1 wrote and reads in all three:
#   as written: response 3 bytes, response 3 bytes
#   content-length: response 0 bytes, error
#   WARC-TYPE: unknown 3 bytes, unknown 3 bytes
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q fastwarc==2.0.1 warcio==1.8.1
"$folder/venv/bin/python" - <<'PYTHON' | tee "$folder/seen"
from io import BytesIO

from fastwarc.warc import ArchiveIterator
from warcio.archiveiterator import ArchiveIterator as Other
from warcio.warcwriter import WARCWriter

file = BytesIO()
writer = WARCWriter(file, gzip=False)
for number in range(2):
    writer.write_record(writer.create_warc_record(f"ftp://n.example/{number}", "response", payload=BytesIO(b"one")))
data = file.getvalue()


def told(data):
    found = []
    try:
        for record in ArchiveIterator(BytesIO(data), parse_http=False):
            found.append(f"{str(record.record_type).rpartition('.')[2]} {len(record.reader.read())} bytes")
    except OSError:
        found.append("error")
    return ", ".join(found)


for what, old in (("as written", ""), ("content-length", "Content-Length"), ("WARC-TYPE", "WARC-Type")):
    changed = data.replace(old.encode(), what.encode()) if old else data
    assert [one.raw_stream.read() for one in Other(BytesIO(changed))] == [b"one"] * 2
    print(f"{what}: {told(changed)}")
PYTHON
diff "$folder/seen" - <<'SEEN'
as written: response 3 bytes, response 3 bytes
content-length: response 0 bytes, error
WARC-TYPE: unknown 3 bytes, unknown 3 bytes
SEEN
