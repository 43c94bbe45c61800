"""arshif machines: those that crawl into one archive in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from crawler.cli.archive import open_existing_archive
from crawler.cli.messages import CommandMessage
from crawler.cli.options import Json
from crawler.console import print_json, print_table, say
from crawler.errors import ArshifError
from index.model.message import Message

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from index.archive import Archive

app = typer.Typer()

NameArgument = Annotated[str, typer.Argument(help="The name of a machine.")]


@app.command("list")
def list_machines(json: Json = False) -> None:
    """List the machines, when each was last heard of, and how many crawls it is making."""
    from index.archive import machines
    from index.locale import FALLBACK, plain, translate

    with _shared() as archive, archive.read() as conn:
        found = machines.listed(conn)
    states = [translate(Message(one.state), FALLBACK) for one in found]
    if json:
        told = ({"state": state, "code": one.state.value} for one, state in zip(found, states, strict=True))
        print_json([plain(asdict(one)) | more for one, more in zip(found, told, strict=True)])
        return
    if not found:
        say("no machine has crawled yet: start one with `arshif run`")
        return
    print_table(
        ("name", "state", "crawls", "heard", "version", "process"),
        (
            (one.name, state, f"{one.running} of {one.runs}", one.heard, one.version, one.process)
            for one, state in zip(found, states, strict=True)
        ),
    )


@app.command("drain")
def drain_machine(name: NameArgument) -> None:
    """Have a machine take no more sites: it ends once what it crawls is done.

    If it is started again, it waits until `arshif machines resume`.
    """
    from index.archive import machines

    _change(machines.drain, name)
    say(f"{name} takes no more sites, and ends once what it crawls is done.")


@app.command("resume")
def resume_machine(name: NameArgument) -> None:
    """Have a machine take sites again that was drained."""
    from index.archive import machines

    _change(machines.resume, name)
    say(f"{name} takes sites again.")


def _change(change: Callable[[Connection, str], bool], name: str) -> None:
    with _shared() as archive:
        if not archive.write(lambda conn: change(conn, name)).result():
            raise ArshifError(Message(CommandMessage.NO_MACHINE, {"name": name}))


@contextmanager
def _shared() -> Iterator[Archive]:
    """The archive, if it is one that several machines can share."""
    from crawler.config import load

    with open_existing_archive(load(only=())) as archive:
        if not archive.database.shared:
            raise ArshifError(Message(CommandMessage.ONE_MACHINE, {"name": archive.name}))
        yield archive
