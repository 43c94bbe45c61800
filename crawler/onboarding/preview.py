"""A look at a site before it is added, for the page: what a person sees of a proposal, as plain values; and the work of
the child that makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from crawler.config import Config
from crawler.errors import ArshifError
from crawler.onboarding.messages import ProposalMessage
from crawler.onboarding.probe import discover_site
from crawler.onboarding.proposal import Proposal, SourceOffer, TrialArticle, named
from crawler.session.source_stats import bounds
from crawler.site_config import Schedule
from index.archive import Archive, dialect, erasure, site_previews
from index.archive import runs as records
from index.archive.site_previews import SitePreview
from index.model.codes import RunCause, RunStatus
from index.model.iso import iso
from index.model.message import Message

Told = Callable[[Message], None]  # how far it is


def propose(config: Config, address: str, told: Told = lambda _: None) -> Proposal:
    """A proposed file for the site with this home page; where all sites have one schedule, without one of its own.

    :raises ArshifError: when the site does not answer or nothing on it lists articles; the message says what to do.
    """
    proposal = discover_site(address, bounds(Schedule(), config.settings.schedule), told)
    if every := config.settings.schedule.every:
        pace = Message(ProposalMessage.SCHEDULE_FIXED, {"interval": every * 60})
        return replace(proposal, site=proposal.site.model_copy(update={"schedule": Schedule()}), pace=pace)
    return proposal


def as_plain(proposal: Proposal) -> dict[str, Any]:
    """What a person sees of a proposal, ready for JSON; messages are their own JSON."""
    site = proposal.site
    return {
        "id": site.id,
        "name": site.name,
        "country": site.country,
        "languages": list(site.languages),
        "a_day": proposal.a_day,
        "pace": proposal.pace and proposal.pace.to_json(),
        "taken": [_source(offer) for offer in proposal.taken],
        "left": [_source(offer) | {"why": why.to_json()} for offer, why in proposal.left],
        "tried": [_tried(one) for one in proposal.tried],
        "notes": [note.to_json() for note in proposal.notes],
    }


def _source(offer: SourceOffer) -> dict[str, Any]:
    newest = iso(offer.dates[0].astimezone(UTC)) if offer.dates else None
    return {"kind": offer.source.kind, "url": str(offer.source.url), "found": len(offer.candidates), "newest": newest}


def _tried(one: TrialArticle) -> dict[str, Any]:
    article = one.article
    told: dict[str, Any] = {"url": one.url, "problem": one.problem and one.problem.to_json(), "missing": one.missing}
    if article is None:
        return told
    names = ("headline", "alternative_headline", "description", "body", "section", "language")
    return told | {name: getattr(article, name) for name in names} | {
        "authors": list(article.authors),
        "keywords": list(article.keywords),
        "published": article.published and iso(article.published),
        "images": len(article.images),
    }  # fmt: skip


def make_next(config: Config, archive: Archive) -> None:
    """Look at the site that has waited longest, in this process, which can do so once; record how far that is, and what
    it found or why it found nothing."""
    claimed = archive.write(_claim).result()
    if claimed is None:
        return
    one, run = claimed
    status = RunStatus.FAILED

    def told(step: Message) -> None:
        archive.write(lambda conn: site_previews.record_step(conn, one.id, step))

    try:
        proposal = named(propose(config, one.url, told), "", "", config.sites)
        archive.write(lambda conn: settle(conn, one.id, proposal, datetime.now(UTC))).result()
        status = RunStatus.OK
    except ArshifError as error:
        problem = error.message
        archive.write(lambda conn: site_previews.fail(conn, one.id, problem, datetime.now(UTC))).result()
        status = RunStatus.OK
    finally:
        archive.write(lambda conn: records.finish(conn, run, status, datetime.now(UTC))).result()


def settle(conn: Connection, number: int, proposal: Proposal, now: datetime) -> None:
    """Record what a preview found, but for articles that were erased on request."""
    dialect.of(conn).hold_articles(conn)  # an erasure comes before this, or finds a preview that is done
    signs = [sign for one in proposal.tried for sign in one.signs]
    gone = erasure.among(conn, proposal.site.id, signs)
    shown = replace(proposal, tried=tuple(one for one in proposal.tried if not one.signs & gone))
    site_previews.settle(conn, number, as_plain(shown), shown.yaml(), now)


def _claim(conn: Connection) -> tuple[SitePreview, int] | None:
    records.hold_starts(conn)  # else another machine may claim the same
    one = site_previews.next_waiting(conn)
    if one is None:
        return None
    run = records.start(conn, [], datetime.now(UTC), owner="arshif", why=Message(RunCause.PREVIEW, {"url": one.url}))
    site_previews.claim(conn, one.id, run)
    return one, run
