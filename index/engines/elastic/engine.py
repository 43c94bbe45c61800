"""`Engine` on Elasticsearch: one versioned index per target, another for earlier versions, a read and a write alias.

`arshif` (the prefix) is the alias that is searched, `arshif-versions` that of earlier versions, `arshif-write` the one
for other programs that write; all of them move at once. The exact fields have an analyzer generated from the tables of
`index/text/analysis.py`; the stem fields are filled with stems.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import Any

from elasticsearch import ApiError, NotFoundError, helpers

from index.engines.base import MAPPING_VERSION, REBUILD, IndexedDocument, is_ours, must_be_ours
from index.engines.cursor import decode_cursor, encode_cursor
from index.engines.elastic.bulk import Action, deletion, send, upsert
from index.engines.elastic.client import Server
from index.engines.elastic.mapping import EARLIER, template
from index.engines.elastic.query_dsl import counting, query_dsl, sorting
from index.engines.legacy_mapping import without_unknown
from index.engines.query_plan import Plan, plan
from index.engines.record import UnfitDocument, article_of, is_earlier
from index.errors import IndexMismatch, IndexUnavailable
from index.model.article import IndexDocument
from index.model.message import Message
from index.model.query import Query
from index.model.results import Match, Matches

ADMIN_SECONDS = 60  # creating and deleting an index waits for the cluster state
SEARCH_SECONDS = 10  # nobody waits longer for a search
CURRENT_SECONDS = 60.0  # before the mapping of the searched index is checked again


class ElasticEngine:
    """`Engine` on an Elasticsearch server of the same major version."""

    name = "elasticsearch"

    def __init__(
        self,
        url: str,
        *,
        api_key: str = "",
        basic_auth: tuple[str, str] | None = None,
        ca_file: str = "",
        prefix: str = "arshif",
    ) -> None:
        self.url = url
        self.prefix = prefix
        self.server = Server(url, api_key=api_key, basic_auth=basic_auth, ca_file=ca_file)
        self._checked = self.server.checked
        self._todays: float | None = None  # until then (monotonic seconds), the searched index is known to be current

    # --- targets ---

    def create(self, target: str) -> None:
        must_be_ours(target, self.prefix)  # the template applies to such names only
        with self._checked(ADMIN_SECONDS) as client:
            client.indices.put_index_template(name=f"{self.prefix}-v{MAPPING_VERSION}", **template(self.prefix))
            for index in (target, target + EARLIER):
                try:
                    client.indices.create(index=index)
                except ApiError as error:
                    if error.error != "resource_already_exists_exception":
                        raise

    def activate(self, target: str) -> None:
        before = self._named()
        read, write = self.prefix, f"{self.prefix}-write"
        actions: list[dict[str, Any]] = [
            *({"remove": {"index": old, "aliases": [read, write]}} for old in before if old != target),
            {"remove": {"index": f"{self.prefix}-v*", "alias": read + EARLIER, "must_exist": False}},
            {"add": {"index": target, "alias": read}},
            {"add": {"index": target, "alias": write, "is_write_index": True}},
            {"add": {"index": target + EARLIER, "alias": read + EARLIER}},
        ]
        with self._checked(ADMIN_SECONDS) as client:
            client.indices.refresh(index=[target, target + EARLIER])
            client.indices.update_aliases(actions=actions)
        for old in before:
            if old != target:
                self.drop(old)

    def drop(self, target: str) -> None:
        if target in self._named():
            raise IndexMismatch(f"{target} is the index that searches go to: publish another one before.")
        with self._checked(ADMIN_SECONDS) as client:
            client.indices.delete(index=[target, target + EARLIER], ignore_unavailable=True)

    def targets(self) -> list[str]:
        with self._checked() as client:
            found = client.indices.get(
                index=f"{self.prefix}-v*",
                expand_wildcards=["open", "closed"],  # a closed index is not lost
                filter_path="*.aliases",
            ).body
        return sorted(name for name in found if not name.endswith(EARLIER))

    def searched(self) -> str | None:
        return next(iter(self._named()), None)

    def current(self) -> str | None:
        return next((name for name in self._named() if is_ours(name, self.prefix)), None)

    def _named(self) -> list[str]:
        with self._checked() as client:
            try:
                return sorted(client.indices.get_alias(name=self.prefix).body)
            except NotFoundError:
                return []

    def close(self) -> None:
        self.server.close()

    # --- writing ---

    def bulk(self, target: str, upserts: Sequence[IndexDocument], deletes: Sequence[str]) -> dict[str, Message]:
        refused: dict[str, Message] = {}
        actions: dict[str, list[Action]] = {
            target: [deletion(article) for article in deletes],
            target + EARLIER: [deletion(id_) for id_ in deletes if is_earlier(id_)],
        }
        for document in upserts:
            try:
                actions[target if document.current else target + EARLIER].append(upsert(document))
            except UnfitDocument as error:
                refused[document.article.id] = error.message
        with self._checked() as client:
            if not is_ours(target, self.prefix):
                fields = self._fields(target)
                actions = {target: [action.narrowed(fields) for action in actions[target]]}
            elif deletes:
                of_these = {"terms": {"article": list(deletes)}}
                client.delete_by_query(index=target + EARLIER, query=of_these, conflicts="proceed", refresh=True)
            for index, lines in actions.items():
                refused |= send(self.server, index, lines)
        return refused

    # --- reading ---

    def search(self, query: Query) -> Matches:
        asked = self._plan(query)
        by_score = asked.sort == "relevance"
        key = decode_cursor(query, asked.sort, 3 if by_score else 1)
        order = sorting(asked)
        found = self._search(
            query,
            query=query_dsl(asked),
            sort=order,
            size=query.limit + 1,
            search_after=key[: len(order)] if key is not None else None,
            track_total_hits=True,
        )
        hits = found["hits"]["hits"]
        page = hits[: query.limit]
        seen = (int(key[2]) if key is not None and by_score else 0) + len(page)
        more = len(hits) > query.limit
        after = encode_cursor(asked.sort, [*page[-1]["sort"], *([seen] if by_score else [])]) if more else None
        return Matches(int(found["hits"]["total"]["value"]), tuple(_match(hit, by_score) for hit in page), after)

    def facet_counts(self, query: Query, fields: Sequence[str]) -> dict[str, dict[str, int]]:
        asked = self._plan(query)
        counted = {field: counting(field) for field in fields}
        found = self._search(query, query=query_dsl(asked), size=0, track_total_hits=False, aggs=counted)
        return {field: _counts(found["aggregations"][field]["buckets"]) for field in fields}

    def _plan(self, query: Query) -> Plan:
        with self._checked():
            fields = self._older_fields()
        return without_unknown(plan(query), fields) if fields else plan(query)

    def _search(self, asked: Query, **request: Any) -> Any:
        """Elasticsearch's response, which covers the whole index or is an error."""
        with self._checked(SEARCH_SECONDS) as client:
            try:
                found = client.search(
                    index=[self.prefix, self.prefix + EARLIER] if asked.versions else self.prefix,
                    ignore_unavailable=asked.versions,  # an index of an older mapping has none of earlier versions
                    allow_partial_search_results=False,
                    timeout=f"{SEARCH_SECONDS - 1}s",
                    source=False,
                    **request,
                )
            except NotFoundError as error:
                raise IndexUnavailable(f"There is no index at {self.url} yet: {REBUILD}.") from error
        if found["timed_out"]:
            raise IndexUnavailable(f"{self.url} did not answer in {SEARCH_SECONDS} s: ask for less.")
        return found

    def count(self, target: str | None = None) -> int:
        with self._checked() as client:
            client.indices.refresh(index=target or self.prefix)
            return int(client.count(index=target or self.prefix)["count"])

    def ids(self, target: str) -> Iterator[tuple[str, int]]:
        with self._checked() as client:
            client.indices.refresh(index=target)
            for hit in helpers.scan(client, index=target, query={"_source": False, "version": True}):
                yield hit["_id"], int(hit["_version"])

    def scan(self, target: str) -> Iterator[IndexedDocument]:
        wanted = {"_source": False, "version": True, "docvalue_fields": ["digest"]}
        with self._checked() as client:
            client.indices.refresh(index=[target, target + EARLIER])
            for hit in helpers.scan(client, index=[target, target + EARLIER], query=wanted):
                yield IndexedDocument(
                    hit["_id"], int(hit["_version"]), int(hit.get("fields", {}).get("digest", [0])[0])
                )

    def damage(self, target: str) -> list[str]:  # noqa: ARG002 - Lucene checks its own files
        return []

    def _older_fields(self) -> frozenset[str]:
        """The fields of the searched index if its mapping is an older one; none if it is the current one."""
        if self._todays is not None and time.monotonic() < self._todays:
            return frozenset()
        if self.current() is not None or not (named := self._named()):
            self._todays = time.monotonic() + CURRENT_SECONDS
            return frozenset()
        with contextlib.suppress(NotFoundError), self._checked():  # the new index has just taken over
            return self._fields(named[0])
        return frozenset()

    def _fields(self, target: str) -> frozenset[str]:
        found = self.server.client.indices.get_mapping(index=target)
        return frozenset(found[target]["mappings"]["properties"])


def _match(hit: dict[str, Any], by_score: bool) -> Match:
    score = float(hit["_score"] or 0.0) if by_score else 0.0
    if hit["_index"].endswith(EARLIER):
        article, number = article_of(hit["_id"])
        return Match(article, score, number)
    return Match(hit["_id"], score)


def _counts(buckets: list[dict[str, Any]]) -> dict[str, int]:
    """Counts by value: of days all, in no order; of other fields those that Elasticsearch selected, in its order."""
    return {_value(bucket["key"]): int(bucket["doc_count"]) for bucket in buckets}


def _value(key: Any) -> str:
    return str(int(key)) if isinstance(key, float) else str(key)
