"""Privileges: the minimum that an API key needs, so that it cannot reach anyone's other indexes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from elasticsearch import ApiError

from index.engines.elastic.client import Server

CLUSTER = (
    "cluster:monitor/main",  # the server's version
    "manage_index_templates",
)
INDICES = (
    "read",  # search, count, and all ids for `verify`
    "index",
    "delete",
    "create_index",
    "delete_index",  # a replaced target
    "view_index_metadata",  # existing indexes and their aliases
    "maintenance",  # refresh
    "indices:monitor/stats",  # the size of an index, at which articles go to a further one
    "indices:admin/aliases",  # switch to a new target; `manage` would include it, and much more
)
# In addition, where `index.replicas` is set: it holds for indexes that are there, too
REPLICAS_INDICES = ("indices:admin/settings/update",)
# In addition, for `arshif index snapshot` and `restore`
SNAPSHOT_CLUSTER = (
    "create_snapshot",
    "cluster:admin/snapshot/status",
    "cluster:admin/snapshot/restore",
    "cluster:monitor/health",
)
SNAPSHOT_INDICES = ("indices:monitor/recovery",)
UNKNOWN = frozenset({400, 405, 500})  # how a server with security disabled answers a privileges request


def role(prefix: str, *, with_replicas: bool = False, with_snapshots: bool = False) -> dict[str, Any]:
    """The body of the request that creates an API key (`POST /_security/api_key`) with these privileges, on names with
    this prefix only; those for snapshots are in all of the cluster's repositories."""
    cluster, indices = list(CLUSTER), list(INDICES)
    if with_replicas:
        indices += REPLICAS_INDICES
    if with_snapshots:
        cluster += SNAPSHOT_CLUSTER
        indices += SNAPSHOT_INDICES
    rights = {"cluster": cluster, "indices": [_on(prefix, indices)]}
    return {"name": prefix, "role_descriptors": {prefix: rights}}


def missing(
    server: Server, prefix: str, cluster: Sequence[str] = CLUSTER, indices: Sequence[str] = INDICES
) -> list[str]:
    """The privileges, by default those that are always needed, that our API key or user lacks; none if the server's
    security is disabled.

    :raises IndexUnavailable: when the server does not answer now.
    :raises IndexMismatch: when it does not accept our credentials.
    """
    with server.checked() as client:
        try:
            found = client.security.has_privileges(cluster=list(cluster), index=[_on(prefix, indices)])
        except ApiError as error:
            if error.status_code in UNKNOWN:
                return []
            raise
    lacking = [name for name, has in found["cluster"].items() if not has]
    return lacking + sorted(
        f"{name} on {of}" for of, rights in found["index"].items() for name, has in rights.items() if not has
    )


def _on(prefix: str, privileges: Sequence[str]) -> dict[str, Any]:
    return {"names": [prefix, f"{prefix}-*"], "privileges": list(privileges)}
