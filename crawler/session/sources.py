"""What is to be asked of the sites' sources in a run, and what becomes of their answers: step 1 of the path."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection

from crawler.discover.collector import CUT_SHORT, MAX_CANDIDATES, OVER_THE_LIMIT
from crawler.errors import PageProblem
from crawler.models import Discovered
from crawler.scheduling.poll_interval import UpdateHints, back_off, failure_weight
from crawler.scheduling.site_schedule import SKEW, due_sources
from crawler.session.polls import Poll
from crawler.session.site_progress import RunProgress
from crawler.session.source_stats import SourceRun, load_stats
from crawler.session.store import SessionStore
from crawler.settings_model import ScheduleSettings
from crawler.site_config import Kind, Site
from index.archive import frontier, site_state, source_state, trust
from index.archive.trust import TrustObservation

MAX_CHILDREN_PER_RUN = (
    50  # of a sitemap index or of an API's pages, taken in one run: the newest; the others come by `since`
)
MAX_DOCUMENTS_PER_SOURCE = 200  # of one source, with those of its children: an index of indexes of indexes has 125,000


FORCED_READ_AFTER = timedelta(days=1)  # after which a source is asked without validators and read, whatever it says
FORCED_CHILD_READ_AFTER = timedelta(
    days=7
)  # after which a child sitemap is asked though its index says that it did not change


@dataclass
class SourceTree:
    """A document with further ones, and how many of them are still to be read. Until they all are, it does not count as
    read: with its validators kept, the next run would be told that nothing changed, and never ask for the others."""

    poll: Poll
    answer: source_state.SourceResponse
    read: datetime
    left: int


class Sources:
    """The sources of a crawl's sites. The spider polls them and hands over their responses.

    `scheduled`: only those are polled whose turn it is; `since`: candidates are taken from then on, however old.
    """

    def __init__(
        self, store: SessionStore, progress: RunProgress, schedule: ScheduleSettings, since: datetime | None
    ) -> None:
        self.store = store
        self.progress = progress
        self.schedule = schedule
        self.since = since
        self.scheduled = False
        self.first_visit = timedelta(days=schedule.first_visit_days)
        self.wholes: dict[tuple[str, str], SourceTree] = {}  # by site and key
        self.further: Counter[tuple[str, str]] = Counter()  # documents that a source led to, by site and its key
        self.doubted: dict[str, frozenset[str]] = {}

    async def polls(self, site: Site, kinds: frozenset[Kind]) -> list[Poll]:
        """What is to be asked of the site's sources of these kinds, with the validators of the last answers."""
        since, now = self.since, datetime.now(UTC)
        if since is not None:
            await self.store.write(lambda conn: frontier.extend_horizon(conn, site.id, since, now), site.id)
        polls = [Poll.of(site, source) for source in site.sources if source.kind in kinds]
        if self.scheduled and not (site.schedule.every or site.schedule.cron or self.schedule.every):
            known = await self.store.read(lambda conn: load_stats(conn, site, self.schedule))
            chosen = due_sources(site, known, now)
            polls = [poll for poll in polls if poll.key in chosen]
        self.progress.sites[site.id].asked = len(polls)
        self.progress.sites[site.id].sources = {poll.key: SourceRun(poll.key, now) for poll in polls}
        return [await self._with_validators(poll) for poll in polls]

    async def discovered(self, poll: Poll, found: Discovered, body: bytes, headers: Mapping[str, str]) -> list[Poll]:
        """Brings what a source offers into the frontier; gives the further documents of it that are worth asking."""
        answer = source_state.SourceResponse(kind=found.kind, found=len(found.candidates))
        if CUT_SHORT not in found.skipped:  # else the rest is still to be had
            validators = (headers.get("etag"), headers.get("last-modified"), _hash(body), poll.modified)
            answer = source_state.SourceResponse(200, found.kind, *validators, found=len(found.candidates))
        now, site = datetime.now(UTC), poll.site.id
        room = max(0, MAX_DOCUMENTS_PER_SOURCE - self.further[site, poll.top])
        children = [poll.further(url, modified) for url, modified in found.further[: min(MAX_CHILDREN_PER_RUN, room)]]
        full = room < min(MAX_CHILDREN_PER_RUN, len(found.further))
        self.further[site, poll.top] += len(children)
        resting = [child for child in children if await self._is_backing_off(child, now)]
        wanted = [child for child in children if child not in resting and await self._worth_asking(child)]
        undated = found.kind == "sitemap" and any(modified is None for _, modified in found.further)
        if resting or undated or full:  # some is still to be had; an index without dates says nothing of its children
            answer = source_state.SourceResponse(kind=found.kind, found=len(found.candidates))
        answer = replace(answer, problem=truncation(found))
        if poll.body_hash is None:
            answer = replace(answer, forced=now)
        whole = SourceTree(poll, answer, now, len(wanted))

        def take(conn: Connection) -> frontier.OfferResult:
            offered = frontier.offer(
                conn, site, poll.key, found.candidates, now, since=self.since, first_visit=self.first_visit
            )
            for finding in trust_observations(poll, headers, body, offered):
                trust.note(conn, site, finding, now)
            if not wanted:
                source_state.polled(conn, site, poll.key, answer, now)
            return offered

        offered = await self.store.write(take, site)
        self._learn(poll, found, offered)
        self.progress.sites[site].answered += 1
        if wanted:
            self.wholes[site, poll.key] = whole
        else:
            await self._finish_part(poll)
        return [await self._with_validators(child) for child in wanted]

    def is_unchanged(self, poll: Poll, body: bytes) -> bool:
        """Whether an answer has the bytes that were read to their end before, so that there is nothing to read."""
        return self.since is None and poll.body_hash is not None and _hash(body) == poll.body_hash

    async def unchanged(self, poll: Poll, sent: bool = False) -> None:
        """The source answered 304, or `sent` the bytes that it had: its children are as they were."""
        now, site = datetime.now(UTC), poll.site.id

        def take(conn: Connection) -> None:
            source_state.unchanged(conn, site, poll.key, now, poll.modified)
            if sent and (poll.etag or poll.last_modified):
                told = "it was sent again, though we named its ETag and date"
                trust.note(conn, site, TrustObservation("source validators", poll.url, told), now)

        await self.store.write(take, site)
        self.progress.sites[site].answered += 1
        if not poll.depth and (source_run := self._run_of(poll)):
            source_run.answered = True
        await self._finish_part(poll)

    def _learn(self, poll: Poll, found: Discovered, offered: frontier.OfferResult) -> None:
        """Notes what an answer tells of its source's habit; the archive has it when the site is done."""
        source_run = self._run_of(poll)
        if source_run is None or self.since is not None:  # what was published long ago says nothing of the next days
            return
        source_run.answered = source_run.answered or not poll.depth or poll.replaces is not None
        source_run.new += offered.dates
        source_run.shown += [candidate.published for candidate in found.candidates if candidate.published]
        if not poll.depth:
            source_run.said = found.hints or UpdateHints()

    def _run_of(self, poll: Poll) -> SourceRun | None:
        """What this run learned of the source that the poll belongs to; None where only its pages are fetched."""
        progress = self.progress.sites.get(poll.site.id)
        return progress.sources.get(poll.top) if progress is not None else None

    def retry_later(self, poll: Poll, until: datetime | None) -> None:
        """A source's host source_run to be left alone."""
        if source_run := self._run_of(poll):
            source_run.not_before = until

    async def failed(self, poll: Poll, problem: PageProblem) -> Poll | None:
        """Notes it; gives the home page to look for another feed on, where the source is a feed of the site's file."""
        site = poll.site.id
        progress = self.progress.sites[site]
        progress.problem = progress.problem or f"{poll.url}: {problem}"
        now, strikes = datetime.now(UTC), failure_weight(problem.reason)
        if not poll.depth and (source_run := self._run_of(poll)):
            source_run.strikes = strikes

        def note(conn: Connection) -> None:
            failures = source_state.state(conn, site, poll.key).failures + 1
            retry = now + back_off(poll.key, failures * strikes) if poll.depth else None
            source_state.failed(conn, site, poll.key, str(problem), retry)

        await self.store.write(note, site)
        return poll.home() if poll.source.kind == "feed" and not poll.depth else None

    async def _finish_part(self, poll: Poll) -> None:
        """One document is done; with the last of its parts, the one that named it is."""
        site = poll.site.id
        whole = self.wholes.get((site, poll.parent or ""))
        if whole is None:
            return
        whole.left -= 1
        if not whole.left:
            key, answer, read = whole.poll.key, whole.answer, whole.read
            await self.store.write(lambda conn: source_state.polled(conn, site, key, answer, read), site)
            await self._finish_part(whole.poll)

    async def _with_validators(self, poll: Poll) -> Poll:
        state = await self.store.read(lambda conn: source_state.state(conn, poll.site.id, poll.key))
        if poll.source.kind == "wordpress" and not poll.depth:
            asked = state.polled if self.since is None else None
            if asked is not None and asked > datetime.now(UTC) + SKEW:  # the clock was wrong then: nothing is known
                asked = None
            return poll.of_api(asked, await self._horizon(poll.site))
        if self.since is not None:  # older candidates are wanted, so the whole document is
            return poll
        poll = replace(poll, known=state)
        long_ago = state.forced is None or datetime.now(UTC) - state.forced > FORCED_READ_AFTER
        if long_ago or "source validators" in await self._untrusted(poll.site.id):
            return poll
        return replace(poll, etag=state.etag, last_modified=state.last_modified, body_hash=state.body_hash)

    async def _untrusted(self, site: str) -> frozenset[str]:
        """In what this site is not believed: asked once a run."""
        if site not in self.doubted:
            self.doubted[site] = await self.store.read(lambda conn: trust.untrusted(conn, site))
        return self.doubted[site]

    async def _is_backing_off(self, child: Poll, now: datetime) -> bool:
        """Whether a part failed before and is left alone for a while."""
        state = await self.store.read(lambda conn: source_state.state(conn, child.site.id, child.key))
        return state.retry_at is not None and state.retry_at > now

    async def _worth_asking(self, child: Poll) -> bool:
        """Not a child sitemap whose date is older than what is taken, or is that of what was read after it."""
        if child.modified is None or child.source.kind != "sitemap":
            return True
        if child.modified < await self._horizon(child.site):
            return False
        state = await self.store.read(lambda conn: source_state.state(conn, child.site.id, child.key))
        read = state.polled is not None and state.modified == child.modified < state.polled
        stale = state.polled is not None and datetime.now(UTC) - state.polled > FORCED_CHILD_READ_AFTER
        believed = "child dates" not in await self._untrusted(child.site.id)
        return self.since is not None or not (read and believed and not stale)

    async def _horizon(self, site: Site) -> datetime:
        """How far back the site's candidates are taken: that of its first visit, which later ones do not move, so that
        a time without crawls leaves no gap."""
        if self.since is not None:
            return self.since
        kept = await self.store.read(lambda conn: site_state.state(conn, site.id).horizon)
        return kept or datetime.now(UTC) - self.first_visit


