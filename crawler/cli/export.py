"""arshif export: search results, Kibana objects and raw copies as files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crawler.cli.archive import get_article, get_collection, open_existing_archive
from crawler.cli.messages import CommandMessage
from crawler.cli.options import (
    STDOUT,
    ArticlesArgument,
    CollectionArgument,
    FetchedSince,
    Json,
    Out,
    SiteOption,
    moment,
)
from crawler.cli.output import write_output
from crawler.cli.progress import BYTES, Shown, progress
from crawler.cli.query import PARTLY_READ, WORDS, OptionalQuery, check_words, print_query_problems
from crawler.console import print_error, print_json, say
from index.export.format_names import Form, Name, named
from index.model.message import Message
from index.model.query import Sort

if TYPE_CHECKING:
    from crawler.config import Config
    from index.archive import Archive
    from index.engines import Engine
    from index.export.result_stream import ResultStream
    from index.model.article import IndexDocument
    from index.warc.record import WarcRef

app = typer.Typer()

WACZ = Path("arshif.wacz")

FormOption = Annotated[
    Form | None,
    typer.Option(
        "--format",
        help="JSON Lines, CSV (for spreadsheets), Parquet, or the saved pages as WACZ; by default, as the file's name "
        "ends, or JSON Lines.",
        show_default=False,
    ),
]


@app.command("search", context_settings=WORDS)
def export_search(
    query: OptionalQuery = None,
    form: FormOption = None,
    out: Out = STDOUT,
    sort: Annotated[Sort, typer.Option(help="Order of the articles; relevance means newest.")] = "newest",
    json: Json = False,
) -> None:
    """Export every result of a search, with its full text.

    In CSV, an apostrophe precedes any cell that a spreadsheet would take for a formula. Parquet needs pyarrow
    (pip install 'arshif[parquet]'). Exits with 2 if part of the query could not be parsed; the rest is exported.
    """
    from crawler.config import load
    from crawler.storage import open_index
    from index.export.result_stream import stream
    from index.search import query_language

    words = " ".join(query or ())
    parsed = query_language.parse(words, sort=sort)
    config = load(only=())
    print_query_problems(parsed)
    with open_existing_archive(config) as archive, open_index(config) as engine:
        found = stream(parsed, engine, archive, annotated=True)
        _write(config, archive, found, form or named(out), out, words, json, (words, sort))
    if parsed.problems:
        raise typer.Exit(PARTLY_READ)


@app.command("collection")
def export_collection(
    collection: CollectionArgument, form: FormOption = None, out: Out = STDOUT, json: Json = False
) -> None:
    """Export every article of a collection, with its full text, tags and note."""
    from crawler.config import load
    from index.archive import collections
    from index.export.result_stream import chosen

    config = load(only=())
    with open_existing_archive(config) as archive:
        with archive.read() as conn:
            one = get_collection(conn, collection)
            ids = list(collections.articles_of(conn, one.id))
        _write(
            config, archive, chosen(ids, archive), form or named(out), out, one.name, json, ("collection", str(one.id))
        )


@app.command("articles")
def export_articles(articles: ArticlesArgument, form: FormOption = None, out: Out = STDOUT, json: Json = False) -> None:
    """Export these articles, in this order, with their full texts, tags and notes."""
    from crawler.config import load
    from index.export.result_stream import chosen

    config = load(only=())
    with open_existing_archive(config) as archive:
        with archive.read() as conn:
            ids = list(dict.fromkeys(get_article(conn, one).article.id for one in articles))
        _write(config, archive, chosen(ids, archive), form or named(out), out, "", json, tuple(ids))


@app.command("dataset")
def export_dataset(
    folder: Annotated[
        Path, typer.Argument(help="Folder to create, or of an earlier export, which is brought up to date.")
    ],
    json: Json = False,
) -> None:
    """Export every article as a dataset of Parquet files by month and language.

    DuckDB, Spark, pyarrow and Hugging Face's datasets read the folder as one table. Tags, notes and collections are
    left out. A month is written whole: an export that was broken off goes on, and a later one into the same folder
    writes the months that have changed and deletes what was erased. Needs pyarrow (pip install 'arshif[parquet]').
    """
    from crawler.config import load
    from index.export.dataset import Dataset
    from index.export.parquet import check_installed

    check_installed()
    with open_existing_archive(load(only=())) as archive, progress() as shown:
        step = shown.begin("export", "articles")
        done = Dataset(folder).update(archive, step.follow)
    if json:
        facts = {"articles": done.articles, "months": done.months, "changed": done.changed}
        print_json({"folder": folder, **facts})
    else:
        say(f"{folder} has {done.articles} articles of {done.months} months; {done.changed} months had changed")
        say(step.ending, "dim")


@app.command("kibana")
def export_kibana(
    out: Annotated[Path, typer.Option(help="File to create, such as arshif.ndjson; - for standard output.")] = STDOUT,
    json: Json = False,
) -> None:
    """Export a Kibana data view and dashboard for the index.

    The index must be in Elasticsearch. Import the file in Kibana under Stack Management > Saved Objects.
    """
    from crawler.config import load
    from index.engines.elastic.kibana import bundle

    text = bundle(load(only=()).settings.index.prefix)
    write_output(out, [text.encode()])
    if json and out != STDOUT:
        print_json({"file": out, "objects": text.count("\n") - 1})  # its last line counts them
    elif out != STDOUT:
        say(f"Wrote {out}. Import it in Kibana under Stack Management > Saved Objects.")


@app.command("warc")
def export_warc(
    file: Annotated[
        Path, typer.Argument(help="File to create, such as pages.warc.gz; named .warc, it is not compressed.")
    ],
    site: SiteOption = "",
    since: FetchedSince = "",
    json: Json = False,
) -> None:
    """Export the raw copies as one WARC file.

    It is written beside its name, in FILE.new: an export that was broken off goes on when the same command is given
    again.
    """
    from crawler.config import load
    from crawler.settings_model import PRODUCT
    from crawler.storage import open_archive, open_raw
    from index.archive import warc_records
    from index.export.warc import join
    from index.locale import FALLBACK
    from index.locale.formats import size

    config = load()
    info = {"software": PRODUCT, "format": "WARC File Format 1.1", "operator": config.settings.contact or "unknown"}
    chosen = config.choose(site)[0].id if site else None
    with open_archive(config) as archive, open_raw(config, archive) as raw, progress() as shown:

        def refs() -> Iterator[WarcRef]:
            with archive.read() as conn:
                yield from warc_records.refs(conn, chosen, moment(since))

        def known(ids: Iterable[int]) -> bool:
            with archive.read() as conn:
                return warc_records.are_there(conn, ids)

        step = shown.begin("export", "raw copies")
        what = (archive.database.name, chosen, since)
        done = join(raw, refs(), file, info, what=what, known=known, told=step.follow)
    if json:
        facts = {"records": done.written, "damaged": done.damaged, "earlier": done.earlier}
        print_json({"file": file, **facts, "bytes": file.stat().st_size})
        return
    say(f"Wrote {done.written} raw copies, {size(FALLBACK, file.stat().st_size)}, to {file}")
    say(step.ending, "dim")
    if done.damaged:
        print_error(f"{done.damaged} raw copies are damaged and were left out")


@app.command("wacz", context_settings=WORDS)
def export_wacz(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            callback=check_words,
            metavar="[WHAT]...",
            help="URL or id of an article, id of a site, or words of a search; by default, every article.",
        ),
    ] = None,
    out: Out = WACZ,
    json: Json = False,
) -> None:
    """Export raw copies as a web archive collection (WACZ), which ReplayWeb.page and pywb open.

    It has the copies of all versions, and of the redirects by which they were found. They are gathered beside the file,
    in FILE.new: an export that was broken off goes on when the same command is given again. Exits with 2 if part of a
    search could not be parsed; the rest is exported.
    """
    from crawler.config import load
    from crawler.storage import open_index

    config = load()
    with open_existing_archive(config) as archive, open_index(config) as engine:
        chosen = _chosen(what or [], config, archive, engine)
        _write_pages(config, archive, chosen, out, " ".join(what or ()), json)
    if chosen.problems:
        raise typer.Exit(PARTLY_READ)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The ids of the articles to export, about how many they are, what was asked for, and whether a part of the search
    was not parsed."""

    ids: Iterable[str]
    total: int
    what: tuple[str, ...]
    problems: bool = False


