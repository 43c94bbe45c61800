"""Documents -> bulk requests: with the archive's version, so that an older one never overwrites a newer one. Items that
are put off are tried again, and a request that is refused whole is halved until the document is found."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any
from urllib.parse import urlsplit

from elasticsearch import ApiError

from index.engines.base import REBUILD
from index.engines.elastic.client import TRY_LATER, Server, reason
from index.engines.elastic.mapping import ECS
from index.engines.record import IndexRecord, record
from index.errors import IndexMismatch, IndexUnavailable
from index.model.article import IndexDocument

BULK_BYTES = 10_000_000  # of text in one request, a tenth of Elasticsearch's own limit (http.max_content_length)
RETRY_SECONDS = (0.5, 1.0, 2.0, 4.0)  # waits between tries of items that were put off; then the shipper backs off
REFUSED = frozenset({400, 413})  # the document's own fault: quarantine


@dataclass(frozen=True, slots=True)
class Action:
    """One line or two of a bulk request: the article it is about, what to do, the document, its size in bytes."""

    article: str
    what: dict[str, Any]
    source: dict[str, Any] | None = None
    size: int = 0

    def narrowed(self, fields: Collection[str]) -> Action:
        """With these fields only: what an index of an older mapping can take."""
        if self.source is None:
            return self
        return replace(self, source={name: value for name, value in self.source.items() if name in fields})


def deletion(article: str) -> Action:
    """Take an article's document out."""
    return Action(article, {"delete": {"_id": article}})


def upsert(document: IndexDocument) -> Action:
    """Bring a document in. Raises ValueError, with the reason, for one that no index can take."""
    made = record(document)
    source = {
        **{name: values[0] if len(values) == 1 else values for name, values in (made.keywords | made.texts).items()},
        **made.stems,
        **{"order": made.order, "changed": made.changed, "day": made.day, "digest": made.digest},
        **_for_people(document),
    }
    # gte: the same version comes again after a crash between the index and the acknowledgement
    what = {"index": {"_id": made.id, "version": made.version, "version_type": "external_gte"}}
    return Action(document.article.id, what, source, _size(made))


def _for_people(document: IndexDocument) -> dict[str, Any]:
    """What dashboards look for, under the names of ECS and schema.org."""
    article = document.article
    dates = {"datePublished": article.published, "dateModified": article.modified}
    return {
        "@timestamp": document.sort_date.astimezone(UTC).isoformat(),
        **{name: date.astimezone(UTC).isoformat() for name, date in dates.items() if date},
        "ecs": {"version": ECS},
        "event": {"created": document.first_seen.astimezone(UTC).isoformat(), "dataset": "arshif.articles"},
        "url": {"full": article.url, "domain": _domain(article.url)},
    }


def _domain(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _size(made: IndexRecord) -> int:
    size = sum(len(text.encode()) for values in made.texts.values() for text in values)
    return size + sum(len(stems.encode()) for stems in made.stems.values())


def send(server: Server, index: str, actions: Sequence[Action]) -> dict[str, str]:
    """Do all of it; gives the articles that were refused for good, with the reason."""
    refused: dict[str, str] = {}
    for chunk in _chunks(actions):
        refused |= _bulk(server, index, chunk)
    return refused


def _chunks(actions: Sequence[Action]) -> Iterator[list[Action]]:
    chunk: list[Action] = []
    size = 0
    for action in actions:
        if chunk and size + action.size > BULK_BYTES:
            yield chunk
            chunk, size = [], 0
        chunk.append(action)
        size += action.size
    if chunk:
        yield chunk


def _bulk(server: Server, index: str, actions: list[Action]) -> dict[str, str]:
    refused: dict[str, str] = {}
    for wait in (*RETRY_SECONDS, None):
        try:
            lines = [line for action in actions for line in (action.what, action.source) if line]
            answer = server.client.bulk(index=index, operations=lines)
        except ApiError as error:
            if error.status_code in REFUSED and not _is_closed(error.body):
                return refused | _narrow(server, index, actions, reason(error.body))
            if error.status_code not in TRY_LATER or wait is None:
                raise
        else:
            items = [next(iter(item.values())) for item in answer["items"]]
            outcomes = list(zip(actions, items, strict=True))
            refused |= {action.article: reason(item) for action, item in outcomes if _refused(item)}
            actions = [action for action, item in outcomes if _put_off(item)]
            if not actions:
                return refused
            if wait is None:
                last = next(item for _, item in outcomes if _put_off(item))
                raise IndexUnavailable(f"The index at {server.url} puts documents off: {reason(last)}.")
        time.sleep(wait)
    raise AssertionError("the last try returns or raises")


def _narrow(server: Server, index: str, actions: list[Action], why: str) -> dict[str, str]:
    """A whole request was refused: find out for which document, by halves."""
    if len(actions) == 1:
        return {actions[0].article: why}
    middle = len(actions) // 2
    return _bulk(server, index, actions[:middle]) | _bulk(server, index, actions[middle:])


def _refused(item: dict[str, Any]) -> bool:
    """For good: the document's own fault."""
    return item["status"] in REFUSED and not _is_closed(item)


def _is_closed(body: Any) -> bool:
    """Elasticsearch says 400 for this too, as if the document were at fault; somebody opens the index again."""
    error = body.get("error") if isinstance(body, dict) else None
    return isinstance(error, dict) and error.get("type") == "index_closed_exception"


def _put_off(item: dict[str, Any]) -> bool:
    """Not done, and not the document's own fault. 409: a newer version is there; 404: nothing to delete."""
    status = item["status"]
    if status == 404 and item.get("error"):
        raise IndexMismatch(f"The index is gone ({reason(item)}): {REBUILD}.")
    return status >= 300 and not _refused(item) and status not in (404, 409)
