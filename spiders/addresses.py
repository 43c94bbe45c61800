"""The spider of addresses that people asked to have fetched now: those that its run has claimed, and no others."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.errors import ArshifError
from crawler.fetch.circuit_breaker import HostUnavailable
from crawler.fetch.host_budget import TrapSuspected
from crawler.session.addresses import AddressSession
from crawler.session.facsimiles import FacsimilePlan
from crawler.session.pages import GoesOn
from crawler.site_config import Site
from index.archive.frontier import FrontierRow
from index.model.message import Message
from spiders.base import fetch_problem
from spiders.site import SiteSpider, said_once


class AddressSpider(SiteSpider):
    """Fetches the addresses of a run in full, whether or not they are due, and polls no source.

    Arguments: `run`, the run's number in the archive; `asked`, the sites of its addresses; `told`, which is called
    with each address that is done.
    """

    name = "addresses"
    session: AddressSession
    session_class = AddressSession

    def __init__(
        self, run: str = "", asked: Iterable[Site] = (), told: Callable[[str], None] = lambda _: None, **kwargs: Any
    ) -> None:
        super().__init__(run=run, **kwargs)
        self.chosen = tuple(asked)
        self.told = told

    async def start(self) -> AsyncIterator[Request]:
        try:
            found = await self.session.open_for(self.chosen)
        except ArshifError as error:
            self.stop(error)
            return
        with said_once():
            for site in self.session.sites:
                for url in found[site.id]:
                    if (row := await self.session.row(site, url)) is not None:
                        yield self.fetch(site, row)
                    else:
                        self.told(url)

    def fetch(self, site: Site, row: FrontierRow, *, render: bool = False) -> Request:
        """The request for a page, without validators: a person doubts what is known of it."""
        request = super().fetch(site, row, render=render)
        request.meta.update(etag=None, last_modified=None)
        return request

    async def parse_article(
        self, response: Response, site: Site, row: FrontierRow
    ) -> AsyncIterator[dict[str, Any] | Request]:
        """As for any page; then what came of its address."""
        async for one in self._then_done(super().parse_article(response, site, row), site, row):
            yield one

    async def parse_further(
        self, response: Response, site: Site, row: FrontierRow, begun: GoesOn
    ) -> AsyncIterator[dict[str, Any] | Request]:
        """As for any article in several pages; then what came of its address."""
        async for one in self._then_done(super().parse_further(response, site, row, begun), site, row):
            yield one

    async def further_failed(self, failure: Failure) -> AsyncIterator[dict[str, Any] | Request]:
        """As for any article in several pages; then what came of its address."""
        arguments = failure.request.cb_kwargs  # type: ignore[attr-defined]
        came = super().further_failed(failure)
        async for one in self._then_done(came, arguments["site"], arguments["row"], _unasked(failure)):
            yield one

    async def parse_part(
        self, response: Response, site: Site, row: FrontierRow, plan: FacsimilePlan
    ) -> AsyncIterator[dict[str, Any] | Request]:
        """As for any facsimile; then what came of its article's address."""
        async for one in self._then_done(super().parse_part(response, site, row, plan), site, row):
            yield one

    async def part_failed(self, failure: Failure) -> AsyncIterator[dict[str, Any] | Request]:
        """As for any facsimile; then what came of its article's address."""
        arguments = failure.request.cb_kwargs  # type: ignore[attr-defined]
        async for one in self._then_done(super().part_failed(failure), arguments["site"], arguments["row"]):
            yield one

    async def _then_done(
        self,
        came: AsyncIterator[dict[str, Any] | Request],
        site: Site,
        row: FrontierRow,
        why: Message | None = None,
    ) -> AsyncIterator[dict[str, Any] | Request]:
        """What came for an address, which is done if no request goes on with it."""
        goes_on = False
        async for one in came:
            goes_on = goes_on or isinstance(one, Request)
            yield one
        if not goes_on:
            await self._done(site, row, why)

    async def page_failed(self, failure: Failure) -> None:
        """As for any page; then why its address could not be fetched."""
        await super().page_failed(failure)
        arguments = failure.request.cb_kwargs  # type: ignore[attr-defined]
        await self._done(arguments["site"], arguments["row"], _unasked(failure))

    async def _done(self, site: Site, row: FrontierRow, why: Message | None = None) -> None:
        with said_once():
            await self.session.settle(site, row.url, why)
        self.told(row.url)


def _unasked(failure: Failure) -> Message | None:
    """Why a host was not asked at all, which is recorded of no page; None if it was."""
    unasked = isinstance(failure.value, HostUnavailable | TrapSuspected)
    return fetch_problem(failure).message if unasked else None
