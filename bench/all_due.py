"""Many sites that are due at once: `make bench-all-due`.

    python -m bench.all_due [--sites 20000]

The daemon as a user starts it, with that many new sites, each on a host of its own: all are behind one proxy on this
machine, which answers for them. It ends once each was crawled, and tells what that took.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import func, select

from crawler.config import load
from crawler.storage import open_archive
from index.archive import tables as t
from index.model.codes import RunStatus

SITE = """\
name: Paper {n}
homepage: http://p{n}.example/
country: SY
languages: [ar]
sources: [{{kind: feed, url: "http://p{n}.example/feed"}}]
enabled: true
"""
FEED = (
    '<rss version="2.0"><channel><title>x</title><item><title>y</title><link>http://x.example/1</link>'
    f"<pubDate>{format_datetime(datetime.now(UTC) - timedelta(days=365))}</pubDate></item></channel></rss>"
).encode()  # an article from before the horizon: nothing more is to be fetched
SILENT = 300.0  # seconds without another site crawled, after which it is given up


def serve(told: Pipe) -> None:
    """A proxy that answers for every host; tells its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                feed = head.split(b" ", 2)[1].endswith(b"/feed")
                status, body = ("200 OK", FEED) if feed else ("404 Not Found", b"")
                kind = f"Content-Type: application/rss+xml\r\nContent-Length: {len(body)}"
                writer.write(f"HTTP/1.1 {status}\r\n{kind}\r\n\r\n".encode() + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def main() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


def configured(home: Path, sites: int, port: int) -> Path:
    """A configuration with so many sites behind this proxy; gives its folder."""
    folder = home / "config" / "sites"
    folder.mkdir(parents=True)
    settings = {"contact": "bench@localhost.example", "proxy": f"http://127.0.0.1:{port}", "politeness": {"delay": 0}}
    (home / "config" / "arshif.yaml").write_text(json.dumps(settings), "utf-8")
    (home / "config" / "arshif.yaml").chmod(0o600)
    for n in range(sites):
        (folder / f"p{n}.yaml").write_text(SITE.format(n=n), "utf-8")
    return home / "config"


def crawled(config: Path, sites: int, daemon: subprocess.Popen[bytes]) -> int:
    """How many sites the daemon has crawled once it is done or gives up."""
    done, since = 0, time.monotonic()
    with open_archive(load(config, only=())) as archive:
        while done < sites and daemon.poll() is None and time.monotonic() - since < SILENT:
            time.sleep(5)
            with archive.read() as conn:
                ok = select(func.count(t.run_sites.c.site.distinct())).where(t.run_sites.c.status == RunStatus.OK)
                now = conn.execute(ok).scalar_one()
            if now > done:
                done, since = now, time.monotonic()
        with archive.read() as conn:
            runs, most = conn.execute(
                select(func.count(t.run_sites.c.run.distinct()), func.count(t.run_sites.c.site))
            ).one()
    print(f"{runs} runs, {most} crawls", flush=True)
    return done


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--sites", type=int, default=20_000)
    sites = arguments.parse_args().sites
    ours, theirs = multiprocessing.Pipe()
    proxy = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    proxy.start()
    with TemporaryDirectory(prefix="arshif-due-") as folder:
        config = configured(Path(folder), sites, ours.recv())
        env = os.environ | {"ARSHIF_CONFIG": str(config), "OPENBLAS_NUM_THREADS": "1"}
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        with open(Path(folder) / "log", "wb") as log:
            daemon = subprocess.Popen([sys.executable, "-m", "crawler.cli", "run", "--no-web"], env=env, stderr=log)
            try:
                done = crawled(config, sites, daemon)
            finally:
                took = time.monotonic() - began
                daemon.send_signal(signal.SIGTERM)
                daemon.wait()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        each = 1_000 * spent / max(done, 1)
        told = f"{done:,} of {sites:,} due sites crawled in {took:.0f} s, {each:.0f} ms of CPU each"
        print(f"{told}: {'pass' if done == sites else 'FAIL'}", flush=True)
        if done < sites:
            print((Path(folder) / "log").read_text("utf-8", "replace")[-3_000:])
    proxy.terminate()
    return int(done < sites)


if __name__ == "__main__":
    sys.exit(main())
