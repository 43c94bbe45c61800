"""arshif crawl: crawl sites once, now."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from threading import Thread
from typing import IO, TYPE_CHECKING, Annotated

import typer

from crawler.cli.messages import CommandMessage
from crawler.cli.options import Json, Since
from crawler.cli.progress import Shown, Step, indexing, progress
from crawler.console import print_error, print_json, say
from crawler.errors import ArshifError, Busy
from crawler.logging_setup import set_up_log
from index.model.codes import RunCause, RunDetail, RunStatus
from index.model.message import Message

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from crawler.processes import crawl_process
    from crawler.site_config import Site
    from index.archive import Archive
    from index.archive.runs import Run, SiteRun
    from index.engines import Engine

app = typer.Typer()

LOOK_SECONDS = 0.5  # between two looks at how far a run is
LEAST_SINCE_DAYS = 30  # the least that is proposed for --since


@app.command()
def crawl(
    sites: Annotated[
        list[str] | None,
        typer.Argument(help="Ids of sites; by default, all enabled sites. With --revisit, also URLs of articles."),
    ] = None,
    since: Since = "",
    revisit: Annotated[
        bool, typer.Option("--revisit", help="Also fetch again what is stored: the named articles, or all of a site.")
    ] = False,
    json: Json = False,
) -> None:
    """Crawl sites once, now, whether or not they are due."""
    from crawler.config import load
    from crawler.processes import crawl_process
    from crawler.storage import open_archive, open_index
    from index.archive import runs

    config = load()
    set_up_log(form=config.settings.log)
    with (
        crawl_process.fork_server(pages=False) as server,
        open_archive(config) as archive,
        open_index(config) as engine,
    ):
        named, again = _articles(archive, sites or []) if revisit else (sites or [], {})
        chosen = config.choose(",".join(named))
        chosen = _without_forgotten(archive, chosen)
        if revisit:
            _ask_again(archive, chosen, again)
        first = _never_crawled(archive, chosen)
        with progress() as shown:
            log = subprocess.PIPE if shown.on_terminal else None  # printed above the bars
            run = crawl_process.start(config, archive, chosen, since, why=RunCause.REQUESTED, stderr=log, server=server)
            signal.signal(signal.SIGTERM, lambda *_: run.stop(RunStatus.STOPPED))
            signal.signal(signal.SIGINT, lambda *_: run.stop(RunStatus.STOPPED))
            _watch(archive, run, shown)
            status = crawl_process.finish(archive, run)
            _index(archive, engine, shown)
        record = archive.ask(lambda conn: runs.get(conn, run.number))
        assert record is not None, "a run's record is kept for longer than it takes"
        days = config.settings.schedule.first_visit_days
        older = [] if since else archive.ask(lambda conn: list(_older(conn, first, days)))
    _print_run(record, status, older, json)
    if status == RunStatus.OK:
        raise typer.Exit(int(any(site.status != RunStatus.OK for site in record.sites)))
    code = run.child.wait()
    raise typer.Exit(code if code in crawl_process.EXIT_CODES.values() else ArshifError.exit_code)


def _articles(archive: Archive, names: list[str]) -> tuple[list[str], dict[str, list[str]]]:
    """The sites that these names stand for, and the ids of the articles named by URL, by their site."""
    from crawler.cli.archive import get_article

    sites: list[str] = []
    articles: dict[str, list[str]] = {}
    with archive.read() as conn:
        for name in names:
            site = name
            if name.startswith(("http://", "https://")):
                article = get_article(conn, name).article
                site = article.site
                articles.setdefault(site, []).append(article.id)
            sites += [site] if site not in sites else []
    return sites, articles


def _ask_again(archive: Archive, chosen: tuple[Site, ...], articles: dict[str, list[str]]) -> None:
    """Makes the named articles' pages due, and of sites named without any, those of all their articles."""
    from index.archive import frontier

    now = datetime.now(UTC)

    def ask(conn: Connection) -> None:
        for site in chosen:
            for article in articles.get(site.id, [None]):
                frontier.ask_again(conn, site.id, now, article)

    archive.write(ask).result()


