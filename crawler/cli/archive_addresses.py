"""arshif archive: take single addresses into the archive, now."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crawler.cli.archive import index_changes
from crawler.cli.messages import CommandMessage
from crawler.cli.options import STDOUT as STDIN
from crawler.cli.options import Json
from crawler.cli.progress import progress
from crawler.console import print_error, print_json, say
from crawler.errors import ArshifError, Busy
from crawler.logging_setup import set_up_log
from index.model.codes import FetchReason, RequestResult, RunDetail
from index.model.message import Message

if TYPE_CHECKING:
    from index.archive import Archive
    from index.archive.facsimiles import Facsimile
    from index.archive.requests import AddressRequest

app = typer.Typer()


@app.command()
def archive(
    addresses: Annotated[
        list[str] | None, typer.Argument(metavar="URL...", help="Web addresses, of any site or of none.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="File with further addresses, one a line; - for standard input."),
    ] = None,
    copy: Annotated[
        bool,
        typer.Option("--copy", help="Also keep what each looks like: images, a picture and one file, by Chromium."),
    ] = False,
    json: Json = False,
) -> None:
    """Take web addresses into the archive, now.

    Each goes the way of any crawled page, whether or not its site is configured: robots.txt, politeness, rendering,
    extraction, versions. The exit code is 1 if one of them is not archived, and 3 if all of their sites are being
    crawled by another process. An article whose copy fails is archived all the same.
    """
    from crawler.config import load
    from crawler.requested import desk, fetcher
    from crawler.storage import open_archive

    set_up_log(logging.WARNING)
    given = [*(addresses or []), *(_lines(file) if file else [])]
    if not given:
        raise typer.BadParameter("name at least one address, or a file of them with --from", param_hint="URL")
    urls = dict.fromkeys(map(desk.usable, given))
    config = load()
    with open_archive(config) as store:
        with progress() as shown:
            step = shown.begin("archive", "addresses", len(urls))
            asked, _ = fetcher.fetch(config, store, list(urls), lambda _: step.advance(), facsimile=copy)
            index_changes(config, store, shown)
        found = _found(store, asked)
    if json:
        print_json([_as_json(one, kept) for one, kept in found])
    else:
        for one, kept in found:
            _print(one, kept)
    if all(one.outcome == Message(RunDetail.BUSY) for one, _ in found):
        raise typer.Exit(Busy.exit_code)
    raise typer.Exit(int(not all(one.archived for one, _ in found)))


def _lines(file: Path) -> list[str]:
    """The addresses in a file, without empty lines and those that begin with #."""
    try:
        text = sys.stdin.read() if file == STDIN else file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise ArshifError(Message(CommandMessage.NO_FILE, {"file": str(file)})) from None
    lines = map(str.strip, text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _found(store: Archive, asked: list[int]) -> list[tuple[AddressRequest, Facsimile | None]]:
    """The requests of these numbers, each with the facsimile that it asked for, if there is one."""
    from index.archive import facsimiles, requests

    with store.read() as conn:
        known = [one for number in asked if (one := requests.get(conn, number)) is not None]
        return [(one, facsimiles.of_request(conn, one)) for one in known]


def _as_json(one: AddressRequest, kept: Facsimile | None) -> dict[str, Any]:
    from index.locale import plain

    said = {"url": one.url, "site": one.site, "archived": one.archived, "result": one.result, "detail": one.outcome}
    said |= {"article": one.article, "version": one.number} | ({"copy": kept and kept.told} if one.facsimile else {})
    told: dict[str, Any] = plain(said)
    return told


def _print(one: AddressRequest, kept: Facsimile | None) -> None:
    from index.locale import FALLBACK, label, translate

    result = translate(label("archive.result", one.result or RequestResult.REFUSED), FALLBACK)
    if one.archived:
        say(f"{one.url}: {result} ({one.article}, version {one.number})")
        problem = kept.problem if kept is not None else Message(FetchReason.CRAWL_ENDED)
        if one.facsimile and problem is not None:
            print_error(f"{one.url}: not all of its copy was kept: {translate(problem, FALLBACK)}")
    else:
        why = f": {translate(one.outcome, FALLBACK)}" if one.result == RequestResult.REFUSED and one.outcome else ""
        print_error(f"{one.url}: {result}{why}")
