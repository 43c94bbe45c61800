"""Conduct: how a site treats its visitors today: failing, walled, slow, or with validators that lie."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Literal

from .answer import Answer
from .dates import http

Validators = Literal["on", "off", "lying", "deaf"]
COMPRESSED = ("text/", "application/json", "application/xml", "application/rss", "application/atom", "application/rdf")
SMALLEST = 500  # bytes: below, compressing gains nothing


@dataclass(frozen=True, slots=True)
class Conduct:
    """`fail` answers that status to paths that begin with `only`, with Retry-After `retry_after`; `wall` shows a bot
    wall with that status everywhere but at robots.txt; `hang` waits so many seconds before each answer, `drip` between
    its pieces; `validators` are on, off, lying: one ETag and date for ever, with 304 to whoever shows them, or deaf:
    true ones, but never 304."""

    fail: int | None = None
    only: str = "/"
    retry_after: int | str | None = None
    wall: int | None = None
    hang: float = 0.0
    drip: float = 0.0
    validators: Validators = "on"


def failure(conduct: Conduct) -> Answer:
    """What a failing site answers."""
    headers = {} if conduct.retry_after is None else {"Retry-After": str(conduct.retry_after)}
    status = conduct.fail or 503
    return Answer(status, f"<h1>{status}</h1>\n".encode(), "text/html; charset=UTF-8", None, headers)


def conditional(answer: Answer, asked: Mapping[str, str], validators: Validators, oldest: datetime) -> Answer:
    """The answer with its validators, or 304 where the visitor has it already (RFC 9110 13.2.2: If-None-Match goes
    before If-Modified-Since). `asked` are the request's headers with lower-case names."""
    if answer.status != 200 or answer.modified is None or validators == "off":
        return answer
    etag, modified = ('"evergreen"', oldest) if validators == "lying" else (answer.etag, answer.modified)
    dated = http(modified)
    answer = replace(answer, headers={**answer.headers, "ETag": etag, "Last-Modified": dated})
    if validators == "deaf":
        return answer
    known = asked.get("if-none-match")
    if known is not None:
        same = known.strip() == "*" or etag in {tag.strip().removeprefix("W/") for tag in known.split(",")}
    else:
        same = _not_since(asked.get("if-modified-since"), parsedate_to_datetime(dated))
    return replace(answer, status=304, body=b"") if same else answer


def compressed(answer: Answer, asked: Mapping[str, str]) -> Answer:
    """The answer gzipped where the visitor takes that and it helps; its ETag becomes a weak one."""
    wanted = "gzip" in asked.get("accept-encoding", "")
    if not wanted or len(answer.body) < SMALLEST or not answer.content_type.startswith(COMPRESSED):
        return answer
    headers = {**answer.headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    if "ETag" in headers:
        headers["ETag"] = f"W/{headers['ETag']}"
    return replace(answer, body=gzip.compress(answer.body, 1, mtime=0), headers=headers)


def _not_since(text: str | None, modified: datetime) -> bool:
    if not text:
        return False
    try:
        return parsedate_to_datetime(text) >= modified
    except (TypeError, ValueError):  # an invalid date is as none; one without a zone compares with nothing
        return False
