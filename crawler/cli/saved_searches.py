"""searches list, add, remove: searches that are kept, with a feed each on the search page."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

from crawler.cli.search import complain_of
from crawler.cli.status import open_stored
from crawler.config import load
from crawler.console import cell, print_json, print_table, say
from crawler.errors import ArshifError
from index.archive import saved_searches
from index.search import query_language as queries


def list_all(json: bool) -> None:
    config = load()
    with open_stored(config) as archive, archive.read() as conn:
        saved = saved_searches.all_saved(conn)
    feeds = {one.id: f"{config.settings.web.address}feeds/{one.id}.atom" for one in saved}
    if json:
        print_json([{**asdict(one), "feed": feeds[one.id]} for one in saved])
    elif not saved:
        say("no search is saved yet: `arshif searches add NAME QUERY`, or on the search page")
    else:
        rows = [(str(one.id), one.name, one.query, cell(one.created), feeds[one.id]) for one in saved]
        print_table(("id", "name", "query", "saved", "feed"), rows)


def add(name: str, query: str, json: bool) -> int:
    read = queries.parse(query)
    complain_of(read)
    with open_stored(load()) as archive:
        number = archive.write(lambda conn: saved_searches.add(conn, name, query, datetime.now(UTC))).result()
    if json:
        print_json({"id": number})
    else:
        say(f"saved as {number}")
    return 2 if read.problems else 0


def remove(number: int, json: bool) -> None:
    with open_stored(load()) as archive:
        if not archive.write(lambda conn: saved_searches.remove(conn, number)).result():
            raise ArshifError(f"there is no saved search {number}: `arshif searches list` shows them")
    if json:
        print_json({"removed": number})
    else:
        say("removed")
