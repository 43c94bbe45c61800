"""sites add: a site's file, found out by asking the site."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler.config import Config, load
from crawler.console import cell, print_error, print_json, say, set_up_log
from crawler.errors import ConfigError
from crawler.onboarding.messages import ProposalMessage
from crawler.site_config import Schedule
from crawler.urls.canonical import canonical
from index.locale import FALLBACK, plain, translate
from index.model.message import Message

if TYPE_CHECKING:
    from crawler.onboarding.proposal import Proposal, SourceOffer, TrialArticle

OWN = "sites.local"


def add(url: str, dry_run: bool, json: bool) -> None:
    from crawler.onboarding.probe import discover_site  # Scrapy takes a second
    from crawler.session.source_stats import bounds

    address = canonical(url if "://" in url else f"https://{url}")
    if address is None:
        raise ConfigError(f"{url!r} is no web address: write one such as https://example.org/")
    config = load()
    _must_be_new(config, address)
    set_up_log(logging.WARNING if json else logging.INFO)
    if not json:
        say(f"Asking {address}, {config.settings.politeness.delay:g} s between two requests")
    proposal = discover_site(address, bounds(Schedule(), config.settings.schedule))
    if every := config.settings.schedule.every:
        own = proposal.site.model_copy(update={"schedule": Schedule()})
        proposal = replace(proposal, site=own, pace=Message(ProposalMessage.SCHEDULE_FIXED, {"interval": every * 60}))
    file = config.directory / OWN / f"{proposal.site.id}.yaml"
    if not dry_run:
        if proposal.site.id in config.sites or file.exists():
            raise ConfigError(f"{file}: there is a site {proposal.site.id} already: `arshif sites show` shows it")
        file.parent.mkdir(exist_ok=True)
        file.write_text(proposal.yaml(), "utf-8")
    if json:
        print_json({**_plain(proposal), "file": None if dry_run else file})
        return
    _tell(proposal)
    if dry_run:
        say(f"\n{proposal.yaml()}")
    else:
        say(f"\nWrote {file}. Next: look at it, then  arshif crawl {proposal.site.id}")


def must_be_own(config: Config) -> None:
    """Raises ConfigError where the configuration is none that files can be written into."""
    if config.packaged:
        raise ConfigError("this is the configuration that Arshif carries: make one of your own, `arshif init DIR`")


def _must_be_new(config: Config, url: str) -> None:
    must_be_own(config)
    known = config.site_of(url)
    if known.id in config.sites:
        raise ConfigError(f"{urlsplit(url).hostname} is there already: `arshif sites show {known.id}`")


def _tell(proposal: Proposal) -> None:
    site = proposal.site
    say(f"\n{site.name}  ({site.id}, {site.country}, {' '.join(site.languages)}, {site.time_zone})", "bold")
    if proposal.a_day is not None:
        say(f"its sources list about {proposal.a_day:.3g} articles a day")
    if proposal.pace is not None:
        say(translate(proposal.pace, FALLBACK))
    for offer in proposal.taken:
        say(f"  {_source(offer)}")
    for offer, why in proposal.left:
        say(f"  {_source(offer)}: left out, {translate(why, FALLBACK)}", "dim")
    for tried in proposal.tried:
        _tell_of(tried)
    for note in proposal.notes:
        print_error(f"look: {translate(note, FALLBACK)}")


def _source(offer: SourceOffer) -> str:
    newest = f", the newest of {cell(offer.dates[0])}" if offer.dates else ""
    return f"{offer.source.kind:<10}{offer.source.url}  {len(offer.candidates)} articles{newest}"


def _tell_of(tried: TrialArticle) -> None:
    article = tried.article
    if article is None:
        say(f"\n  {tried.url}\n    {translate(tried.problem, FALLBACK) if tried.problem else ''}", "red")
        return
    say(f"\n  {article.headline}")
    rendered = "in a browser" if tried.rendered else ""
    facts = (cell(article.published), article.section, ", ".join(article.authors), article.language, rendered)
    say("    " + "  ".join(filter(None, (*facts, f"{len(article.body.split())} words"))), "dim")
    if tried.missing:
        say(f"    without {', '.join(tried.missing)}", "yellow")


def _plain(proposal: Proposal) -> dict[str, object]:
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
