"""The polls of a run's sources, and the handling of their responses: discovery, the first step of the path."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from crawler.discover.collector import MAX_CANDIDATES, SkipReason
from crawler.fingerprint import body_hash
from crawler.models import Discovered
from crawler.scheduling.poll_interval import UpdateHints, back_off, failure_weight
from crawler.scheduling.site_schedule import due_sources
from crawler.session.polls import Poll
from crawler.session.site_progress import RunProgress
from crawler.session.source_stats import SourceRun, load_stats
from crawler.session.store import SessionStore
from crawler.settings_model import ScheduleSettings
from crawler.site_config import Kind, Site
from crawler.urls.registered_domain import domain_of
from index.archive import documents, frontier, site_state, source_state, trust
from index.archive.clock import SKEW
from index.archive.trust import TrustObservation
from index.model.candidate import come
from index.model.codes import SourceReason, TrustReason
from index.model.message import Message

# Children of a sitemap index, or pages of an API, fetched in one run: the newest; `since` fetches the others
MAX_CHILDREN_PER_RUN = 50
MAX_DOCUMENTS_PER_SOURCE = 200  # including those of its children: an index of indexes of indexes has 125,000

NAMING = 200  # latest articles of a site whose URLs are looked at for further domains
FORCED_READ_AFTER = timedelta(days=1)  # then a source is polled without validators and parsed in any case
API_WINDOW = timedelta(days=30)  # of an API's posts, those read whole that often
FORCED_CHILD_READ_AFTER = timedelta(days=7)  # then a child sitemap is fetched even if its index says it is unchanged


@dataclass
class SourceTree:
    """A document that leads to further ones, and how many of those are `left` to process.

    It does not count as read until all of them are: if its validators were stored before that, the next run would be
    answered that nothing has changed, and never request the rest.
    """

    poll: Poll
    answer: source_state.SourceResponse
    read: datetime
    left: int


class Sources:
    """The sources of a crawl's sites; the spider polls them and hands over their responses.

    `scheduled` polls only the sources that are due; `since` takes all candidates from that time on, however old.
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
        self.room: dict[str, frontier.Room] = {}  # what is left of each site's, in this run
        self.named: dict[str, frozenset[str]] = {}  # domains that a site's articles name

    async def polls(self, site: Site, kinds: frozenset[Kind]) -> list[Poll]:
        """The polls of the site's sources of these kinds, with the validators of their last responses."""
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
        """Add a document's candidates to the frontier; return polls of the further documents worth fetching.

        Candidates on other domains than the site's are left out, unless pages of its own have led there, by a redirect
        or a canonical link: whoever may list them could make us ask others too often, and be refused there.
        """
        now, site = datetime.now(UTC), poll.site.id
        found = await self._with_canonical_domains(poll.site, with_dates_until(found, now))
        answer = source_state.SourceResponse(kind=found.kind, found=len(found.candidates))
        if SkipReason.CUT_SHORT not in found.skipped:  # otherwise the rest is still to be fetched
            validators = (headers.get("etag"), headers.get("last-modified"), body_hash(body), poll.modified)
            answer = source_state.SourceResponse(200, found.kind, *validators, found=len(found.candidates))
        room = max(0, MAX_DOCUMENTS_PER_SOURCE - self.further[site, poll.top])
        children = [poll.further(url, modified) for url, modified in found.further[: min(MAX_CHILDREN_PER_RUN, room)]]
        if poll.beside is not None and found.kind == "wordpress":
            children.append(poll.other())
        full = room < min(MAX_CHILDREN_PER_RUN, len(found.further))
        self.further[site, poll.top] += len(children)
        resting = [child for child in children if await self._is_backing_off(child, now)]
        wanted = [child for child in children if child not in resting and await self._worth_asking(child)]
        undated = found.kind == "sitemap" and any(modified is None for _, modified in found.further)
        if resting or undated or full:  # some remain to be fetched; an undated index says nothing about its children
            answer = source_state.SourceResponse(kind=found.kind, found=len(found.candidates))
        answer = replace(answer, problem=truncation(found) or elsewhere(found))
        if poll.body_hash is None and not poll.partly:
            answer = replace(answer, forced=now)
        whole = SourceTree(poll, answer, now, len(wanted))

        def take(conn: Connection) -> frontier.OfferResult:
            room = None  # `since` asks for all
            if self.since is None:
                room = self.room.get(site) or frontier.room(conn, site)
            offered = frontier.offer(
                conn, site, poll.key, found.candidates, now, since=self.since, first_visit=self.first_visit, room=room
            )
            for finding in trust_observations(poll, headers, body, offered):
                trust.note(conn, site, finding, now)
            if not wanted:
                source_state.polled(conn, site, poll.key, unread(answer) if offered.left else answer, now)
            return offered

        offered = await self.store.write(take, site)
        if offered.room is not None:
            self.room[site] = offered.room
        if offered.left:
            whole.answer = unread(answer)
            self._leave_unread(poll)
        self._learn(poll, found, offered)
        self.progress.sites[site].answered += 1
        if wanted:
            self.wholes[site, poll.key] = whole
        else:
            await self._finish_part(poll)
        return [await self._with_validators(child) for child in wanted]

    async def _with_canonical_domains(self, site: Site, found: Discovered) -> Discovered:
        """The same with those foreign candidates taken that are on a domain that the site's articles name."""
        if not found.foreign:
            return found
        if site.id not in self.named:
            urls = await self.store.read(lambda conn: documents.named_urls(conn, site.id, NAMING))
            self.named[site.id] = frozenset(map(domain_of, urls))
        own = [candidate for candidate in found.foreign if domain_of(candidate.url) in self.named[site.id]]
        left = [candidate for candidate in found.foreign if domain_of(candidate.url) not in self.named[site.id]]
        return replace(found, candidates=(*found.candidates, *own), foreign=tuple(left))

    def _leave_unread(self, poll: Poll) -> None:
        """Notes that the documents that led to this one are to be read again: not all it lists was taken."""
        parent = poll.parent
        while parent is not None and (tree := self.wholes.get((poll.site.id, parent))) is not None:
            tree.answer, parent = unread(tree.answer), tree.poll.parent

    def is_unchanged(self, poll: Poll, body: bytes) -> bool:
        """Whether a response's bytes are those that were last read completely, so that parsing can be skipped."""
        return self.since is None and poll.body_hash is not None and body_hash(body) == poll.body_hash

    async def unchanged(self, poll: Poll, sent: Mapping[str, str] | None = None) -> None:
        """Record that the source answered 304, or `sent` the same bytes again, with these headers (names in lower
        case): its children are unchanged too.

        With other validators than it was asked with, a server could not know that nothing had changed."""
        now, site = datetime.now(UTC), poll.site.id

        def take(conn: Connection) -> None:
            source_state.unchanged(conn, site, poll.key, now, poll.modified)
            if sent is None:
                return
            validators = sent.get("etag"), sent.get("last-modified")
            source_state.put(conn, site, poll.key, etag=validators[0], last_modified=validators[1])
            if any(validators) and validators == (poll.etag, poll.last_modified):
                lie = Message(TrustReason.SENT_AGAIN)
                trust.note(conn, site, TrustObservation("source validators", poll.url, lie), now)

        await self.store.write(take, site)
        self.progress.sites[site].answered += 1
        if not poll.depth and (source_run := self._run_of(poll)):
            source_run.answered = True
        await self._finish_part(poll)

    def _learn(self, poll: Poll, found: Discovered, offered: frontier.OfferResult) -> None:
        """Notes what a response shows of its source's publication rate, to be saved when the site is done."""
        source_run = self._run_of(poll)
        if source_run is None or self.since is not None:  # what was published long ago says nothing about the next days
            return
        source_run.answered = source_run.answered or not poll.depth or poll.replaces is not None
        source_run.new += offered.dates
        source_run.shown += [candidate.published for candidate in found.candidates if candidate.published]
        if not poll.depth:
            source_run.said = found.hints or UpdateHints()

    def _run_of(self, poll: Poll) -> SourceRun | None:
        """What this run has learned of the poll's source; None if only the site's pages are fetched."""
        progress = self.progress.sites.get(poll.site.id)
        return progress.sources.get(poll.top) if progress is not None else None

    def retry_later(self, poll: Poll, until: datetime | None) -> None:
        """Note the time (UTC) until which a source's host asked for no further requests; None if it did not."""
        if source_run := self._run_of(poll):
            source_run.not_before = until

    async def failed(self, poll: Poll, reason: Message) -> Poll | None:
        """Record a failed poll; for a feed named in the site's YAML file, return a poll of the home page, to look for
        another feed there."""
        site = poll.site.id
        progress = self.progress.sites[site]
        of_url = Message(SourceReason.OF_URL, {"url": poll.url, "why": reason})
        progress.fail_source(poll.top, of_url)
        now, strikes = datetime.now(UTC), failure_weight(reason)
        if not poll.depth and (source_run := self._run_of(poll)):
            source_run.strikes = strikes

        def note(conn: Connection) -> None:
            failures = source_state.state(conn, site, poll.key).failures + 1
            retry = now + back_off(poll.key, failures * strikes) if poll.depth else None
            source_state.failed(conn, site, poll.key, reason, retry)

        await self.store.write(note, site)
        return poll.home() if poll.source.kind == "feed" and not poll.depth else None

    async def _finish_part(self, poll: Poll) -> None:
        """Marks one document as done; once all the documents that its parent led to are done, so is the parent."""
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
            now, horizon = datetime.now(UTC), await self._horizon(poll.site)
            asked = read_up_to(state, now) if self.since is None else None
            whole = state.forced is None or now - state.forced > FORCED_READ_AFTER
            return poll.of_api(asked, max(horizon, now - API_WINDOW) if asked else horizon, whole=whole)
        if self.since is not None:  # older candidates are wanted, and so the whole document
            return poll
        poll = replace(poll, known=state)
        long_ago = state.forced is None or datetime.now(UTC) - state.forced > FORCED_READ_AFTER
        if long_ago or "source validators" in await self._untrusted(poll.site.id):
            return poll
        return replace(poll, etag=state.etag, last_modified=state.last_modified, body_hash=state.body_hash)

    async def _untrusted(self, site: str) -> frozenset[str]:
        """What this site is not trusted in; loaded once per run."""
        if site not in self.doubted:
            self.doubted[site] = await self.store.read(lambda conn: trust.untrusted(conn, site))
        return self.doubted[site]

    async def _is_backing_off(self, child: Poll, now: datetime) -> bool:
        """Whether a further document failed before and is still in back-off."""
        state = await self.store.read(lambda conn: source_state.state(conn, child.site.id, child.key))
        return state.retry_at is not None and state.retry_at > now

    async def _worth_asking(self, child: Poll) -> bool:
        """Whether to fetch a child: not a sitemap dated before the horizon, nor one already read since its date."""
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
        """The date from which the site's candidates are taken. The first visit sets it and later ones do not move it,
        so that a time without crawls leaves no gap."""
        if self.since is not None:
            return self.since
        kept = await self.store.read(lambda conn: site_state.state(conn, site.id).horizon)
        return kept or datetime.now(UTC) - self.first_visit


