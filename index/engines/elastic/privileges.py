"""Rights: the least that an API key must be allowed, so that nobody's other indexes are in its reach."""

from __future__ import annotations

from typing import Any

from elasticsearch import ApiError

from index.engines.elastic.client import Server

CLUSTER = (
    "cluster:monitor/main",  # which version it is
    "manage_index_templates",
)
INDICES = (
    "read",  # search, count, and all ids for `verify`
    "index",
    "delete",
    "create_index",
    "delete_index",  # of a target that another one replaced
    "view_index_metadata",  # which there are, and what the aliases name
    "maintenance",  # refresh
    "indices:admin/aliases",  # a new target takes over; `manage` would have it, and much more
)
UNKNOWN = frozenset({400, 405, 500})  # what a server whose security is off says to a question about it


def role(prefix: str) -> dict[str, Any]:
    """What an API key is created with (`POST /_security/api_key`): these rights, on names with this prefix only."""
    return {"name": prefix, "role_descriptors": {prefix: _rights(prefix)}}


def missing(server: Server, prefix: str) -> list[str]:
    """Those of the rights that whoever asks does not have; none where the server's security is off.

    :raises IndexUnavailable: it does not answer now.
    :raises IndexMismatch: it does not know who asks.
    """
    asked = _rights(prefix)
    with server.checked() as client:
        try:
            found = client.security.has_privileges(cluster=asked["cluster"], index=asked["indices"])
        except ApiError as error:
            if error.status_code in UNKNOWN:
                return []
            raise
    lacking = [name for name, has in found["cluster"].items() if not has]
    return lacking + sorted(
        f"{name} on {of}" for of, rights in found["index"].items() for name, has in rights.items() if not has
    )


def _rights(prefix: str) -> dict[str, Any]:
    indices = {"names": [prefix, f"{prefix}-*"], "privileges": list(INDICES)}
    return {"cluster": list(CLUSTER), "indices": [indices]}
