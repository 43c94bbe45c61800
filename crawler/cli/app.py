"""The one console command, `arshif`: each command calls down and prints."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from crawler.cli import crawl as crawling
from crawler.cli import doctor as doctoring
from crawler.cli import export, index, maintenance
from crawler.cli import history as versioning
from crawler.cli import opml as listing
from crawler.cli import saved_searches as saving
from crawler.cli import search as searching
from crawler.cli import sites as siting
from crawler.cli import sites_add as adding
from crawler.cli import status as looking
from crawler.console import print_error, set_up_log
from crawler.errors import ArshifError
from crawler.processes.child import die_with_parent
from index.export.formats import Name as Form
from index.model.query import Sort
from index.search import query_language as queries

EXIT_CODES = {
    0: "done",
    1: "something a person can act on",
    2: "a mistake in the command, the query or the configuration",
    3: "another process holds the archive",
    4: "the archive cannot be used",
    5: "the index cannot be used",
}

app = typer.Typer(
    name="arshif",
    help="A scheduled news crawler with an archive and full-text search.",
    epilog="Exit codes: " + ", ".join(f"{code} {meaning}" for code, meaning in EXIT_CODES.items()) + ".",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
sites_app = typer.Typer(help="What the files of sites say.", no_args_is_help=True)
index_app = typer.Typer(help="The search index.", no_args_is_help=True)
searches_app = typer.Typer(help="Searches that are kept.", no_args_is_help=True)
export_app = typer.Typer(help="Parts of the archive as files.", no_args_is_help=True)
app.add_typer(sites_app, name="sites")
app.add_typer(searches_app, name="searches")
app.add_typer(export_app, name="export")
app.add_typer(index_app, name="index")


def _date(text: str) -> str:
    try:
        datetime.fromisoformat(text or "2026-01-31")
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date: write one such as 2026-01-31") from None
    return text


def _query(words: list[str] | None) -> list[str]:
    for word in words or ():
        if word.startswith("--"):  # -word is one that is not wanted, and no option
            raise typer.BadParameter(f"there is no option {word}: `arshif search --help`")
    return words or []


Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
SiteOption = Annotated[str, typer.Option("--site", help="Id of a site: only this one.")]
Parent = Annotated[int, typer.Option("--parent", hidden=True)]
Since = Annotated[str, typer.Option(callback=_date, help="Also older articles, from this date on (2026-01-31).")]
WORDS: dict[str, Any] = {"ignore_unknown_options": True}  # -غزة is a word that is not wanted


def main() -> None:
    """Runs the command; an error that a person can act on is one line and an exit code."""
    set_up_log()
    try:
        app()
    except ArshifError as error:
        print_error(f"arshif: {error}")
        sys.exit(error.exit_code)
    except BrokenPipeError:  # `arshif search ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


# --- crawl -----------------------------------------------------------------------------------------------------------


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(help="A folder; config/ is made in it.")], json: Json = False
) -> None:
    """Write a configuration of your own, with all shipped sites."""
    crawling.init(directory, json)


@app.command()
def run(web: Annotated[bool, typer.Option(help="Serve the search page as well.")] = True) -> None:
    """Crawl what is due until you end it, and serve the search page."""
    crawling.run(web)


@app.command()
def crawl(
    sites: Annotated[list[str] | None, typer.Argument(help="Ids of sites; all enabled ones if there is none.")] = None,
    since: Since = "",
    json: Json = False,
) -> None:
    """Crawl sites once, now, whether they are due or not."""
    raise typer.Exit(crawling.crawl(sites or [], since, json))


@app.command()
def extract(
    page: Annotated[str, typer.Argument(help="Address or file of a page.")],
    explain: Annotated[
        bool, typer.Option("--explain", help="Each field with its origin and what was not taken; each removed block.")
    ] = False,
    url: Annotated[str, typer.Option(help="The address that a file was saved from: its site's rules are used.")] = "",
    json: Json = False,
) -> None:
    """Show what a page gives, without storing it."""
    crawling.extract(page, url, explain, json)


# --- look ------------------------------------------------------------------------------------------------------------


@app.command(context_settings=WORDS)
def search(
    query: Annotated[
        list[str] | None,
        typer.Argument(
            callback=_query,
            help="Words, '\"a phrase\"', -without, OR, ( ), wor*, word~, title: body: site: country: lang: author: "
            "section: after:2026-01 before: on: changed: gone:yes has:image copies:yes versions:yes (docs/search.md); "
            "every article if there is none.",
        ),
    ] = None,
    sort: Annotated[Sort, typer.Option(help="The order.")] = "relevance",
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many are shown.")] = 10,
    cursor: Annotated[str | None, typer.Option(help="Go on where the search before ended, as it said.")] = None,
    facets: Annotated[
        bool, typer.Option("--facets", help="Count by site, country, language, section, author, and over time.")
    ] = False,
    json: Json = False,
) -> None:
    """Search the archive.

    2 where a part of the query could not be read: it is said, and the rest is searched.
    """
    asked = queries.parse(" ".join(query or ()), sort=sort, limit=limit, cursor=cursor)
    raise typer.Exit(searching.search(asked, facets, json))


@app.command()
def show(article: Annotated[str, typer.Argument(help="Id or address of an article.")], json: Json = False) -> None:
    """Show an article, its versions and its other addresses."""
    looking.show(article, json)


@app.command()
def history(article: Annotated[str, typer.Argument(help="Id or address of an article.")], json: Json = False) -> None:
    """Show what happened to an article: its versions and what changed, where it moved, when it was gone."""
    versioning.show_history(article, json)


@app.command()
def diff(
    article: Annotated[str, typer.Argument(help="Id or address of an article.")],
    versions: Annotated[
        list[int] | None,
        typer.Argument(help="Numbers of two versions, or of one that the newest is held against; else the last two."),
    ] = None,
    marks: Annotated[bool, typer.Option(help="Whether vowel signs, accents and capitals count.")] = True,
    json: Json = False,
) -> None:
    """Show word by word what changed between two versions of an article.

    [-These words-] went, {+these words+} came; paragraphs without a change are left out.
    """
    if len(versions or ()) > 2:
        raise typer.BadParameter("two versions at most")
    versioning.show_diff(article, tuple(versions or ()), marks, json)


@app.command()
def explain(
    address: Annotated[str, typer.Argument(help="Address of a page, or id of an article.")], json: Json = False
) -> None:
    """Tell what is known of one address, stage by stage: why it is stored as it is, or why not."""
    looking.explain_one(address, json)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen at.", show_default="as arshif.yaml says")] = "",
    port: Annotated[int, typer.Option(help="TCP port to listen at.", show_default="as arshif.yaml says")] = 0,
    parent: Parent = 0,
) -> None:
    """Serve the search page alone."""
    _child(parent)
    looking.serve(host, port, told=not parent)


@app.command()
def runs(
    limit: Annotated[int, typer.Option(min=1, help="How many are listed.")] = 20,
    json: Json = False,
) -> None:
    """List the last runs and what became of their pages."""
    looking.list_runs(limit, json)


@app.command()
def status(
    sites: Annotated[list[str] | None, typer.Argument(help="Ids of sites, each with its sources; else all.")] = None,
    json: Json = False,
) -> None:
    """Show each site's state, its next run and why then."""
    looking.status(sites or [], json)