def trust_observations(
    poll: Poll, headers: Mapping[str, str], body: bytes, offered: frontier.OfferResult
) -> Iterator[TrustObservation]:
    """Evidence from a full response of whether a source's validators and child dates are true."""
    known = poll.known
    if known is None or known.body_hash is None:
        return
    news = bool(offered.new or offered.moved)
    before = (known.etag, known.last_modified)
    if any(before):
        same = before == (headers.get("etag"), headers.get("last-modified"))
        if same and news:
            yield TrustObservation("source validators", poll.url, Message(TrustReason.SAME_VALIDATORS_OTHER_ARTICLES))
        elif same == (body_hash(body) == known.body_hash):
            yield TrustObservation("source validators", poll.url)
    if poll.depth and poll.modified is not None and known.modified is not None and news:
        stayed = poll.modified == known.modified
        lie = Message(TrustReason.SAME_DATE_OTHER_ARTICLES) if stayed else None
        yield TrustObservation("child dates", poll.url, lie)


def with_dates_until(found: Discovered, now: datetime) -> Discovered:
    """The same with a child whose date has not come behind all that have one, without it: those of a site whose clock
    was ahead would be the only ones that are read."""
    further = [(url, come(modified, now)) for url, modified in found.further]
    return replace(found, further=tuple(sorted(further, key=lambda child: child[1] is None)))


