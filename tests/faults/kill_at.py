"""python -m tests.faults.kill_at STAGE [CALL [COMMAND ...]]: kills itself at that stage of `arshif COMMAND`, by default
of a crawl that ships, as `arshif crawl` does.

One function of the path is wrapped, here and not in the program: at its n-th call the process sends itself SIGKILL,
before the function begins or after it returned. What runs is otherwise the real thing, with ARSHIF_CONFIG as always.
"""

from __future__ import annotations

import importlib
import inspect
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from itertools import count
from typing import Any, Literal, NoReturn

BATCH = 7  # documents a request to the index: the newsroom's articles are brought in several


@dataclass(frozen=True, slots=True)
class Point:
    """A place of the path: a function (`module:attribute`), on which side of it, and at which of its calls.

    `job` narrows the calls of `Workers.run` to those with that function.
    """

    function: str
    side: Literal["before", "after", "halfway"]
    call: int
    job: str = ""


POINTS = {
    # 0 the run takes its sites
    "run: within taking its sites": Point("index.archive.leases:acquire", "after", 1),
    "run: before anything is asked": Point("crawler.session.session:CrawlSession.open", "after", 1),
    # 1 discover: a source's candidates and validators are one transaction
    "discover: before its transaction": Point("crawler.session.sources:Sources.discovered", "before", 3),
    "discover: within its transaction": Point("index.archive.frontier:offer", "after", 3),
    "discover: after its transaction": Point("crawler.session.sources:Sources.discovered", "after", 3),
    # 2 fetch
    "fetch: what is due was chosen": Point("crawler.session.pages:Pages.due_tasks", "after", 1),
    "fetch: a page was received": Point("crawler.session.pages:Pages.settle_response", "before", 9),
    # 3 to 5
    "extract: before a worker has it": Point("crawler.processes.parse_pool:ParsePool.run", "before", 9, job="article"),
    "extract: after the worker's answer": Point(
        "crawler.processes.parse_pool:ParsePool.run", "after", 9, job="article"
    ),
    # 6 store: the raw copy, then one transaction
    "raw: before the record": Point("index.warc.store:WarcStore.append", "before", 9),
    "raw: half of the record": Point("index.warc.folder:FolderWriter._put", "halfway", 9),
    "raw: after the record": Point("index.warc.store:WarcStore.append", "after", 9),
    "store: at the start of its transaction": Point("index.archive.articles:store", "before", 5),
    "store: a version, and no more": Point("index.archive.articles:_add_version", "after", 4),
    "store: with its row of the outbox": Point("index.archive.outbox:enqueue", "after", 4),
    "store: with its blocks": Point("index.archive.repeated_blocks:count", "after", 5),
    "store: counted, before the commit": Point("index.archive.runs:add", "after", 7),
    "store: after the commit": Point("crawler.session.pages:Pages.store", "after", 5),
    "end: within letting go of a site": Point("index.archive.leases:release", "after", 1),
    "end: before the run's end is written": Point("crawler.session.session:CrawlSession.close", "before", 1),
    # 7 index
    "ship: a first index was made": Point("index.search.indexer:_start", "before", 1),
    "ship: a first index, unknown to the archive": Point("index.archive.outbox:start_target", "before", 1),
    "ship: a batch was read": Point("index.archive.outbox:batch", "after", 2),
    "ship: before the index has them": Point("ENGINE.bulk", "before", 2),
    "ship: before the archive knows": Point("ENGINE.bulk", "after", 2),
    "ship: within the acknowledgement": Point("index.archive.outbox:acknowledge", "after", 2),
    "ship: after the acknowledgement": Point("index.search.indexer:_index_rows", "after", 2),
    "publish: before": Point("ENGINE.activate", "before", 1),
    "publish: before the archive knows": Point("ENGINE.activate", "after", 1),
    "publish: after": Point("index.search.indexer:_activate", "after", 1),
    # in a bucket: a segment, before the transaction that refers to it
    "bucket: before the segment": Point("index.warc.segments:SegmentWriter._write", "before", 2),
    "bucket: after the segment": Point("index.warc.segments:SegmentWriter._write", "after", 2),
    # beside the path: `arshif backup`, `restore` and `forget`
    "backup: the archive was copied": Point("index.archive.backup:_describe", "after", 1),
    "backup: a part of the raw copies": Point("index.archive.backup:_fetch", "after", 1),
    "backup: before it is called whole": Point("index.archive.backup:replace_file", "before", 1),
    "restore: half was copied": Point("index.archive.backup:_copy", "after", 1),
    "restore: before the old archive goes": Point("index.archive.backup:_move_aside", "before", 1),
    "restore: the old archive was moved aside": Point("index.archive.backup:_move_aside", "after", 1),
    "restore: the raw copies are there, the archive is not": Point("index.archive.backup:_put_archive", "before", 1),
    "restore: all is there": Point("index.archive.backup:_put_archive", "after", 1),
    "forget: within its lease": Point("crawler.maintenance.erasure:Erasure._forget", "before", 1),
    "forget: raw copies are gone": Point("index.warc.folder:Folder.blank", "after", 1),
    "forget: within its transaction": Point("index.archive.erasure:forget", "after", 1),
    "forget: after its transaction": Point("crawler.maintenance.erasure:Erasure._forget", "after", 1),
    "forget: before the journal is emptied": Point("index.archive.sqlite:empty_journal", "before", 1),
    "compact: before anything is written": Point("index.warc.folder:make_place", "before", 1),
    "compact: some records are copied": Point("crawler.maintenance.compaction:inspect", "after", 5),
    "compact: the new file is there": Point("index.warc.folder:sync_folder", "before", 1),
    "compact: within moving the references": Point("index.archive.warc_files:move", "after", 1),
    "compact: the references are moved": Point("index.archive.raw_files:sweep", "before", 2),
    "compact: some files are deleted": Point("index.warc.folder:Folder.remove", "after", 2),
    "compact: all files are deleted, and still noted": Point("index.archive.warc_files:keep", "before", 2),
    # large jobs, each of whose pieces is stored in a transaction: tests/faults/test_jobs.py
    "job: before a transaction": Point("index.archive:Archive._transact", "before", 1),
    "job: within noting where it is": Point("index.archive.jobs:note", "after", 1),
    "job: after a transaction": Point("index.archive:Archive._transact", "after", 1),
    "dataset: before a month is noted": Point("index.export.dataset:Dataset._note", "before", 1),
    "dataset: a month is noted": Point("index.export.dataset:replace_file", "after", 1),
    "dataset: a month is written": Point("index.export.dataset:Dataset._delete", "before", 1),
    "draft: before a piece is noted": Point("index.export.draft:Draft.note", "before", 2),
    "draft: a piece is noted": Point("index.export.draft:Draft.note", "after", 2),
    "draft: before the file is there": Point("index.export.draft:Draft.publish", "before", 1),
    "draft: the file is there": Point("index.export.draft:Draft.publish", "after", 1),
    # `arshif copy --to`, in both directions: tests/faults/test_copying.py
    "copy: before a transaction": Point("index.archive.copying:_add", "before", 1),
    "copy: within a transaction": Point("index.archive.copying:_add", "after", 1),
    "copy: a table is equal": Point("index.archive.copying:_compared", "after", 1),
    "copy: into a database, all is equal": Point("index.archive.copying:_count_on", "before", 1),
    "copy: into a database, which notes the folder": Point("index.archive.data_folder:settle", "before", 1),
    "copy: into a database, which has the folder": Point("index.archive.data_folder:settle", "after", 1),
    "copy: into a database, the file is aside": Point("index.archive.copying:_aside", "after", 1),
    "copy: into a file, all is equal": Point("index.archive.sqlite:empty_journal", "before", 1),
    "copy: into a file, which is there": Point("index.archive.data_folder:give_up", "before", 1),
    "copy: into a file, which has the folder": Point("index.archive.data_folder:give_up", "after", 1),
}
IN_BUCKET = ("bucket",)  # stages of a crawl whose raw copies are in a bucket: tests/faults/test_object_store.py
KEEPING = ("backup", "restore", "forget", "compact")
LARGE_JOBS = ("job", "dataset", "draft")  # tests/faults/test_jobs.py
COPYING = ("copy",)  # tests/faults/test_copying.py
SHIPPING = ("ship", "publish")  # stages that need no crawl, only what one left in the outbox
ENGINES = {
    "embedded": "index.engines.embedded.engine:EmbeddedEngine",
    "elasticsearch": "index.engines.elastic.engine:ElasticEngine",
}


