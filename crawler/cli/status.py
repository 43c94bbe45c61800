"""show, serve, runs, status: what the archive and the index hold."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from crawler.config import Config, load
from crawler.console import cell, format_duration, print_json, print_table, say, set_up_log
from crawler.errors import ArshifError
from crawler.monitoring import disk_space, notifications
from crawler.processes.crawl_process import last_runs, summary
from crawler.scheduling.reasons import ScheduleReason
from crawler.scheduling.site_schedule import SiteHistory, due, source_turns
from crawler.session.source_stats import load_stats
from crawler.site_config import Site
from crawler.storage import archive_file, find_article, open_archive, open_index, raw_folder
from index.archive import Archive, articles, health, hosts, leases, runs, site_state, source_state, trust, warc_records
from index.export.schema_org import named
from index.locale import FALLBACK, plain, translate
from index.model.article import IndexDocument
from index.model.message import Message
from index.warc.store import WarcStore


def open_stored(config: Config) -> Archive:
    """The archive, where there is one: looking for something makes none."""
    if not archive_file(config).exists():
        where = "ARSHIF_CONFIG names another configuration"
        raise ArshifError(f"there is no archive in {config.settings.data} yet: `arshif crawl` makes one; {where}")
    return open_archive(config)


def stored(conn: Connection, name: str) -> IndexDocument:
    """The article that is meant by its id or one of its addresses. Raises ArshifError where there is none."""
    identifier = find_article(conn, name)
    document = articles.document(conn, identifier) if identifier else None
    if document is None:
        raise ArshifError(f"the archive has no article {name}: give the id or address of one (`arshif search`)")
    return document


def show(name: str, json: bool) -> None:
    with open_stored(load()) as archive, archive.read() as conn:
        document = stored(conn, name)
        identifier = document.article.id
        versions, aliases = articles.versions(conn, identifier), articles.aliases(conn, identifier)
    article = document.article
    if json:
        print_json(
            {
                **named(article),
                "versions": [{"number": v.number, "seen": v.seen, "headline": v.article.headline} for v in versions],
                "aliases": [asdict(alias) for alias in aliases],
                "firstSeen": document.first_seen,
                "gone": document.gone,
            }
        )
        return
    if article.section:
        say(article.section, "dim")
    say(article.headline, "bold")
    names = ", ".join(article.authors)
    dates = ", ".join(f"{word} {day.isoformat()}" for word, day in _dates(article.published, article.modified))
    say("  ".join(filter(None, (article.site, names, dates))), "dim")
    say()
    say(article.body)
    for image in article.images:
        say(f"\n[image] {image.caption or image.url}" + (f" ({image.credit})" if image.credit else ""))
    say(f"\n{article.url}", "dim")
    for alias in aliases:
        say(f"{alias.url} ({alias.reason})", "dim")
    for version in versions:
        say(f"version {version.number}, seen {version.seen.astimezone():%Y-%m-%d %H:%M}", "dim")


def _dates(published: datetime | None, modified: datetime | None) -> list[tuple[str, datetime]]:
    return [(word, day) for word, day in (("published", published), ("modified", modified)) if day]


def explain_one(address: str, json: bool) -> None:
    from crawler.explain import STAGES, explain

    config = load()
    with open_stored(config) as archive, archive.read() as conn:
        steps = explain(conn, config, address)
    if json:
        print_json([plain(step) for step in steps])
        return
    last = ""
    for step in steps:
        label = "" if step.stage == last else f"{STAGES.index(step.stage) + 1} {step.stage}"
        last, told = step.stage, translate(step.told, FALLBACK)
        say(f"{label:<11}{cell(step.at):<20} {told}" if step.at else f"{label:<11}{told}")


def serve(host: str, port: int, *, told: bool) -> None:
    from index.web.app import create_app
    from index.web.app import serve as serve_web

    config = load()
    set_up_log(form=config.settings.log)
    web = config.settings.web
    host, port = host or web.host, port or web.port
    for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn sends itself what ended it, once all is answered
        signal.signal(number, lambda *_: sys.exit(0))
    with open_archive(config) as archive, open_index(config) as engine:
        if told:  # the daemon has said so before it started us
            say(f"Search page: {web.url or f'http://{host}:{port}/'}")
        raw, token = WarcStore(raw_folder(config)), web.token.get_secret_value()
        app = create_app(archive, engine, hosts=[host, *web.hosts], raw=raw, token=token, url=web.url)
        serve_web(app, host, port, token)


def list_runs(limit: int, json: bool) -> None:
    with open_archive(load()) as archive, archive.read() as conn:
        found = runs.recent(conn, limit)
    if json:
        print_json([plain(run) for run in found])
        return
    if not found:
        say("no run yet: `arshif run` or `arshif crawl` makes one")
        return
    print_table(
        ("run", "started", "took", "status", "sites", "what became of their pages"),
        ((run.id, run.started, _took(run), run.status, len(run.sites), _became(run)) for run in found),
    )


def _took(run: runs.Run) -> str:
    return format_duration(run.ended - run.started) if run.ended else ""


def _became(run: runs.Run) -> str:
    detail = [translate(run.detail, FALLBACK)] if run.detail else []
    return "; ".join([summary(run.sites), *detail]) if run.ended else ""


def list_alerts(limit: int, test: bool, json: bool) -> int:
    config = load()
    if test:
        failed = notifications.test(config)
        if json:
            print_json({"sent": not failed, "failed": failed})
        elif failed:
            hint = "look at the address, and whether its server answers"
            say(f"could not be sent to {', '.join(failed)}: {hint}", "red")
        else:
            say("sent")
        return int(bool(failed))
    with open_stored(config) as archive, archive.read() as conn:
        found = health.recent_alerts(conn, limit)
    if json:
        print_json([plain(alert) | {"waiting": len(alert.waiting)} for alert in found])
        return 0
    for alert in found:
        told = "  (not sent to all yet)" if alert.waiting else ""
        say(f"{cell(alert.at)}  {notifications.line(alert)}{told}")
    if not found:
        say("no change in how sites are doing was seen yet; `arshif run` looks every 10 minutes")
    return 0


def status(names: list[str], json: bool) -> None:
    config = load()
    chosen = config.choose(",".join(names))
    now = datetime.now(UTC)
    with open_archive(config) as archive, archive.read() as conn:
        last = last_runs(conn)
        states = {state.id: state for state in site_state.states(conn)}
        counts = {site.id: articles.count(conn, site.id) for site in chosen}
        known = {site.id: load_stats(conn, site, config.settings.schedule) for site in chosen}
        doubts = trust.all_untrusted(conn)
        waits = hosts.waiting(conn, now)
        left = {site.id: [s for s in source_state.states(conn, site.id) if s.left] for site in chosen}
        extent = warc_records.extent(conn, now)
        busy = {site.id for site in chosen if leases.holder(conn, site.id)}
    found: list[dict[str, Any]] = []
    for site in chosen:
        state = states.get(site.id)
        turn = due(site, last, now, config.settings.schedule.every, known[site.id], waits)
        found.append(
            {
                "site": site.id,
                "state": (state and state.verdict) or ("never crawled" if site.id not in last else "ok"),
                "detail": state and state.detail,
                "example": state and state.example,
                "last_run": state and state.last_run,
                "articles": counts[site.id],
                "next_run": None if site.id in busy else turn.at,
                "why": Message(ScheduleReason.RUNNING) if site.id in busy else turn.why,
                "sources": list(_sources(site, known[site.id])),
                "verify_tls": site.verify_tls,
                "left": [{"url": source.url, "problem": source.problem} for source in left[site.id]],
                "doubts": [doubt for doubt in doubts if doubt.site == site.id],
            }
        )
    rows = plain(found)
    if json:
        print_json(rows)
        return
    print_table(("site", "state", "articles", "last run", "next run", "why then"), (
        (r["site"], r["state"], r["articles"], _ago(r["last_run"], now), _ahead(r["next_run"], now), r["why"])
        for r in rows
    ))  # fmt: skip
    for row in rows:
        for source in row["sources"] if names else ():
            asked = f"polled {_ago(source['asked'], now)}, next {_ahead(source['next'], now)}"
            say(f"{row['site']}: {source['url']}: {asked} ({source['why']})")
        if row["detail"]:
            say(f"{row['site']}: " + "; ".join(filter(None, (row["detail"], row["example"]))))
        for source in row["left"]:
            say(f"{row['site']}: {source['url']}: {source['problem']}")
        for doubt in row["doubts"]:
            say(f"{row['site']}: its {doubt['what']} are not trusted: {doubt['how']} ({doubt['example']})")
        if not row["verify_tls"]:
            say(f"{row['site']}: its certificate is not checked (`verify_tls: false`)")
    say(f"raw copies: {translate(disk_space.raw_copies(config.settings, extent), FALLBACK)}")


def _sources(site: Site, known: SiteHistory) -> Iterator[dict[str, Any]]:
    """When each source was asked, and is asked next where the site has no schedule of its own."""
    for source, turn in zip(site.sources, source_turns(site, known), strict=True):
        record = known.records.get(str(source.url))
        yield {
            "url": str(source.url),
            "kind": source.kind,
            "asked": record and record.last.astimezone(UTC),
            "next": turn.at,
            "why": turn.why,
        }


def _ago(moment: datetime | None, now: datetime) -> str:
    return f"{format_duration(now - moment)} ago" if moment else "never"


def _ahead(moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return ""
    return f"in {format_duration(moment - now)}" if moment > now else "now"