def truncation(found: Discovered) -> Message | None:
    """The message for a document that was not read completely, because it exceeds a limit; None if it was."""
    if SkipReason.CUT_SHORT in found.skipped:
        return Message(SourceReason.CUT_SHORT)
    if beyond := found.skipped.get(SkipReason.TOO_MANY):
        return Message(SourceReason.TOO_MANY, {"most": MAX_CANDIDATES, "n": beyond})
    return None


def read_up_to(state: source_state.SourceState, now: datetime) -> datetime | None:
    """When a source that is asked by time was last read completely; None if never, if some of what it lists was left
    (`unread`), or if the clock was wrong then."""
    if state.polled is None or state.body_hash is None or state.polled > now + SKEW:
        return None
    return state.polled


def unread(answer: source_state.SourceResponse) -> source_state.SourceResponse:
    """The same without what would let a later run take the document for known."""
    return source_state.SourceResponse(
        kind=answer.kind, found=answer.found, problem=answer.problem, forced=answer.forced
    )


def elsewhere(found: Discovered) -> Message | None:
    """The message for a document that lists addresses on other domains than the site's; None if it does not."""
    if not found.foreign:
        return None
    domain, _ = Counter(domain_of(candidate.url) for candidate in found.foreign).most_common(1)[0]
    code = SourceReason.SOME_ELSEWHERE if found.candidates else SourceReason.ALL_ELSEWHERE
    return Message(code, {"n": len(found.foreign), "domain": domain})
