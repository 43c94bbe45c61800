"""How far a long job is, in a file that outlives a killed process: the next one of the same kind goes on there."""

from __future__ import annotations

import json
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

from index.atomic_files import replace_file
from index.errors import ArchiveError


class Checkpoint:
    """How far the job of this name is, in the data folder; `what` distinguishes it from one of other pages or rules,
    which begins anew."""

    def __init__(self, data: Path, name: str, what: object) -> None:
        self._file = data / f"{name}.json"
        self._job = blake2b(repr(what).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    def read(self) -> dict[str, Any] | None:
        """What was last written of this job; None if that has ended, or is another one."""
        try:
            found = json.loads(self._file.read_bytes())
            return dict(found["state"]) if found["job"] == self._job else None
        except (OSError, ValueError, LookupError, TypeError):
            return None

    def write(self, state: dict[str, Any]) -> None:
        """Note how far it is.

        :raises ArchiveError: when that cannot be written.
        """
        try:
            replace_file(self._file, json.dumps({"job": self._job, "state": state}).encode())
        except OSError as error:
            raise ArchiveError(f"cannot write {self._file}: {error.strerror}") from error

    def remove(self) -> None:
        """Note that it has ended."""
        with suppress(FileNotFoundError):
            self._file.unlink()
