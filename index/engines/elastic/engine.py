"""`Engine` on Elasticsearch: a versioned index per part of a target, another for earlier versions, a read and a write
alias.

A target's first part has its name, a further one `<target>-from-<when it begins>`. `arshif` (the prefix) is the alias
that is searched, `arshif-versions` that of earlier versions, `arshif-write` the one for other programs that write; all
of them move at once. The exact fields have an analyzer generated from the tables of `index/text/analysis.py`; the stem
fields are filled with stems.
"""

from __future__ import annotations

import contextlib
import logging
import re
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from elasticsearch import ApiError, AuthorizationException, BadRequestError, NotFoundError, helpers

from index.engines.base import (
    MAPPING_VERSION,
    REBUILD,
    IndexedDocument,
    Layout,
    PartLimits,
    is_ours,
    moment_of,
    must_be_ours,
    part_for,
    stamp,
)
from index.engines.cursor import decode_cursor, encode_cursor
from index.engines.elastic.bulk import Action, deletion, send, upsert
from index.engines.elastic.client import Server, reason
from index.engines.elastic.mapping import EARLIER, template
from index.engines.elastic.privileges import REPLICAS_INDICES
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
CURRENT_SECONDS = 60.0  # before the mapping of the searched index, and its parts, are looked at again
FROM = "-from-"  # between a target's name and when a further part of it begins
_PART = re.compile(rf"(?P<target>.+?)(?:{FROM}(?P<begin>[0-9]{{8}}t[0-9]{{12}}))?(?P<earlier>{EARLIER})?")

