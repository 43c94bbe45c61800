"""Arabic words in whatever form, in either engine: more is found than by Elasticsearch's analyzer and by Snowball's
stems, in better order, and no less precisely."""

from __future__ import annotations

import pytest

from index.engines import Engine
from tests.quality.arabic_search import Scores, by_elasticsearch, by_engine, by_pystemmer, judged, scores
from tests.quality.test_arabic_search import FLOORS

pytestmark = pytest.mark.elasticsearch


@pytest.fixture(scope="module")
def peers(elasticsearch_url: str) -> list[Scores]:
    given = judged()
    return [scores(found, given) for found in (by_elasticsearch(given, elasticsearch_url), by_pystemmer(given))]


def test_arabic_is_found_better_than_by_the_analyzers_that_there_are(engine: Engine, peers: list[Scores]) -> None:
    given = judged()
    ours = scores(by_engine(given, engine), given)
    for name, floor in FLOORS.items():
        assert getattr(ours, name) > floor
        assert all(getattr(ours, name) > getattr(peer, name) for peer in peers)
