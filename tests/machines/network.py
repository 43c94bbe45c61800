"""Machines within this one: each has its own address and processes, and a cable that can be pulled out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

NET = "10.15.0"  # all of it ends with the process that made it
ADDRESS = f"{NET}.1"  # of the servers
BRIDGE = "servers"
NAMES = Path("/run/netns")  # where `ip netns` keeps namespaces
INSIDE = "ARSHIF_TEST_APART"
ALONE = ("unshare", "--net", "--mount")
# Its processes see no others, and all end with the first of them
OWN_PROCESSES = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")


def why_not() -> str:
    """Why there can be no machines within this one; "" if there can."""
    try:
        tried = subprocess.run([*ALONE, *OWN_PROCESSES, "ip", "link"], check=False, capture_output=True, text=True)
    except FileNotFoundError as error:
        return f"{error.filename} is not there: apt install util-linux iproute2"
    if tried.returncode:
        return f"networks and process ids of its own for each machine are root's to make: {tried.stderr.strip()}"
    return ""


def go_apart() -> None:
    """Run this program anew, with a network and mounts of its own, unless it has them; nothing is left of them when it
    ends, however that comes."""
    if not os.environ.get(INSIDE):
        os.environ[INSIDE] = "1"
        os.execvp(ALONE[0], [*ALONE, sys.executable, *sys.orig_argv[1:]])


class Host:
    """A machine's place in the network, at `address`."""

    def __init__(self, number: int) -> None:
        self.name, self.address = f"host{number}", f"{NET}.{10 + number}"
        self._cable = f"cable{number}"
        _ip("netns", "add", self.name)
        _ip("link", "add", self._cable, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        _ip("-n", self.name, "address", "add", f"{self.address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            _ip("-n", self.name, "link", "set", device, "up")
        _ip("link", "set", self._cable, "up")
        self.plug_in()

    @property
    def within(self) -> tuple[str, ...]:
        """What a command begins with that runs there, with processes of its own."""
        return ("nsenter", f"--net={NAMES / self.name}", *OWN_PROCESSES)

    def pull_out(self) -> None:
        """Nothing that it sends arrives any more, and nobody is told."""
        _ip("link", "set", self._cable, "nomaster")

    def plug_in(self) -> None:
        """Join it to the others."""
        _ip("link", "set", self._cable, "master", BRIDGE)


def network(hosts: int) -> list[Host]:
    """So many machines that reach ADDRESS and one another; call it once, apart."""
    NAMES.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", NAMES], check=True)
    _ip("link", "set", "lo", "up")
    _ip("link", "add", BRIDGE, "type", "bridge")
    _ip("address", "add", f"{ADDRESS}/24", "dev", BRIDGE)
    _ip("link", "set", BRIDGE, "up")
    return [Host(number) for number in range(hosts)]


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)
