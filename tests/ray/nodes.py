"""The nodes of a cluster on this machine: `python -m tests.ray.nodes PARENT`.

Says the address of its client server, then does what it is told line by line: `kill` ends a node at once, as if its
machine had lost its power, and `add` adds one. It ends its nodes at the end of its input.
"""

from __future__ import annotations

import socket
import sys

from ray.cluster_utils import Cluster

from crawler.processes.child import die_with_parent

STORE = 100 << 20  # bytes of a node's object store: Ray would take a third of the memory


def main(parent: int) -> None:
    """Keep a cluster until the input ends."""
    die_with_parent(parent)
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    head = {"num_cpus": 0, "object_store_memory": STORE, "include_dashboard": False, "ray_client_server_port": port}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    nodes = [_added(cluster), _added(cluster)]
    print(f"ray://127.0.0.1:{port}", flush=True)
    for command in map(str.strip, sys.stdin):
        if command == "kill":
            cluster.remove_node(nodes.pop(0), allow_graceful=False)
        else:
            nodes.append(_added(cluster))
        print(command, flush=True)
    cluster.shutdown()


def _added(cluster: Cluster) -> object:
    return cluster.add_node(num_cpus=1, object_store_memory=STORE)


if __name__ == "__main__":
    main(int(sys.argv[1]))
