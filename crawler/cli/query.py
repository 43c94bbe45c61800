"""A query on the command line: its argument, and the parts of it that could not be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from crawler.console import print_error

if TYPE_CHECKING:
    from index.model.article import Query

WORDS: dict[str, Any] = {"ignore_unknown_options": True}  # context settings: -غزة excludes a word, and is no option
PARTLY_READ = 2  # exit code where a part of the query could not be read, and the rest was searched


def check_words(words: list[str] | None) -> list[str]:
    """The words of a query; refuses --word, which is a mistyped option."""
    for word in words or ():
        if word.startswith("--"):
            raise typer.BadParameter(f"there is no option {word}: `arshif search --help`")
    return words or []


OptionalQuery = Annotated[
    list[str] | None,
    typer.Argument(callback=check_words, help="As of `arshif search`; every article if there is none."),
]


def print_query_problems(query: Query) -> None:
    """Prints what of the query could not be read, and where."""
    from index.search.query_language import sentence

    for problem in query.problems:
        print_error(f"character {problem.at + 1}: {sentence(problem)}")