@app.command()
def alerts(
    limit: Annotated[int, typer.Option(min=1, help="How many are listed.")] = 20,
    test: Annotated[bool, typer.Option("--test", help="Send a message to everybody whom `notify` names.")] = False,
    json: Json = False,
) -> None:
    """List the last changes in how sites are doing.

    They are sent to whom `notify` names in arshif.yaml. 1 if a test could not be sent.
    """
    raise typer.Exit(looking.list_alerts(limit, test, json))


@app.command()
def doctor(json: Json = False) -> None:
    """Check what a crawl needs, and say what to mend.

    Looks at the configuration, the contact, the archive, the disk, the index and the browser. 1 if one is bad.
    """
    raise typer.Exit(doctoring.doctor(json))


# --- sites -----------------------------------------------------------------------------------------------------------

Site = Annotated[str, typer.Argument(help="Id of a site: its file's name.")]


@sites_app.command("list")
def sites_list(json: Json = False) -> None:
    """List all sites."""
    siting.list_all(json)


@sites_app.command("add")
def sites_add(
    url: Annotated[str, typer.Argument(help="Address of the site's first page.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; print the file.")] = False,
    json: Json = False,
) -> None:
    """Ask a site where its articles are, try five, and write its file.

    The file goes into sites.local/ of your configuration; its name is the site's id.
    """
    adding.add(url, dry_run, json)


