"""arshif status: the state of each site and its next crawl."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crawler.cli.options import Json
from crawler.console import format_duration, print_json, print_table, say

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from crawler.config import Config
    from crawler.scheduling.site_schedule import SiteHistory
    from crawler.site_config import Site
    from index.archive import Archive

app = typer.Typer()

Row = dict[str, Any]
MOST = 200  # sites that are shown if none is named


@app.command()
def status(
    sites: Annotated[
        list[str] | None,
        typer.Argument(help="Ids of sites, to show with their sources; by default, all enabled sites."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="At most so many sites, by id; with --json, all by default.")
    ] = None,
    after: Annotated[str, typer.Option(help="Sites after this id: that of the last one of the page before.")] = "",
    json: Json = False,
) -> None:
    """Show each site's state, and when and why it runs next.

    Of more than 200 sites, 200 are shown: those that need attention first; --json shows all. --limit and --after
    show them page by page, until there is none.
    """
    from crawler import disk_space
    from crawler.config import load
    from crawler.storage import open_archive
    from index.archive import site_state, warc_records
    from index.locale import FALLBACK, translate
    from index.model.message import Message

    settings = load(only=())
    now = datetime.now(UTC)
    with open_archive(settings) as archive, archive.read() as conn:
        paged = limit is not None or bool(after)
        if paged and not sites:
            config, chosen, some = settings, _page(archive, conn, settings, limit, after), False
        else:
            config, some = _config(archive, conn, settings, sites or [], every=json)
            chosen = config.choose(",".join(sites or []))
            if paged:
                chosen = tuple(sorted((one for one in chosen if one.id > after), key=lambda one: one.id))[:limit]
        rows = _rows(conn, config, chosen, now)
        counts = site_state.by_state(conn) if some else {}
        extent = warc_records.extent(conn, now)
    if json:
        print_json(rows)
        return
    print_table(("site", "state", "articles", "last run", "next run", "why"), (
        (r["site"], r["state"], r["articles"], _ago(r["last_run"], now), _ahead(r["next_run"], now), r["why"])
        for r in rows
    ))  # fmt: skip
    for row in rows:
        for line in (*(_source_lines(row, now) if sites else ()), *_problem_lines(row)):
            say(f"{row['site']}: {line}")
    if some:
        each = ", ".join(
            f"{n:,} {state}" for state, n in sorted(counts.items(), key=lambda one: (-one[1], one[0] != "ok"))
        )
        say(f"These are the first {len(rows):,} of {sum(counts.values()):,} sites: {each}.")
        say("`arshif status ID` shows one, `arshif status --json` all.")
    say(f"raw copies: {translate(disk_space.raw_copies(config.settings, extent), FALLBACK)}")
    if extent.outside:
        told = Message(disk_space.DiskMessage.RAW_OUTSIDE, {"n": extent.outside})
        say(f"raw copies: {translate(told, FALLBACK)}")


def _page(archive: Archive, conn: Connection, settings: Config, limit: int | None, after: str) -> tuple[Site, ...]:
    """The enabled sites after this id, up to the limit; only these are read, and those between them that are not
    enabled."""
    from crawler.config import load, site_ids
    from index.archive import site_documents

    found: list[Site] = []
    rest = (id_ for id_ in sorted({*site_ids(settings), *site_documents.digests(conn)}) if id_ > after)
    while piece := list(islice(rest, None if limit is None else limit - len(found))):
        found += load(only=piece, archive=archive).enabled
    return tuple(found)


def _config(
    archive: Archive, conn: Connection, settings: Config, named: list[str], *, every: bool
) -> tuple[Config, bool]:
    """The configuration with the sites to be shown, and whether these are only some of many: those that need attention
    first, by what the archive knows of all; unless `every` site is asked for, or some by their names."""
    from crawler.config import load, site_ids
    from index.archive import site_documents, site_state

    there = sorted({*site_ids(settings), *site_documents.digests(conn)})
    if named and set(named) <= set(there):
        return load(only=named, archive=archive), False
    if named or every or len(there) <= MOST or site_state.unknown_ids(conn, there):
        return load(archive=archive), False
    return load(only=[site.id for site in site_state.listed(conn, MOST)], archive=archive), True


def _rows(conn: Connection, config: Config, sites: tuple[Site, ...], now: datetime) -> list[Row]:
    """The state of each site, under the keys that --json prints."""
    from crawler.processes.crawl_process import last_runs
    from crawler.scheduling.reasons import ScheduleReason
    from crawler.scheduling.site_schedule import due
    from crawler.session.source_stats import load_stats
    from index.archive import documents, hosts, leases, runs, site_state, source_state, trust
    from index.locale import plain
    from index.model.message import Message

    last, waits, busy = last_runs(conn, [site.id for site in sites]), hosts.waiting(conn, now), runs.at_work(conn)
    states = site_state.some(conn, [site.id for site in sites])
    doubts = trust.all_untrusted(conn)
    rows = []
    for site in sites:
        state = states.get(site.id)
        history = load_stats(conn, site, config.settings.schedule)
        turn = due(site, last, now, config.settings.schedule.every, history, waits)
        at: datetime | None
        at, why = turn.at, turn.why
        if site.id in busy or leases.holder(conn, site.id):  # a run that has begun gets its leases a little later
            at, why = None, Message(ScheduleReason.RUNNING)
        elif not site.enabled:
            at, why = None, Message(ScheduleReason.OFF)
        rows.append(
            {
                "site": site.id,
                "state": (state and state.verdict) or ("never crawled" if site.id not in last else "ok"),
                "detail": state and state.detail,
                "example": state and state.example,
                "last_run": state and state.last_run,
                "articles": documents.count(conn, site.id),
                "next_run": at,
                "why": why,
                "sources": list(_sources(site, history)),
                "verify_tls": site.verify_tls,
                "left": [
                    {"url": source.url, "problem": source.problem}
                    for source in source_state.states(conn, site.id)
                    if source.left
                ],
                "doubts": [doubt for doubt in doubts if doubt.site == site.id],
            }
        )
    plain_rows: list[Row] = plain(rows)
    return plain_rows


def _sources(site: Site, history: SiteHistory) -> Iterator[Row]:
    """When each source was last polled, and will be next unless the site has a schedule of its own."""
    from crawler.scheduling.site_schedule import source_turns

    for source, turn in zip(site.sources, source_turns(site, history), strict=True):
        record = history.records.get(str(source.url))
        yield {
            "url": str(source.url),
            "kind": source.kind,
            "asked": record and record.last.astimezone(UTC),
            "next": turn.at,
            "why": turn.why,
        }


def _source_lines(row: Mapping[str, Any], now: datetime) -> Iterator[str]:
    for source in row["sources"]:
        polled = f"polled {_ago(source['asked'], now)}, next {_ahead(source['next'], now)}"
        yield f"{source['url']}: {polled} ({source['why']})"


def _problem_lines(row: Mapping[str, Any]) -> Iterator[str]:
    if row["detail"]:
        yield "; ".join(filter(None, (row["detail"], row["example"])))
    for source in row["left"]:
        yield f"{source['url']}: {source['problem']}"
    for doubt in row["doubts"]:
        yield f"its {doubt['what']} are not trusted: {doubt['how']} ({doubt['example']})"
    if not row["verify_tls"]:
        yield "its certificate is not checked (`verify_tls: false`)"


def _ago(moment: datetime | None, now: datetime) -> str:
    return f"{format_duration(now - moment)} ago" if moment else "never"


def _ahead(moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return ""
    return f"in {format_duration(moment - now)}" if moment - now >= timedelta(seconds=1) else "due now"
