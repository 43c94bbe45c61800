"""Arabic words in whatever form: more is found than with Snowball's stems, in better order, and no less precisely."""

from __future__ import annotations

from tests.quality.arabic_search import by_embedded, by_pystemmer, judged, scores

FLOORS = {"ndcg": 0.97, "precision": 0.98, "recall": 0.97}


def test_arabic_is_found_in_whatever_form() -> None:
    given = judged()
    assert len(given.grades) > 300
    ours, peer = scores(by_embedded(given), given), scores(by_pystemmer(given), given)
    for name, floor in FLOORS.items():
        assert getattr(ours, name) > floor
        assert getattr(ours, name) > getattr(peer, name)
