"""The tree of errors, drawn once; a class says what happens next.

ArshifError                 a person can act on it; the command prints the message and exits
├── ConfigError             nothing starts; names file, line and key
├── ArchiveError            the run stops
│   └── LeaseLost           the run ends, a newer one has its site
├── Busy                    another process holds it; says which
├── IndexUnavailable        rows stay in the outbox; the shipper tries again
├── IndexMismatch           nothing is shipped until the server is mended
└── QueryError              the search box shows it with its position

PageProblem                 one page; the run goes on, the page is accounted for
├── Refused                 no article, and will not become one: kept with its reason
└── Unreadable              bytes that could not be parsed in time or at all: tried again later

SourceProblem               one source; the site's other sources go on
"""

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
    "LeaseLost",
    "PageProblem",
    "QueryError",
    "Refused",
    "SourceProblem",
    "Unreadable",
]


class ConfigError(ArshifError):
    """A configuration that cannot be used: nothing starts until the user mends the named file, line and key. Exit 2."""

    exit_code = 2


class PageProblem(Exception):
    """What is wrong with one page; the run goes on. `reason` is what is decided by and counted, `message` says it with
    its parameters."""

    def __init__(self, reason: Reason, /, **params: Given) -> None:
        super().__init__(reason)  # in args: it crosses process borders by pickle, which keeps the attributes too
        self.reason = reason
        self.message = Message(reason, params)

    def __str__(self) -> str:
        from index.locale import FALLBACK, translate  # 0.1 s that no worker pays

        return translate(self.message, FALLBACK)


class Refused(PageProblem):
    """No article, such as a section page, a wall or "not found": kept in the frontier with its reason, not stored.

    `said` is what such a page says of itself all the same, where it was read so far: (field, value, origin)."""

    said: tuple[tuple[str, object, str], ...] = ()


class Unreadable(PageProblem):
    """Bytes that could not be parsed at all or by the deadline: stores no validators, and is tried again later."""


class SourceProblem(PageProblem):
    """A feed, sitemap or listing that cannot be read: noted in the site's state, tried again at its next turn."""
