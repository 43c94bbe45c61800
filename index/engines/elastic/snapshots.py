"""Snapshots of the index in a repository that the cluster knows, such as a bucket or a folder that its nodes share, by
Elasticsearch's own API (https://www.elastic.co/docs/deploy-manage/tools/snapshot-and-restore)."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from elasticsearch import AuthorizationException, Elasticsearch, NotFoundError

from index.engines.base import REBUILD, is_ours
from index.engines.elastic.client import reason
from index.engines.elastic.engine import ElasticEngine
from index.errors import IndexMismatch, IndexUnavailable

LOOK_SECONDS = 1.0  # between two looks at how far the cluster is
STALLED_LOOKS = 10  # looks in a row at a restore of which nothing moves, after which it has failed
IN_PROGRESS = "IN_PROGRESS"

Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot of a target: its name in the repository, when it was begun (UTC), and its state as Elasticsearch names
    it: SUCCESS, PARTIAL, FAILED, IN_PROGRESS or INCOMPATIBLE."""

    name: str
    target: str
    begun: datetime
    state: str

    @property
    def is_whole(self) -> bool:
        """Whether it has all of the target, so that it can be restored."""
        return self.state == "SUCCESS"


def take(engine: ElasticEngine, repository: str, told: Told) -> Snapshot:
    """The snapshot of the index that is searched, once it is complete: of what has changed since the one before it, the
    repository gets the files. `told` is called with the bytes that it has got, and with those of all.

    :raises IndexUnavailable: when there is no index yet, the server does not answer, or a part could not be read.
    :raises IndexMismatch: when the server knows no such repository.
    """
    target = engine.searched()
    if target is None:
        raise IndexUnavailable(f"There is no index at {engine.url} yet: {REBUILD}.")
    name = f"{engine.prefix}-{datetime.now(UTC):%Y%m%dt%H%M%S%f}"
    with _asking(engine, repository) as client:
        client.snapshot.create(
            repository=repository,
            snapshot=name,
            indices=[f"{target}*"],
            include_global_state=False,
            metadata={"arshif": {"target": target}},
            wait_for_completion=False,
        )
        while (found := _snapshots(client, repository, name)[0]).state == IN_PROGRESS:
            told(*_written(client, repository, name))
            time.sleep(LOOK_SECONDS)
    if not found.is_whole:
        raise IndexUnavailable(f"The snapshot {name} is not whole ({found.state}): its cause is in the server's log.")
    return found


def snapshots(engine: ElasticEngine, repository: str) -> list[Snapshot]:
    """The snapshots that the repository has of indexes with our prefix, the newest first.

    :raises IndexUnavailable: when the server does not answer.
    :raises IndexMismatch: when it knows no such repository.
    """
    with _asking(engine, repository) as client:
        found = _snapshots(client, repository, f"{engine.prefix}-*")
    return sorted(found, key=lambda one: one.begun, reverse=True)


def restore(engine: ElasticEngine, repository: str, snapshot: Snapshot, target: str, told: Told) -> None:
    """Make a target of this name from a snapshot. `told` is called with the bytes that have been read, and with those
    of all.

    :raises IndexUnavailable: when the server does not answer, or cannot read all of it.
    :raises IndexMismatch: when it was made by another release, or the server knows no such repository.
    """
    if not is_ours(snapshot.target, engine.prefix):
        raise IndexMismatch(f"{snapshot.name} is of an index of another release: {REBUILD}.")
    indices = f"{target}*"
    with _asking(engine, repository) as client:
        client.snapshot.restore(
            repository=repository,
            snapshot=snapshot.name,
            indices=[f"{snapshot.target}*"],
            rename_pattern=f"^{re.escape(snapshot.target)}",
            rename_replacement=target,
            include_aliases=False,
            include_global_state=False,
            wait_for_completion=False,
        )
        stalled = 0
        while stalled <= STALLED_LOOKS:
            moves = 0
            if client.indices.exists(index=target):  # which it may not yet when the request has been answered
                health = client.cluster.health(index=indices)
                if health["status"] != "red":
                    return
                moves = health["initializing_shards"] + health["number_of_in_flight_fetch"]
                told(*_recovered(client, indices))
            stalled = 0 if moves else stalled + 1
            time.sleep(LOOK_SECONDS)
    raise IndexUnavailable(f"{snapshot.name} could not be restored: the cause is in the server's log.")


def _written(client: Elasticsearch, repository: str, name: str) -> tuple[int, int]:
    """The bytes of a snapshot that the repository has got, and those of all."""
    (status,) = client.snapshot.status(repository=repository, snapshot=name)["snapshots"]
    sizes = status["stats"]
    return sizes.get("processed", {}).get("size_in_bytes", 0), sizes["total"]["size_in_bytes"]


def _recovered(client: Elasticsearch, indices: str) -> tuple[int, int]:
    shards = [shard for index in client.indices.recovery(index=indices).body.values() for shard in index["shards"]]
    sizes = [shard["index"]["size"] for shard in shards if shard["primary"]]
    return sum(size["recovered_in_bytes"] for size in sizes), sum(size["total_in_bytes"] for size in sizes)


def _snapshots(client: Elasticsearch, repository: str, name: str) -> list[Snapshot]:
    """Those that we took, of this name or pattern."""
    found = client.snapshot.get(repository=repository, snapshot=name)["snapshots"]
    return [
        Snapshot(
            one["snapshot"],
            one["metadata"]["arshif"]["target"],
            datetime.fromtimestamp(one["start_time_in_millis"] / 1000, UTC),
            one["state"],
        )
        for one in found
        if "arshif" in (one.get("metadata") or {})
    ]


@contextmanager
def _asking(engine: ElasticEngine, repository: str) -> Iterator[Elasticsearch]:
    with engine.server.checked() as client:
        try:
            yield client
        except AuthorizationException as error:
            raise IndexMismatch(
                f"{engine.url} lets this key or user take no snapshots ({reason(error.body)}): `arshif index role "
                "--snapshots` prints a request for a key that may."
            ) from error
        except NotFoundError as error:
            if error.error == "repository_missing_exception":
                raise IndexMismatch(
                    f"{engine.url} has no snapshot repository {repository!r}: register it there first (docs/scale.md)."
                ) from error
            raise
