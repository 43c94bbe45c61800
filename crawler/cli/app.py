"""`arshif`: the commands of this package's files put together, and the process's exit."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import cache
from typing import Annotated

import typer
from typer.exceptions import TyperException

from crawler.cli import (
    alerts,
    archive_addresses,
    backup,
    child,
    collections,
    copy,
    crawl,
    demo,
    diff,
    doctor,
    edits,
    explain,
    export,
    extract,
    forget,
    history,
    import_pages,
    index,
    init,
    machines,
    manifest,
    mcp,
    migrate,
    notes,
    opml,
    prove,
    raw,
    reextract,
    run,
    runs,
    saved_searches,
    search,
    serve,
    show,
    sites,
    sites_add,
    sites_stored,
    status,
    stories,
    tags,
    verify,
)
from crawler.console import print_error, print_json, say
from crawler.errors import ArshifError, QueryError
from crawler.logging_setup import set_up_log

EXIT_CODES = {
    0: "success",
    1: "a problem that needs attention",
    2: "a mistake in the command, the query or the configuration",
    3: "another process is using the archive",
    4: "the archive is unusable",
    5: "the index is unusable",
}
INTERRUPTED = 130  # 128 and the number of SIGINT, as shells have it
COMMANDS = (  # in the order of `arshif --help`
    *(demo, init, run, crawl, archive_addresses, extract, import_pages),
    *(search, show, history, diff, edits, explain),
    *(serve, mcp, runs, status, alerts, doctor),
    *(backup, copy, migrate, verify, prove, forget, reextract, child),
)
GROUPS = (  # name, help, files
    ("sites", "The sites and their configuration files.", (sites, sites_add, sites_stored, opml)),
    ("searches", "Saved searches.", (saved_searches,)),
    ("collections", "Articles that people put together under a name.", (collections,)),
    ("tags", "What people file articles under.", (tags,)),
    ("notes", "What people write about articles.", (notes,)),
    ("export", "Export parts of the archive to files.", (export,)),
    ("index", "The search index.", (index,)),
    ("stories", "Texts that several sites have.", (stories,)),
    ("manifest", "Manifests of what was stored on each day, for proofs.", (manifest,)),
    ("machines", "The machines that crawl into one archive in PostgreSQL.", (machines,)),
    ("raw", "The WARC files of the raw copies.", (raw,)),
)


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        say(f"arshif {version('arshif')}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


def _build() -> typer.Typer:
    whole = typer.Typer(
        name="arshif",
        help="A scheduled news crawler with an archive and full-text search.",
        epilog="Exit codes: " + ", ".join(f"{code} {meaning}" for code, meaning in EXIT_CODES.items()) + ".",
        no_args_is_help=True,
        add_completion=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        callback=_options,
    )
    for file in COMMANDS:
        whole.add_typer(file.app)
    for name, about, files in GROUPS:
        group = typer.Typer(help=about, no_args_is_help=True)
        for file in files:
            group.add_typer(file.app)
        whole.add_typer(group, name=name)
    return whole


app = _build()


@cache
def command() -> Callable[..., int]:
    """The whole of it as Typer runs it, which takes a tenth of a second to make."""
    return typer.main.get_command(app)


def main() -> None:
    """Runs the command; an error that a person can act on becomes one line, or with --json an object, and an exit
    code."""
    # numpy starts a thread for each core, for linear algebra that nothing here does; a process without can be forked
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    set_up_log()
    _complete_at_first_tab()
    as_json = "--json" in sys.argv[1:]
    try:
        sys.exit(command()(standalone_mode=not as_json))
    except ArshifError as error:
        if as_json:
            _print_as_json(error)
        else:
            print_error(f"arshif: {error}")
        sys.exit(error.exit_code)
    except TyperException as error:  # a mistake in the command itself; without --json, Typer prints it
        print_json({"error": error.format_message(), "code": "error.usage", "params": {}, "exit_code": error.exit_code})
        sys.exit(error.exit_code)
    except (typer.Abort, KeyboardInterrupt):  # only with --json; else Typer says it
        print_json({"error": "interrupted", "code": "error.interrupted", "params": {}, "exit_code": INTERRUPTED})
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # `arshif search ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _complete_at_first_tab() -> None:
    """Typer's file for zsh is loaded at the first Tab of a terminal and only defines what completes from the second on
    (findings/typer-zsh-first-tab.sh). Ours completes when it is loaded, too, as Click's does."""
    from typer._completion_shared import _completion_scripts

    _completion_scripts["zsh"] += '\n[[ $zsh_eval_context[-1] != loadautofunc ]] || %(complete_func)s "$@"\n'


def _print_as_json(error: ArshifError) -> None:
    """Prints the sentence in English, the code and its parameters; for a query also the place of the mistake."""
    from index.locale import plain

    said = plain({"detail": error.message})
    place = {"position": error.position} if isinstance(error, QueryError) else {}
    print_json(
        {"error": said["detail"], "code": error.code, "params": said["params"], **place, "exit_code": error.exit_code}
    )
