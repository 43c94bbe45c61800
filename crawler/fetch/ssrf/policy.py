"""Addresses: which of them a crawl may reach. Public ones, and those of the networks that the settings allow."""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
UNICAST = IPv6Network("2000::/3")  # all that IANA has given out; what is outside belongs to nobody, or to a network
_NUMERIC = re.compile(r"[0-9a-fx.]+", re.ASCII | re.IGNORECASE)  # what inet_aton may read as an address: 0x7f.1


class AddressPolicy:
    """Which addresses may be reached: public ones, and those of the networks (CIDR) that are allowed."""

    def __init__(self, allowed: Sequence[str]) -> None:
        self.allowed = [ip_network(network) for network in allowed]

    def blocks(self, address: str) -> bool:
        """Whether this address (a literal, not a name) is out of reach.

        :raises ValueError: it is no literal address.
        """
        ip = _plain(ip_address(address))
        public = ip.is_global and not ip.is_multicast  # to Python, some multicast groups are global
        public = public and (isinstance(ip, IPv4Address) or ip in UNICAST)  # and so is ::127.0.0.1, IPv4 of old
        return not public and not any(ip in network for network in self.allowed)

    def blocks_host(self, host: str) -> bool:
        """Whether a URL's host is out of reach as it is written: an address in any spelling that a resolver takes for
        one (`2130706433`, `0x7f.1`), or this machine's own name. Any other name is judged by what it resolves to."""
        host = host.strip("[]").rstrip(".").lower()
        if host == "localhost" or host.endswith(".localhost"):
            return self.blocks("127.0.0.1")
        try:
            return self.blocks(host)
        except ValueError:
            pass
        if not _NUMERIC.fullmatch(host):
            return False
        try:
            return self.blocks(socket.inet_ntoa(socket.inet_aton(host)))
        except OSError:
            return False


def _plain(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address inside an IPv6 one, where there is one: mapped, 6to4, NAT64."""
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if ip in NAT64:
            inner = IPv4Address(int(ip) & 0xFFFFFFFF)
        return inner or ip
    return ip
