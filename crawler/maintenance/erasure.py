"""Erasure of an article or a site from raw responses, archive and indexes, and a preview of what it would remove."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from crawler.config import Config
from crawler.errors import ArshifError, Busy
from crawler.storage import find_article
from crawler.urls.canonical import canonical
from index.archive import Archive, erasure, frontier, leases, sqlite
from index.archive.backup import keeping_lock
from index.file_lock import hold
from index.warc.maintenance import blank

OWNER = "arshif forget"  # owner of the sites' leases, shown to users


@dataclass(frozen=True, slots=True)
class ErasureTarget:
    """What is to be erased: these articles (ids) and URLs of a site, or the `whole` site; `told` describes it."""

    site: str
    articles: tuple[str, ...]
    urls: tuple[str, ...]
    whole: bool
    told: str


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased; `journal_emptied` says that the archive's write-ahead log no longer holds any of it."""

    site: str
    articles: int = 0
    versions: int = 0
    urls: int = 0
    raws: int = 0
    journal_emptied: bool = True


class Erasure:
    """Erases articles from an archive and its folder of raw responses."""

    def __init__(self, archive: Archive, raw: Path) -> None:
        self.archive, self.raw = archive, raw

    def resolve(self, name: str, config: Config) -> ErasureTarget:
        """The target that a name stands for: a site's id, or an article's id or URL, known or not.

        :raises ArshifError: when the name is none of these.
        """
        with self.archive.read() as conn:
            if (article := find_article(conn, name)) is not None:
                known = erasure.find(conn, article)
                told = (
                    f"«{known.headline}» ({known.site}): {known.versions} version(s), {len(known.urls)} address(es), "
                    f"{len(known.refs)} raw copies"
                )
                return ErasureTarget(known.site, (article,), known.urls, False, told)
            ids = tuple(erasure.articles_of(conn, name))
            if name in config.sites or ids:
                return ErasureTarget(
                    name, ids, (), True, f"the site {name}: {len(ids)} article(s), and all that is known of it"
                )
            url = canonical(name) if name.startswith(("http://", "https://")) else None
            site = next(iter(frontier.sites_of(conn, url or name)), config.site_of(name).id)
        if url is None:
            raise ArshifError(f"{name} is no site, and no id or address of an article: `arshif sites list`")
        return ErasureTarget(site, (), (url,), False, f"{url}: not in the archive; it is only kept away")

    def forget(self, what: ErasureTarget, now: datetime) -> Erased:
        """Erase the target for good. After an interruption, it is safe to run again.

        :raises Busy: when the site is being crawled, or another process makes a backup or erases something.
        """
        with hold(keeping_lock(self.archive.path.parent), wait=False):
            held = self.archive.write(partial(leases.acquire, sites=[what.site], owner=OWNER, now=now)).result()
            if not held:
                raise Busy(f"{what.site} is being crawled: wait for the end of its run (`arshif runs`)")
            try:
                done = self._forget(what, held[0], now)
            finally:
                self.archive.write(partial(leases.release, held=held)).result()
        return replace(done, journal_emptied=sqlite.empty_journal(self.archive.path))

    def _forget(self, what: ErasureTarget, lease: leases.Lease, now: datetime) -> Erased:
        if what.whole:  # first, so that a crawl begun after a crash finds the mark
            self.archive.write(partial(erasure.refuse_site, site=what.site, now=now), lease).result()
        done = Erased(what.site, urls=0 if what.articles else len(what.urls))
        for article in what.articles:
            with self.archive.read() as conn:
                known = erasure.find(conn, article)
            blank(self.raw, known.refs)  # before the archive forgets where they are
            self.archive.write(partial(erasure.forget, what=known, now=now), lease).result()
            done = replace(
                done,
                articles=done.articles + 1,
                versions=done.versions + known.versions,
                urls=done.urls + len(known.urls),
                raws=done.raws + len(known.refs),
            )
        if what.whole:
            self.archive.write(partial(erasure.forget_site, site=what.site), lease).result()
        elif not what.articles:
            self.archive.write(
                partial(erasure.refuse, site=what.site, urls=what.urls, texts=(), now=now), lease
            ).result()
        return done
