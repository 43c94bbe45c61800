"""The root of Arshif's errors, and those of the archive and the indexes. `crawler/errors.py` draws the whole tree."""

from index.locale import FALLBACK, translate
from index.model.message import LEGACY, Message


class ArshifError(Exception):
    """Something that a person can act on: the message says what failed and what to do. Exit code 1.

    `message` is a code of the catalogues; where there is only a sentence, it is a message that holds it."""

    exit_code = 1

    def __init__(self, message: Message | str = "") -> None:
        self.message = message if isinstance(message, Message) else Message(LEGACY, {"text": message})
        super().__init__(translate(self.message, FALLBACK))


class ArchiveError(ArshifError):
    """The archive cannot be opened or written: the run stops, and nothing is started in its place. Exit code 4."""

    exit_code = 4


class Busy(ArshifError):
    """Another process holds what was asked for; the message says which. Exit code 3."""

    exit_code = 3


class LeaseLost(ArchiveError):
    """A newer run took over this site: the transaction is rolled back and the run ends."""


class IndexUnavailable(ArshifError):
    """The index does not answer, or asks to wait: the outbox keeps the rows, the shipper tries again. Exit code 5."""

    exit_code = 5


class IndexMismatch(ArshifError):
    """The server is no index of ours (another product, another major version): nothing is shipped until it is mended.
    Exit code 5."""

    exit_code = 5


class InvalidValue(ArshifError):
    """A value that cannot be kept, such as a saved search without a name."""


class QueryError(ArshifError):
    """A query that cannot be read: `position` is the offset in characters at which it went wrong. Exit code 2."""

    exit_code = 2

    def __init__(self, message: Message | str, position: int) -> None:
        super().__init__(message)
        self.position = position
