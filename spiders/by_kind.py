"""Spiders that crawl only one kind of source: `scrapy crawl feed -a sites=step,enabbaladi`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from crawler import stages
from crawler.errors import ArshifError, ConfigError, PageProblem
from crawler.session.polls import Poll
from crawler.site_config import Site, Source
from spiders.site import SiteSpider


class FeedSpider(SiteSpider):
    """Crawls RSS, Atom and JSON feeds only."""

    name = "feed"
    kinds = frozenset({"feed"})


class SitemapSpider(SiteSpider):
    """Crawls sitemaps only, including news sitemaps and sitemap indexes."""

    name = "sitemap"
    kinds = frozenset({"sitemap"})


class SectionSpider(SiteSpider):
    """Crawls section pages only."""

    name = "section"
    kinds = frozenset({"section"})


class WordpressSpider(SiteSpider):
    """Crawls the WordPress REST API only."""

    name = "wordpress"
    kinds = frozenset({"wordpress"})


class UrlsSpider(SiteSpider):
    """Crawls lists of URLs only: those in a site's YAML file, or one given as an argument, to backfill an archive.

    `scrapy crawl urls -a site=step -a file=list.txt`: `file` has one URL per line, or is CSV or JSON Lines with a
    column `url`; `site` is the id of the site that the URLs belong to.

    :raises ConfigError: when `file` does not exist, or is given without `site`.
    """

    name = "urls"
    kinds = frozenset({"urls"})

    def __init__(self, file: str = "", site: str = "", **kwargs: Any) -> None:
        if file and not site:
            raise ConfigError(f"urls: -a file={file} goes with -a site=ID: the site that the addresses are of")
        if file and not Path(file).is_file():
            raise ConfigError(f"urls: {file}: there is no such file")
        super().__init__(**kwargs | ({"sites": site} if site else {}))
        self.file = Path(file).absolute() if file else None

    def concerned(self) -> tuple[Site, ...]:
        return super().concerned() if self.file is None else self.chosen

    async def polls(self, site: Site) -> list[Poll]:
        """The polls of a site's lists; none for a `file`, whose URLs go straight to the frontier."""
        if self.file is None:
            return await super().polls(site)
        source, name, body = Source(kind="urls", url=site.homepage), self.file.as_uri(), self.file.read_bytes()
        try:
            found = await self.workers.run(stages.discover, site, source, body, name, {})
        except PageProblem as problem:
            self.stop(ArshifError(f"{self.file}: {problem}"))
            return []
        await self.session.sources.discovered(Poll(site, source, name, name), found, body, {})
        return []
