"""Elasticsearch: a server that is away, another product, or asks to wait; and a real one that refuses."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from index.engines import open_engine
from index.engines.base import MAPPING_VERSION, new_target
from index.engines.elastic import ElasticEngine, bulk
from index.engines.elastic import client as server
from index.engines.elastic.mapping import EARLIER
from index.errors import IndexMismatch, IndexUnavailable
from index.model.codes import IndexReason
from index.search.query_language import parse
from tests.engines.corpus import document

NINE = {"version": {"number": "9.4.3"}, "tagline": "You Know, for Search"}
TARGET = new_target()
Answer = Callable[[str, bytes], tuple[int, Any]]


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """A real HTTP server on loopback that answers (path, body) with a status and JSON, as an Elasticsearch would."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def respond(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            status, said = answer(self.path, self.rfile.read(length))
            data = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("x-elastic-product", "Elasticsearch")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_PUT = do_POST = do_HEAD = respond

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.server_address[1]}"
        finally:
            http.shutdown()
            thread.join()


@contextmanager
def speaking_to(answer: Answer) -> Iterator[ElasticEngine]:
    with serving(answer) as url:
        engine = ElasticEngine(url)
        yield engine
        engine.close()


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "RETRY_SECONDS", (0.01, 0.01, 0.01))


def answering(*statuses: int, error: str = "es_rejected_execution_exception") -> Answer:
    """A server whose bulk requests answer every item with the next of these statuses."""
    left = list(statuses)

    def answer(path: str, body: bytes) -> tuple[int, Any]:
        if "_bulk" not in path:
            return 200, NINE
        ids = [line["index"]["_id"] for line in map(json.loads, body.splitlines()) if "index" in line]
        status = left.pop(0) if len(left) > 1 else left[0]
        items = [
            {
                "index": {"_id": i, "status": status}
                | ({"error": {"type": error, "reason": "r"}} if status > 299 else {})
            }
            for i in ids
        ]
        return 200, {"errors": status > 299, "items": items}

    return answer


# --- servers that are not there, or not ours -----------------------------------------------------------------------


def test_a_server_that_is_away_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    engine = open_engine("elasticsearch", url=f"http://127.0.0.1:{port}")
    for ask in (
        lambda: engine.search(parse("حلب")),
        lambda: engine.bulk(TARGET, [document("a")], []),
        lambda: engine.create(TARGET),
        engine.current,
        engine.count,
    ):
        with pytest.raises(IndexUnavailable, match=f"127.0.0.1:{port}"):
            ask()
    engine.close()


def test_a_server_that_never_answers_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "REQUEST_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        engine = ElasticEngine(f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(IndexUnavailable, match="in time"):
            engine.current()
        engine.close()


@pytest.mark.parametrize(
    ("status", "said", "words"),
    [
        (200, {"version": {"number": "8.19.0"}}, "elasticsearch 8.19.0.*Elasticsearch 9"),
        (200, {"version": {"number": "10.0.0"}}, "elasticsearch 10.0.0.*Elasticsearch 9"),
        (200, {"version": {"number": "3.1.0", "distribution": "opensearch"}}, "opensearch 3.1.0"),
        (200, {"hello": "world"}, "no Elasticsearch"),
        (200, b"<html>", "speaks no JSON"),
        (404, {"error": "not found"}, "no Elasticsearch"),
        (401, {"error": {"type": "security_exception", "reason": "missing"}}, "who asks.*ARSHIF_INDEX__API_KEY"),
        (403, {"error": {"type": "security_exception", "reason": "no"}}, "who asks"),
    ],
)
def test_another_product_or_version_or_one_that_wants_a_user_is_a_mismatch(status: int, said: Any, words: str) -> None:
    with speaking_to(lambda *_: (status, said)) as engine:
        with pytest.raises(IndexMismatch, match=words):
            engine.search(parse("حلب"))
        with pytest.raises(IndexMismatch, match=words):
            engine.bulk(TARGET, [document("a")], [])


def test_a_server_that_starts_up_is_unavailable_and_asked_again() -> None:
    answers = [(503, {"error": "starting"}), (200, NINE), (404, {"error": "alias missing", "status": 404})]
    with speaking_to(lambda *_: answers.pop(0)) as engine:
        with pytest.raises(IndexUnavailable, match="503"):
            engine.current()
        assert engine.current() is None


def test_what_is_no_address_is_a_mismatch() -> None:
    with pytest.raises(IndexMismatch, match="no address"):
        open_engine("elasticsearch", url="localhost")


def test_the_key_goes_with_every_request() -> None:
    seen: list[str | None] = []

    class Listening(ElasticEngine):
        pass

    with serving(lambda *_: (200, NINE)) as url:
        engine = Listening(url, api_key="c2VjcmV0")
        seen.append(engine.server._headers["authorization"])
        engine.close()
        engine = Listening(url, basic_auth=("elastic", "päss"))
        seen.append(engine.server._headers["authorization"])
        engine.close()
    assert seen == ["ApiKey c2VjcmV0", "Basic ZWxhc3RpYzpww6Rzcw=="]


# --- waiting and refusing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 503, 500])
def test_items_that_are_put_off_are_tried_again(status: int) -> None:
    with speaking_to(answering(status, status, 201)) as engine:
        assert engine.bulk(TARGET, [document("a"), document("b")], []) == {}


@pytest.mark.parametrize("status", [429, 503])
def test_items_that_stay_put_off_leave_the_rows_in_the_outbox(status: int) -> None:
    with speaking_to(answering(status)) as engine, pytest.raises(IndexUnavailable, match="es_rejected_execution"):
        engine.bulk(TARGET, [document("a")], [])


