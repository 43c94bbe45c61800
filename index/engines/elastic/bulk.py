"""Bulk requests: documents carry the archive's version, so that an older one never overwrites a newer one. Items that
the server defers are retried, and a request rejected as a whole is halved until the document at fault is found."""

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
from index.model.codes import IndexReason
from index.model.message import Message

BULK_BYTES = 10_000_000  # of text per request, a tenth of Elasticsearch's own limit (http.max_content_length)
RETRY_SECONDS = (0.5, 1.0, 2.0, 4.0)  # waits between attempts for deferred items; then the indexer backs off
REFUSED = frozenset({400, 413})  # the document is at fault: quarantine


@dataclass(frozen=True, slots=True)
class Action:
    """One or two lines of a bulk request: the article, the action, the document, and its size in bytes."""

    article: str
    what: dict[str, Any]
    source: dict[str, Any] | None = None
    size: int = 0

    def narrowed(self, fields: Collection[str]) -> Action:
        """The action with these fields only, for an index of an older mapping."""
        if self.source is None:
            return self
        return replace(self, source={name: value for name, value in self.source.items() if name in fields})


def deletion(article: str) -> Action:
    """The action that deletes the document of this id."""
    return Action(article, {"delete": {"_id": article}})


def upsert(document: IndexDocument) -> Action:
    """The action that indexes a document.

    :raises UnfitDocument: when no index can store it.
    """
    made = record(document)
    source = {
        **{name: values[0] if len(values) == 1 else values for name, values in (made.keywords | made.texts).items()},
        **made.stems,
        **made.numbers,
        **{"order": made.order, "changed": made.changed, "day": made.day, "digest": made.digest},
        **_for_people(document),
    }
    # gte: after a crash between indexing and acknowledgement, the same version is sent again
    what = {"index": {"_id": made.id, "version": made.version, "version_type": "external_gte"}}
    return Action(document.article.id, what, source, _size(made))


def _for_people(document: IndexDocument) -> dict[str, Any]:
    """The fields that dashboards look for, under their names in ECS and schema.org."""
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


def send(server: Server, index: str, actions: Sequence[Action]) -> dict[str, Message]:
    """Send all actions; return the ids of the articles rejected for good, each with the reason.

    :raises IndexUnavailable: when the server keeps deferring documents.
    :raises IndexMismatch: when the index is gone.
    :raises ApiError: when the server answers any other error.
    """
    refused: dict[str, Message] = {}
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


def _bulk(server: Server, index: str, actions: list[Action]) -> dict[str, Message]:
    refused: dict[str, Message] = {}
    for wait in (*RETRY_SECONDS, None):
        try:
            lines = [line for action in actions for line in (action.what, action.source) if line]
            answer = server.client.bulk(index=index, operations=lines)
        except ApiError as error:
            if error.status_code in REFUSED and not _is_closed(error.body):
                return refused | _narrow(server, index, actions, _answer(error.body))
            if error.status_code not in TRY_LATER or wait is None:
                raise
        else:
            items = [next(iter(item.values())) for item in answer["items"]]
            outcomes = list(zip(actions, items, strict=True))
            refused |= {action.article: _answer(item) for action, item in outcomes if _refused(item)}
            actions = [action for action, item in outcomes if _put_off(item)]
            if not actions:
                return refused
            if wait is None:
                last = next(item for _, item in outcomes if _put_off(item))
                raise IndexUnavailable(f"The index at {server.url} puts documents off: {reason(last)}.")
        time.sleep(wait)
    raise AssertionError("the last try returns or raises")


def _narrow(server: Server, index: str, actions: list[Action], why: Message) -> dict[str, Message]:
    """Find the document for which a whole request was rejected, by halving."""
    if len(actions) == 1:
        return {actions[0].article: why}
    middle = len(actions) // 2
    return _bulk(server, index, actions[:middle]) | _bulk(server, index, actions[middle:])


def _answer(body: Any) -> Message:
    """Why the server rejected a document."""
    return Message(IndexReason.SERVER, {"answer": reason(body)})


def _refused(item: dict[str, Any]) -> bool:
    """Whether the item was rejected for good: the document is at fault."""
    return item["status"] in REFUSED and not _is_closed(item)


def _is_closed(body: Any) -> bool:
    """Whether the index is closed. Elasticsearch answers 400 to that as well, though the document is not at fault: a
    person has to open the index again."""
    error = body.get("error") if isinstance(body, dict) else None
    return isinstance(error, dict) and error.get("type") == "index_closed_exception"


def _put_off(item: dict[str, Any]) -> bool:
    """Whether the item was deferred: it failed, and not because of the document. Done are also 409, a newer version
    exists, and 404, nothing to delete."""
    status = item["status"]
    if status == 404 and item.get("error"):
        raise IndexMismatch(f"The index is gone ({reason(item)}): {REBUILD}.")
    return status >= 300 and not _refused(item) and status not in (404, 409)
