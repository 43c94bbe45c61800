"""Elasticsearch: a template, one versioned index per target, a read and a write alias, and the bulk interface.

`arshif` (the prefix) is the alias that is searched, `arshif-write` the one for other programs that write; both move at
once. The exact fields have an analyzer written from the tables of `index/analysis.py`; the stem fields are fed with
stems. Documents are indexed with the archive's version, so that an older one never overwrites a newer one. Only this
file decides what is tried again: the client's own retries are off.
"""

from __future__ import annotations

import base64
import contextlib
import re
import time
from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Any

from elastic_transport import ConnectionError as NoConnection
from elastic_transport import ConnectionTimeout, SerializationError, TransportError
from elasticsearch import ApiError, Elasticsearch, NotFoundError, helpers

from index.analysis import OTHER_PLANES, SINGLE, TOKEN_CHARACTERS, fold_table
from index.article import Document, Match, Matches, Query
from index.engines.base import MAPPING_VERSION, Record, cursor, is_ours, must_be_ours, place, record
from index.engines.older import without_unknown
from index.engines.plan import All, AnyOf, Between, Clause, OneOf, Row, plan
from index.errors import IndexMismatch, IndexUnavailable

MAJOR = 9  # of server and client: the client's media type names it
REQUEST_SECONDS = 30
ADMIN_SECONDS = 60  # making and deleting an index waits for the cluster's state
BULK_BYTES = 10_000_000  # of text in one request, a tenth of Elasticsearch's own limit (http.max_content_length)
RETRY_SECONDS = (0.5, 1.0, 2.0, 4.0)  # waits between tries of items that were put off; then the shipper backs off
TRY_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
REFUSED = frozenset({400, 413})  # the document's own fault: quarantine
REASON_CHARACTERS = 200  # of one cause: Elasticsearch quotes the document in some
MAX_CAUSES = 5
CURRENT_SECONDS = 60.0  # for which the mapping of the index that is searched is not asked for again
REBUILD = "run `arshif index rebuild`: it makes a new one from the archive"


def analysis_settings() -> dict[str, Any]:
    """Elasticsearch's analyzers, from the same tables by which `words` works."""
    mappings = [f"{_escaped(chr(point))}=>{_escaped(folded)}" for point, folded in sorted(fold_table().items())]
    single = _java(SINGLE)
    pattern = f"[{single}]|(?:[\\p{{L}}\\p{{M}}\\p{{N}}&&[^{single}]&&[\\x{{0}}-\\x{{FFFF}}]]|[{_java(OTHER_PLANES)}])"
    return {
        "char_filter": {"arshif_fold": {"type": "mapping", "mappings": mappings}},
        "tokenizer": {
            "arshif_words": {"type": "pattern", "group": 0, "pattern": f"{pattern}{{1,{TOKEN_CHARACTERS}}}"},
        },
        "analyzer": {
            "arshif_exact": {"type": "custom", "char_filter": ["arshif_fold"], "tokenizer": "arshif_words"},
            "arshif_stem": {"type": "custom", "tokenizer": "whitespace"},
        },
    }


def _escaped(text: str) -> str:
    """As \\uXXXX per UTF-16 unit, so that no character is taken for a blank or an escape."""
    units = text.encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def _java(ranges: str) -> str:
    return "".join(c if c == "-" else f"\\x{{{ord(c):X}}}" for c in ranges)


def template(prefix: str) -> dict[str, Any]:
    """The composable index template for this version's indexes."""
    return {
        "index_patterns": [f"{prefix}-v{MAPPING_VERSION}-*"],
        "priority": 500,
        "allow_auto_create": False,
        "template": {
            "settings": {
                "number_of_shards": 1,  # some millions of articles; one shard also keeps scores comparable
                "auto_expand_replicas": "0-1",
                "refresh_interval": "1s",  # said, so that idle shards refresh too: found within five seconds
                "analysis": analysis_settings(),
            },
            "mappings": mapping(),
        },
        "_meta": {"description": "Made by Arshif; do not edit", "mapping_version": MAPPING_VERSION},
    }


def mapping() -> dict[str, Any]:
    """Every field there is; a document with another one is refused."""
    exact = {"type": "text", "analyzer": "arshif_exact"}
    stem = {"type": "text", "analyzer": "arshif_stem"}
    keyword = {"type": "keyword"}
    return {
        "dynamic": "strict",
        "_meta": {"mapping_version": MAPPING_VERSION},
        "_source": {"excludes": ["headline_stem", "body_stem"]},
        "properties": {
            **dict.fromkeys(("headline", "body", "author", "section"), exact),
            **dict.fromkeys(("headline_stem", "body_stem"), stem),
            **dict.fromkeys(("lead", "site", "country", "language"), keyword),
            "order": {"type": "long"},
            "date": {"type": "date"},  # for people: searches use `order`
            "url": {"type": "keyword", "index": False, "doc_values": False},
        },
    }


