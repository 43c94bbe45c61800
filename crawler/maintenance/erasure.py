"""Erasure of an article or a site from raw responses, archive and indexes, and a preview of what it would remove."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from crawler.config import Config
from crawler.errors import ArshifError, Busy
from crawler.storage import being_written, find_article
from crawler.urls.canonical import canonical
from index.archive import Archive, erasure, facsimiles, frontier, leases, readings, warc_files
from index.archive.backup import KEEPING
from index.archive.database import StillHeld
from index.archive.raw_files import sweep
from index.model.message import Message
from index.warc.place import Place
from index.warc.record import WarcRef
from index.warc.unreferred import unreferred

TOGETHER = 1_000  # articles of a site whose raw copies are erased at once, before each is forgotten
OWNER = "arshif forget"  # owner of the sites' leases, shown to users


@dataclass(frozen=True, slots=True)
class ErasureTarget:
    """What is to be erased: these articles (sites and ids) and URLs, or the `whole` site; `told` describes it.

    `site` is the one that was meant, `sites` all that have the article or list one of its URLs. `name` is what stood
    for it, with this configuration.
    """

    name: str
    config: Config
    site: str
    sites: tuple[str, ...]
    articles: tuple[tuple[str, str], ...]
    urls: tuple[str, ...]
    whole: bool
    told: str


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased; `left` says where the database still has it beside its tables, None that it has it nowhere.
    `outside` are the addresses of files of others that have it: only the references to them were removed."""

    site: str
    articles: int = 0
    versions: int = 0
    urls: int = 0
    raws: int = 0
    left: Message | None = None
    sites: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()


