"""What is asked of an API: new posts and changed ones, with an overlap, and all of them now and then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from crawler.session.polls import API_OVERLAP, Poll
from crawler.site_config import Site

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SITE = Site.model_validate(
    {
        "id": "step",
        "name": "Step",
        "homepage": "https://step.example/",
        "country": "SY",
        "languages": ["ar"],
        "sources": [{"kind": "wordpress", "url": "https://step.example/"}],
    }
)
POLL = Poll.of(SITE, SITE.sources[0])


def asked(url: str | None) -> dict[str, str]:
    assert url is not None
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    return {name: query[name] for name in ("after", "modified_after", "orderby") if name in query}


def written(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_first_visit_asks_for_all_since_the_horizon() -> None:
    poll = POLL.of_api(None, NOW - timedelta(days=7))
    assert asked(poll.url) == {"after": written(NOW - timedelta(days=7)), "orderby": "date"}
    assert (poll.beside, poll.partly) == (None, False)


def test_later_ones_ask_for_new_and_for_changed_posts_with_an_overlap() -> None:
    poll = POLL.of_api(NOW, NOW - timedelta(days=30))
    since = written(NOW - API_OVERLAP)
    assert asked(poll.url) == {"after": since, "orderby": "date"}
    assert asked(poll.beside) == {"modified_after": since, "orderby": "modified"}
    assert poll.partly


def test_now_and_then_all_are_asked_for_and_the_changed_ones_too() -> None:
    poll = POLL.of_api(NOW, NOW - timedelta(days=30), whole=True)
    assert asked(poll.url) == {"after": written(NOW - timedelta(days=30)), "orderby": "date"}
    assert asked(poll.beside) == {"modified_after": written(NOW - API_OVERLAP), "orderby": "modified"}
    assert not poll.partly


def test_the_other_page_has_a_state_of_its_own_that_does_not_grow() -> None:
    first, later = (POLL.of_api(at, NOW).other() for at in (NOW, NOW + timedelta(hours=1)))
    assert first.url != later.url
    assert first.key == later.key != POLL.key
    assert (first.parent, first.top, first.depth) == (POLL.key, POLL.key, 1)
