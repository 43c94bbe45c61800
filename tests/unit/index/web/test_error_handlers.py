"""What an answer that refuses a request says of the address."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.filled_archive import fill
from tests.support.web_client import Client, client_of


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    shelf = fill(tmp_path_factory.mktemp("shelf"), [])
    yield client_of(shelf)
    shelf.close()


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/search", {"GET", "HEAD"}),
        ("/api/archive", {"GET", "HEAD", "POST"}),
        ("/searches", {"GET", "HEAD", "POST"}),
        ("/searches/1/delete", {"POST"}),
        ("/static/search.css", {"GET", "HEAD"}),
    ],
)
def test_the_allowed_methods_are_those_of_all_routes_of_the_address(
    client: Client, path: str, allowed: set[str]
) -> None:
    answer = client.request("DELETE", path)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == allowed
