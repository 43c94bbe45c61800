"""Reasons as codes with parameters, in place of sentences.

What decided by its first words becomes a code; the sentence behind it stays, and is read as the text of `legacy`.
"""

import json
import re

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

HTTP = "fetch.http_status"
OUTCOMES = {
    "new": "outcome.new",
    "changed": "outcome.changed",
    "same": "outcome.same",
    "copy": "outcome.copy",
    "not modified": "outcome.not_modified",
    "the same bytes": "outcome.same_bytes",
    "gone": "outcome.gone",
}
PAGES = {
    "wall": "page.wall",
    "consent": "page.consent",
    "not found": "page.not_found",
    "led home": "page.redirected_home",
    "home": "page.home",
    "listing": "page.listing",
    "video": "page.video",
    "not html": "page.not_html",
    "empty": "page.empty",
    "emptied": "page.emptied",
    "forgotten": "page.forgotten",
    "too deep": "parse.too_deep",
    "too slow": "parse.too_slow",
    "crashed": "parse.crashed",
    "internal error": "parse.internal_error",
    "too large": "fetch.too_large",
    "robots": "fetch.robots_disallowed",
    "silent": "fetch.host_silent",
    "budget": "fetch.budget_requests",
    "trap": "fetch.trap",
    "asked to wait": "fetch.retry_after",
    "not allowed": "fetch.not_requested",
    "ended": "fetch.crawl_ended",
    "CannotResolveHostError": "fetch.dns",
    "DownloadTimeoutError": "fetch.timeout",
    "DownloadConnectionRefusedError": "fetch.connection_refused",
    "ConnectError": "fetch.connection_failed",
    "DownloadFailedError": "fetch.connection_lost",
    "ResponseDataLossError": "fetch.connection_lost",
}
SOURCES = PAGES | {
    "empty": "source.empty",
    "bot wall": "source.bot_wall",
    "unreadable feed": "source.broken_feed",
    "unreadable sitemap": "source.broken_sitemap",
    "broken JSON": "source.broken_json",
    "broken gzip": "source.broken_gzip",
    "unreadable": "source.too_many_references",
    "no URLs": "source.no_urls",
    "no WordPress API": "source.api_refuses",
    "bad selector": "source.bad_selector",
    "no links": "source.no_links",
}
HINTS = {
    "its ttl": "schedule.hint.ttl",
    "its sy:updatePeriod": "schedule.hint.update_period",
    "its Cache-Control": "schedule.hint.cache_control",
}
CAUSES = {"due": "run.scheduled", "asked for": "run.requested"}
STATUSES = {
    "LeaseLost": "lease lost",
    "ArchiveError": "archive error",
    "shutdown": "stopped",
    "closespider_timeout": "timed out",
}


def upgrade() -> None:
    op.add_column("sources", sa.Column("reason", sa.String()))
    op.add_column("fetches", sa.Column("detail", sa.Text()))
    with op.batch_alter_table("trust") as trust:
        trust.alter_column("how", type_=sa.Text())
    connection = op.get_bind()
    connection.exec_driver_sql("CREATE TEMP TABLE words (word TEXT PRIMARY KEY, code TEXT NOT NULL)")
    connection.exec_driver_sql("INSERT INTO words VALUES (?, ?)", list((PAGES | OUTCOMES).items()))
    _frontier(connection)
    _fetches(connection)
    connection.exec_driver_sql("DROP TABLE words")
    _sources(connection)
    _runs(connection)


def _frontier(connection: sa.Connection) -> None:
    connection.exec_driver_sql("UPDATE frontier SET detail = NULL WHERE detail = ''")
    connection.exec_driver_sql(
        f"""
        UPDATE frontier SET reason = '{HTTP}', detail = json_object(
            'code', '{HTTP}', 'params', json_object('status', CAST(replace(reason, 'HTTP ', '') AS INTEGER))
        )
        WHERE reason GLOB 'HTTP [0-9]*' OR reason GLOB '[0-9]*'
        """
    )
    connection.exec_driver_sql(
        f"""
        UPDATE frontier SET
            detail = coalesce(detail, CASE WHEN reason IN (SELECT word FROM words) THEN NULL ELSE reason END),
            reason = coalesce((SELECT code FROM words WHERE word = reason),
                              CASE WHEN reason GLOB '*Error' THEN 'fetch.failed' ELSE 'legacy' END)
        WHERE reason <> '{HTTP}'
        """
    )


