"""Fixtures that the security tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.security.server import Server, reply


@pytest.fixture
def canary() -> Iterator[Server]:
    """A server that nothing may reach: it counts who does."""
    with Server(lambda _: [reply("hit")]) as server:
        yield server
