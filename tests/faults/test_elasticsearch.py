"""Ten faults of Elasticsearch, each while articles come and change: every article is indexed exactly once, in order."""

from __future__ import annotations

import shutil
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Self

import pytest
from sqlalchemy import Connection

from index.archive import Archive, articles, documents, outbox
from index.engines.base import Layout
from index.engines.elastic import bulk
from index.engines.elastic.engine import ElasticEngine
from index.engines.elastic.mapping import EARLIER, template
from index.errors import IndexMismatch
from index.search import indexer
from tests.faults.proxy import Balancer, Fault, Proxy
from tests.support.archive_samples import HOUR, NOW, article, page
from tests.support.elasticsearch import server
from tests.support.elasticsearch.two_nodes import Pair, pair
from tests.support.long_form import LONG, LONG_MARKS
from tests.support.patience import PATIENCE, wait_for
from tests.support.requirements import missing

ARTICLES = 10_000 if LONG else 1_000  # a fault
CHANGED = 50  # of them, while the fault lasts
LASTS = 1.0  # s at least that a fault lasts

pytestmark = [*LONG_MARKS, pytest.mark.elasticsearch]


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with so many articles, that no index knows of."""
    path = tmp_path_factory.mktemp("stored") / "archive.sqlite3"
    with Archive(path) as archive:
        archive.write(lambda conn: [_store(conn, n) for n in range(ARTICLES)]).result()
    return path


def _store(conn: Connection, number: int, hours: int = 0) -> None:
    one = article(f"https://step.example/{number}", headline=f"خبر {number}", body=f"حلب {number} بعد {hours}")
    articles.store(conn, page(one, NOW + hours * HOUR))


@pytest.fixture
def archive(stored: Path, tmp_path: Path) -> Iterator[Archive]:
    shutil.copyfile(stored, tmp_path / "archive.sqlite3")
    with Archive(tmp_path / "archive.sqlite3") as archive:
        yield archive


def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits are as short as a test can bear."""
    monkeypatch.setattr(indexer, "BACK_OFF", (0.05, 0.4))
    monkeypatch.setattr(bulk, "RETRY_SECONDS", (0.05, 0.1))