class Erasure:
    """Erases articles from an archive and its raw responses."""

    def __init__(self, archive: Archive, raw: Place) -> None:
        self.archive, self.raw = archive, raw

    def resolve(self, name: str, config: Config) -> ErasureTarget:
        """The target that a name stands for: a site's id, or an article's id or URL, known or not. An article is erased
        under every site that has it.

        :raises ArshifError: when the name is none of these.
        """
        url = canonical(name) if name.startswith(("http://", "https://")) else None
        with self.archive.read() as conn:
            article = find_article(conn, name)
            if article is not None:
                url = url or erasure.find(conn, article).urls[0]
            known = erasure.everywhere(conn, url) if url else []
            known += [erasure.find(conn, article)] if article and article not in {k.article for k in known} else []
            urls = tuple(sorted({url or "", *(one for k in known for one in k.urls)} - {""}))
            listing = {site for one in urls for site in frontier.sites_of(conn, one)}
            if known:
                sites = {k.site for k in known}
                told = (
                    f"«{known[0].headline}» ({', '.join(sorted(sites))}): {sum(k.versions for k in known)} version(s), "
                    f"{len(urls)} address(es), {sum(len(k.refs) for k in known)} raw copies"
                )
                if files := {file for k in known for file in _outside(k)}:
                    told += f", some of them in {len(files)} file(s) of others, which stay as they are"
                articles = tuple((k.site, k.article) for k in known)
                home = next((k.site for k in known if k.article == article), known[0].site)
                return ErasureTarget(name, config, home, tuple(sorted(sites | listing)), articles, urls, False, told)
            ids = tuple(erasure.articles_of(conn, name))
            if name in config.sites or ids:
                told = f"the site {name}: {len(ids)} article(s), and all that is known of it"
                every = tuple((name, one) for one in ids)
                return ErasureTarget(name, config, name, (name,), every, (), True, told)
        if url is None:
            raise ArshifError(f"{name} is no site, and no id or address of an article: `arshif sites list`")
        sites = listing or {config.site_of(name).id}
        told = f"{url}: not in the archive; it is only kept away"
        return ErasureTarget(name, config, min(sites), tuple(sorted(sites)), (), urls, False, told)

    def forget(
        self, what: ErasureTarget, now: datetime, told: Callable[[int, int], None] = lambda _done, _all: None
    ) -> Erased:
        """Erase the target for good, with all that crawls have added to it since it was resolved. After an
        interruption, it is safe to run again. `told` is called with the articles erased so far, and their number in
        all.

        :raises Busy: when a site is being crawled, or another process makes a backup or erases something.
        """
        with self.archive.database.lock(KEEPING) as still_held:
            sweep(self.archive, self.raw, still_held)  # copies that a compaction left which was killed
            self._remove_torn()
            held: dict[str, leases.Lease] = {}
            try:
                what = self._hold(what, held, now)
                done = self._forget(what, held, now, still_held, told)
            finally:
                self.archive.write(partial(leases.release, held=held.values())).result()
        return replace(done, left=self.archive.database.purge())

    def _hold(self, what: ErasureTarget, held: dict[str, leases.Lease], now: datetime) -> ErasureTarget:
        """The target as it is once the leases of all its sites are `held`: until then, crawls may have stored or merged
        what belongs to it."""
        while missing := sorted(set(what.sites) - held.keys()):
            took = self.archive.write(partial(leases.acquire, sites=missing, owner=OWNER, now=now)).result()
            held |= {lease.site: lease for lease in took}
            if busy := sorted(set(missing) - held.keys()):
                raise Busy(f"{', '.join(busy)} is being crawled: wait for the end of its run (`arshif runs`)")
            what = self.resolve(what.name, what.config)
        return what

    def _forget(
        self,
        what: ErasureTarget,
        held: Mapping[str, leases.Lease],
        now: datetime,
        still_held: StillHeld,
        told: Callable[[int, int], None],
    ) -> Erased:
        if what.whole:  # first, so that a crawl begun after a crash finds the mark
            self.archive.write(partial(erasure.refuse_site, site=what.site, now=now), held[what.site]).result()
        unknown = self._blank_unreferred(what)
        done = Erased(what.site, urls=len(what.urls), raws=unknown, sites=what.sites)
        blanked: set[WarcRef] = set()
        for number, (site, article) in enumerate(what.articles):
            still_held()  # else a compaction may move the records between these steps
            if number % TOGETHER == 0:  # a place may have to write each file anew
                with self.archive.read() as conn:
                    some = [erasure.find(conn, one) for _, one in what.articles[number : number + TOGETHER]]
                blanked = {ref for one in some for ref in one.refs}
                self.raw.blank(blanked)  # nothing in files of others: those are none of this place's
            with self.archive.read() as conn:
                known = erasure.find(conn, article)
            self.raw.blank(set(known.refs) - blanked)  # before the archive forgets where they are
            self.archive.write(partial(erasure.forget, what=known, now=now), held[site]).result()
            done = replace(
                done,
                articles=done.articles + 1,
                versions=done.versions + known.versions,
                urls=done.urls + (len(known.urls) if what.whole else 0),
                raws=done.raws + len(known.refs),
                outside=tuple(sorted({*done.outside, *_outside(known)})),
            )
            told(done.articles, len(what.articles))
        if what.whole:
            self.archive.write(partial(erasure.forget_site, site=what.site), held[what.site]).result()
        for site in what.sites if not what.whole else ():
            self.archive.write(
                partial(erasure.refuse, site=site, urls=what.urls, texts=(), now=now), held[site]
            ).result()
        return done

    def _remove_torn(self) -> None:
        """Delete what is torn at the ends of files, and what was cut off before: it may be of any page."""
        with self.archive.read() as conn:
            ends = warc_files.ends(conn, list(self.raw.listed()))
        self.raw.repair(ends)
        self.raw.remove_cut()

    def _blank_unreferred(self, what: ErasureTarget) -> int:
        """Blank records of the target to which the archive does not refer, before it forgets their URLs; return how
        many. A crawl that was killed before it stored a page leaves such a record, and a compaction copies none.

        An image's may be about to be stored by a crawl of another site, if the file is being written to, or is one of a
        run that goes on."""
        done = 0
        with self.archive.read() as conn:
            pages = erasure.urls_of(conn, what.site) if what.whole else frozenset(what.urls)
            images = frozenset(url for _, article in what.articles for url in readings.images(conn, article))
            is_written = being_written(conn)
        for name, facts in self.raw.listed().items():
            with self.raw.held(name) as held:
                free = held and not is_written(name)
                with self.archive.read() as conn:  # no longer: reading a large file takes a while
                    referred = warc_files.records(conn, name)
                its = [
                    ref
                    for ref, url in unreferred(self.raw, name, facts.bytes, referred)
                    if canonical(page := facsimiles.page_of(url)) in pages or page in pages or (free and url in images)
                ]
            done += self.raw.blank(its)
        return done


def _outside(article: erasure.ErasableArticle) -> set[str]:
    """The addresses of the files of others that have a page of this article."""
    return {ref.file for ref in article.refs if ref.digest is not None}