@sites_app.command("import")
def sites_import(
    file: Annotated[Path, typer.Argument(help="A list of feeds as feed readers write it (OPML).")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; print the files.")] = False,
    json: Json = False,
) -> None:
    """Write a file for each site of a list of feeds.

    The files go into sites.local/ of your configuration. Nobody is asked: look at them, then `arshif sites check SITE`.
    """
    listing.import_list(file, dry_run, json)


@sites_app.command("export")
def sites_export(
    sites: Annotated[list[str] | None, typer.Argument(help="Ids of sites; all enabled ones if there is none.")] = None,
    opml: Annotated[bool, typer.Option("--opml", help="As OPML 2.0, for feed readers.")] = False,
    out: Annotated[Path, typer.Option(help="A new file; - is standard output.")] = export.STDOUT,
    json: Json = False,
) -> None:
    """List the feeds of sites: their addresses, one a line, or a list that feed readers take."""
    listing.export_list(sites or [], opml, out, json)


@sites_app.command("show")
def sites_show(site: Site, json: Json = False) -> None:
    """Show one site as Arshif reads it."""
    siting.show(site, json)


@sites_app.command("check")
def sites_check(
    site: Annotated[str | None, typer.Argument(help="Id of a site: its sources are asked as well.")] = None,
    json: Json = False,
) -> None:
    """Read all files and tell every mistake; ask a site's sources.

    Of SITE each source is asked once, and what it offers is counted; nothing is stored.
    """
    raise typer.Exit(siting.check(site, json))


@sites_app.command("repeats")
def sites_repeats(site: Site, json: Json = False) -> None:
    """Show the blocks that were learned to be a site's own and taken off its articles.

    A block that is an article's text after all goes into the site's file, under `keep_text`.
    """
    siting.repeats(site, json)


# --- searches --------------------------------------------------------------------------------------------------------


@searches_app.command("list")
def searches_list(json: Json = False) -> None:
    """List the saved searches and the addresses of their feeds."""
    saving.list_all(json)


@searches_app.command("add", context_settings=WORDS)
def searches_add(
    name: Annotated[str, typer.Argument(help="What it is called.")],
    query: Annotated[list[str], typer.Argument(callback=_query, help="As for `arshif search`.")],
    json: Json = False,
) -> None:
    """Save a search: whom `notify` names is told of new articles that match, once each.

    2 where a part of the query could not be read: it is said, and the rest is searched.
    """
    raise typer.Exit(saving.add(name, " ".join(query), json))


@searches_app.command("remove")
def searches_remove(
    number: Annotated[int, typer.Argument(metavar="ID", help="As `arshif searches list` shows it.")], json: Json = False
) -> None:
    """Forget a saved search."""
    saving.remove(number, json)


# --- index -----------------------------------------------------------------------------------------------------------


@index_app.command("status")
def index_status(json: Json = False) -> None:
    """Show which index is searched and what it lacks or refused."""
    index.status(json)


@index_app.command("rebuild")
def index_rebuild(json: Json = False) -> None:
    """Build the index anew from the archive.

    The old one is searched until the new one is complete.
    """
    index.rebuild(json)


@index_app.command("migrate")
def index_migrate(json: Json = False) -> None:
    """Bring the index to this release's mapping, without a gap in search.

    `arshif run` does so by itself; this waits for its end. Nothing happens where it is of that mapping already.
    """
    index.migrate(json)


@index_app.command("verify")
def index_verify(
    repair: Annotated[bool, typer.Option("--repair", help="Mend what differs.")] = False, json: Json = False
) -> None:
    """Hold the index against the archive, document by document.

    Tells what is missing, older, newer, extra or twice; what waits in the outbox is no difference. 1 where one is left.
    """
    raise typer.Exit(index.verify(repair, json))


@index_app.command("role")
def index_role() -> None:
    """Print what to create an API key of Elasticsearch with: the least rights that Arshif needs, as JSON."""
    index.role()


# --- keep ------------------------------------------------------------------------------------------------------------


@app.command()
def backup(folder: Annotated[Path, typer.Argument(help="A new or empty folder.")], json: Json = False) -> None:
    """Copy the archive and its raw copies, while they are written."""
    maintenance.backup(folder, json)


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="What `arshif backup` made.")],
    force: Annotated[bool, typer.Option("--force", help="Move an archive that is there aside.")] = False,
    json: Json = False,
) -> None:
    """Check a copy, put it in the archive's place, and build the index anew."""
    raise typer.Exit(maintenance.restore(folder, force, json))


