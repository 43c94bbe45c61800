"""Raw copies: the answer as it came, before anything decompresses it, for the WARC file."""

from __future__ import annotations

from scrapy import Request
from scrapy.http import Response

from index.raw import Received


class RawCopies:
    """Keeps a page's status, headers and body as received in `request.meta["raw"]`; the store writes them."""

    async def process_response(self, request: Request, response: Response) -> Response:
        if request.meta.get("keep_raw") and response.status == 200:
            headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in _pairs(response)]
            request.meta["raw"] = Received(response.url, response.status, headers, response.body)
        return response


def _pairs(response: Response) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name in response.headers for value in response.headers.getlist(name)]