class ElasticEngine:
    """`Engine` over an Elasticsearch server of the same major version."""

    name = "elasticsearch"

    def __init__(
        self,
        url: str,
        *,
        api_key: str = "",
        basic_auth: tuple[str, str] | None = None,
        prefix: str = "arshif",
    ) -> None:
        self.url = url
        self.prefix = prefix
        self._headers = _authorization(api_key, basic_auth)
        self._checked = False
        self._todays: float | None = None  # until then (monotonic seconds) the index that is searched is of our mapping
        try:
            self._client = Elasticsearch(
                url, headers=self._headers, request_timeout=REQUEST_SECONDS, max_retries=0, retry_on_timeout=False
            )
        except ValueError as error:
            raise IndexMismatch(f"{url!r} is no address of an Elasticsearch: {error}.") from error

    # --- targets ---

    def create(self, target: str) -> None:
        must_be_ours(target, self.prefix)  # the template holds for such names only
        with self._told(ADMIN_SECONDS) as client:
            client.indices.put_index_template(name=f"{self.prefix}-v{MAPPING_VERSION}", **template(self.prefix))
            try:
                client.indices.create(index=target)
            except ApiError as error:
                if error.error != "resource_already_exists_exception":
                    raise

    def publish(self, target: str) -> None:
        before = self._named()
        aliases = [self.prefix, f"{self.prefix}-write"]
        actions: list[dict[str, Any]] = [
            *({"remove": {"index": old, "aliases": aliases}} for old in before if old != target),
            {"add": {"index": target, "alias": aliases[0]}},
            {"add": {"index": target, "alias": aliases[1], "is_write_index": True}},
        ]
        with self._told(ADMIN_SECONDS) as client:
            client.indices.refresh(index=target)
            client.indices.update_aliases(actions=actions)
        for old in before:
            if old != target:
                self.drop(old)

    def drop(self, target: str) -> None:
        if target in self._named():
            raise IndexMismatch(f"{target} is the index that searches go to: publish another one before.")
        with self._told(ADMIN_SECONDS) as client, contextlib.suppress(NotFoundError):
            client.indices.delete(index=target)

    def targets(self) -> list[str]:
        with self._told() as client:
            return sorted(client.indices.get(index=f"{self.prefix}-v*", filter_path="*.aliases").body)

    def current(self) -> str | None:
        return next((name for name in self._named() if is_ours(name, self.prefix)), None)

    def _named(self) -> list[str]:
        with self._told() as client:
            try:
                return sorted(client.indices.get_alias(name=self.prefix).body)
            except NotFoundError:
                return []

    def close(self) -> None:
        self._client.close()

    # --- writing ---

    def apply(self, target: str, upserts: Sequence[Document], deletes: Sequence[str]) -> dict[str, str]:
        refused: dict[str, str] = {}
        actions: list[_Action] = [(id_, {"delete": {"_id": id_}}, None, 0) for id_ in deletes]
        for document in upserts:
            try:
                actions.append(_action(record(document), document))
            except ValueError as error:
                refused[document.article.id] = str(error)
        with self._told():
            for chunk in _chunks(actions):
                refused |= self._bulk(target, chunk)
        return refused

    def _bulk(self, target: str, actions: list[_Action]) -> dict[str, str]:
        """Bring a request's actions in, trying again those that are put off. The ids refused for good, with reasons."""
        refused: dict[str, str] = {}
        for wait in (*RETRY_SECONDS, None):
            try:
                answer = self._client.bulk(index=target, operations=[line for a in actions for line in a[1:3] if line])
            except ApiError as error:
                if error.status_code in REFUSED:
                    return refused | self._narrow(target, actions, _reason(error.body))
                if error.status_code not in TRY_LATER or wait is None:
                    raise
            else:
                items = [next(iter(item.values())) for item in answer["items"]]
                outcomes = list(zip(actions, items, strict=True))
                refused |= {a[0]: _reason(item) for a, item in outcomes if item["status"] in REFUSED}
                actions = [a for a, item in outcomes if _put_off(item)]
                if not actions:
                    return refused
                if wait is None:
                    last = next(item for _, item in outcomes if _put_off(item))
                    raise IndexUnavailable(f"The index at {self.url} puts documents off: {_reason(last)}.")
            time.sleep(wait)
        raise AssertionError("the last try returns or raises")

    def _narrow(self, target: str, actions: list[_Action], reason: str) -> dict[str, str]:
        """A whole request was refused: find out for which document, by halves."""
        if len(actions) == 1:
            return {actions[0][0]: reason}
        middle = len(actions) // 2
        return self._bulk(target, actions[:middle]) | self._bulk(target, actions[middle:])

    # --- reading ---

    def search(self, query: Query) -> Matches:
        asked = plan(query)
        by_score = asked.sort == "relevance"
        key = place(query, asked.sort, 3 if by_score else 1)
        direction = "asc" if asked.sort == "oldest" else "desc"
        sort = [{"_score": "desc"}, {"order": "desc"}] if by_score else [{"order": direction}]
        scored = [_clause(asked.scored)] if asked.scored is not None else []
        with self._told() as client:
            if fields := self._older_fields():
                asked = without_unknown(asked, fields)
                scored = [_clause(asked.scored)] if asked.scored is not None else []
            try:
                found = client.search(
                    index=self.prefix,
                    query={"bool": {"must": scored, "filter": [_clause(clause) for clause in asked.filters]}},
                    sort=sort,
                    size=query.limit + 1,
                    search_after=key[: len(sort)] if key is not None else None,
                    track_total_hits=True,
                    allow_partial_search_results=False,
                    source=False,
                )
            except NotFoundError as error:
                raise IndexUnavailable(f"There is no index at {self.url} yet: {REBUILD}.") from error
        hits = found["hits"]["hits"]
        page = hits[: query.limit]
        seen = (int(key[2]) if key is not None and by_score else 0) + len(page)
        more = len(hits) > query.limit
        after = cursor(asked.sort, [*page[-1]["sort"], *([seen] if by_score else [])]) if more else None
        matches = tuple(Match(hit["_id"], float(hit["_score"] or 0.0) if by_score else 0.0) for hit in page)
        return Matches(int(found["hits"]["total"]["value"]), matches, after)

    def count(self, target: str | None = None) -> int:
        with self._told() as client:
            client.indices.refresh(index=target or self.prefix)
            return int(client.count(index=target or self.prefix)["count"])

    def ids(self, target: str) -> Iterator[tuple[str, int]]:
        with self._told() as client:
            client.indices.refresh(index=target)
            for hit in helpers.scan(client, index=target, query={"_source": False, "version": True}):
                yield hit["_id"], int(hit["_version"])

    def _older_fields(self) -> frozenset[str]:
        """The fields of the index that is searched, where its mapping is an older one; none where it is today's."""
        if self._todays is not None and time.monotonic() < self._todays:
            return frozenset()
        if self.current() is not None or not (named := self._named()):
            self._todays = time.monotonic() + CURRENT_SECONDS
            return frozenset()
        with contextlib.suppress(NotFoundError):  # today's has just taken over
            found = self._client.indices.get_mapping(index=named[0])
            return frozenset(found[named[0]]["mappings"]["properties"])
        return frozenset()

    # --- the server ---

    def _check(self) -> None:
        """Whether this is a server that we can speak to, asked once and in plain JSON, which every product answers."""
        headers = {**self._headers, "accept": "application/json"}
        try:
            meta, answer = self._client.transport.perform_request(
                "GET", "/", headers=headers, request_timeout=REQUEST_SECONDS, max_retries=0
            )
        except SerializationError as error:
            raise IndexMismatch(f"What answers at {self.url} speaks no JSON: check index.url.") from error
        if meta.status in (401, 403):
            raise IndexMismatch(
                f"{self.url} wants to know who asks (HTTP {meta.status}): set ARSHIF_INDEX__API_KEY, or "
                "ARSHIF_INDEX__USERNAME and ARSHIF_INDEX__PASSWORD."
            )
        if meta.status in TRY_LATER:
            raise IndexUnavailable(f"{self.url} answers HTTP {meta.status}: it is tried again.")
        version = answer.get("version") if isinstance(answer, dict) else None
        if not isinstance(version, dict) or "number" not in version:
            raise IndexMismatch(
                f"What answers at {self.url} (HTTP {meta.status}) is no Elasticsearch: check index.url."
            )
        product, number = version.get("distribution", "elasticsearch"), str(version["number"])
        if product != "elasticsearch" or not re.match(rf"{MAJOR}\.", number):
            raise IndexMismatch(
                f"{self.url} is {product} {number}: Arshif speaks to Elasticsearch {MAJOR}. Give the address of one in "
                "index.url, or use the embedded index."
            )
        self._checked = True

    @contextlib.contextmanager
    def _told(self, seconds: int = REQUEST_SECONDS) -> Iterator[Elasticsearch]:
        """The client, of a server that was checked; what goes wrong is raised as what a person can act on."""
        try:
            if not self._checked:
                self._check()
            yield self._client if seconds == REQUEST_SECONDS else self._client.options(request_timeout=seconds)
        except ConnectionTimeout as error:
            raise IndexUnavailable(f"{self.url} did not answer in time: it is tried again.") from error
        except (NoConnection, TransportError) as error:
            raise IndexUnavailable(f"{self.url} cannot be reached ({error}): is Elasticsearch running?") from error
        except NotFoundError as error:
            raise IndexMismatch(f"An index is gone from {self.url} ({_reason(error.body)}): {REBUILD}.") from error
        except ApiError as error:
            reason = _reason(error.body)
            if error.status_code in TRY_LATER or "cluster_block" in reason:
                raise IndexUnavailable(f"{self.url} cannot do this now: {reason}.") from error
            raise IndexMismatch(f"{self.url} refuses this (HTTP {error.status_code}): {reason}.") from error


