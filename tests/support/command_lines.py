"""Command lines of `arshif` in files of others, such as Compose's and Kubernetes'."""

from __future__ import annotations

from typing import Any

from typer.main import get_command

from crawler.cli.app import app


def parsed(words: list[str]) -> tuple[str, dict[str, Any]]:
    """The command of `arshif` that these words are, and its arguments and options, as the command line reads them."""
    command: Any = get_command(app)
    context = command.make_context("arshif", list(words))
    names = []
    while hasattr(command, "resolve_command"):
        name, command, words = command.resolve_command(context, [*context._protected_args, *context.args])
        names.append(name)
        context = command.make_context(name, words, parent=context)
    return " ".join(names), context.params