def test_a_whole_request_that_is_put_off_is_tried_again() -> None:
    answers = iter([(429, {"error": "slow"}), (502, {"error": "bad gateway"})])

    def answer(path: str, body: bytes) -> tuple[int, Any]:
        return next(answers, None) or answering(201)(path, body) if "_bulk" in path else (200, NINE)

    with speaking_to(answer) as engine:
        assert engine.bulk(TARGET, [document("a")], []) == {}


def test_a_newer_version_in_the_index_counts_as_done() -> None:
    with speaking_to(answering(409, error="version_conflict_engine_exception")) as engine:
        assert engine.bulk(TARGET, [document("a")], []) == {}


def test_of_a_request_that_is_too_large_only_the_culprit_is_refused() -> None:
    def answer(path: str, body: bytes) -> tuple[int, Any]:
        if "_bulk" in path and len(body) > 20_000:
            return 413, {"error": {"type": "too_large", "reason": "Request Entity Too Large"}}
        return answering(201)(path, body)

    documents = [document(f"d{i}", body="نص " * 100) for i in range(30)] + [document("huge", body="نص " * 9_000)]
    with speaking_to(answer) as engine:
        refused = engine.bulk(TARGET, documents, [])
    assert list(refused) == ["huge"]
    assert refused["huge"].code == IndexReason.SERVER
    assert "Request Entity Too Large" in str(refused["huge"].params["answer"])


def test_large_batches_go_in_several_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "BULK_BYTES", 20_000)
    sizes: list[int] = []

    def answer(path: str, body: bytes) -> tuple[int, Any]:
        sizes.extend([len(body)] if "_bulk" in path else [])
        return answering(201)(path, body)

    with speaking_to(answer) as engine:
        assert engine.bulk(TARGET, [document(f"d{i}", body="نص " * 500) for i in range(20)], []) == {}
    assert len(sizes) > 3
    assert max(sizes) < 40_000


# --- a real one ----------------------------------------------------------------------------------------------------


@pytest.fixture
def real(elasticsearch_url: str) -> Iterator[tuple[ElasticEngine, str]]:
    engine = ElasticEngine(elasticsearch_url, prefix="real")
    target = new_target("real")
    engine.create(target)
    engine.activate(target)
    yield engine, target
    engine.server.client.indices.delete(index=[target, target + EARLIER], ignore_unavailable=True)
    engine.server.client.indices.delete_index_template(name=f"real-v{MAPPING_VERSION}")
    engine.close()


@pytest.mark.elasticsearch
def test_a_document_that_elasticsearch_refuses_comes_back_with_its_words(real: tuple[ElasticEngine, str]) -> None:
    engine, target = real
    documents = [document(f"d{i}", "حلب") for i in range(500)]
    documents[77] = document("bad", "حلب", site="x" * 40_000)  # a keyword of more than 32,766 bytes
    refused = engine.bulk(target, documents, [])
    assert list(refused) == ["bad"]
    assert refused["bad"].code == IndexReason.SERVER
    assert "immense term" in str(refused["bad"].params["answer"])
    assert engine.count(target) == 499


@pytest.mark.elasticsearch
def test_an_index_that_is_read_only_is_unavailable(real: tuple[ElasticEngine, str]) -> None:
    engine, target = real
    for block in ("write", "read_only_allow_delete"):
        engine.server.client.indices.put_settings(index=target, settings={f"index.blocks.{block}": True})
        with pytest.raises(IndexUnavailable, match="cluster_block_exception"):
            engine.bulk(target, [document("a")], [])
        engine.server.client.indices.put_settings(index=target, settings={f"index.blocks.{block}": None})
    assert engine.bulk(target, [document("a")], []) == {}


@pytest.mark.elasticsearch
def test_aliases_template_and_mapping_are_as_promised(real: tuple[ElasticEngine, str]) -> None:
    engine, target = real
    client = engine.server.client
    aliases = client.indices.get_alias(index=target)[target]["aliases"]
    assert aliases == {"real": {}, "real-write": {"is_write_index": True}}
    assert client.indices.get_alias(index=target + EARLIER)[target + EARLIER]["aliases"] == {"real-versions": {}}
    mappings = client.indices.get_mapping(index=target)[target]["mappings"]
    assert mappings["dynamic"] == "strict"
    assert mappings["properties"]["body"] == {"type": "text", "analyzer": "arshif_exact"}
    made = client.indices.get_index_template(name=f"real-v{MAPPING_VERSION}")["index_templates"][0]["index_template"]
    assert made["index_patterns"] == [f"real-v{MAPPING_VERSION}-*"]
    engine.bulk(target, [document("a", "المعارك", url="https://example.org/a")], [])
    client.indices.refresh(index=target)
    source = client.get(index="real", id="a")["_source"]
    assert source["headline"] == "المعارك"
    assert "headline_stem" not in source
    assert source["@timestamp"] == "2024-01-01T00:00:00+00:00"
    assert source["url"] == {"full": "https://example.org/a", "domain": "example.org"}
    fields = client.field_caps(index="real", fields=["articleBody", "inLanguage", "event.created"])["fields"]
    assert set(fields) >= {"articleBody", "inLanguage", "event.created"}


@pytest.mark.elasticsearch
def test_an_index_that_was_deleted_is_not_made_again_by_writing(real: tuple[ElasticEngine, str]) -> None:
    engine, target = real
    engine.server.client.indices.delete(index=target)
    with pytest.raises(IndexMismatch, match="arshif index rebuild"):
        engine.bulk(target, [document("a")], [])
    assert engine.targets() == []
    assert engine.current() is None
