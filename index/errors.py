"""The root of Arshif's errors, and those of the archive and the indexes. `crawler/errors.py` shows the whole tree."""

from index.model.message import LEGACY, Message


class ArshifError(Exception):
    """An error that a person can act on: the message says what failed and what to do. Exit code 1.

    `message` has a code of the catalogues; if only a sentence is given, it is a `legacy` message with that text. `code`
    says what a program needs to know: the message's code, or the kind of error where there is only a sentence.
    """

    exit_code = 1
    kind = "error.failed"

    def __init__(self, message: Message | str = "") -> None:
        from index.locale import FALLBACK, translate  # imported here: Babel would delay the start of every process

        self.message = message if isinstance(message, Message) else Message(LEGACY, {"text": message})
        super().__init__(translate(self.message, FALLBACK))

    @property
    def code(self) -> str:
        return self.kind if self.message.code == LEGACY else self.message.code


class ArchiveError(ArshifError):
    """The archive cannot be opened or written: the run stops, and no new archive is created instead. Exit code 4."""

    exit_code = 4
    kind = "error.archive"


class Busy(ArshifError):
    """Another process holds the requested resource; the message says which. Exit code 3."""

    exit_code = 3
    kind = "error.busy"


class LeaseLost(ArchiveError):
    """A newer run took over this site: the transaction is rolled back and the run ends."""

    kind = "error.lease_lost"


class IndexUnavailable(ArshifError):
    """The index does not answer, or asks to wait: the outbox keeps the rows, the indexer retries. Exit code 5."""

    exit_code = 5
    kind = "error.index_unavailable"


class IndexMismatch(ArshifError):
    """The index is not usable as ours (another product, another major version): nothing is indexed until that is fixed.
    Exit code 5."""

    exit_code = 5
    kind = "error.index_mismatch"


class InvalidValue(ArshifError):
    """A value that cannot be stored, such as a saved search without a name."""

    kind = "error.invalid_value"


class WrongPlace(ArshifError):
    """A file or folder that a command was given is none that it can use, and is left as it is. Exit code 2."""

    exit_code = 2
    kind = "error.wrong_place"


class FileThere(ArshifError):
    """A file to be created exists already, and is left as it is. Exit code 2."""

    exit_code = 2

    def __init__(self, path: str) -> None:
        super().__init__(Message("error.file_there", {"path": path}))


class QueryError(ArshifError):
    """A query that cannot be parsed: `position` is the offset of the mistake, in characters. Exit code 2."""

    exit_code = 2
    kind = "error.query_unclear"

    def __init__(self, message: Message | str, position: int) -> None:
        super().__init__(message)
        self.position = position
