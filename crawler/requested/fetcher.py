"""The fetching of requested addresses: in this process, or in a child that is started when some wait."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection

from crawler import disk_space
from crawler.config import Config
from crawler.errors import ArchiveError, Busy
from crawler.processes import crawl_process
from crawler.requested import desk
from crawler.requested.on_demand import OnDemand
from crawler.site_config import Site
from index.archive import Archive, expiry, requests
from index.archive import runs as records
from index.model.codes import FetchReason, RequestWay, RunCause, RunDetail, RunStatus
from index.model.message import Message

STATUSES = {
    "finished": RunStatus.OK,
    "shutdown": RunStatus.STOPPED,
    "closespider_timeout": RunStatus.TIMED_OUT,
    Busy.__name__: RunStatus.BUSY,
}


def fetch(
    config: Config,
    archive: Archive,
    urls: Sequence[str] | None = None,
    told: Callable[[str], None] = lambda _: None,
    *,
    facsimile: bool = False,
) -> tuple[list[int], RunStatus]:
    """Fetch these addresses (in canonical form), with a `facsimile` or without, or else those that wait, in this
    process, which can do so once; return the numbers of their requests, and how the run ended. `told` is called with
    each address that is done.

    What cannot be fetched because another process crawls its site is done at once if it is among `urls`, else it waits.

    :raises ArchiveError: when the disk has too little space.
    """
    if lack := disk_space.shortage(config.settings):
        raise ArchiveError(lack)
    crawl_process.reap_dead_runs(config, archive)
    archive.write(lambda conn: expiry.expire(conn, datetime.now(UTC))).result()
    run, numbers, sites = archive.write(lambda conn: _claim(conn, config, urls, facsimile)).result()
    if not run:
        return numbers, RunStatus.OK
    status = RunStatus.FAILED
    try:
        status = _run(config, run, sites, told)
    finally:
        archive.write(lambda conn: _end(conn, run, status)).result()
    return numbers, status


def _claim(
    conn: Connection, config: Config, urls: Sequence[str] | None, facsimile: bool
) -> tuple[int, list[int], tuple[Site, ...]]:
    """Claims what can be fetched for a new run: its number, 0 if there is nothing; all requests; the sites."""
    now = datetime.now(UTC)
    records.hold_starts(conn)  # else another machine may claim the same
    requests.settle_orphans(conn, now)
    if urls is not None:
        asked = [desk.ask(conn, config, url, RequestWay.COMMAND, facsimile=facsimile) for url in urls]
        chosen = desk.free(conn, config, asked)
        left = {one.id for one in asked} - {one.id for one in chosen}
        requests.settle(conn, sorted(left), Message(RunDetail.BUSY), now)
    else:
        asked = chosen = desk.ready(conn, config)
    if not chosen:
        return 0, [one.id for one in asked], ()
    run = records.start(conn, [], now, owner="arshif", why=Message(RunCause.ADDRESSES, {"n": len(chosen)}))
    requests.claim(conn, [one.id for one in chosen], run)
    return run, [one.id for one in asked], tuple(desk.sites_of(conn, config, chosen).values())


def _run(config: Config, run: int, sites: tuple[Site, ...], told: Callable[[str], None]) -> RunStatus:
    from crawler.processes.spider_process import run_spider  # Scrapy, which whoever starts children does without

    crawler = run_spider("addresses", config=config, run=str(run), asked=sites, told=told)
    reason = crawler.stats.get_value("finish_reason") if crawler.stats else None
    return STATUSES.get(str(reason), RunStatus.FAILED)


def _end(conn: Connection, run: int, status: RunStatus) -> None:
    now = datetime.now(UTC)
    why = Message(RunDetail.BUSY if status == RunStatus.BUSY else FetchReason.CRAWL_ENDED)
    if status == RunStatus.OK:  # what it has left all the same, the next run would leave as well
        requests.settle(conn, [one.id for one in requests.of_run(conn, run) if one.ended is None], why, now)
    requests.let_go(conn, run, now, why)
    records.finish(conn, run, status, now)


class AddressFetcher(OnDemand):
    """Has requested addresses fetched."""

    name = "requested addresses"
    command = "_archive"

    def is_needed(self, conn: Connection) -> bool:
        """Whether an address waits whose site and host nobody crawls now."""
        return bool(desk.ready(conn, self.config))

    def settle_orphans(self, conn: Connection, now: datetime) -> None:
        """End the requests of runs that died."""
        requests.settle_orphans(conn, now)

    def claimed(self, conn: Connection) -> set[int]:
        """The runs of requests that are not done."""
        return {one.run for one in requests.running(conn) if one.run is not None}

    def let_go(self, conn: Connection, run: int, now: datetime) -> None:
        """Let a run's requests wait again."""
        requests.let_go(conn, run, now, Message(FetchReason.CRAWL_ENDED))
