"""arshif sites add: detect a site's sources and write its file."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crawler.cli.messages import CommandMessage
from crawler.cli.options import Json
from crawler.cli.progress import progress
from crawler.console import cell, print_error, print_json, say
from crawler.errors import ConfigError
from crawler.logging_setup import set_up_log
from index.model.message import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from crawler.config import Config
    from crawler.onboarding.proposal import Proposal, SourceOffer, TrialArticle

app = typer.Typer()


@app.command("add")
def add_site(
    url: Annotated[str, typer.Argument(help="URL of the site's home page.")],
    id_: Annotated[
        str, typer.Option("--id", help="Id of the site, and name of its file; by default, made from its address.")
    ] = "",
    country: Annotated[
        str, typer.Option(help="Country of the outlet (ISO 3166-1, such as SY); by default, as far as the site tells.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; print the file.")] = False,
    json: Json = False,
) -> None:
    """Detect a site's sources, try five articles and write its file.

    The file is written to sites.local/ in your configuration, and named after the site's id. Where machines share an
    archive in PostgreSQL, what it would say is stored there instead, for all of them.
    """
    from crawler.config import load
    from crawler.onboarding.preview import propose
    from crawler.onboarding.proposal import named
    from crawler.urls.canonical import canonical
    from index.locale import FALLBACK, translate

    address = canonical(url if "://" in url else f"https://{url}")
    if address is None:
        raise ConfigError(Message(CommandMessage.NOT_ADDRESS, {"url": url}))
    config = load()
    folder = None if config.settings.archive else config.own_sites_folder()
    _must_be_new(config, folder, address, id_)
    country = _country(country)
    set_up_log(logging.WARNING if json else logging.INFO)
    if not json:
        say(f"Exploring {address}, with {config.settings.politeness.delay:g} s between requests")
    with progress() as shown:
        step = shown.begin("explore", "steps")
        found = propose(config, address, lambda message: step.update(step.done + 1, note=translate(message, FALLBACK)))
    proposal = named(found, id_, country, config.sites)
    (file,) = [None] if dry_run else keep(config, folder, [proposal])
    if json:
        print_json({**_as_json(proposal), "file": file})
        return
    _print(proposal)
    site = proposal.site.id
    if dry_run:
        say(f"\n{proposal.yaml()}")
    elif file is None:
        say(f"\nStored {site} in the archive. Next: review it on its page, then  arshif crawl {site}")
    else:
        say(f"\nWrote {file}. Next: review it, then  arshif crawl {site}")


def keep(config: Config, folder: Path | None, proposals: Sequence[Proposal]) -> list[Path | None]:
    """Write the files of new sites into a folder, and return which, or store them in the archive where that is None.

    :raises ConfigError: when one is there already.
    """
    if folder is not None:
        folder.mkdir(exist_ok=True)
        files = [folder / f"{proposal.site.id}.yaml" for proposal in proposals]
        for file, proposal in zip(files, proposals, strict=True):
            with file.open("x", encoding="utf-8") as out:
                out.write(proposal.yaml())
        return [*files]
    from functools import partial

    from crawler.storage import open_archive
    from index.archive.upsert import chunks

    with open_archive(config) as archive:
        for piece in chunks(proposals):
            archive.write(partial(_store, proposals=piece)).result()
    return [None for _ in proposals]


def _store(conn: Connection, proposals: Sequence[Proposal]) -> None:
    from crawler.onboarding.site_desk import describe
    from crawler.site_layers import in_archive

    now = datetime.now(UTC)
    for proposal in proposals:
        site = proposal.site
        if not describe(conn, site, None, proposal.yaml(), now):  # as another machine was quicker
            raise ConfigError(Message(CommandMessage.SITE_THERE, {"file": str(in_archive(site.id)), "site": site.id}))


def _must_be_new(config: Config, folder: Path | None, url: str, name: str) -> None:
    from crawler.site_config import SITE_ID, authority
    from crawler.site_layers import in_archive

    known = config.site_of(url)
    if known.id in config.sites:
        raise ConfigError(Message(CommandMessage.SITE_CONFIGURED, {"host": authority(url), "site": known.id}))
    if name and not re.fullmatch(SITE_ID, name):
        raise ConfigError(Message(CommandMessage.BAD_ID, {"given": name}))
    file = folder / f"{name}.yaml" if folder is not None else in_archive(name)
    if name in config.sites or (name and file.exists()):
        raise ConfigError(Message(CommandMessage.SITE_THERE, {"file": str(file), "site": name}))


def _country(given: str) -> str:
    from crawler.onboarding.identity import zones
    from crawler.urls.country_domains import UNKNOWN

    if given and given.upper() not in {*zones(), UNKNOWN}:
        raise ConfigError(Message(CommandMessage.BAD_COUNTRY, {"given": given}))
    return given.upper()


def _print(proposal: Proposal) -> None:
    from index.locale import FALLBACK, translate

    site = proposal.site
    say(f"\n{site.name}  ({site.id}, {site.country}, {' '.join(site.languages)}, {site.time_zone})", "bold")
    if proposal.a_day is not None:
        say(f"its sources list about {proposal.a_day:.3g} articles per day")
    if proposal.pace is not None:
        say(translate(proposal.pace, FALLBACK))
    for offer in proposal.taken:
        say(f"  {_source(offer)}")
    for offer, why in proposal.left:
        say(f"  {_source(offer)}: not used, {translate(why, FALLBACK)}", "dim")
    for tried in proposal.tried:
        _print_article(tried)
    for note in proposal.notes:
        print_error(f"review: {translate(note, FALLBACK)}")


def _source(offer: SourceOffer) -> str:
    newest = f", newest from {cell(offer.dates[0])}" if offer.dates else ""
    return f"{offer.source.kind:<10}{offer.source.url}  {len(offer.candidates)} articles{newest}"


def _print_article(tried: TrialArticle) -> None:
    article = tried.article
    if article is None:
        from index.locale import FALLBACK, translate

        problem = translate(tried.problem, FALLBACK) if tried.problem else ""
        say(f"\n  {tried.url}\n    {problem}", "red")
        return
    say(f"\n  {article.headline}")
    rendered = "in a browser" if tried.rendered else ""
    facts = (cell(article.published), article.section, ", ".join(article.authors), article.language, rendered)
    say("    " + "  ".join(filter(None, (*facts, f"{len(article.body.split())} words"))), "dim")
    if tried.missing:
        say(f"    without {', '.join(tried.missing)}", "yellow")


def _as_json(proposal: Proposal) -> dict[str, object]:
    from index.locale import plain

    found: dict[str, object] = {
        "site": proposal.site.model_dump(mode="json"),
        "sources": [_offer(offer) for offer in proposal.taken],
        "left": [_offer(offer) | {"why": why} for offer, why in proposal.left],
        "articles": [
            {"url": t.url, "problem": t.problem, "missing": t.missing, "article": t.article} for t in proposal.tried
        ],
        "a_day": proposal.a_day,
        "pace": proposal.pace,
        "notes": proposal.notes,
    }
    shown: dict[str, object] = plain(found)
    return shown


def _offer(offer: SourceOffer) -> dict[str, object]:
    newest = offer.dates[0] if offer.dates else None
    return {"kind": offer.source.kind, "url": str(offer.source.url), "found": len(offer.candidates), "newest": newest}
