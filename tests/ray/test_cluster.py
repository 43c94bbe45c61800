"""An import and a re-extraction on a Ray cluster: the archive is the same as without it, also when a node dies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from crawler.processes.ray_pool import RayMessage
from index.model.codes import PageReason, ParseReason
from tests.faults.consistency import ARSHIF, Installation, articles_of, check_sound, count_versions
from tests.integration.harness import ROOT
from tests.integration.test_import import made, told
from tests.ray.conftest import Nodes
from tests.support.patience import PATIENCE, wait_for
from tests.support.warcs import Archived, article, warc

pytestmark = pytest.mark.ray

ADDRESS = "https://www.example.com/news/decision-number-{}-of-the-council"
PAGES = [
    Archived(ADDRESS.format(n), f"{year}-02-{n % 28 + 1:02}T00:00:00Z", article(n, f", in {year}" * (n % 3)))
    for year in (2020, 2021)
    for n in range(150)
]


def on(cluster: Nodes, house: Installation) -> Installation:
    """The same place, whose commands find Ray."""
    return Installation(house.config, house.settings | cluster.environment)


def test_jobs_end_on_a_node_as_they_do_here(cluster: Nodes) -> None:
    """What crashes, computes without end or takes too much memory costs that job alone."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import asyncio; from tests.ray import jobs; asyncio.run(jobs.main({cluster.address!r}))",
        ],
        cwd=ROOT,
        env=os.environ | cluster.environment,
        stdout=subprocess.PIPE,
        timeout=PATIENCE,
        check=True,
    )
    assert json.loads(done.stdout) == {
        "refuse": PageReason.EMPTIED,
        "crash": ParseReason.CRASHED,
        "exhaust": ParseReason.OUT_OF_MEMORY,
        "compute": ParseReason.TOO_SLOW,
        "double": [number * 2 for number in range(200)],
        "ours": False,
        "other release": RayMessage.OTHER_RELEASE,
    }


def test_an_import_is_the_same_when_a_node_dies(tmp_path: Path, cluster: Nodes) -> None:
    """And so are the readings that are made of it later, on the nodes that are left."""
    (tmp_path / "a.warc.gz").write_bytes(warc(PAGES))
    calm, house = made(tmp_path, "calm"), on(cluster, made(tmp_path, "cluster"))
    expected = told(calm, tmp_path / "a.warc.gz")
    process = house.start(
        *ARSHIF, "import", str(tmp_path / "a.warc.gz"), "--on", cluster.address, "--json", stderr=subprocess.DEVNULL
    )
    wait_for(lambda: count_versions(house) or process.poll() is not None)
    cluster.tell("kill")
    try:
        assert process.poll() is None, "it was over before the node died"
        said, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, said
        assert json.loads(said) == expected
        assert articles_of(house) == articles_of(calm)
        check_sound(house)
        again = json.loads(calm.arshif("reextract", "--json"))
        assert json.loads(house.arshif("reextract", "--on", cluster.address, "--json")) == again
        assert articles_of(house) == articles_of(calm)
    finally:
        cluster.tell("add")


def test_a_cluster_that_does_not_answer_is_told(tmp_path: Path, ray_environment: dict[str, str]) -> None:
    (tmp_path / "a.warc.gz").write_bytes(warc(PAGES[:1]))
    house = made(tmp_path, "data")
    place = Installation(house.config, house.settings | ray_environment)
    ended, said = place.ended("crawler.cli", "import", str(tmp_path / "a.warc.gz"), "--on", "ray://127.0.0.1:9")
    assert ended == 1
    assert "the Ray cluster ray://127.0.0.1:9 cannot be used" in said


def test_a_cluster_of_this_machine_alone_ends_with_the_command(tmp_path: Path, ray_environment: dict[str, str]) -> None:
    (tmp_path / "a.warc.gz").write_bytes(warc(PAGES[:20]))
    calm, house = made(tmp_path, "calm"), made(tmp_path, "local")
    place = Installation(house.config, house.settings | ray_environment)
    expected = told(calm, tmp_path / "a.warc.gz")
    assert told(place, tmp_path / "a.warc.gz", "--on", "local-cluster", "--workers", 1) == expected
    assert articles_of(place) == articles_of(calm)
