"""What a request for something known carries."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from scrapy import Request

from crawler.fetch.conditional_requests import ConditionalRequestMiddleware, entity_tags


@pytest.mark.parametrize(
    ("etag", "sent"),
    [
        ('"5d8c-gzip"', '"5d8c"'),
        ('"5d8c-61f0-gzip"', '"5d8c-61f0"'),
        ('W/"5d8c-gzip"', 'W/"5d8c"'),
        ('"5d8c--gzip"', '"5d8c--gzip", "5d8c"'),
        ('"5d8c;gzip"', '"5d8c;gzip", "5d8c"'),
        ('"5d8c-br"', '"5d8c"'),
        ('"5d8c"', '"5d8c"'),
        ('W/"5d8c-61f0"', 'W/"5d8c-61f0"'),
        ("unquoted-gzip", "unquoted-gzip"),
        ('"-gzip"', '"-gzip"'),
    ],
)
def test_the_tag_of_the_content_goes_along_with_that_of_its_encoding(etag: str, sent: str) -> None:
    assert entity_tags(etag) == sent
    request = Request("https://step.example/1", meta={"etag": etag, "last_modified": "Mon, 23 Nov 2026 09:00:00 GMT"})
    asyncio.run(ConditionalRequestMiddleware().process_request(request))
    assert request.headers["If-None-Match"] == sent.encode()
    assert request.headers["If-Modified-Since"] == b"Mon, 23 Nov 2026 09:00:00 GMT"


def test_a_date_that_has_not_come_is_not_sent() -> None:
    """Until then, a server may say that nothing has changed: that of a site whose clock was ahead for a while."""
    ahead = format_datetime(datetime.now(UTC) + timedelta(days=1), usegmt=True)
    for etag in ('"x"', None):
        request = Request("https://step.example/1", meta={"etag": etag, "last_modified": ahead})
        asyncio.run(ConditionalRequestMiddleware().process_request(request))
        assert "If-Modified-Since" not in request.headers
        assert ("If-None-Match" in request.headers) == (etag is not None)
