"""The one console command, `arshif`: each command calls down and prints.

Exit codes: 0 done, 1 something a person can act on, 2 a mistake in the command, the query or the configuration,
3 another process holds the archive, 4 the archive cannot be used, 5 the index cannot.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from crawler.commands import crawling, indexing, looking
from crawler.commands import doctor as doctoring
from crawler.commands import sites as siting
from crawler.errors import ArshifError
from crawler.processes import die_with_parent
from crawler.terminal import complain, set_up_log

app = typer.Typer(
    name="arshif",
    help="A scheduled news crawler with an archive and full-text search.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
sites_app = typer.Typer(help="The sites that config/ describes.", no_args_is_help=True)
index_app = typer.Typer(help="The search index.", no_args_is_help=True)
app.add_typer(sites_app, name="sites")
app.add_typer(index_app, name="index")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Parent = Annotated[int, typer.Option("--parent", hidden=True)]


def main() -> None:
    """Runs the command; an error that a person can act on is one line and an exit code."""
    set_up_log()
    try:
        app()
    except ArshifError as error:
        complain(f"arshif: {error}")
        sys.exit(error.exit_code)
    except BrokenPipeError:  # `arshif search ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


# --- crawl -----------------------------------------------------------------------------------------------------------


@app.command()
def init(directory: Path) -> None:
    """Write a configuration of your own, with all shipped sites, into DIRECTORY."""
    crawling.init(directory)


@app.command()
def run(web: Annotated[bool, typer.Option(help="Serve the search page as well.")] = True) -> None:
    """Crawl what is due, on schedule, until you end it; serve the search page."""
    crawling.run(web)


@app.command()
def crawl(
    sites: Annotated[list[str] | None, typer.Argument(help="Ids of sites; default: all enabled ones.")] = None,
    since: Annotated[str, typer.Option(help="Also older articles, from this date on (2026-01-31).")] = "",
    json: Json = False,
) -> None:
    """Crawl sites once, now, whether they are due or not."""
    raise typer.Exit(crawling.crawl(sites or [], since, json))


@app.command()
def extract(page: Annotated[str, typer.Argument(help="Address or file of a page.")], json: Json = False) -> None:
    """Show what a page gives, without storing it."""
    crawling.extract(page, json)


# --- look ------------------------------------------------------------------------------------------------------------


@app.command()
def search(
    query: Annotated[list[str], typer.Argument(help='Words, "a phrase", -without, OR, site:step, after:2026-01-31 …')],
    sort: Annotated[str, typer.Option(help="relevance, newest or oldest")] = "relevance",
    limit: Annotated[int, typer.Option(min=1, max=100)] = 10,
    cursor: Annotated[str | None, typer.Option(help="What the page before gave.")] = None,
    json: Json = False,
) -> None:
    """Search the archive."""
    looking.search(" ".join(query), sort, limit, cursor, json)


@app.command()
def show(article: Annotated[str, typer.Argument(help="Id or address of an article.")], json: Json = False) -> None:
    """Show an article of the archive, its versions and its other addresses."""
    looking.show(article, json)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Default: as arshif.yaml says.")] = "",
    port: Annotated[int, typer.Option(help="Default: as arshif.yaml says.")] = 0,
    parent: Parent = 0,
) -> None:
    """Serve the search page."""
    _child(parent)
    looking.serve(host, port)


@app.command()
def runs(limit: Annotated[int, typer.Option(min=1)] = 20, json: Json = False) -> None:
    """List the last runs with their counts."""
    looking.list_runs(limit, json)


@app.command()
def status(json: Json = False) -> None:
    """Show each site's state, its next run and why then."""
    looking.status(json)


@app.command()
def doctor(json: Json = False) -> None:
    """Check what a crawl needs: archive, disk, index, browser, sites' files, contact."""
    raise typer.Exit(doctoring.doctor(json))


# --- sites -----------------------------------------------------------------------------------------------------------


@sites_app.command("list")
def sites_list(json: Json = False) -> None:
    """List all sites."""
    siting.list_all(json)


@sites_app.command("show")
def sites_show(site: str, json: Json = False) -> None:
    """Show one site as Arshif reads it."""
    siting.show(site, json)


@sites_app.command("check")
def sites_check(site: Annotated[str | None, typer.Argument()] = None, json: Json = False) -> None:
    """Read the sites' files and tell every mistake; with SITE, of that one."""
    raise typer.Exit(siting.check(site, json))


# --- index -----------------------------------------------------------------------------------------------------------


@index_app.command("status")
def index_status(json: Json = False) -> None:
    """Show which index is searched, what it lacks and what it refused."""
    indexing.status(json)


@index_app.command("rebuild")
def index_rebuild() -> None:
    """Build the index anew from the archive; it takes over when it is complete."""
    indexing.rebuild()


# --- children of the daemon ------------------------------------------------------------------------------------------


@app.command("_crawl", hidden=True)
def child_crawl(
    sites: Annotated[str, typer.Option()],
    run: Annotated[str, typer.Option()],
    since: Annotated[str, typer.Option()] = "",
    parent: Parent = 0,
) -> None:
    """One run, in a process of its own."""
    _child(parent)
    raise typer.Exit(crawling.child_crawl(sites, run, since))


@app.command("_ship", hidden=True)
def child_ship(parent: Parent = 0) -> None:
    """Brings the outbox to the index until it is told to end."""
    _child(parent)
    crawling.child_ship()


def _child(parent: int) -> None:
    if parent:
        die_with_parent(parent)


if __name__ == "__main__":
    main()
