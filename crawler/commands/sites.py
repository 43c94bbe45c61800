"""sites list, show, check: the sites that the configuration describes."""

from __future__ import annotations

from crawler.config import load
from crawler.errors import ConfigError
from crawler.terminal import complain, print_json, print_table, say


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


def check(name: str | None, json: bool) -> int:
    """Reads all files; with a site, its part of them."""
    mistakes: list[str] = []
    warnings: tuple[str, ...] = ()
    found = 0
    try:
        config = load()
        found = len(config.choose(name) if name else config.sites)
        warnings = config.warnings
    except ConfigError as error:
        mistakes = str(error).splitlines()
    if json:
        print_json({"sites": found, "mistakes": mistakes, "warnings": warnings})
    else:
        for line in (*mistakes, *warnings):
            complain(line)
        say(f"{len(mistakes)} mistakes" if mistakes else f"{found} site{'s' * (found != 1)}, no mistake")
    return ConfigError.exit_code if mistakes else 0