@pytest.fixture
def direct(elasticsearch_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[ElasticEngine]:
    """The server without a fault between."""
    quick(monkeypatch)
    engine = ElasticEngine(elasticsearch_url, prefix=f"t{uuid.uuid4().hex[:10]}")
    yield engine
    with engine.server.checked() as client:
        for name in client.indices.get(index=f"{engine.prefix}-v*"):
            client.indices.delete(index=name)
        for found in client.indices.get_index_template()["index_templates"]:
            if found["name"].startswith(engine.prefix):
                client.indices.delete_index_template(name=found["name"])
    engine.close()


class Shipping(threading.Thread):
    """A shipper at work within the block. `patience` (s) is how long it waits for an answer."""

    def __init__(self, archive: Archive, url: str, prefix: str, patience: float = 30.0) -> None:
        super().__init__()
        self.archive = archive
        self.engine = ElasticEngine(url, prefix=prefix)
        self.patience = patience
        self.over = threading.Event()
        self.problems: list[BaseException] = []

    @property
    def patience(self) -> float:
        return self._patience

    @patience.setter
    def patience(self, seconds: float) -> None:
        self._patience = seconds
        self.engine.server.client = self.engine.server.client.options(request_timeout=seconds)

    def run(self) -> None:
        try:
            indexer.run(self.archive, self.engine, self.over, batch=100)
        except BaseException as problem:
            self.problems.append(problem)

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait for it while the shipper works."""

        def seen() -> bool:
            assert self.problems == []
            return condition()

        wait_for(seen)

    def finish(self) -> None:
        """Wait until everything is indexed."""
        self.patience = 30.0
        self.until(lambda: waiting(self.archive) == 0)

    def begun(self) -> None:
        """Wait until a part of it is indexed."""
        self.until(lambda: _begun(self.archive))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.join(PATIENCE)
        self.engine.close()
        assert self.problems == []


def waiting(archive: Archive) -> int:
    """How many rows the outbox has; -1 before there is a target."""
    with archive.read() as conn:
        targets = outbox.targets_of(conn, "elasticsearch")
        if not any(target.state == "current" for target in targets):
            return -1
        return sum(outbox.pending(conn, target.name) for target in targets)


def change(archive: Archive) -> None:
    """Articles change, some of them twice, and new ones come, while the index is disturbed."""

    def work(conn: Connection) -> None:
        for hours in (1, 2):
            for number in range(0, CHANGED, hours):
                _store(conn, number, hours)
        for number in range(ARTICLES, ARTICLES + CHANGED):
            _store(conn, number)

    archive.write(work).result()


def check(archive: Archive, direct: ElasticEngine) -> None:
    """The index has what the archive has, each once and in its newest version."""
    with archive.read() as conn:
        expected = dict(documents.ids(conn))
        assert outbox.quarantined(conn) == []
    target = direct.current()
    assert target is not None
    assert direct.targets() == [target]
    found = list(direct.ids(target))
    assert len(found) == len(dict(found)) == len(expected) == ARTICLES + CHANGED
    assert dict(found) == expected
    assert max(expected.values()) >= 3, "versions came in order"


# --- between us and the server -------------------------------------------------------------------------------------

FAULTS: list[Fault] = ["hang", "429", "503", "half", "dropped", "version"]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_on_the_way(fault: Fault, archive: Archive, direct: ElasticEngine) -> None:
    with Proxy(direct.url) as proxy:
        if fault == "version":  # that is asked once, when a shipper begins
            proxy.fault = fault
        with Shipping(archive, proxy.url, direct.prefix) as it:
            if fault != "version":
                it.begun()
            _suffer(proxy, fault, archive, it)
            it.finish()
    check(archive, direct)


def _begun(archive: Archive) -> bool:
    with archive.read() as conn:
        targets = outbox.targets_of(conn, "elasticsearch")
        return any(outbox.pending(conn, target.name) < ARTICLES for target in targets)


def _known(archive: Archive) -> bool:
    """Whether an index was made, and the archive knows of it."""
    with archive.read() as conn:
        return bool(outbox.targets_of(conn, "elasticsearch"))


def _suffer(proxy: Proxy, fault: Fault, archive: Archive, it: Shipping) -> None:
    proxy.fault = fault
    if fault == "hang":
        it.patience = 0.5
    end = time.monotonic() + LASTS
    change(archive)
    it.until(lambda: proxy.met[fault] >= 2 and time.monotonic() > end)
    proxy.fault = ""


def test_refused(archive: Archive, direct: ElasticEngine, caplog: pytest.LogCaptureFixture) -> None:
    with Proxy(direct.url) as proxy, Shipping(archive, proxy.url, direct.prefix) as it:
        it.begun()
        proxy.close()
        change(archive)
        it.until(lambda: caplog.text.count("tried again in") >= 1)  # what was on its way has come
        before = waiting(archive)
        it.until(lambda: caplog.text.count("tried again in") >= 4)
        assert waiting(archive) == before != 0
        proxy.open()
        it.finish()
    check(archive, direct)


@pytest.fixture
def two() -> Iterator[Pair]:
    """Two nodes of their own."""
    try:
        with pair(lambda line: print(line, file=sys.__stderr__, flush=True)) as found:
            yield found
    except server.CannotRun as problem:
        missing(str(problem))


def test_a_killed_node_of_two(archive: Archive, two: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is killed in the middle of what it is at, and does not come back; the other one takes on what it held."""
    quick(monkeypatch)
    with (
        closing(ElasticEngine(two.urls[0], prefix="pair")) as direct,
        closing(Balancer(two.urls)) as balancer,
        Shipping(archive, balancer.url, direct.prefix) as it,
    ):
        it.begun()
        it.until(lambda: '"status":"green"' in two.health("wait_for_status=green&timeout=9s"))  # each has a copy of all
        change(archive)
        it.until(lambda: waiting(archive) != 0)
        two.kill()
        it.finish()
        it.until(lambda: '"number_of_nodes":1' in two.health("wait_for_nodes=1&timeout=9s"))
        check(archive, direct)


# --- of the server itself ------------------------------------------------------------------------------------------


def settings(direct: ElasticEngine, index: str, **values: Any) -> None:
    with direct.server.checked() as client:
        client.indices.put_settings(index=index, settings={"index": values})


def test_a_block_against_writing(archive: Archive, direct: ElasticEngine, caplog: pytest.LogCaptureFixture) -> None:
    """What Elasticsearch puts on every index when its disk is nearly full."""
    with Shipping(archive, direct.url, direct.prefix) as it:
        it.begun()
        (target,) = direct.targets()
        settings(direct, f"{target}*", blocks={"read_only_allow_delete": True})
        change(archive)
        it.until(lambda: "read-only" in caplog.text)
        time.sleep(LASTS)
        assert waiting(archive) != 0
        settings(direct, f"{target}*", blocks={"read_only_allow_delete": None})
        it.finish()
    check(archive, direct)


def test_an_index_that_is_red(archive: Archive, direct: ElasticEngine) -> None:
    """No node may hold its shards: nothing can be written."""
    kept_away = template(direct.prefix, Layout())
    kept_away["priority"] += 1  # before ours
    kept_away["template"]["settings"] |= {"routing.allocation.enable": "none", "write.wait_for_active_shards": "0"}
    with direct.server.checked(60) as client:
        client.indices.put_index_template(name=f"{direct.prefix}-red", **kept_away)
    with Proxy(direct.url, unawaited=True) as proxy, Shipping(archive, proxy.url, direct.prefix, patience=5.0) as it:
        it.until(lambda: _known(archive))
        (target,) = direct.targets()
        change(archive)
        time.sleep(2 * LASTS)
        with direct.server.checked(60) as client:
            assert client.cluster.health(index=target)["status"] == "red"
        assert waiting(archive) == -1, "nothing of it is searched before it is complete"
        settings(direct, f"{target}*", routing={"allocation": {"enable": None}})
        it.finish()
    check(archive, direct)


def test_an_index_that_is_closed(archive: Archive, direct: ElasticEngine, caplog: pytest.LogCaptureFixture) -> None:
    """Elasticsearch answers 400 then, as it does to documents that it can never take."""
    with Shipping(archive, direct.url, direct.prefix) as it:
        it.begun()
        (target,) = direct.targets()
        with direct.server.checked(60) as client:
            client.indices.close(index=[target, target + EARLIER])
        change(archive)
        it.until(lambda: "index_closed" in caplog.text)
        with direct.server.checked(60) as client:
            client.indices.open(index=[target, target + EARLIER])
        it.finish()
    check(archive, direct)


def test_another_version_is_told_and_sent_nothing(archive: Archive, direct: ElasticEngine) -> None:
    with Proxy(direct.url) as proxy:
        proxy.fault = "version"
        told = pytest.raises(IndexMismatch, match=r"8\.19\.0: Arshif speaks to Elasticsearch 9")
        with closing(ElasticEngine(proxy.url, prefix=direct.prefix)) as engine, told:
            indexer.index_pending(archive, engine)
    assert direct.targets() == []
