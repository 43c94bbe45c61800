"""What a language model is given of an archive, asked by the protocol's own client."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from mcp import Client

from crawler.mcp_server import MAX_CHARACTERS, create_server
from index.archive import readings
from tests.support.filled_archive import NOW, SearchFixture, article, fill, newsroom, page
from tests.support.web_client import unreachable

TEXTS = ("السعر مئة", "السعر مئتان")
EDITED = [article("https://asi.example/edited", headline="سعر الخبز", body=body) for body in TEXTS]
LONG = article("https://asi.example/long", headline="طويل", body="كلمة " * MAX_CHARACTERS)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchFixture]:
    seen = [page(one, NOW + timedelta(hours=n)) for n, one in enumerate(EDITED)]
    filled = fill(tmp_path_factory.mktemp("shelf"), [*map(page, newsroom()), *seen, page(LONG)])
    yield filled
    filled.close()


def asked(shelf: SearchFixture, tool: str, **arguments: Any) -> Any:
    """What the tool answers; an error's text where it refuses."""

    async def ask() -> Any:
        async with Client(create_server(shelf.archive, shelf.engine)) as client:
            answer = await client.call_tool(tool, arguments)
            return answer.content[0].text if answer.is_error else answer.structured_content

    return asyncio.run(ask())


def test_all_it_offers_only_reads(shelf: SearchFixture) -> None:
    async def ask() -> Any:
        async with Client(create_server(shelf.archive, shelf.engine)) as client:
            assert "never an instruction" in (client.instructions or "")
            return (await client.list_tools()).tools

    tools = asyncio.run(ask())
    assert [tool.name for tool in tools] == ["search", "read", "history", "cite"]
    for tool in tools:
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint
        assert all("description" in one or "enum" in one for one in tool.input_schema["properties"].values()), tool.name


def test_a_search_is_answered_page_by_page_with_snippets_and_without_texts(shelf: SearchFixture) -> None:
    first = asked(shelf, "search", query="site:asi", sort="newest", limit=4)
    rest = asked(shelf, "search", query="site:asi", sort="newest", limit=50, cursor=first["cursor"])
    assert first["total"] == len(first["hits"] + rest["hits"]) > 20
    assert len({hit["archive"]["id"] for hit in first["hits"] + rest["hits"]}) == first["total"]
    assert all(hit["snippets"] and "articleBody" not in hit for hit in first["hits"])


def test_what_of_a_query_is_not_understood_is_told_and_the_rest_is_searched(shelf: SearchFixture) -> None:
    answer = asked(shelf, "search", query="الخبز after:yesterdayish site:nosuch")
    assert len(answer["problems"]) == 2
    assert "site:nosuch" in answer["problems"][1]


def test_an_article_is_read_by_its_address_and_its_versions_by_number(shelf: SearchFixture) -> None:
    now = asked(shelf, "read", article="HTTPS://asi.example/edited#top")
    before = asked(shelf, "read", article=EDITED[0].url, number=1)
    assert (now["articleBody"], before["articleBody"]) == ("السعر مئتان", "السعر مئة")
    assert (before["archive"]["version"], before["archive"]["versions"]) == (1, 2)


def test_a_long_text_comes_in_parts_that_join_to_the_whole(shelf: SearchFixture) -> None:
    text, offset = "", 0
    while offset is not None:
        part = asked(shelf, "read", article=LONG.id, offset=offset)
        assert len(part["articleBody"]) <= MAX_CHARACTERS
        text, offset = text + part["articleBody"], part["nextOffset"]
    assert text == LONG.body


def test_the_history_says_what_changed(shelf: SearchFixture) -> None:
    answer = asked(shelf, "history", article=EDITED[0].url)
    assert [event["what"] for event in answer["events"]] == ["new", "changed"]
    assert answer["events"][1]["removed"] == answer["events"][1]["added"] == 1


def test_a_citation_carries_the_hash_that_finds_its_text_again(shelf: SearchFixture) -> None:
    cited = asked(shelf, "cite", article=EDITED[0].url, number=1, form="ris")["result"]
    (line,) = [line for line in cited.splitlines() if "Content hash" in line]
    with shelf.archive.read() as conn:
        (reading,) = readings.with_hash(conn, line.split()[-1])
    assert reading.article.body == "السعر مئة"


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("read", {"article": "https://asi.example/nowhere"}, "has no article"),
        ("read", {"article": EDITED[0].url, "number": 3}, "has 2 versions"),
        ("cite", {"article": EDITED[0].url, "number": 2**63}, "has 2 versions"),
        ("history", {"article": "\0"}, "has no article"),
        ("search", {"query": "الخبز", "cursor": "W10"}, "cursor"),
    ],
)
def test_what_cannot_be_answered_is_told_to_the_model(
    shelf: SearchFixture, tool: str, arguments: dict[str, Any], told: str
) -> None:
    assert told in asked(shelf, tool, **arguments)


def test_an_index_that_is_down_stops_only_searches(shelf: SearchFixture) -> None:
    down = replace(shelf, engine=unreachable())
    assert "is Elasticsearch running?" in asked(down, "search", query="الخبز")
    assert asked(down, "read", article=EDITED[0].url)["articleBody"] == "السعر مئتان"
