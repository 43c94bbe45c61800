"""What describes sites, in layers: a key of a higher one replaces the same key of a lower one.

1. the files that come with Arshif, `sites/<country>/<id>.yaml`
2. what is stored in the archive (`index/archive/site_documents.py`), so that all machines have it
3. a user's own files on this machine, `sites.local/<id>.yaml`

Each may describe a site that the others do not have.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import reduce
from itertools import chain
from pathlib import Path

from crawler.config_messages import FileMessage, mistake
from crawler.errors import InvalidFiles
from crawler.site_config import Site
from crawler.yaml_loader import YamlDocument, content, parsed, validated
from index.model.message import Message

SUFFIXES = (".yaml", ".yml")
SHIPPED_SITES, OWN_SITES = "sites", "sites.local"  # folders

Stamp = tuple[str, int, int]  # of a file: its path, its time of change in nanoseconds, its bytes


def sites(directory: Path, stored: Mapping[str, str], only: Collection[str] | None = None) -> dict[str, Site]:
    """All sites, or only these, by id: of a folder of the configuration, and of what the archive has `stored`.

    :raises InvalidFiles: when something is wrong: with the mistakes of all of them.
    """
    if only is not None and not only:
        return {}
    shipped, own = (files(directory / part) for part in (SHIPPED_SITES, OWN_SITES))
    ids = {*shipped, *stored, *own}

    def layers(site_id: str) -> Iterator[YamlDocument]:
        if site_id in shipped:
            yield in_file(site_id, shipped[site_id])
        if site_id in stored:
            yield document(site_id, stored[site_id], in_archive(site_id))
        if site_id in own:
            yield in_file(site_id, own[site_id])

    found: dict[str, Site] = {}
    mistakes: list[Message] = []
    for site_id in sorted(ids if only is None else ids & set(only)):
        try:
            found[site_id] = site(layers(site_id))
        except InvalidFiles as error:
            mistakes += error.mistakes
    if mistakes:
        raise InvalidFiles(mistakes)
    return found


def site(layers: Iterable[YamlDocument]) -> Site:
    """The site that these layers describe, the lowest first.

    :raises InvalidFiles: when they have mistakes.
    """
    return validated(Site, reduce(lambda below, above: above.over(below), layers))


def to_store(directory: Path, given: Path) -> dict[str, str]:
    """The texts of the site files in a folder, or of one file, by id: to be stored in the archive. Each is right over
    the file that comes with Arshif, if there is one.

    :raises InvalidFiles: when there is none, or something is wrong: with the mistakes of all of them.
    """
    shipped = files(directory / SHIPPED_SITES)
    texts: dict[str, str] = {}
    mistakes: list[Message] = []
    for site_id, file in ({given.stem: str(given)} if given.is_file() else files(given)).items():
        try:
            text = content(Path(file))
            layers = [in_file(site_id, shipped[site_id])] if site_id in shipped else []
            site([*layers, document(site_id, text, Path(file))])
            texts[site_id] = text
        except InvalidFiles as error:
            mistakes += error.mistakes
    if not texts and not mistakes:
        mistakes.append(mistake(str(given), Message(FileMessage.NO_SITE_FILES)))
    if mistakes:
        raise InvalidFiles(mistakes)
    return texts


def document(site_id: str, text: str, file: Path) -> YamlDocument:
    """The content of a text about a site that is in this file, or as if it were.

    :raises InvalidFiles: when it is not valid YAML, or about a site of another id.
    """
    found = parsed(text, file)
    if found.data.get("id", site_id) != site_id:
        raise InvalidFiles([mistake(found.place(("id",)), Message(FileMessage.OTHER_ID, {"id": site_id}), "id")])
    return found.set(("id",), site_id, str(file))


def in_file(site_id: str, file: str) -> YamlDocument:
    """The content of a site's file.

    :raises InvalidFiles: when it cannot be read, is not valid YAML, or about a site of another id.
    """
    return document(site_id, content(Path(file)), Path(file))


def in_archive(site_id: str) -> Path:
    """What mistakes in the archive's text of a site name in place of its file."""
    return Path(f"archive:{site_id}.yaml")


def files(folder: Path) -> dict[str, str]:
    """The paths of the site files below this folder, by id.

    :raises InvalidFiles: when two have the same name.
    """
    found: dict[str, str] = {}
    for path in _paths(folder):
        name, _ = os.path.splitext(os.path.basename(path))
        if name.startswith("."):
            continue
        if name in found:
            raise InvalidFiles([mistake(path, Message(FileMessage.SAME_NAME, {"other": found[name]}))])
        found[name] = path
    return found


def stamps(directory: Path) -> tuple[Stamp, ...]:
    """Paths, times of change and sizes of all site files of a configuration.

    :raises InvalidFiles: when one cannot be looked at.
    """
    found = []
    for folder in (SHIPPED_SITES, OWN_SITES):
        for path in _paths(directory / folder):
            try:
                stat = os.stat(path)
            except FileNotFoundError:
                continue  # removed meanwhile
            except OSError as error:
                why = Message(FileMessage.UNREADABLE_RIGHTS, {"error": error.strerror})
                raise InvalidFiles([mistake(path, why)]) from None
            found.append((path, stat.st_mtime_ns, stat.st_size))
    return tuple(found)


def _paths(folder: Path) -> list[str]:
    """What is named like a site's file below a folder, in the order of the paths."""
    there = (os.path.join(path, name) for path, *inside in os.walk(folder) for name in chain(*inside))
    return sorted(path for path in there if path.endswith(SUFFIXES))