def _chosen(what: list[str], config: Config, archive: Archive, engine: Engine) -> _Chosen:
    from index.archive import documents
    from index.export.result_stream import article_ids, stream
    from index.search import query_language

    name = what[0] if len(what) == 1 else ""
    with archive.read() as conn:
        if not what or name in config.sites:
            ids = [one for one, _ in documents.ids(conn, name or None)]
            return _Chosen(ids, len(ids), tuple(what))
        is_id = documents.document(conn, name) or documents.merged_into(conn, name)
        if is_id or name.startswith(("http://", "https://")):
            return _Chosen([get_article(conn, name).article.id], 1, tuple(what))
    query = query_language.parse(" ".join(what))
    print_query_problems(query)
    found = stream(query, engine, archive)
    return _Chosen(article_ids(found), found.total, tuple(what), bool(query.problems))


def _write(  # noqa: PLR0913
    config: Config,
    archive: Archive,
    found: ResultStream,
    form: Form,
    out: Path,
    title: str,
    json: bool,
    what: tuple[str, ...],
) -> None:
    """Writes articles in this form; says what was written to a file, and which cells a spreadsheet will cut. `what`
    tells one command from another, of which one that was broken off is continued."""
    from index.export.columns import MAX_CELL_CHARS
    from index.export.formats import open_format
    from index.export.result_stream import article_ids

    if form == "wacz":
        _write_pages(config, archive, _Chosen(article_ids(found), found.total, what), out, title, json)
        return
    kind = open_format(form)
    with progress() as shown:
        counted = _Counted(found, form, shown)
        write_output(out, kind.write(counted.pages()))
    if json and out != STDOUT:
        facts = {"articles": counted.done, "cells_too_long": counted.long_cells, "bytes": out.stat().st_size}
        print_json({"file": out, "format": form, **facts})
    elif out != STDOUT:
        say(f"Wrote {counted.done} articles to {out}")
    if counted.long_cells:
        from index.locale import FALLBACK, translate

        told = Message(CommandMessage.LONG_CELLS, {"n": counted.long_cells, "most": MAX_CELL_CHARS})
        print_error(translate(told, FALLBACK))


