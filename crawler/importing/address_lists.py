"""Lists of addresses that other programs exported, such as Media Cloud's CSV and news-please's JSON: what is to be
crawled, as they hold no pages."""

from __future__ import annotations

from collections.abc import Sequence

from crawler.discover import source_document, url_list
from crawler.discover.collector import MAX_CANDIDATES, SkipReason
from crawler.errors import ArshifError, SourceProblem
from crawler.importing import downloads
from index.model.candidate import Candidate

ENDINGS = tuple(kind + packed for kind in (".csv", ".tsv", ".json", ".jsonl", ".ndjson") for packed in ("", ".gz"))


def is_one(path: str) -> bool:
    """Whether this path or address is of a list of addresses, by its name."""
    return downloads.file_name(path).endswith(ENDINGS)


def read(path: str) -> Sequence[Candidate]:
    """The addresses in a list, with what it says of each.

    :raises ArshifError: when there is no such list, it cannot be downloaded, it names no address, or it is longer than
        one that is read whole.
    """
    try:
        document = source_document.read(downloads.content(path), {})
        found = url_list.parse(document)
    except SourceProblem as problem:
        raise ArshifError(f"{path}: {problem}") from problem
    if document.cut or SkipReason.TOO_MANY in found.skipped:
        most = f"{MAX_CANDIDATES:,} addresses, or {source_document.MAX_BYTES >> 20} MB"
        raise ArshifError(f"{path} has more than {most}, or is torn: split it, and import the parts")
    return found.candidates