def _authorization(api_key: str, basic_auth: tuple[str, str] | None) -> dict[str, str]:
    if api_key:
        return {"authorization": f"ApiKey {api_key}"}
    if basic_auth is not None:
        return {"authorization": "Basic " + base64.b64encode(":".join(basic_auth).encode()).decode()}
    return {}


# --- documents -----------------------------------------------------------------------------------------------------

_Action = tuple[str, dict[str, Any], dict[str, Any] | None, int]  # id, what to do, the document, its size in bytes


def _action(made: Record, document: Document) -> _Action:
    source = {
        **{name: values[0] if len(values) == 1 else values for name, values in (made.keywords | made.texts).items()},
        **made.stems,
        "order": made.order,
        "date": document.sort_date.astimezone(UTC).isoformat(),
        "url": document.article.url,
    }
    # gte: the same version comes again after a crash between the index and the acknowledgement
    what = {"index": {"_id": made.id, "version": made.version, "version_type": "external_gte"}}
    size = sum(len(text.encode()) for values in made.texts.values() for text in values)
    return made.id, what, source, size + sum(len(stems.encode()) for stems in made.stems.values())


def _chunks(actions: list[_Action]) -> Iterator[list[_Action]]:
    chunk: list[_Action] = []
    size = 0
    for action in actions:
        if chunk and size + action[3] > BULK_BYTES:
            yield chunk
            chunk, size = [], 0
        chunk.append(action)
        size += action[3]
    if chunk:
        yield chunk


