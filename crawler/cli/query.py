"""A query on the command line: its argument, and the parts of it that could not be parsed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from crawler.console import print_error

if TYPE_CHECKING:
    from index.model.query import Query

WORDS: dict[str, Any] = {"ignore_unknown_options": True}  # context settings: -غزة excludes a word and is not an option
PARTLY_READ = 2  # exit code when part of the query could not be parsed, and the rest was searched


def check_words(words: list[str] | None) -> list[str]:
    """The words of a query.

    :raises typer.BadParameter: when one begins with --, which is a mistyped option.
    """
    for word in words or ():
        if word.startswith("--"):
            raise typer.BadParameter(f"no such option: {word}; see `arshif search --help`")
    return words or []


OptionalQuery = Annotated[
    list[str] | None,
    typer.Argument(callback=check_words, help="As for `arshif search`; by default, every article."),
]


def print_query_problems(query: Query) -> None:
    """Prints which parts of the query could not be parsed, and where they begin."""
    from index.search.query_language import sentence

    for problem in query.problems:
        print_error(f"character {problem.at + 1}: {sentence(problem)}")
