"""arshif sites list, show, check, repeats: the configured sites."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from textwrap import shorten
from typing import TYPE_CHECKING, Annotated

import typer

from crawler.cli.archive import open_existing_archive
from crawler.cli.options import Json, SiteArgument
from crawler.cli.progress import progress
from crawler.console import cell, print_error, print_json, print_table, say
from crawler.errors import ArshifError, ConfigError
from crawler.logging_setup import set_up_log

if TYPE_CHECKING:
    from crawler.onboarding.probe import SourceCheck
    from crawler.site_config import Site

app = typer.Typer()

EXCERPT_CHARS = 120  # characters of a block


@app.command("list")
def list_sites(json: Json = False) -> None:
    """List all sites."""
    from crawler.config import load

    sites = load().sites.values()
    if json:
        print_json([site.model_dump(mode="json") for site in sites])
        return
    print_table(
        ("site", "enabled", "country", "languages", "sources", "name"),
        (
            (site.id, site.enabled, site.country, " ".join(site.languages), len(site.sources), site.name)
            for site in sites
        ),
    )


@app.command("show")
def show_site(site: SiteArgument, json: Json = False) -> None:
    """Show a site's settings as Arshif reads them."""
    from crawler.config import load

    (chosen,) = load().choose(site)
    facts = chosen.model_dump(mode="json", exclude_defaults=not json)
    if json:
        print_json(facts)
        return
    for key, value in facts.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            for entry in value:
                say(f"{key}: " + ", ".join(f"{name} {text}" for name, text in entry.items()))
        else:
            say(f"{key}: {', '.join(value) if isinstance(value, list) else value}")


@app.command("check")
def check_sites(
    site: Annotated[str | None, typer.Argument(help="Id of a site whose sources are fetched too.")] = None,
    json: Json = False,
) -> None:
    """Check all site files for mistakes, and the sources of one site.

    Each source of SITE is fetched once and its articles are counted; nothing is stored. Exits with 2 if a file has a
    mistake, with 1 if a source fails.
    """
    from crawler.config import load
    from index.locale import FALLBACK, plain, translate

    try:
        config = load()
        chosen = config.choose(site) if site else tuple(config.sites.values())
    except ConfigError as error:
        _print_files(0, str(error).splitlines(), (), json)
        raise typer.Exit(ConfigError.exit_code) from None
    checks = _check_sources(chosen) if site else []
    found = len(chosen)
    warnings = [translate(warning, FALLBACK) for warning in config.warnings]
    if json:
        print_json({"sites": found, "mistakes": [], "warnings": warnings, "sources": plain(checks)})
    else:
        _print_files(found, [], warnings, json)
        for check in checks:
            say(f"{check.kind:<10}{check.url}: {_in_words(check)}", "red" if check.problem else None)
    if any(check.problem for check in checks):
        raise typer.Exit(ArshifError.exit_code)


def _print_files(found: int, mistakes: Sequence[str], warnings: Sequence[str], json: bool) -> None:
    if json:
        print_json({"sites": found, "mistakes": mistakes, "warnings": warnings, "sources": []})
        return
    for line in (*mistakes, *warnings):
        print_error(line)
    count, noun = (len(mistakes), "mistake") if mistakes else (found, "site")
    say(f"{count} {noun}{'s' * (count != 1)}" + ("" if mistakes else ", no mistakes"))


def _check_sources(sites: Sequence[Site]) -> list[SourceCheck]:
    from crawler.onboarding.probe import check_sources

    set_up_log(logging.ERROR)
    with progress() as shown:
        step = shown.begin("check", "sources", sum(len(site.sources) for site in sites))
        return check_sources(",".join(site.id for site in sites), step.update)


def _in_words(check: SourceCheck) -> str:
    if check.problem:
        from index.locale import FALLBACK, translate

        return translate(check.problem, FALLBACK)
    parts = [f"{check.candidates} articles"]
    if check.newest:
        parts.append(f"newest from {cell(check.newest)}")
    if check.further:
        parts.append(f"{check.further} further sitemaps or pages")
    return ", ".join(parts)


@app.command("repeats")
def list_repeats(site: SiteArgument, json: Json = False) -> None:
    """Show the repeated blocks that are removed from a site's articles.

    If a block is article text after all, add it to `keep_text` in the site's file.
    """
    from crawler.config import load
    from index.archive.repeated_blocks import learned_blocks

    config = load()
    (chosen,) = config.choose(site)
    with open_existing_archive(config) as archive, archive.read() as conn:
        learned = learned_blocks(conn, chosen.id)
    if json:
        print_json([{"articles": one.articles, "since": one.since, "text": one.text} for one in learned])
        return
    rows = ((one.articles, f"{one.since.astimezone():%Y-%m-%d}", _excerpt(one.text)) for one in learned)
    print_table(("articles", "since", "text"), rows)


def _excerpt(text: str) -> str:
    return shorten(text, EXCERPT_CHARS, placeholder="…")
