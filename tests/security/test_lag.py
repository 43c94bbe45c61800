"""The reactor only moves bytes: it hears on while the worst of sources are parsed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from index.archive import Archive, source_state
from tests.security.fetch_cli import ROOT, configured
from tests.security.server import Ask, Server, reply
from tests.security.sites import LOCS, SLOW, URLSET, XML
from tests.support.patience import PATIENCE

LAG = 1.0  # seconds of CPU
LOOKS = 100  # at least, a twentieth of a second apart: a parse takes all its 12 s of CPU meanwhile


def answer(ask: Ask) -> Iterable[bytes]:
    match ask.path:
        case "/many.xml":
            return [reply(LOCS, kind="application/gzip")]
        case "/slow":
            return [XML + SLOW]
        case "/tag.xml":
            return [XML + URLSET + b"<url " + b"a='b' " * 300_000 + b">"]
    return [reply("", 404)]


def test_a_crawl_s_process_is_deaf_for_less_than_a_second_while_hostile_sources_are_parsed(tmp_path: Path) -> None:
    with Server(answer) as server:
        config = configured(tmp_path, proxy=server.url, schedule={"per_run": 1})
        (config / "sites").mkdir()
        about = {
            "name": "slow", "homepage": "http://slow.example/", "country": "SY", "languages": ["en"], "enabled": True,
            "sources": [
                {"kind": kind, "url": f"http://slow.example/{path}"}
                for kind, path in (("sitemap", "many.xml"), ("feed", "slow"), ("sitemap", "tag.xml"))
            ],
        }  # fmt: skip
        (config / "sites" / "slow.yaml").write_text(json.dumps(about), "utf-8")
        extensions = json.dumps({"tests.security.lag.Lag": 0})
        subprocess.run(
            [sys.executable, "-m", "tests.support.short_parses", "scrapy", "crawl", "site",
             "-s", f"EXTENSIONS={extensions}", "-s", f"LAG_FILE={tmp_path / 'lag'}"],
            cwd=ROOT, check=True, env={**os.environ, "ARSHIF_CONFIG": str(config)}, timeout=PATIENCE,
        )  # fmt: skip
        assert {"/many.xml", "/slow", "/tag.xml"} <= {ask.path for ask in server.log}
    with Archive(tmp_path / "data" / "archive.sqlite3") as archive, archive.read() as conn:
        assert source_state.state(conn, "slow", "http://slow.example/many.xml").polled is not None
    lag = json.loads((tmp_path / "lag").read_text())
    assert lag["longest"] < LAG
    assert lag["looks"] > LOOKS
