#!/usr/bin/env bash
# wabac.js, which reads collections for ReplayWeb.page, takes the extra field of a file in a ZIP for its first bytes.
#
# A file in a ZIP has two headers, and each says how long its own extra field is (APPNOTE.TXT 6.3.10, 4.3.7 and 4.3.12).
# wabac looks at the one in the directory at the end only, and where that has no extra field, it takes the file to begin
# right after its name. A writer that cannot know a length before it has written the file reserves room for ZIP64 in the
# first header, as 4.5.3 allows and Python's zipfile does with force_zip64; the directory needs none if the file turns out
# to be small. Any other reader finds the file; here it begins with the field, and its end is missing, so that a collection
# that was written so does not open: "is not valid JSON".
#
# Seen with @webrecorder/wabac 2.26.4, that of ReplayWeb.page 2.4.6:
#     without an extra field: "news of the day"
#     with one: "\u0001\u0000\u0010\u0000\u000f\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u000f\u0000\u0000"
#
# Exits 1 when that has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 - <<'PYTHON'
import zipfile

for name, reserved in (("without", False), ("with", True)):
    with zipfile.ZipFile(f"{name}.zip", "w") as file, file.open("news.txt", "w", force_zip64=reserved) as out:
        out.write(b"news of the day")
    with zipfile.ZipFile(f"{name}.zip") as file:
        assert file.testzip() is None
PYTHON
npm init -y > npm.log
npm install --ignore-scripts @webrecorder/wabac@2.26.4 >> npm.log 2>&1
cat > read.mjs <<'SCRIPT'
import { readFileSync } from "node:fs";
import { ZipRangeReader } from "@webrecorder/wabac";

for (const [name, told] of [["without", "without an extra field"], ["with", "with one"]]) {
  const bytes = new Uint8Array(readFileSync(`${name}.zip`));
  const part = (at, length) => bytes.slice(at, at + length);
  const loader = {
    getLength: async () => bytes.length,
    getRangeFromEnd: async (length) => part(Math.max(0, bytes.length - length), length),
    getRange: async (at, length, stream) => (stream ? new Blob([part(at, length)]).stream() : part(at, length)),
  };
  const { reader } = await new ZipRangeReader(loader).loadFile("news.txt");
  let said = "";
  for await (const chunk of reader) said += new TextDecoder().decode(chunk);
  console.log(`${told}: ${JSON.stringify(said)}`);
}
SCRIPT
node read.mjs | tee seen
diff seen - <<'SEEN'
without an extra field: "news of the day"
with one: "\u0001\u0000\u0010\u0000\u000f\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u000f\u0000\u0000"
SEEN