def _fetches(connection: sa.Connection) -> None:
    before = "substr(came, 1, instr(came || '{0}', '{0}') - 1)".format
    connection.exec_driver_sql(
        f"""
        UPDATE fetches SET
            detail = CASE
                WHEN came GLOB 'HTTP [0-9]*' THEN
                    json_object('code', '{HTTP}', 'params', json_object('status', CAST(substr(came, 6) AS INTEGER)))
                WHEN came GLOB '*, at http*' THEN json_object(
                    'code', 'outcome.redirected',
                    'params', json_object(
                        'outcome', json_object(
                            'code', coalesce((SELECT code FROM words WHERE word = {before(", at ")}), 'outcome.same'),
                            'params', json_object()
                        ),
                        'url', substr(came, instr(came, ', at ') + 5)
                    )
                )
                WHEN came IN (SELECT word FROM words) THEN NULL
                ELSE came
            END,
            came = CASE
                WHEN came GLOB 'HTTP [0-9]*' THEN '{HTTP}'
                WHEN came GLOB '*, at http*' THEN 'outcome.redirected'
                ELSE coalesce(
                    (SELECT code FROM words WHERE word = {before(": ")}),
                    CASE WHEN {before(": ")} GLOB '*Error' THEN 'fetch.failed' ELSE 'legacy' END
                )
            END
        """
    )


def _sources(connection: sa.Connection) -> None:
    query = "SELECT site, url, problem FROM sources WHERE problem IS NOT NULL AND failures > 0"
    for site, url, problem in connection.exec_driver_sql(query).all():
        reason, kept = _of_source(problem)
        connection.exec_driver_sql(
            "UPDATE sources SET reason = ?, problem = ? WHERE site = ? AND url = ?", (reason, kept, site, url)
        )

    for old, new in HINTS.items():
        connection.exec_driver_sql("UPDATE sources SET said = replace(said, ?, ?)", (json.dumps(old), json.dumps(new)))


def _of_source(problem: str) -> tuple[str, str]:
    """The code of a source's problem, and what is kept of its sentence."""
    if found := re.match(r"HTTP (\d+): (.*) answered \d+$", problem, re.DOTALL):
        return HTTP, _message(HTTP, status=int(found[1]), url=found[2])
    if found := re.match(r"robots: robots\.txt of (.*) cannot be had \((?:HTTP (\d+)|(.*))\)", problem, re.DOTALL):
        why = {"code": HTTP, "params": {"status": int(found[2])}} if found[2] else None
        why = why or {"code": "fetch.failed", "params": {"error": found[3]}}
        return "fetch.robots_unreachable", _message("fetch.robots_unreachable", origin=found[1], why=why)
    word = problem.partition(": ")[0]
    if " instead of " in word:
        return "source.web_page" if word.startswith("html") else "source.unexpected", problem
    return SOURCES.get(word) or ("fetch.failed" if word.endswith("Error") else "legacy"), problem


def _runs(connection: sa.Connection) -> None:
    for cause, code in CAUSES.items():
        connection.exec_driver_sql("UPDATE runs SET why = ? WHERE why = ?", (_message(code), cause))
    for table in ("runs", "run_sites"):
        for old, new in STATUSES.items():
            connection.exec_driver_sql(f"UPDATE {table} SET status = ? WHERE status = ?", (new, old))
    query = "SELECT run, site, more FROM run_sites WHERE more LIKE '%\"no article: %' OR more LIKE '%\"left: %'"
    for run, site, more in connection.exec_driver_sql(query).all():
        counts: dict[str, int] = {}
        for name, count in json.loads(more).items():
            code = _counted(name)
            counts[code] = counts.get(code, 0) + count
        connection.exec_driver_sql(
            "UPDATE run_sites SET more = ? WHERE run = ? AND site = ?", (json.dumps(counts), run, site)
        )


def _counted(name: str) -> str:
    group, _, word = name.partition(": ")
    if group == "left" and word == "wall":
        return "fetch.host_blocks"
    return PAGES.get(word, name) if group in ("no article", "left") else name


def _message(code: str, **params: object) -> str:
    return json.dumps({"code": code, "params": params}, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
