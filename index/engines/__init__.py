"""The indexes: `open_engine` gives the one that is asked for; `base.Engine` is what they all do."""

from __future__ import annotations

from pathlib import Path

from index.engines.base import Engine

__all__ = ["Engine", "open_engine"]


def open_engine(
    kind: str,
    *,
    directory: Path | None = None,
    url: str = "",
    api_key: str = "",
    basic_auth: tuple[str, str] | None = None,
    ca_file: str = "",
    prefix: str = "arshif",
) -> Engine:
    """The engine of that kind, which is not spoken to before its first use.

    `embedded` keeps its folders in `directory` (data/index). `elasticsearch` is at `url`, with an API key or a user's
    name and password where the server wants them, and `ca_file` where no system trusts its certificate; its index,
    aliases and template have names that begin with `prefix`. Only the engine that is asked for is imported."""
    if kind == "embedded":
        from index.engines.embedded import EmbeddedEngine

        if directory is None:
            raise ValueError("the embedded index needs a directory")
        return EmbeddedEngine(directory, prefix=prefix)
    if kind == "elasticsearch":
        from index.engines.elastic import ElasticEngine

        return ElasticEngine(url, api_key=api_key, basic_auth=basic_auth, ca_file=ca_file, prefix=prefix)
    raise ValueError(f"there is no index engine {kind!r}: embedded and elasticsearch are known")
