"""search: what the index finds, with counts where they are asked for."""

from __future__ import annotations

from typing import Any, get_args

from rich.text import Text

from crawler.cli.status import open_stored
from crawler.config import load
from crawler.console import out, print_error, print_json, safe, say
from crawler.storage import open_index
from index.archive import site_state
from index.export.schema_org import named
from index.model.query import Query
from index.model.results import Facet, Hit, Results, Span
from index.search import query_language as queries
from index.search import service as searching

FACET_ROWS = 10  # values of a facet in the table; --json has all
BAR = 40  # characters of the longest bar


def search(query: Query, facets: bool, json: bool) -> int:
    """Print what is found. 2 where a part of the query could not be read, and was left out."""
    config = load()
    names: tuple[Facet, ...] = get_args(Facet) if facets else ()
    with open_stored(config) as archive, open_index(config) as engine:
        results = searching.search(query, engine, archive, facets=names, histogram=facets)
        with archive.read() as conn:
            strangers = site_state.unknown_ids(conn, query.sites)
    complain_of(query)
    for site in strangers:
        print_error(f"site:{site}: the archive has no site of that name; `arshif status` shows those that it has")
    if json:
        print_json(_as_json(query, results))
    else:
        for hit in results.hits:
            _print_hit(hit)
        _print_counts(results)
        say(f"{results.total} found, {len(results.hits)} shown, {results.seconds * 1000:.0f} ms")
        if results.cursor:
            say(f"more: --cursor {results.cursor}")
    return 2 if query.problems else 0


def complain_of(query: Query) -> None:
    """Says what of the query could not be read, and where."""
    for problem in query.problems:
        print_error(f"character {problem.at + 1}: {queries.sentence(problem)}")


def _as_json(query: Query, results: Results) -> dict[str, Any]:
    return {
        "total": results.total,
        "cursor": results.cursor,
        "problems": [
            {"at": problem.at, "end": problem.end, "problem": queries.sentence(problem)} for problem in query.problems
        ],
        "facets": {tally.field: dict(tally.counts) for tally in results.facets},
        "histogram": {bar.day.isoformat(): bar.count for bar in results.histogram},
        "hits": [_hit(hit) for hit in results.hits],
    }


def _hit(hit: Hit) -> dict[str, Any]:
    snippets = ["".join(span.text for span in snippet) for snippet in hit.snippets]
    found: dict[str, Any] = {**named(hit.document.article), "score": hit.score, "snippets": snippets}
    if not hit.document.current:
        found["version"] = hit.document.number
    return found | {"others": hit.others}


def _print_hit(hit: Hit) -> None:
    article = hit.document.article
    date = article.published or hit.document.first_seen
    out.print(_marked(hit.headline, "bold"), soft_wrap=True)
    version = "" if hit.document.current else f"  version {hit.document.number}"
    say(f"  {article.site}  {date.astimezone():%Y-%m-%d %H:%M}  {article.id}{version}", "dim")
    for snippet in hit.snippets:
        out.print(Text("  ").append(_marked(snippet)), soft_wrap=True)
    say()


def _marked(spans: tuple[Span, ...], style: str = "") -> Text:
    text = Text(style=style)
    for span in spans:
        text.append(safe(span.text), "reverse" if span.marked else None)
    return text


def _print_counts(results: Results) -> None:
    for tally in results.facets:
        if tally.counts:
            say(f"{tally.field}: " + ", ".join(f"{value} {count}" for value, count in tally.counts[:FACET_ROWS]))
    most = max((bar.count for bar in results.histogram), default=0)
    for bar in results.histogram:
        say(f"{bar.day}  {'▇' * max(1, round(bar.count / most * BAR))} {bar.count}")