def _put_off(item: dict[str, Any]) -> bool:
    """Not done, and not the document's own fault. 409: a newer version is there; 404: nothing to delete."""
    status = item["status"]
    if status == 404 and item.get("error"):
        raise IndexMismatch(f"The index is gone ({_reason(item)}): {REBUILD}.")
    return status >= 300 and status not in REFUSED and status not in (404, 409)


def _reason(body: Any) -> str:
    """The words of an error of Elasticsearch, down to its innermost cause, without what it quotes of the document."""
    error = body.get("error", body) if isinstance(body, dict) else body
    if not isinstance(error, dict):
        return str(error)[:REASON_CHARACTERS]
    causes = [error, *(error.get("root_cause") or [])[:1]]
    while isinstance(cause := causes[-1].get("caused_by"), dict) and len(causes) < MAX_CAUSES:
        causes.append(cause)
    said = [f"{cause.get('type')}: {str(cause.get('reason'))[:REASON_CHARACTERS]}" for cause in causes]
    return "; ".join(dict.fromkeys(said))


# --- queries -------------------------------------------------------------------------------------------------------


def _clause(clause: Clause) -> dict[str, Any]:
    match clause:
        case Row(field, (word,), weight):
            return {"term": {field: {"value": word, "boost": weight}}}
        case Row(field, row, weight):
            phrase = {"query": " ".join(row), "analyzer": "arshif_stem", "boost": weight}
            return {"match_phrase": {field: phrase}}
        case OneOf(field, values):
            return {"bool": {"filter": [{"terms": {field: list(values)}}]}}
        case Between(field, low, high):
            bounds = {name: value for name, value in (("gte", low), ("lt", high)) if value is not None}
            return {"bool": {"filter": [{"range": {field: bounds}}]}}
        case AnyOf(clauses):
            return {"bool": {"should": [_clause(c) for c in clauses], "minimum_should_match": 1}}
        case All(clauses, without):
            must = [_clause(c) for c in clauses] or [{"bool": {"filter": [{"match_all": {}}]}}]
            return {"bool": {"must": must, "must_not": [_clause(c) for c in without]}}
