"""An archive of each released schema opens in the current one without loss: samples that those releases made.

`tests/samples/archive-<schema>.sqlite3.xz` is what that release's `arshif crawl` left of three sites of the newsroom,
two of which then changed an article, lost one and published one, after `VACUUM INTO`. In that of 0002, a site
also refused all requests and another showed a bot check; what a crawl does not write was stored by that release's
functions: health, alerts, a lie of a site, next turns, a document that an index refused.
"""

from __future__ import annotations

import lzma
import random
import signal
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select, text

from crawler.fingerprint import identity
from crawler.maintenance.minhash_backfill import MinHashBackfill
from crawler.monitoring.site_health import verdict_of
from index.archive import (
    Archive,
    article_counts,
    articles,
    documents,
    edits,
    erasure,
    frontier,
    health,
    migrate,
    near_duplicates,
    outbox,
    runs,
    site_state,
    source_state,
    trust,
)
from index.archive import tables as t
from index.archive.comparisons import compare_waiting
from index.archive.database import Database
from index.archive.near_window import month_of
from index.archive.postgresql import PostgresqlDatabase
from index.engines import open_engine
from index.locale import translate
from index.model.article import Article
from index.model.codes import FetchReason, PageReason, RunCause, Verdict
from index.model.message import Message
from index.model.results import Results
from index.search import indexer
from index.search.query_language import parse
from index.search.service import search
from index.search.verify import verify
from tests.support import near_texts
from tests.support.archive_samples import HOUR, NOW, article, page

SAMPLES = sorted((Path(__file__).parents[3] / "samples").glob("archive-*.sqlite3.xz"))
INDEX = Path(__file__).parents[3] / "samples" / "index-0001.tar.xz"  # of the same crawl, embedded
MOVED = {  # to the tables of turns and of how sites are doing, or from a sentence to a code
    *(("sites", "example"), ("sites", "since"), ("sites", "next_run"), ("sites", "next_why")),
    *(("runs", "why"), ("run_sites", "more"), ("frontier", "reason"), ("frontier", "detail"), ("sources", "problem")),
}
KEPT = (
    "articles",
    "versions",
    "aliases",
    "frontier",
    "raws",
    "stories",
    "runs",
    "sites",
    "sources",
    "repeats",
)

Rows = list[dict[str, Any]]


def unpacked(sample: Path, folder: Path) -> Path:
    """A released archive as it was, in a file of the test's own."""
    path = folder / "archive.sqlite3"
    path.write_bytes(lzma.decompress(sample.read_bytes()))
    return path


