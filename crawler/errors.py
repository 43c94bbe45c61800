"""The error hierarchy, and what happens after each error.

ArshifError                 a person can act on it; the command prints the message and exits
├── ConfigError             nothing starts; names file, line and key
│   └── InvalidFiles        each mistake of the files as a message
├── ArchiveError            the run stops
│   └── LeaseLost           the run ends: a newer run holds the site's lease
├── Busy                    another process holds the lock; the message says which
├── IndexUnavailable        rows stay in the outbox; the indexer retries
├── IndexMismatch           nothing is indexed until the server is fixed
└── QueryError              the search box shows it with its position

PageProblem                 one page; the run continues and the page is recorded
├── Refused                 not an article, and will not become one: recorded with its reason
└── Unreadable              bytes that could not be parsed, or not in time: retried later

SourceProblem               one source; the site's other sources continue
"""

from collections.abc import Sequence

from index.errors import (
    ArchiveError,
    ArshifError,
    Busy,
    IndexMismatch,
    IndexUnavailable,
    LeaseLost,
    QueryError,
)
from index.model.codes import Reason
from index.model.message import Given, Message

__all__ = [
    "ArchiveError",
    "ArshifError",
    "Busy",
    "ConfigError",
    "IndexMismatch",
    "IndexUnavailable",
    "InvalidFiles",
    "LeaseLost",
    "PageProblem",
    "QueryError",
    "Refused",
    "SourceProblem",
    "Unreadable",
]


class ConfigError(ArshifError):
    """An invalid configuration: nothing starts until the user fixes the named file, line and key. Exit status 2."""

    exit_code = 2
    kind = "error.configuration"


class InvalidFiles(ConfigError):
    """Mistakes in files of the configuration, one message for each."""

    def __init__(self, mistakes: Sequence[Message]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__(Message("error.configuration", {"mistakes": list(mistakes)}))


class PageProblem(Exception):
    """A problem with one page; the run continues. `reason` is the code to count and branch on, `message` the same with
    its parameters."""

    def __init__(self, reason: Reason, /, **params: Given) -> None:
        super().__init__(reason)  # in args: pickled between processes, with its attributes
        self.reason = reason
        self.message = Message(reason, params)

    def __str__(self) -> str:
        from index.locale import FALLBACK, translate  # imported here to save each worker 0.1 s

        return translate(self.message, FALLBACK)


class Refused(PageProblem):
    """Not an article: a section page, a block page or "not found". Kept in the frontier with its reason, not stored.

    `said` holds the fields that were extracted before the page was rejected: (field, value, origin)."""

    said: tuple[tuple[str, object, str], ...] = ()


class Unreadable(PageProblem):
    """Bytes that could not be parsed, or not by the deadline: no validators are stored, and the page is retried."""


class SourceProblem(PageProblem):
    """A feed, sitemap or listing that cannot be read: recorded in the site's state, retried at the next poll."""
