#!/usr/bin/env bash
# wabac.js, which shows pages for ReplayWeb.page, knows gzip by one of its names only, and no deflate.
#
# "All content codings are case-insensitive", recipients should take x-gzip for gzip, and deflate is one of the three that
# RFC 9110 registers (8.4.1). A page that a server sent so, and that a crawler kept as it came, replays as its bytes.
#
# Seen with @webrecorder/wabac 2.26.4, that of ReplayWeb.page 2.4.6:
#     gzip: the page
#     GZIP: bytes
#     x-gzip: bytes
#     deflate: bytes
#
# Exits 1 when that has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y > npm.log
npm install --ignore-scripts @webrecorder/wabac@2.26.4 >> npm.log 2>&1
cat > show.mjs <<'SCRIPT'
import { deflateSync, gzipSync } from "node:zlib";
import { ArchiveRequest, ArchiveResponse, Rewriter } from "@webrecorder/wabac";

const url = "https://news.example/1";
const page = "<p>news of the day</p>";
for (const [name, pack] of [["gzip", gzipSync], ["GZIP", gzipSync], ["x-gzip", gzipSync], ["deflate", deflateSync]]) {
  const headers = new Headers({ "Content-Type": "text/html; charset=utf-8", "Content-Encoding": name });
  const kept = { payload: new Uint8Array(pack(page)), headers, status: 200, statusText: "OK", url, date: new Date(0) };
  const request = new ArchiveRequest(`19700101000000mp_/${url}`, new Request(url), { isRoot: false });
  const rewriter = new Rewriter({ baseUrl: url, prefix: "https://replay.example/w/", decode: true });
  const shown = await (await rewriter.rewrite(new ArchiveResponse(kept), request)).getBuffer();
  console.log(`${name}: ${new TextDecoder().decode(shown).includes("news of the day") ? "the page" : "bytes"}`);
}
SCRIPT
node show.mjs | tee seen
diff seen - <<'SEEN'
gzip: the page
GZIP: bytes
x-gzip: bytes
deflate: bytes
SEEN