@app.command()
def forget(
    what: Annotated[str, typer.Argument(help="Address or id of an article, or id of a site.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Take an article or a site out of archive, raw copies and index, and never crawl it again."""
    raise typer.Exit(maintenance.forget(what, yes, json))


@app.command()
def reextract(
    site: SiteOption = "",
    since: Annotated[str, typer.Option(callback=_date, help="Only pages fetched from this date on.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing; tell what would change.")] = False,
    json: Json = False,
) -> None:
    """Read the raw copies again with today's code and rules.

    What reads differently is corrected in place: it is no change of the site's, and makes no version.
    """
    raise typer.Exit(maintenance.reextract(site, since, dry_run, json))


@export_app.command("search", context_settings=WORDS)
def export_search(
    query: Annotated[
        list[str] | None, typer.Argument(callback=_query, help="As of `arshif search`; every article if there is none.")
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="JSON lines, CSV for spreadsheets, or Parquet.")] = "jsonl",
    out: Annotated[Path, typer.Option(help="A new file; - is standard output.")] = export.STDOUT,
    sort: Annotated[Sort, typer.Option(help="The order; relevance is none of a file.")] = "newest",
    json: Json = False,
) -> None:
    """Write all that a search finds, with its texts.

    Of a CSV no cell is a formula: an apostrophe stands before what a spreadsheet would take for one. Parquet needs
    pyarrow (pip install 'arshif[parquet]'). 2 where a part of the query could not be read: the rest is exported.
    """
    raise typer.Exit(export.export_search(queries.parse(" ".join(query or ()), sort=sort), form, out, json))


@export_app.command("kibana")
def export_kibana(
    out: Annotated[Path, typer.Option(help="A new file, such as arshif.ndjson; - is standard output.")] = export.STDOUT,
    json: Json = False,
) -> None:
    """Write a data view and a dashboard for Kibana, over the index in Elasticsearch.

    Kibana imports it under Stack Management, Saved Objects.
    """
    export.export_kibana(out, json)


@export_app.command("warc")
def export_warc(
    file: Annotated[Path, typer.Argument(help="A new file, such as pages.warc.gz.")],
    site: SiteOption = "",
    since: Annotated[str, typer.Option(callback=_date, help="Only pages fetched from this date on.")] = "",
    json: Json = False,
) -> None:
    """Write the raw copies into one WARC file, as they came."""
    maintenance.export_warc(file, site, since, json)


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
