"""What may stand in `raw.url`: the URL of a folder, or of a bucket with its server; and in `raw.outside`."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

from index.model.message import Message
from index.warc.messages import PlaceMessage


def outside_problem(place: str) -> Message | None:
    """What is wrong with a place of files that others wrote, None if nothing."""
    if place.startswith("s3://"):
        return url_problem(place)
    if re.fullmatch(r"/[^\0]*|file:///[^?#\s]*|https?://[^\s/?#@]+(/[^\s?#]*)?", place):
        return None
    return Message(PlaceMessage.NOT_OUTSIDE)


def url_problem(url: str) -> Message | None:
    """What is wrong with the URL of a place of raw copies, None if nothing. It is not repeated, as it may hold a
    password."""
    scheme, _, rest = url.partition("://")
    if scheme == "file":
        return None if re.fullmatch(r"/[^?#]*", rest) else Message(PlaceMessage.NOT_FOLDER)
    if scheme != "s3":
        return Message(PlaceMessage.NOT_PLACE)
    try:
        parts = urlsplit(url)
        query = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return Message(PlaceMessage.NOT_URL)
    if "@" in url or {name for name, _ in query} - {"endpoint", "region"}:
        return Message(PlaceMessage.TOO_MUCH)
    endpoint = dict(query).get("endpoint")
    bucket = re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", parts.netloc)
    if not bucket or not re.fullmatch(r"(/[A-Za-z0-9._=-]+)*/?", parts.path) or parts.fragment:
        return Message(PlaceMessage.NOT_BUCKET)
    if endpoint is not None and not re.fullmatch(r"https?://[^\s/?#@]+/?", endpoint):
        return Message(PlaceMessage.NOT_ENDPOINT)
    return None
