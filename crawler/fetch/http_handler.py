"""The download handler of every crawl: Scrapy's own with bounds, and the browser's for rendered pages.

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
    """Downloads plain requests itself, and hands those to be rendered to the browser's handler.

    That handler (BROWSER_HANDLER) takes a second to import, and so is loaded with the first rendered page.
    """

    _browser: Any = None

    async def download_request(self, request: Request) -> Response:
        try:
            for look in request.meta.pop("looks", {}).values():  # last checks before the request is sent
                look()
            if turn := request.meta.pop("turn", None):
                await turn()  # no other machine asks the host now
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
