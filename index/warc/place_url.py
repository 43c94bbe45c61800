"""What may stand in `raw.url`: the URL of a folder, or of a bucket with its server."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit


def url_problem(url: str) -> str:
    """What is wrong with the URL of a place of raw copies, "" if nothing. It is not repeated, as it may hold a
    password."""
    scheme, _, rest = url.partition("://")
    if scheme == "file":
        return "" if re.fullmatch(r"/[^?#]*", rest) else "does not name a folder: use the form file:///mnt/raw"
    if scheme != "s3":
        return "is no place of raw copies: it must begin with s3:// or file:///, or be empty"
    try:
        parts = urlsplit(url)
        query = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return "is not a URL: use the form s3://bucket/prefix?endpoint=https://s3.example.org"
    if "@" in url or {name for name, _ in query} - {"endpoint", "region"}:
        return (
            "has more than a bucket, a prefix, `endpoint` and `region`: leave that out, and set AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY, or AWS_SHARED_CREDENTIALS_FILE to a file that has them"
        )
    endpoint = dict(query).get("endpoint")
    bucket = re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", parts.netloc)
    if not bucket or not re.fullmatch(r"(/[A-Za-z0-9._=-]+)*/?", parts.path) or parts.fragment:
        return "does not name a bucket: use the form s3://bucket/prefix?endpoint=https://s3.example.org"
    if endpoint is not None and not re.fullmatch(r"https?://[^\s/?#@]+/?", endpoint):
        return "has an `endpoint` that is not the URL of a server: use the form https://s3.example.org"
    return ""
