"""export search, export kibana: what a search finds, and what Kibana shows of the index."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from crawler.cli.search import complain_of
from crawler.cli.status import open_stored
from crawler.config import load
from crawler.console import print_error, print_json, say
from crawler.storage import open_index
from index.atomic_files import new_file
from index.export import ResultStream, open_format, stream
from index.export.formats import Name
from index.model.article import IndexDocument
from index.model.query import Query

STDOUT = Path("-")
PROGRESS_EVERY = 5_000  # articles, between two lines that tell how far it is


def export_search(query: Query, form: Name, out: Path, json: bool) -> int:
    """Write all that is found. 2 where a part of the query could not be read, and was left out."""
    config = load()
    kind = open_format(form)
    complain_of(query)
    with open_stored(config) as archive, open_index(config) as engine:
        progress = _Progress(stream(query, engine, archive))
        put(out, kind.write(progress.pages()))
    if json and out != STDOUT:
        print_json({"file": out, "format": form, "articles": progress.done, "bytes": out.stat().st_size})
    elif out != STDOUT:
        say(f"{progress.done} articles: {out}")
    return 2 if query.problems else 0


def export_kibana(out: Path, json: bool) -> None:
    from index.engines.elastic.kibana import bundle

    text = bundle(load().settings.index.prefix)
    put(out, [text.encode()])
    if json and out != STDOUT:
        print_json({"file": out, "objects": text.count("\n")})
    elif out != STDOUT:
        say(f"Wrote {out}. Import it in Kibana: Stack Management, Saved Objects.")


def put(out: Path, pieces: Iterable[bytes]) -> None:
    """Writes to standard output for STDOUT, else a new file, whole or not at all."""
    if out == STDOUT:
        sys.stdout.buffer.writelines(pieces)
        sys.stdout.buffer.flush()
        return
    with new_file(out) as file:
        file.writelines(pieces)


class _Progress:
    """Counts what goes by, and tells it now and then."""

    def __init__(self, found: ResultStream) -> None:
        self._found = found
        self.done = 0

    def pages(self) -> Iterator[Sequence[IndexDocument]]:
        """The pages, as they were."""
        for page in self._found.pages:
            yield page
            before, self.done = self.done, self.done + len(page)
            if before // PROGRESS_EVERY < self.done // PROGRESS_EVERY:
                print_error(f"{self.done} of {self._found.total}")