def main(stage: str, call: str = "", *command: str) -> int:
    """Exit code 0 where the stage was never reached; reaching it leaves no exit code."""
    from crawler.cli import app
    from crawler.config import load
    from crawler.processes.spider_process import run_spider
    from crawler.storage import open_archive, open_index
    from index.search import indexer

    config = load(only=())
    point = replace(POINTS[stage], call=int(call or POINTS[stage].call))
    arm(point, ENGINES[config.settings.index.engine])
    if command:
        sys.argv[1:] = command
        app.main()
    if not stage.startswith(SHIPPING):
        run_spider("site")
        return 0
    with open_archive(config) as archive, open_index(config) as engine:
        indexer.index_pending(archive, engine, BATCH)
    return 0


def arm(point: Point, engine: str) -> None:
    """Wraps the point's function."""
    module, _, path = point.function.replace("ENGINE", engine).partition(":")
    *holders, name = path.split(".")
    holder: Any = importlib.import_module(module)
    for part in holders:
        holder = getattr(holder, part)
    setattr(holder, name, _wrapped(getattr(holder, name), point))


def _wrapped(function: Callable[..., Any], point: Point) -> Callable[..., Any]:
    calls = count(1)

    def now(args: tuple[Any, ...]) -> bool:
        wanted = not point.job or args[1].__name__ == point.job
        return wanted and next(calls) == point.call

    @wraps(function)
    async def waiting(*args: Any, **kwargs: Any) -> Any:
        deadly = now(args)
        if deadly and point.side == "before":
            die()
        result = await function(*args, **kwargs)
        if deadly:
            die()
        return result

    @wraps(function)
    def plain(*args: Any, **kwargs: Any) -> Any:
        deadly = now(args)
        if deadly and point.side == "before":
            die()
        if deadly and point.side == "halfway":
            _, file, record = args
            file.write(record[: len(record) // 2])
            os.fsync(file.fileno())
            die()
        result = function(*args, **kwargs)
        if deadly:
            die()
        return result

    return waiting if inspect.iscoroutinefunction(function) else plain


def die() -> NoReturn:
    """Ends this process as the machine would, at once and with nothing said."""
    os.kill(os.getpid(), signal.SIGKILL)
    while True:  # another thread may take the signal first
        time.sleep(1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