def _write_pages(config: Config, archive: Archive, chosen: _Chosen, out: Path, title: str, json: bool) -> None:
    """Writes the saved pages of articles as a web archive collection, and says what was written to a file."""
    from crawler.settings_model import PRODUCT
    from crawler.storage import open_raw
    from index.export.wacz import Collection

    with open_raw(config, archive) as raw, progress() as shown:
        found = Collection(archive, raw, datetime.now(UTC), {"title": title or "Arshif", "software": PRODUCT})
        step = shown.begin("export", "articles", chosen.total)
        if out == STDOUT:
            write_output(out, found.pieces(step.counted(chosen.ids)))
        else:
            packing = shown.begin("pack", BYTES)
            found.write(out, chosen.ids, (archive.database.name, *chosen.what), step.follow, packing.update)
    done = found.report
    if json and out != STDOUT:
        print_json({"file": out, "format": "wacz", **asdict(done), "bytes": out.stat().st_size})
    elif out != STDOUT:
        say(f"Wrote {done.pages} saved pages of {done.articles} articles to {out}. Open it at https://replayweb.page")
        say(step.ending, "dim")
    if done.damaged:
        print_error(f"{done.damaged} raw copies are damaged and were left out")


class _Counted:
    """Passes pages of results on, and counts their articles."""

    def __init__(self, found: ResultStream, form: Name, shown: Shown) -> None:
        self._found = found
        self._form = form
        self._step = shown.begin("export", "articles", found.total)
        self.done = 0
        self.long_cells = 0  # of a CSV file, which a spreadsheet cuts

    def pages(self) -> Iterator[Sequence[IndexDocument]]:
        """The pages, unchanged."""
        from index.export.columns import cells_too_long

        for page in self._found.pages:
            yield page
            if self._form == "csv":
                self.long_cells += sum(map(cells_too_long, page))
            self.done += len(page)
            self._step.update(self.done)
