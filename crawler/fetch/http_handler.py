"""The download handler of every crawl: Scrapy's own, bounded, and the browser's for pages that are rendered.

Scrapy loads it by name (`crawler/settings.py`).
"""

from __future__ import annotations

from typing import Any

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.http import Response
from scrapy.utils.misc import load_object

from crawler.fetch.bounded_agent import BoundedAgent
from crawler.fetch.host_state import request_unsent


class HttpHandler(BoundedAgent, HTTP11DownloadHandler):
    """Plain requests; the browser's handler (BROWSER_HANDLER), which takes a second to import, joins it with the first
    rendered page."""

    _browser: Any = None

    async def download_request(self, request: Request) -> Response:
        try:
            for look in request.meta.pop("looks", {}).values():  # the last before it is sent
                look()
        except Exception:
            self._crawler.signals.send_catch_log(request_unsent, request=request)
            raise
        if not request.meta.get("playwright"):
            return await super().download_request(request)
        if self._browser is None:
            self._browser = load_object(self._crawler.settings["BROWSER_HANDLER"])(self._crawler)
            await self._browser.begin()
        answer: Response = await self._browser.download_request(request)
        return answer

    async def close(self) -> None:
        await super().close()
        if self._browser is not None:
            await self._browser.close()
