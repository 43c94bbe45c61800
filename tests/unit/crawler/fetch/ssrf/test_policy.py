"""Private addresses, in every spelling, are out of reach; public ones and allowed networks are not."""

from __future__ import annotations

import pytest

from crawler.fetch.ssrf.policy import AddressPolicy

PRIVATE = (
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
    "64:ff9b::7f00:1", "2002:7f00:1::",
)  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_is_refused(address: str) -> None:
    assert AddressPolicy([]).blocks(address)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1::", "64:ff9b::5db8:d822", "::ffff:93.184.216.34"]
)
def test_a_public_address_is_not(address: str) -> None:
    assert not AddressPolicy([]).blocks(address)


def test_an_allowed_network_is_reached_and_no_other() -> None:
    reach = AddressPolicy(["127.0.0.1/32", "10.1.0.0/16"])
    assert [reach.blocks(a) for a in ("127.0.0.1", "::ffff:127.0.0.1", "127.0.0.2", "10.1.9.9", "10.2.0.1")] == [
        False, False, True, False, True,
    ]  # fmt: skip
