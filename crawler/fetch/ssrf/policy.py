"""Which addresses a crawl may reach: public ones, and those in the networks that the settings allow."""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
UNICAST = IPv6Network("2000::/3")  # all that IANA has allocated; the rest is unassigned or local to a network
_NUMERIC = re.compile(r"[0-9a-fx.]+", re.ASCII | re.IGNORECASE)  # what inet_aton may parse as an address: 0x7f.1


class AddressPolicy:
    """Permits public addresses and those in the `allowed` networks (CIDR)."""

    def __init__(self, allowed: Sequence[str]) -> None:
        self.allowed = [ip_network(network) for network in allowed]

    def blocks(self, address: str) -> bool:
        """Whether this address (a literal, not a name) is blocked.

        :raises ValueError: when it is not a literal address.
        """
        ip = _plain(ip_address(address))
        public = ip.is_global and not ip.is_multicast  # Python counts some multicast groups as global
        public = public and (isinstance(ip, IPv4Address) or ip in UNICAST)  # and ::127.0.0.1, IPv4-compatible IPv6
        return not public and not any(ip in network for network in self.allowed)

    def blocks_host(self, host: str) -> bool:
        """Whether a URL's host is blocked as it is written.

        That is a blocked address in any notation that a resolver accepts (`2130706433`, `0x7f.1`), or this machine's
        own name. Any other name is judged by what it resolves to.
        """
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
    """The IPv4 address embedded in an IPv6 one, if any: mapped, 6to4, NAT64."""
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if ip in NAT64:
            inner = IPv4Address(int(ip) & 0xFFFFFFFF)
        return inner or ip
    return ip