def _watch(archive: Archive, run: crawl_process.Run, shown: Shown) -> None:
    """Waits for the end of the run, and shows how far it is with each site."""
    from crawler.processes.child import kill_group
    from index.archive import runs

    log = Thread(target=_print_log, args=(run.child.stderr,), name="log", daemon=True)
    if run.child.stderr is not None:
        log.start()
    whole, steps, look = shown.begin("crawl", "sites", len(run.sites)), dict[str, Step](), 0.0
    while not run.watch(time.monotonic()):
        if time.monotonic() >= look:
            look = time.monotonic() + LOOK_SECONDS
            record = archive.ask(lambda conn: runs.get(conn, run.number))
            _show(record.sites if record else (), shown, whole, steps)
        time.sleep(0.1)
    if log.is_alive():
        kill_group(run.child)  # a browser that it left would keep its log open
        log.join()


def _show(parts: Sequence[SiteRun], shown: Shown, whole: Step, steps: dict[str, Step]) -> None:
    """Shows found and fetched pages and new articles: of the run, and of each site under way."""
    found, fetched, new = (sum(_counted(part)[each] for part in parts) for each in range(3))
    done = sum(part.status != RunStatus.RUNNING for part in parts)
    whole.update(done, note=f"{found:,} found, {fetched:,} fetched, {new:,} new")
    for part in parts:
        found, fetched, new = _counted(part)
        if part.status != RunStatus.RUNNING:
            if (step := steps.pop(part.site, None)) is not None:
                shown.end(step)
        elif found:
            if part.site not in steps:
                steps[part.site] = shown.begin(part.site, "pages")
            steps[part.site].update(fetched, found, f"{new:,} new")


def _counted(part: SiteRun) -> tuple[int, int, int]:
    counts = part.counts
    return counts["discovered"], counts["discovered"] - counts["pending"], counts["stored"] - counts["changed"]


def _print_log(stream: IO[bytes]) -> None:
    for line in stream:
        print_error(line.decode("utf-8", "replace").rstrip("\n"))


def _without_forgotten(archive: Archive, chosen: tuple[Site, ...]) -> tuple[Site, ...]:
    from index.archive import erasure

    with archive.read() as conn:
        forgotten = erasure.sites(conn)
    for site in chosen:
        if site.id in forgotten:
            print_error(f"{site.id}: not crawled, because `arshif forget` erased it")
    left = tuple(site for site in chosen if site.id not in forgotten)
    if chosen and not left:
        raise ArshifError(Message(CommandMessage.NO_SITE_LEFT))
    return left


def _never_crawled(archive: Archive, chosen: tuple[Site, ...]) -> list[str]:
    from index.archive import site_state

    with archive.read() as conn:
        return [site.id for site in chosen if site_state.state(conn, site.id).horizon is None]


def _older(conn: Connection, sites: list[str], days: float) -> Iterator[tuple[str, Message]]:
    """What the first crawls of these sites left out because of its age, and how to get it."""
    from index.archive import frontier

    for site in sites:
        n, oldest = frontier.left_out(conn, site)
        if oldest is not None:
            reach = max(LEAST_SINCE_DAYS, (datetime.now(UTC) - oldest).days + 1)
            yield site, Message(RunDetail.OLDER, {"n": n, "age": days * 86_400, "since": f"{reach}d"})


def _index(archive: Archive, engine: Engine, shown: Shown) -> None:
    from index.search import indexer

    try:
        indexer.index_pending(archive, engine, told=indexing(shown))
    except Busy:
        pass  # the daemon is indexing it
    except ArshifError as error:
        print_error(f"stored, but not searchable yet: {error}")


def _print_run(record: Run, status: RunStatus, older: list[tuple[str, Message]], json: bool) -> None:
    from crawler.processes.crawl_process import summary
    from index.locale import FALLBACK, plain, translate

    if json:
        print_json(plain(record) | {"left_out": [plain({"site": site, "detail": why}) for site, why in older]})
        return
    if record.sites and all(site.status == RunStatus.OFFLINE for site in record.sites):
        print_error(translate(Message(RunDetail.NO_NETWORK), FALLBACK))
        return
    say(f"run {record.id}: {status}; {summary(record.sites)}")
    for site in record.sites:
        if site.detail or site.status != RunStatus.OK:
            detail = site.detail or Message(RunDetail.NO_ANSWER)
            print_error(f"{site.site}: {site.status}: {translate(detail, FALLBACK)}")
    for site_id, why in older:
        say(f"{site_id}: {translate(why, FALLBACK)}")
