"""/metrics: Prometheus metrics of the archive, the outbox and searches; /readyz: whether searches can be served now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0
from prometheus_client.registry import Collector

from index.archive import Archive, article_counts, documents, outbox, site_state
from index.archive.site_state import SiteState
from index.errors import ArshifError
from index.model.query import Query
from index.web import queries
from index.web.error_handlers import RETRY
from index.web.search_pages import ArchiveOf, EngineOf

EACH = 1_000  # sites, up to which each has series of its own
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # s

router = APIRouter(include_in_schema=False)


class Stored(Collector):
    """Metrics of the archive's content, computed at each scrape. Of more than EACH sites, only those that something is
    wrong with have series of their own; for the others, a site without a name has the number of articles of all, and
    when a crawl last succeeded."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive

    def collect(self) -> Iterable[Metric]:
        """The current values."""
        with self.archive.read() as conn:
            states = site_state.by_state(conn)
            each = sum(states.values()) <= EACH
            shown = site_state.states(conn) if each else site_state.listed(conn, EACH, condition="wrong")
            counts = article_counts.of_sites(conn) if each else {"": documents.count(conn)}
            last = None if each else site_state.last_success(conn)
            pending = [(target, outbox.pending(conn, target.name)) for target in outbox.all_targets(conn)]
            refused = len(outbox.quarantined(conn))
        articles = GaugeMetricFamily("arshif_articles", "Articles in the archive.", labels=["site"])
        for site, count in counts.items():
            articles.add_metric([site], count)
        failures = GaugeMetricFamily("arshif_site_failures", "Failed runs in a row.", labels=["site"])
        success = GaugeMetricFamily("arshif_site_last_success_seconds", "Last good run, Unix time.", labels=["site"])
        verdicts = GaugeMetricFamily(
            "arshif_site_state",
            "1 for a site's state: ok, new, off, or its verdict.",
            labels=["site", "state"],
        )
        for state in shown:
            verdicts.add_metric([state.id, state_of(state)], 1)
            failures.add_metric([state.id], state.failures)
            if state.last_success:
                success.add_metric([state.id], state.last_success.timestamp())
        if last is not None:
            success.add_metric([""], last.timestamp())
        sites = GaugeMetricFamily("arshif_sites", "Sites in a state, as in arshif_site_state.", labels=["state"])
        for name, count in states.items():
            sites.add_metric([name], count)
        waiting = GaugeMetricFamily("arshif_outbox_pending", "What an index still lacks.", labels=["engine", "state"])
        for target, left in pending:
            waiting.add_metric([target.engine, target.state], left)
        yield from (articles, sites, verdicts, failures, success, waiting)
        yield GaugeMetricFamily("arshif_index_refused", "Documents that an index refused for good.", value=refused)


def state_of(site: SiteState) -> str:
    """A site's state: off, new (not crawled yet), its verdict, failing, or ok."""
    if not site.enabled:
        return "off"
    if site.verdict:
        return site.verdict
    return "new" if site.last_run is None else "failing" if site.failures else "ok"


class Metrics:
    """The metrics of one application."""

    def __init__(self, archive: Archive) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self.searches = Histogram(
            "arshif_search_seconds", "How long searches took, marks included.", registry=self.registry, buckets=BUCKETS
        )
        self.registry.register(Stored(archive))


async def _metrics(request: Request) -> Metrics:
    return cast(Metrics, request.app.state.metrics)


@router.get("/metrics")
def metrics(numbers: Annotated[Metrics, Depends(_metrics)]) -> Response:
    """The metrics in Prometheus's text format."""
    return Response(generate_latest(numbers.registry), media_type=CONTENT_TYPE_PLAIN_1_0_0)


@router.get("/readyz")
def ready(archive: ArchiveOf, engine: EngineOf) -> Response:
    """Whether archive and index can be read; 503 with the reason if not."""
    try:
        with archive.read() as conn:
            queries.newest(conn, 1)
        engine.search(Query(limit=1))
    except ArshifError as error:
        return PlainTextResponse(f"{error}\n", 503, {"retry-after": str(RETRY)})
    return PlainTextResponse("ok\n")
