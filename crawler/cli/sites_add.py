"""arshif sites add: detect a site's sources and write its file."""

from __future__ import annotations

import logging
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from crawler.cli.options import Json
from crawler.console import cell, print_error, print_json, say
from crawler.errors import ConfigError
from crawler.logging_setup import set_up_log

if TYPE_CHECKING:
    from crawler.config import Config
    from crawler.onboarding.proposal import Proposal, SourceOffer, TrialArticle

app = typer.Typer()


@app.command("add")
def add_site(
    url: Annotated[str, typer.Argument(help="URL of the site's home page.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; print the file.")] = False,
    json: Json = False,
) -> None:
    """Detect a site's sources, try five articles and write its file.

    The file is written to sites.local/ in your configuration, and named after the site's id.
    """
    from crawler.config import load
    from crawler.urls.canonical import canonical

    address = canonical(url if "://" in url else f"https://{url}")
    if address is None:
        raise ConfigError(f"{url!r} is not a web address: use the form https://example.org/")
    config = load()
    folder = config.own_sites_folder()
    _must_be_new(config, address)
    set_up_log(logging.WARNING if json else logging.INFO)
    if not json:
        say(f"Exploring {address}, with {config.settings.politeness.delay:g} s between requests")
    proposal = _propose(config, address)
    file = folder / f"{proposal.site.id}.yaml"
    if not dry_run:
        if proposal.site.id in config.sites or file.exists():
            raise ConfigError(
                f"{file}: a site {proposal.site.id} exists already: see `arshif sites show {proposal.site.id}`"
            )
        folder.mkdir(exist_ok=True)
        file.write_text(proposal.yaml(), "utf-8")
    if json:
        print_json({**_as_json(proposal), "file": None if dry_run else file})
        return
    _print(proposal)
    if dry_run:
        say(f"\n{proposal.yaml()}")
    else:
        say(f"\nWrote {file}. Next: review it, then  arshif crawl {proposal.site.id}")


def _propose(config: Config, address: str) -> Proposal:
    from crawler.onboarding.probe import discover_site
    from crawler.session.source_stats import bounds
    from crawler.site_config import Schedule

    proposal = discover_site(address, bounds(Schedule(), config.settings.schedule))
    if every := config.settings.schedule.every:
        own = proposal.site.model_copy(update={"schedule": Schedule()})
        return replace(proposal, site=own, pace=f"fetched every {every:g} min, as arshif.yaml says for all sites")
    return proposal


def _must_be_new(config: Config, url: str) -> None:
    known = config.site_of(url)
    if known.id in config.sites:
        raise ConfigError(f"{urlsplit(url).hostname} is configured already: see `arshif sites show {known.id}`")


def _print(proposal: Proposal) -> None:
    site = proposal.site
    say(f"\n{site.name}  ({site.id}, {site.country}, {' '.join(site.languages)}, {site.time_zone})", "bold")
    if proposal.a_day is not None:
        say(f"its sources list about {proposal.a_day:.3g} articles per day")
    say(proposal.pace)
    for offer in proposal.taken:
        say(f"  {_source(offer)}")
    for offer, why in proposal.left:
        say(f"  {_source(offer)}: not used, {why}", "dim")
    for tried in proposal.tried:
        _print_article(tried)
    for note in proposal.notes:
        print_error(f"review: {note}")


def _source(offer: SourceOffer) -> str:
    newest = f", newest from {cell(offer.dates[0])}" if offer.dates else ""
    return f"{offer.source.kind:<10}{offer.source.url}  {len(offer.candidates)} articles{newest}"


def _print_article(tried: TrialArticle) -> None:
    article = tried.article
    if article is None:
        say(f"\n  {tried.url}\n    {tried.problem}", "red")
        return
    say(f"\n  {article.headline}")
    rendered = "in a browser" if tried.rendered else ""
    facts = (cell(article.published), article.section, ", ".join(article.authors), article.language, rendered)
    say("    " + "  ".join(filter(None, (*facts, f"{len(article.body.split())} words"))), "dim")
    if tried.missing:
        say(f"    without {', '.join(tried.missing)}", "yellow")


def _as_json(proposal: Proposal) -> dict[str, object]:
    return {
        "site": proposal.site.model_dump(mode="json"),
        "sources": [_offer(offer) for offer in proposal.taken],
        "left": [_offer(offer) | {"why": why} for offer, why in proposal.left],
        "articles": [
            {"url": t.url, "problem": t.problem, "missing": t.missing, "article": t.article and asdict(t.article)}
            for t in proposal.tried
        ],
        "a_day": proposal.a_day,
        "pace": proposal.pace,
        "notes": proposal.notes,
    }


def _offer(offer: SourceOffer) -> dict[str, object]:
    newest = offer.dates[0] if offer.dates else None
    return {"kind": offer.source.kind, "url": str(offer.source.url), "found": len(offer.candidates), "newest": newest}
