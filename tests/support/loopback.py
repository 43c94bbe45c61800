"""Requests to servers on this machine, which have no use for the authorities' certificates: to load these takes httpx
39 ms of CPU for each client, and for each request without one."""

from __future__ import annotations

from functools import partial

import httpx

from tests.support.patience import PATIENCE

_HERE = {"timeout": PATIENCE, "trust_env": False, "verify": False}
get = partial(httpx.get, **_HERE)
post = partial(httpx.post, **_HERE)
stream = partial(httpx.stream, **_HERE)
Client = partial(httpx.Client, **_HERE)
