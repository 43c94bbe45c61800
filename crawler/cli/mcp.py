"""arshif mcp: the archive for language models."""

from __future__ import annotations

import typer

from crawler.cli.archive import open_existing_archive
from crawler.cli.messages import CommandMessage
from crawler.errors import ArshifError
from index.model.message import Message

app = typer.Typer()


@app.command()
def mcp() -> None:
    """Offer the archive to a language model (Model Context Protocol on standard input and output, read-only).

    A program such as an assistant starts it; it ends when that program closes its input.
    """
    from crawler.config import load
    from crawler.storage import open_index

    try:
        from crawler.mcp_server import create_server
    except ModuleNotFoundError as error:
        raise ArshifError(Message(CommandMessage.NO_MCP)) from error
    config = load(only=())
    with open_existing_archive(config) as archive, open_index(config) as engine:
        create_server(archive, engine).run()