@pytest.fixture(params=SAMPLES, ids=lambda path: path.name.partition(".")[0])
def sample(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Each of them."""
    return unpacked(request.param, tmp_path)


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """The first one: there is an index of the same crawl, and no article is signed."""
    return unpacked(SAMPLES[0], tmp_path)


@pytest.fixture
def second(tmp_path: Path) -> Path:
    """That of 0002, which has sentences of all kinds."""
    return unpacked(SAMPLES[1], tmp_path)


def contents(path: Path) -> dict[str, Rows]:
    """Every row of the tables that hold what was crawled."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return {name: sorted(_rows(connection, name), key=str) for name in KEPT}


def _rows(connection: sqlite3.Connection, name: str) -> Iterator[dict[str, Any]]:
    yield from (dict(row) for row in connection.execute(f'SELECT * FROM "{name}"'))


def test_edits_and_removals_of_before_are_listed(sample: Path) -> None:
    """At once, and by their kinds once they have been compared."""
    with Archive(sample) as archive:
        with archive.read() as conn:
            noted = edits.page(conn, 100).edits
            changed = conn.execute(select(t.versions).where(t.versions.c.number > 1)).all()
            gone = conn.execute(select(t.articles).where(t.articles.c.gone_since.is_not(None))).all()
        assert {(one.article, one.version, one.at, one.kinds) for one in noted} == {
            *((row.article, row.number, row.seen, None) for row in changed),
            *((row.id, None, row.gone_since, ("gone",)) for row in gone),
        }
        assert changed
        assert gone
        while compare_waiting(archive, NOW):
            pass
        with archive.read() as conn:
            compared = edits.page(conn, 100).edits
            assert edits.count_waiting(conn) == 0
        assert all(one.kinds and (one.removed + one.added or not one.version) for one in compared)
        assert [(one.article, one.version, one.at) for one in compared] == [
            (one.article, one.version, one.at) for one in noted
        ]
        assert all(one.maybe_ours for one in compared if one.version), "by which rules they were read is not known"


def test_there_is_a_sample_of_every_released_schema() -> None:
    assert [path.name for path in SAMPLES] == ["archive-0001.sqlite3.xz", "archive-0002.sqlite3.xz"]
    assert migrate.HEAD > "0002"


def test_it_opens_without_loss(sample: Path) -> None:
    before = contents(sample)
    assert len(before["articles"]) > 40
    assert len(before["versions"]) > len(before["articles"]), "one changed"
    Archive(sample).close()
    after = contents(sample)
    for name, rows in before.items():
        columns = {column for column in rows[0] if (name, column) not in MOVED}
        was, now = ([{c: row[c] for c in sorted(columns)} for row in some] for some in (rows, after[name]))
        assert sorted(now, key=str) == sorted(was, key=str), name
    with closing(sqlite3.connect(sample)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(migrate.HEAD,)]
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_it_is_read_and_goes_on(sample: Path) -> None:
    with Archive(sample) as archive, archive.read() as conn:
        ids = [identifier for identifier, _ in documents.ids(conn)]
        found = documents.documents(conn, ids)
        assert [one.article.id for one in found] == ids
        assert all(one.article.headline and one.article.body for one in found)
        assert any(one.gone for one in found)
        changed = [versions for identifier in ids if len(versions := documents.versions(conn, identifier)) > 1]
        assert len(changed) == 2
        assert all(one.article.content_hash != two.article.content_hash for one, two in changed)
        sites = {one.article.site for one in found}
        states = {site: frontier.counts(conn, site) for site in sites}
        rows = conn.execute(t.frontier.select()).all()
        assert sum(sum(counts.values()) for counts in states.values()) == len(rows)
        assert all(documents.raw_of(conn, identifier) for identifier in ids)


def test_the_embedded_index_of_that_release_is_searched_until_the_new_one_is_complete(
    first: Path, tmp_path: Path
) -> None:
    with tarfile.open(INDEX) as packed:
        packed.extractall(tmp_path, filter="data")
    engine = open_engine("embedded", directory=tmp_path / "index")
    asked = [parse("", limit=100), parse("site:english", limit=100), parse("museum"), parse("مدينة", sort="newest")]
    with Archive(first) as archive:
        before = [_found(search(query, engine, archive)) for query in asked]
        assert before[0]
        assert before[1]
        assert engine.current() is None, "it is of an older mapping"
        indexer.reconcile(archive, engine)
        new = article("https://late.example/1", headline="Late museum news", body="It opens.", site="late")
        archive.write(lambda conn: articles.store(conn, page(new))).result()
        searched = engine.searched()
        indexer.index_batch(archive, engine, batch=1)
        assert engine.searched() == searched
        assert _found(search(parse("late museum"), engine, archive)) == {new.id}, "found before the new one is complete"
        archive.write(lambda conn: erasure.forget(conn, erasure.find(conn, new.id), NOW)).result()
        indexer.index_batch(archive, engine, batch=1)
        assert _found(search(parse("late museum"), engine, archive)) == set()
        indexer.migrate(archive, engine)
        assert engine.current() is not None
        assert [_found(search(query, engine, archive)) for query in asked] == before
        assert verify(archive, engine).differences == ()
    engine.close()


def _found(results: Results) -> set[str]:
    return {hit.document.article.id for hit in results.hits}


def test_its_articles_are_found_as_near_duplicates_once_they_are_signed(first: Path) -> None:
    with Archive(first) as archive:
        before = contents(first)["articles"]
        signing = MinHashBackfill(archive)
        looked = 0
        while some := signing.some(NOW):
            looked += some
        with archive.read() as conn:
            mergeable = [row.id for row in conn.execute(select(t.articles.c.id).where(t.articles.c.mergeable))]
            signed = set(conn.execute(select(t.signatures.c.article)).scalars())
            one = max(documents.documents(conn, sorted(signed)), key=lambda one: len(one.article.body))
        assert signed == set(mergeable)
        assert looked == len(mergeable) > 30
        assert contents(first)["articles"] == before, "stories and leads are what they were"

        edited = f"{one.article.body}\n\nThe office has since put this sentence right."
        copied = article("https://other.example/1", headline=one.article.headline, body=edited, site="other")
        signature = identity(copied.headline, copied.body).signature
        copied = replace(copied, signature=signature, published=one.article.published)
        archive.write(lambda conn: articles.store(conn, page(copied))).result()
        with archive.read() as conn:
            copy, origin = documents.document(conn, copied.id), documents.document(conn, one.article.id)
        assert copy is not None
        assert origin is not None
        assert copy.story == origin.story is not None


# --- sentences of before that became codes ---------------------------------------------------------------------------


def test_what_decided_by_its_first_words_decides_by_its_code(second: Path) -> None:
    with Archive(second) as archive, archive.read() as conn:
        reasons = set(conn.execute(select(t.frontier.c.reason)).scalars())
        assert reasons == {None, "page.wall", "fetch.http_status"}
        rows = [frontier.row(conn, one.site, one.url) for one in conn.execute(select(t.frontier)).all()]
        statuses = [row.detail for row in rows if row and row.reason == FetchReason.HTTP_STATUS and row.detail]
        assert {verdict_of(status) for status in statuses} == {Verdict.BLOCKED, None}, "503; 404 of pages that are gone"
        (outcomes,) = conn.execute(select(func.group_concat(t.fetches.c.came.distinct()))).scalars()
        assert set(outcomes.split(",")) == {
            *("fetch.http_status", "page.wall"),
            *("outcome.new", "outcome.changed", "outcome.same", "outcome.copy", "outcome.not_modified", "outcome.gone"),
        }
        seen = health.evidence(conn, "jannah", _urls(conn, "jannah"), NOW).sources
        assert {source.problem and verdict_of(source.problem) for source in seen} == {Verdict.BLOCKED}
        walled = health.evidence(conn, "arabic2", _urls(conn, "arabic2"), NOW).sources
        assert {source.problem and source.problem.code for source in walled} == {"source.bot_wall"}
        more = [part.counts for run in runs.recent(conn) for part in run.sites]
        assert sum(counts.get("fetch.host_blocks", 0) for counts in more) == 17
        assert sum(counts.get("page.wall", 0) for counts in more) == 5
        assert {run.why for run in runs.recent(conn)} == {Message(RunCause.REQUESTED)}


def test_what_was_a_sentence_is_shown_as_it_was(second: Path) -> None:
    before = sentences(second)
    assert before["health"] == {
        "its source answers: HTTP 403: http://jannah.example/rss answered 403",
        "no article since 2026-11-20 10:00; about 14 were to be expected",
    }
    with Archive(second) as archive, archive.read() as conn:
        found = {
            "health": {one.detail for one in health.states(conn).values()},
            "alerts": {one.detail for one in health.recent_alerts(conn, 9)},
            "trust": {one.how for one in trust.all_untrusted(conn)},
            "sites": {one.next_why for one in site_state.states(conn)},
            "run_sites": {part.detail for run in runs.recent(conn) for part in run.sites},
            "quarantine": {one.reason for one in outbox.quarantined(conn)},
        }
        rows = [frontier.row(conn, one.site, one.url) for one in conn.execute(select(t.frontier)).all()]
        walls = {translate(row.why, "en") for row in rows if row and row.why and row.reason == PageReason.WALL}
        problems = {one.problem for site in ("jannah", "arabic2") for one in source_state.states(conn, site)}
    for table, messages in found.items():
        assert {translate(message, "en") for message in messages if message} == before[table], table
        assert {message.code for message in messages if message} == {"legacy"}
    assert walls == {"asks for proof of being human"}
    told = {translate(problem, "en") for problem in problems if problem}
    assert told == {
        "HTTP 503",
        "bot wall: a page that asks for a person (<title>just a moment); use another source of the site",
    }


def sentences(path: Path) -> dict[str, set[str]]:
    """What a released archive says, by table."""
    columns = {"health": "detail", "alerts": "detail", "trust": "how", "sites": "next_why", "run_sites": "detail"}
    with closing(sqlite3.connect(path)) as connection:
        return {
            table: {text for (text,) in connection.execute(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL")}
            for table, column in (columns | {"quarantine": "reason"}).items()
        }


def _urls(conn: Connection, site: str) -> list[str]:
    return [source.url for source in source_state.states(conn, site) if source.failures]


# --- bands of before 0033, which had no months -----------------------------------------------------------------------


KILLED = """
import os, signal, sys
from pathlib import Path
from index.archive import Archive, near_duplicates
from index.archive.database import SqliteFile
from index.archive.postgresql import PostgresqlDatabase
place, hashes, made = sys.argv[1:], near_duplicates.hashes, []

def hashed(signature):
    made.append(signature)
    if len(made) > 250:
        os.kill(os.getpid(), signal.SIGKILL)
    return hashes(signature)

near_duplicates.hashes = hashed
near_duplicates._UNPLACED = near_duplicates._UNPLACED.limit(100)
Archive(PostgresqlDatabase(place[0], Path(place[1])) if len(place) > 1 else SqliteFile(Path(place[0])))
"""


def test_bands_are_made_anew_by_month(place: Database) -> None:
    """Of articles of two years, by one that is killed on the way and one that goes on from there; a copy that comes
    later finds the one that it is of."""
    texts = near_texts.article(random.Random(7), "en")
    known = article("https://a.example/known", site="a", headline=texts[0], body=texts[1], published=NOW - 1_000 * HOUR)
    with Archive(place) as archive:
        archive.write(lambda conn: articles.store(conn, page(_signed(known)))).result()
        archive.write(_fill).result()
        archive.write(_as_before).result()
    where = [place.url, str(place.folder)] if isinstance(place, PostgresqlDatabase) else [place.name]
    killed = subprocess.run([sys.executable, "-c", KILLED, *where], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert _placed(place) == 200, "what was committed stays"
    with Archive(place) as archive:
        with archive.read() as conn:
            months = {row.id: month_of(row.sort_date) for row in conn.execute(select(t.articles))}
            signed = conn.execute(select(t.signatures)).all()
            assert {row.article: row.month for row in signed} == months
            assert set(map(tuple, conn.execute(select(t.bands)))) == {
                (row.month, one, row.number) for row in signed for one in near_duplicates.hashes(row.signature)
            }
        copy = article("https://b.example/1", site="b", headline=texts[0], body=f"{texts[1]}\n\nThis was added.")
        archive.write(lambda conn: articles.store(conn, page(_signed(copy)))).result()
        with archive.read() as conn:
            found = documents.documents(conn, [known.id, copy.id])
    assert {one.story is not None for one in found} == {True}


def _placed(place: Database) -> int:
    """How many signatures have bands, without opening the archive, which would make the others'."""
    engine = place.open_engine(writer=False)
    with engine.connect() as conn:
        found: int = conn.execute(
            select(func.count()).select_from(t.signatures).where(t.signatures.c.month != 0)
        ).scalar_one()
    engine.dispose()
    return found


def _signed(one: Article) -> Article:
    return replace(one, signature=identity(one.headline, one.body).signature)


def _fill(conn: Connection) -> None:
    """Six hundred signed articles, each of another day."""
    facts = {"site": "c", "number": 1, "revision": 1, "content_hash": "", "mergeable": False}
    days = [(f"c{n}", NOW - 24 * n * HOUR) for n in range(600)]
    rows = [{"id": one, "url": one, "first_seen": day, "sort_date": day, **facts} for one, day in days]
    conn.execute(insert(t.articles), rows)
    rnd = random.Random(1)
    conn.execute(insert(t.signatures), [{"article": one, "signature": rnd.randbytes(512)} for one, _ in days])
    article_counts.add(conn, "c", len(days))


def _as_before(conn: Connection) -> None:
    """Take back what the revisions from 0033 on did, which there is no way to undo otherwise."""
    for statement in (
        "DROP TABLE jobs",
        *("DROP TABLE bands", "DROP INDEX ix_signatures_month", "ALTER TABLE signatures DROP COLUMN month"),
        "CREATE TABLE bands (hash BIGINT, number BIGINT, CONSTRAINT pk_bands PRIMARY KEY (hash, number))",
        "ALTER TABLE host_turns DROP COLUMN run",
        "UPDATE alembic_version SET version_num = '0032'",
    ):
        conn.execute(text(statement))
