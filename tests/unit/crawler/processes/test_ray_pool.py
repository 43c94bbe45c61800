"""What `--on` names, where Ray is not installed, as it is not here."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from crawler.errors import ArshifError
from crawler.processes.ray_pool import RayMessage
from crawler.processes.workers import opened


@pytest.mark.parametrize("name", ["head.example.org", "ray://", "http://head.example.org", "local"])
def test_what_names_no_cluster_is_told(name: str) -> None:
    with pytest.raises(ArshifError) as told:
        opened(name)
    assert told.value.code == RayMessage.NOT_A_CLUSTER


@pytest.mark.skipif(find_spec("ray") is not None, reason="Ray is installed")
@pytest.mark.parametrize("name", ["ray://head.example.org", "local-cluster"])
def test_without_ray_it_is_told_how_to_get_it(name: str) -> None:
    with pytest.raises(ArshifError, match=r"pip install 'arshif\[ray\]'"):
        opened(name)
