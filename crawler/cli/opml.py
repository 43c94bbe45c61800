"""arshif sites import, sites export: exchange lists of feeds (OPML) with feed readers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crawler.cli.options import STDOUT, Json, Out, SitesArgument
from crawler.cli.output import write_output
from crawler.cli.sites_add import keep
from crawler.config_messages import FileMessage, mistake
from crawler.console import print_error, print_json, print_table, say
from crawler.errors import ConfigError, InvalidFiles
from crawler.urls.country_domains import UNKNOWN
from index.model.message import Message

if TYPE_CHECKING:
    from crawler.onboarding.opml import Outline
    from crawler.onboarding.proposal import Proposal

app = typer.Typer()


@app.command("import")
def import_sites(
    file: Annotated[Path, typer.Argument(help="OPML file, as feed readers export it.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; print the files.")] = False,
    json: Json = False,
) -> None:
    """Write a file for each site in a feed reader's list (OPML).

    The files are written to sites.local/ in your configuration. Where machines share an archive in PostgreSQL, what
    they would say is stored there instead, for all of them. Nothing is fetched: review them, then run `arshif sites
    check SITE`.
    """
    from crawler.config import load
    from crawler.onboarding import opml

    config = load()
    folder = None if config.settings.archive else config.own_sites_folder()
    made, known = opml.proposals(_read(file), config)
    if not dry_run:
        keep(config, folder, made)
    if json:
        sites = [proposal.site.model_dump(mode="json") for proposal in made]
        left = [{"feed": outline.feed, "site": site} for outline, site in known]
        print_json({"sites": sites, "known": left, "folder": None if dry_run else folder})
        return
    for proposal in made if dry_run else ():
        say(f"{proposal.site.id}.yaml", "bold")
        say(proposal.yaml())
    _print(made, known)
    if made and not dry_run:
        done = f"Wrote {len(made)} files into {folder}" if folder else f"Stored {len(made)} sites in the archive"
        say(f"{done}. Next: review them; `arshif sites check SITE` tests a site's feeds")


def _read(file: Path) -> list[Outline]:
    from crawler.onboarding import opml

    try:
        return opml.read(file.read_bytes())
    except OSError as error:
        why = Message(FileMessage.UNREADABLE, {"error": error.strerror})
        raise InvalidFiles([mistake(str(file), why)]) from None
    except ConfigError as error:
        raise InvalidFiles([mistake(str(file), error.message)]) from None


def _print(made: list[Proposal], known: list[tuple[Outline, str]]) -> None:
    rows = ((one.site.id, one.site.country, len(one.site.sources), one.site.name) for one in made)
    print_table(("site", "country", "feeds", "name"), rows)
    for outline, site in known:
        print_error(f"{outline.feed}: skipped, because {site} is configured already")
    if unknown := sum(one.site.country == UNKNOWN for one in made):
        print_error(f"review: the country of {unknown} sites is unknown; month names and time zones depend on it")


@app.command("export")
def export_sites(
    sites: SitesArgument = None,
    as_opml: Annotated[
        bool, typer.Option("--opml", help="Write OPML 2.0, for feed readers, instead of one URL per line.")
    ] = False,
    out: Out = STDOUT,
    json: Json = False,
) -> None:
    """List the feeds of sites, as URLs or as OPML."""
    from crawler.config import load
    from crawler.onboarding import opml

    chosen = load().choose(",".join(sites or []))
    written = opml.written(chosen) if as_opml else "".join(f"{feed}\n" for feed in opml.feeds(chosen)).encode()
    write_output(out, [written])
    if json and out != STDOUT:
        print_json({"file": out, "bytes": len(written)})
    elif out != STDOUT:
        say(f"Wrote {out}")