log = logging.getLogger(__name__)


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
        limits: PartLimits | None = None,
        layout: Layout | None = None,
    ) -> None:
        self.url = url
        self.prefix = prefix
        self.limits = limits
        self.layout = layout or Layout()
        self.server = Server(url, api_key=api_key, basic_auth=basic_auth, ca_file=ca_file)
        self._checked = self.server.checked
        self._todays: float | None = None  # until then (monotonic seconds), the searched index is known to be current
        self._sizes_refused = False  # and told
        self._is_divided = True  # whether it has several shards, as far as known

    # --- targets ---

    def create(self, target: str) -> None:
        must_be_ours(target, self.prefix)  # the template applies to such names only
        self._create(target)

    def _create(self, part: str) -> None:
        with self._checked(ADMIN_SECONDS) as client:
            made = template(self.prefix, self.layout)
            client.indices.put_index_template(name=f"{self.prefix}-v{MAPPING_VERSION}", **made)
            for index in (part, part + EARLIER):
                try:
                    client.indices.create(index=index)
                except ApiError as error:
                    if error.error != "resource_already_exists_exception":
                        raise

    def copy_as_told(self) -> None:
        if self.layout.replicas is None:
            return
        told = {"auto_expand_replicas": "false", "number_of_replicas": str(self.layout.replicas)}
        pattern = f"{self.prefix}-v*"
        with self._checked(ADMIN_SECONDS) as client:
            found = client.indices.get_settings(index=pattern, flat_settings=True, filter_path="*.settings.index*").body
            others = [
                name
                for name, said in found.items()
                if any(said["settings"].get(f"index.{key}", "false") != value for key, value in told.items())
            ]
            try:
                for name in others:  # a list of many would not fit in a request's line
                    client.indices.put_settings(index=name, settings=told)
            except AuthorizationException:
                log.warning(
                    "%s does not let this key or user set index.replicas of indexes that are there: it lacks the"
                    " privilege %s (or manage) on %s; `arshif index role` prints what a key needs",
                    *(self.url, *REPLICAS_INDICES, pattern),
                )
            except BadRequestError as error:  # such as more shards than the cluster takes
                log.warning(
                    "%s does not take index.replicas for indexes that are there: %s", self.url, reason(error.body)
                )

    def add_part(self, target: str, begin: datetime) -> None:
        must_be_ours(target, self.prefix)
        before = self._indexes(target)
        new = _name(target, begin)
        self._create(new)
        if target in self._named():
            read, write = self.prefix, f"{self.prefix}-write"
            actions: list[dict[str, Any]] = [
                *({"add": {"index": old, "alias": write, "is_write_index": False}} for old in before if old != new),
                {"add": {"index": new, "alias": read}},
                {"add": {"index": new, "alias": write, "is_write_index": True}},
                {"add": {"index": new + EARLIER, "alias": read + EARLIER}},
            ]
            with self._checked(ADMIN_SECONDS) as client:
                client.indices.update_aliases(actions=actions)
        self._todays = None

    def parts(self, target: str) -> list[datetime] | None:
        names = self._indexes(target)
        return [begin for name in names if (begin := _begin(name)) is not None] if target in names else None

    def drop_empty_part(self, target: str, begin: datetime) -> bool:
        part = _name(target, begin)
        both = [part, part + EARLIER]
        with self._checked(ADMIN_SECONDS) as client:
            client.indices.refresh(index=both)
            if client.count(index=both)["count"]:
                return False
            client.indices.delete(index=both, ignore_unavailable=True)
        return True

    def is_full(self, target: str, begin: datetime | None) -> bool:
        if self.limits is None:
            return False
        with self._checked() as client:
            try:
                found = client.indices.stats(index=_name(target, begin), metric="store", filter_path="_all.primaries")
            except AuthorizationException:  # a key of an earlier release; `arshif doctor` says what it lacks
                if not self._sizes_refused:
                    log.warning("%s does not tell this key how large the index is: it gets no further part", self.url)
                self._sizes_refused = True
                return False
        return int(found["_all"]["primaries"]["store"]["size_in_bytes"]) >= self.limits.most_bytes

    def activate(self, target: str) -> None:
        before = self._named()
        read, write = self.prefix, f"{self.prefix}-write"
        parts = self._indexes(target)
        if not parts:
            raise IndexMismatch(f"An index is gone from {self.url} ({target}): {REBUILD}.")
        actions: list[dict[str, Any]] = [
            *(
                {"remove": {"index": old, "aliases": [read, write]}}
                for replaced in before
                if replaced != target
                for old in self._indexes(replaced)
            ),
            {"remove": {"index": f"{self.prefix}-v*", "alias": read + EARLIER, "must_exist": False}},
            *({"add": {"index": part, "alias": read}} for part in parts),
            *({"add": {"index": part, "alias": write, "is_write_index": part == parts[-1]}} for part in parts),
            *({"add": {"index": part + EARLIER, "alias": read + EARLIER}} for part in parts),
        ]
        with self._checked(ADMIN_SECONDS) as client:
            client.indices.refresh(index=f"{target}*")  # a list of many would not fit in a request's line
            client.indices.update_aliases(actions=actions)
        self._todays = None
        for old in before:
            if old != target:
                self.drop(old)

    def drop(self, target: str) -> None:
        if target in self._named():
            raise IndexMismatch(f"{target} is the index that searches go to: publish another one before.")
        parts = self._indexes(target)
        with self._checked(ADMIN_SECONDS) as client:
            for part in parts:
                client.indices.delete(index=[part, part + EARLIER], ignore_unavailable=True)

    def targets(self) -> list[str]:
        return sorted({_target(name) for name in self._there(f"{self.prefix}-v*")})

    def _indexes(self, target: str) -> list[str]:
        """The indexes of a target's parts, without those of earlier versions, in the order of the parts."""
        return sorted(name for name in self._there(f"{target}*") if _target(name) == target)

    def _there(self, pattern: str) -> list[str]:
        """The indexes of these names, but those of earlier versions."""
        with self._checked() as client:
            found = client.indices.get(
                index=pattern,
                expand_wildcards=["open", "closed"],  # a closed index is not lost
                filter_path="*.aliases",
            ).body
        return [name for name in found if not name.endswith(EARLIER)]

    def searched(self) -> str | None:
        return next(iter(self._named()), None)

    def current(self) -> str | None:
        return next((name for name in self._named() if is_ours(name, self.prefix)), None)

    def _named(self) -> list[str]:
        with self._checked() as client:
            try:
                return sorted({_target(name) for name in client.indices.get_alias(name=self.prefix).body})
            except NotFoundError:
                return []

    def close(self) -> None:
        self.server.close()

    # --- writing ---

    def bulk(
        self, target: str, upserts: Sequence[IndexDocument], deletes: Sequence[str], parts: Sequence[datetime] = ()
    ) -> dict[str, Message]:
        refused: dict[str, Message] = {}
        actions: dict[str, list[Action]] = defaultdict(list)
        every = [_name(target, begin) for begin in (None, *parts)]
        for part in every if deletes else ():  # which of them has a document is not known any more
            actions[part] = [deletion(article) for article in deletes]
            actions[part + EARLIER] = [deletion(id_) for id_ in deletes if is_earlier(id_)]
        for document in upserts:
            part = _name(target, part_for(document.stored, parts))
            try:
                actions[part if document.current else part + EARLIER].append(upsert(document))
            except UnfitDocument as error:
                refused[document.article.id] = error.message
        with self._checked() as client:
            if not is_ours(target, self.prefix):
                fields = self._fields(target)
                current = {index: lines for index, lines in actions.items() if not index.endswith(EARLIER)}
                actions = {index: [action.narrowed(fields) for action in lines] for index, lines in current.items()}
            elif deletes:
                of_these = {"terms": {"article": list(deletes)}}
                for part in every:
                    client.delete_by_query(index=part + EARLIER, query=of_these, conflicts="proceed", refresh=True)
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
            query=query_dsl(asked, dated=self._is_divided),
            # the same article has the same score whichever part it is in; with one shard the server skips the round
            search_type="dfs_query_then_fetch" if by_score else None,
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
        counted = {field: counting(field, divided=self._is_divided) for field in fields}
        filtered = query_dsl(asked, dated=self._is_divided)
        found = self._search(query, query=filtered, size=0, track_total_hits=False, aggs=counted)
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
            counted = 0
            for index in self._indexes(target) or [target] if target else [self.prefix]:
                client.indices.refresh(index=index)
                counted += int(client.count(index=index)["count"])
            return counted

    def ids(self, target: str) -> Iterator[tuple[str, int]]:
        for hit in self._scan(self._indexes(target) or [target], {}):
            yield hit["_id"], int(hit["_version"])

    def scan(self, target: str) -> Iterator[IndexedDocument]:
        for hit in self._scan(_both(self._indexes(target) or [target]), {"docvalue_fields": ["digest"]}):
            digest = int(hit.get("fields", {}).get("digest", [0])[0])
            yield IndexedDocument(hit["_id"], int(hit["_version"]), digest, _begin(hit["_index"]))

    def _scan(self, indexes: Sequence[str], wanted: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """All documents of these indexes, one index after the other."""
        with self._checked() as client:
            for index in indexes:
                client.indices.refresh(index=index)
                yield from helpers.scan(client, index=index, query={"_source": False, "version": True, **wanted})

    def damage(self, target: str) -> list[str]:  # noqa: ARG002 - Lucene checks its own files
        return []

    def _older_fields(self) -> frozenset[str]:
        """The fields of the searched index if its mapping is an older one; none if it is the current one."""
        if self._todays is not None and time.monotonic() < self._todays:
            return frozenset()
        named = self._named()
        if not named or any(is_ours(name, self.prefix) for name in named):
            parts = sum(len(self._indexes(name)) for name in named)
            self._is_divided = parts > 1 or self.layout.shards > 1
            self._todays = time.monotonic() + CURRENT_SECONDS
            return frozenset()
        self._is_divided = False  # nor has it the fields that only a divided one is asked for
        with contextlib.suppress(NotFoundError), self._checked():  # the new index has just taken over
            return self._fields(named[0])
        return frozenset()

    def _fields(self, target: str) -> frozenset[str]:
        found = self.server.client.indices.get_mapping(index=target)
        return frozenset(found[target]["mappings"]["properties"])


def _name(target: str, begin: datetime | None) -> str:
    """The index of a part."""
    return target if begin is None else f"{target}{FROM}{stamp(begin)}"


def _target(index: str) -> str:
    """The target that an index is of."""
    found = _PART.fullmatch(index)
    return found["target"] if found else index


def _begin(index: str) -> datetime | None:
    """When the part begins that an index is of; None for the first."""
    found = _PART.fullmatch(index)
    return moment_of(found["begin"]) if found and found["begin"] else None


def _both(parts: Sequence[str]) -> list[str]:
    """The indexes of these parts, those of earlier versions included."""
    return [index for part in parts for index in (part, part + EARLIER)]


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
