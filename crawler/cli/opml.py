"""sites import, sites export: lists of feeds, as feed readers have them."""

from __future__ import annotations

from pathlib import Path

from crawler.cli.export import STDOUT, put
from crawler.cli.sites_add import OWN, must_be_own
from crawler.config import load
from crawler.console import print_error, print_json, print_table, say
from crawler.errors import ConfigError


def import_list(file: Path, dry_run: bool, json: bool) -> None:
    from crawler.onboarding import opml

    config = load()
    must_be_own(config)
    try:
        outlines = opml.read(file.read_bytes())
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None
    except ConfigError as error:
        raise ConfigError(f"{file}: {error}") from None
    made, known = opml.proposals(outlines, config)
    folder = config.directory / OWN
    if not dry_run:
        folder.mkdir(exist_ok=True)
        for proposal in made:
            with (folder / f"{proposal.site.id}.yaml").open("x", encoding="utf-8") as out:
                out.write(proposal.yaml())
    if json:
        sites = [proposal.site.model_dump(mode="json") for proposal in made]
        left = [{"feed": outline.feed, "site": site} for outline, site in known]
        print_json({"sites": sites, "known": left, "folder": None if dry_run else folder})
        return
    for proposal in made if dry_run else ():
        say(f"{proposal.site.id}.yaml", "bold")
        say(proposal.yaml())
    rows = ((one.site.id, one.site.country, len(one.site.sources), one.site.name) for one in made)
    print_table(("site", "country", "feeds", "name"), rows)
    for outline, site in known:
        print_error(f"{outline.feed}: is of {site}, which is there already")
    if unknown := sum(one.site.country == "UN" for one in made):
        print_error(f"look: the country of {unknown} was not found out; names of months and time zones depend on it")
    if made and not dry_run:
        say(f"Wrote {len(made)} files into {folder}. Next: look at them; `arshif sites check SITE` asks a site's feeds")


def export_list(sites: list[str], as_opml: bool, out: Path, json: bool) -> None:
    from crawler.onboarding import opml

    chosen = load().choose(",".join(sites))
    written = opml.written(chosen) if as_opml else "".join(f"{feed}\n" for feed in opml.feeds(chosen)).encode()
    put(out, [written])
    if json and out != STDOUT:
        print_json({"file": out, "bytes": len(written)})
    elif out != STDOUT:
        say(f"Wrote {out}")
