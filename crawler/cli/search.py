"""arshif search: search results, with counts on request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer
from rich.text import Text

from crawler.cli.archive import open_existing_archive
from crawler.cli.options import Json
from crawler.cli.query import PARTLY_READ, WORDS, check_words, print_query_problems
from crawler.console import out, print_error, print_json, safe, say
from index.model.query import Sort

if TYPE_CHECKING:
    from index.model.query import Query
    from index.model.results import Hit, Results, Span

app = typer.Typer()

FACET_ROWS = 10  # values of a facet in the table; --json has all
BAR = 40  # characters of the longest bar


@app.command(context_settings=WORDS)
def search(
    query: Annotated[
        list[str] | None,
        typer.Argument(
            callback=check_words,
            help="Words, '\"a phrase\"', -excluded, OR, ( ), prefix*, fuzzy~, title: body: site: country: lang: "
            "author: section: after:2026-01 before: on: changed: edited: removed:yes has:image "
            "copies:yes versions:yes versions:>1 (docs/search.md); by default, every article.",
        ),
    ] = None,
    sort: Annotated[Sort, typer.Option(help="Order of the results.")] = "relevance",
    limit: Annotated[int, typer.Option(min=1, max=100, help="Number of results to show.")] = 10,
    cursor: Annotated[
        str | None, typer.Option(help="Continue from the cursor that the previous search printed.")
    ] = None,
    facets: Annotated[
        bool, typer.Option("--facets", help="Also count results by site, country, language, section, author and date.")
    ] = False,
    json: Json = False,
) -> None:
    """Search the archive.

    Exits with 2 if part of the query could not be parsed; the error says which, and the rest is searched.
    """
    from crawler.config import load
    from crawler.storage import open_index
    from index.archive import site_state
    from index.model.results import Facet
    from index.search import query_language, service
    from index.search.suggestions import suggestion

    text = " ".join(query or ())
    parsed = query_language.parse(text, sort=sort, limit=limit, cursor=cursor)
    config = load(only=())
    names: tuple[Facet, ...] = get_args(Facet) if facets else ()
    with open_existing_archive(config) as archive, open_index(config) as engine:
        results = service.search(parsed, engine, archive, facets=names, histogram=facets)
        meant = None if results.total else suggestion(parsed, text, engine, archive)
        with archive.read() as conn:
            unknown = site_state.unknown_ids(conn, parsed.sites)
    print_query_problems(parsed)
    for site in unknown:
        print_error(f"site:{site}: the archive has no such site; `arshif status` lists its sites")
    if json:
        print_json(_as_json(parsed, results) | ({"suggestion": meant} if meant else {}))
    else:
        _print(results)
        if meant:
            say(f"Did you mean: {meant}")
    if parsed.problems:
        raise typer.Exit(PARTLY_READ)


def _as_json(query: Query, results: Results) -> dict[str, Any]:
    from index.search.query_language import sentence

    return {
        "total": results.total,
        "cursor": results.cursor,
        "problems": [
            {"at": problem.at, "end": problem.end, "problem": sentence(problem)} for problem in query.problems
        ],
        "facets": {tally.field: dict(tally.counts) for tally in results.facets},
        "histogram": {bar.day.isoformat(): bar.count for bar in results.histogram},
        "hits": [_hit(hit) for hit in results.hits],
    }


def _hit(hit: Hit) -> dict[str, Any]:
    from index.export.schema_org import schema_org_fields

    snippets = ["".join(span.text for span in snippet) for snippet in hit.snippets]
    found: dict[str, Any] = {**schema_org_fields(hit.document.article), "score": hit.score, "snippets": snippets}
    if not hit.document.current:
        found["version"] = hit.document.number
    moments = {"edited": hit.document.edited, "removed": hit.document.removed}
    return found | {name: at for name, at in moments.items() if at} | {"others": hit.others}


def _print(results: Results) -> None:
    for hit in results.hits:
        _print_hit(hit)
    _print_counts(results)
    say(f"{results.total} found, {len(results.hits)} shown, {results.seconds * 1000:.0f} ms")
    if results.cursor:
        say(f"more: --cursor {results.cursor}")


def _print_hit(hit: Hit) -> None:
    article = hit.document.article
    date = article.published or hit.document.first_seen
    out.print(_marked(hit.headline, "bold"), soft_wrap=True)
    version = "" if hit.document.current else f"  version {hit.document.number}"
    changes = (("edited", hit.document.edited), ("no longer on its site since", hit.document.removed))
    told = "".join(f"  {what} {at.astimezone():%Y-%m-%d %H:%M}" for what, at in changes if at)
    say(f"  {article.site}  {date.astimezone():%Y-%m-%d %H:%M}  {article.id}{version}{told}", "dim")
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
