"""sites list, show, repeats, check: the sites that the configuration describes."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from textwrap import shorten
from typing import TYPE_CHECKING

from crawler.cli.status import open_stored
from crawler.config import load
from crawler.console import cell, print_error, print_json, print_table, say, set_up_log
from crawler.errors import ConfigError
from index.archive import repeated_blocks as stored_repeats
from index.locale import FALLBACK, plain, translate

if TYPE_CHECKING:
    from crawler.onboarding.probe import SourceCheck

EXCERPT_CHARS = 120  # characters of a block


def list_all(json: bool) -> None:
    sites = load().sites.values()
    if json:
        print_json([site.model_dump(mode="json") for site in sites])
        return
    print_table(
        ("site", "enabled", "country", "languages", "sources", "name"),
        (
            (site.id, site.enabled, site.country, " ".join(site.languages), len(site.sources), site.name)
            for site in sites
        ),
    )


def show(name: str, json: bool) -> None:
    (site,) = load().choose(name)
    facts = site.model_dump(mode="json", exclude_defaults=not json)
    if json:
        print_json(facts)
        return
    for key, value in facts.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            for entry in value:
                say(f"{key}: " + ", ".join(f"{name} {text}" for name, text in entry.items()))
        else:
            say(f"{key}: {', '.join(value) if isinstance(value, list) else value}")


def repeats(name: str, json: bool) -> None:
    """What was taken off a site's articles because others show it too, on how many they stand, and since when."""
    config = load()
    (site,) = config.choose(name)
    with open_stored(config) as archive, archive.read() as conn:
        learned = stored_repeats.learned_blocks(conn, site.id)
    if json:
        print_json([{"articles": one.articles, "since": one.since, "text": one.text} for one in learned])
        return
    rows = ((one.articles, f"{one.since.astimezone():%Y-%m-%d}", _short(one.text)) for one in learned)
    print_table(("articles", "since", "text"), rows)


def _short(text: str) -> str:
    return shorten(text, EXCERPT_CHARS, placeholder="…")


def check(name: str | None, json: bool) -> int:
    """Reads all files; with a site, its part of them, and asks its sources. 2 where a file has a mistake, 1 where a
    source gives nothing."""
    try:
        config = load()
        found = len(config.choose(name) if name else config.sites)
    except ConfigError as error:
        _told_of_files(0, str(error).splitlines(), (), json)
        return ConfigError.exit_code
    answers = _ask(name) if name else []
    if json:
        sources = [plain(answer) for answer in answers]
        print_json({"sites": found, "mistakes": [], "warnings": config.warnings, "sources": sources})
    else:
        _told_of_files(found, [], config.warnings, json)
        for answer in answers:
            say(f"{answer.kind:<10}{answer.url}: {_in_words(answer)}", "red" if answer.problem else None)
    return int(any(answer.problem for answer in answers))


def _told_of_files(found: int, mistakes: Sequence[str], warnings: Sequence[str], json: bool) -> None:
    if json:
        print_json({"sites": found, "mistakes": mistakes, "warnings": warnings, "sources": []})
        return
    for line in (*mistakes, *warnings):
        print_error(line)
    count, noun = (len(mistakes), "mistake") if mistakes else (found, "site")
    say(f"{count} {noun}{'s' * (count != 1)}" + ("" if mistakes else ", no mistake"))


def _ask(name: str) -> list[SourceCheck]:
    from crawler.onboarding.probe import check_sources  # Scrapy takes a second, which reading files should not

    set_up_log(logging.ERROR)
    return check_sources(name)


def _in_words(answer: SourceCheck) -> str:
    if answer.problem:
        return translate(answer.problem, FALLBACK)
    parts = [f"{answer.candidates} articles"]
    if answer.newest:
        parts.append(f"the newest of {cell(answer.newest)}")
    if answer.further:
        parts.append(f"{answer.further} further documents")
    return ", ".join(parts)
