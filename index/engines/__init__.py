"""The index engines: `open_engine` returns one by its name; `base.Engine` is their common interface."""

from __future__ import annotations

from pathlib import Path

from index.engines.base import Engine, Layout, PartLimits

__all__ = ["Engine", "Layout", "PartLimits", "open_engine"]


def open_engine(  # noqa: PLR0913 - all that the settings say of an index
    kind: str,
    *,
    directory: Path | None = None,
    url: str = "",
    api_key: str = "",
    basic_auth: tuple[str, str] | None = None,
    ca_file: str = "",
    prefix: str = "arshif",
    limits: PartLimits | None = None,
    layout: Layout | None = None,
) -> Engine:
    """The engine of that kind; it is not contacted before its first use.

    `embedded` stores its files in `directory` (data/index). `elasticsearch` is at `url`, with an API key or a user name
    and password if the server requires them, and with `ca_file` if the system does not trust its certificate; the names
    of its indexes, aliases and template begin with `prefix`; `limits` says when articles go to a further index (None:
    never), `layout` how new indexes lie on the cluster. Only the requested engine is imported.

    :raises ValueError: when there is no such engine, or the embedded one is opened without a directory.
    :raises IndexMismatch: when `url` is not a valid address, or `ca_file` cannot be read.
    """
    if kind == "embedded":
        from index.engines.embedded import EmbeddedEngine

        if directory is None:
            raise ValueError("the embedded index needs a directory")
        return EmbeddedEngine(directory, prefix=prefix)
    if kind == "elasticsearch":
        from index.engines.elastic import ElasticEngine

        return ElasticEngine(
            url,
            api_key=api_key,
            basic_auth=basic_auth,
            ca_file=ca_file,
            prefix=prefix,
            limits=limits,
            layout=layout,
        )
    raise ValueError(f"there is no index engine {kind!r}: embedded and elasticsearch are known")
