"""Both engines, each empty and of a test's own."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from index.engines import Engine, open_engine
from index.engines.base import MAPPING_VERSION, new_target
from index.model.article import IndexDocument
from tests.engines.corpus import CORPUS
from tests.support.patience import PATIENCE
from tests.support.requirements import missing

BOTH = [
    pytest.param("embedded", id="tantivy"),
    pytest.param("elasticsearch", id="elasticsearch", marks=pytest.mark.elasticsearch),
]
Open = Callable[..., Engine]


def opened(kind: str, request: pytest.FixtureRequest, directory: Path) -> Iterator[Engine]:
    """An engine with nothing in it, under a name of its own, and gone from the server afterwards."""
    url = request.getfixturevalue("elasticsearch_url") if kind == "elasticsearch" else ""
    engine = open_engine(kind, directory=directory, url=url, prefix=f"t{uuid.uuid4().hex[:10]}")
    yield engine
    if kind == "elasticsearch":
        client = engine.server.client  # type: ignore[attr-defined]
        for name in client.indices.get(index=f"{engine.prefix}-v*").body:
            client.indices.delete(index=name)
        if client.indices.exists_index_template(name=f"{engine.prefix}-v{MAPPING_VERSION}"):
            client.indices.delete_index_template(name=f"{engine.prefix}-v{MAPPING_VERSION}")
    engine.close()


@pytest.fixture(params=BOTH)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    yield from opened(request.param, request, tmp_path / "index")


@pytest.fixture
def target(engine: Engine) -> str:
    """A current target, empty."""
    name = new_target(engine.prefix)
    engine.create(name)
    engine.activate(name)
    return name


@pytest.fixture
def client(elasticsearch_url: str) -> Iterator[Elasticsearch]:
    with Elasticsearch(elasticsearch_url, request_timeout=PATIENCE) as it:
        yield it


@pytest.fixture
def repository(client: Elasticsearch) -> Iterator[str]:
    """A repository in a folder that the server may write to."""
    name = f"r{uuid.uuid4().hex[:10]}"
    (node,) = client.nodes.info(metric="settings")["nodes"].values()
    if not (folders := node["settings"].get("path", {}).get("repo")):
        missing("The server of ARSHIF_TEST_ELASTICSEARCH has no path.repo for snapshots.")
    place = {"location": f"{folders[0]}/{name}"}
    client.snapshot.create_repository(name=name, repository={"type": "fs", "settings": place})
    yield name
    client.snapshot.delete(repository=name, snapshot="*")
    client.snapshot.delete_repository(name=name)


def fill(engine: Engine, documents: Sequence[IndexDocument]) -> Engine:
    """The engine, whose current target has these documents."""
    name = new_target(engine.prefix)
    engine.create(name)
    assert engine.bulk(name, documents, []) == {}
    engine.activate(name)
    return engine


@pytest.fixture(scope="module", params=BOTH)
def lasting(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine for all tests of a module, which is filled once and then only read."""
    yield from opened(request.param, request, tmp_path_factory.mktemp("index"))


@pytest.fixture(scope="module")
def filled(lasting: Engine) -> Engine:
    """An engine that holds the corpus, to be read only."""
    return fill(lasting, CORPUS)