def trust_observations(
    poll: Poll, headers: Mapping[str, str], body: bytes, offered: frontier.OfferResult
) -> Iterator[TrustObservation]:
    """What a full answer tells of its site's truthfulness."""
    known = poll.known
    if known is None or known.body_hash is None:
        return
    news = bool(offered.new or offered.moved)
    before = (known.etag, known.last_modified)
    if any(before):
        same = before == (headers.get("etag"), headers.get("last-modified"))
        if same and news:
            yield TrustObservation("source validators", poll.url, "the same ETag and date, other articles")
        elif same == (_hash(body) == known.body_hash):
            yield TrustObservation("source validators", poll.url)
    if poll.depth and poll.modified is not None and known.modified is not None and news:
        stayed = poll.modified == known.modified
        yield TrustObservation(
            "child dates", poll.url, "its index gives the same date, it has other articles" if stayed else None
        )


def truncation(found: Discovered) -> str | None:
    """What of a document was not read because it has more than any should have."""
    if CUT_SHORT in found.skipped:
        return "it is longer than what is read of a source: the rest of it is left"
    if beyond := found.skipped.get(OVER_THE_LIMIT):
        return f"it names more than {MAX_CANDIDATES:,} addresses: {beyond:,} further ones are left"
    return None


def _hash(body: bytes) -> str:
    return sha256(body).hexdigest()
