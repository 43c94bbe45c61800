"""YAML files and environment variables -> frozen, validated Settings and Sites. Errors name file, line and key.

A configuration is a folder:

    arshif.yaml                 settings; each key has a default
    sites/<country>/<id>.yaml   the sites included in Arshif
    sites.local/<id>.yaml       a user's own: new sites, or single keys of included ones, such as `enabled: true`
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from importlib import resources
from ipaddress import ip_address
from itertools import chain
from pathlib import Path
from typing import Any

from crawler.config_messages import FileMessage, SettingsWarning, mistake
from crawler.errors import ConfigError, InvalidFiles
from crawler.settings_model import Settings
from crawler.site_config import Site, authority, stranger
from crawler.urls.registered_domain import domain_of
from crawler.yaml_loader import YamlDocument, parsed, read, validated
from index.model.message import Message

PREFIX = "ARSHIF_"
NO_SETTINGS = ("ARSHIF_CONFIG", "ARSHIF_TEST_")  # prefixes of variables that override no setting
IN_FILE = "_FILE"  # suffix of a variable that names the file with the value
SETTINGS = "arshif.yaml"
SECRETS = ("api_key", "password")
SUFFIXES = (".yaml", ".yml")
FILES_SHARE, FILES_FREE = 0.003, 0.005  # of a processor, for looking at files; seconds that are not counted
SHIPPED_SITES, OWN_SITES = "sites", "sites.local"  # folders; the second overrides the first


@dataclass(frozen=True)
class Config:
    """A valid configuration.

    `sites` maps ids to sites, sorted by id, disabled ones included. `directory` is the folder it was read from,
    `packaged` whether that is Arshif's built-in configuration. `settings.data` is an absolute path. `warnings` say
    which settings are allowed but probably not intended. `files` are the sites' files as they
    were when they were read: path, time of change in nanoseconds, bytes.

    Where only some sites were asked for, `sites` has no others, and `warnings` and `files` are empty.
    """

    settings: Settings
    sites: Mapping[str, Site]
    directory: Path
    packaged: bool = False
    warnings: tuple[Message, ...] = ()
    files: tuple[tuple[str, int, int], ...] = ()

    @property
    def enabled(self) -> tuple[Site, ...]:
        """The sites that are crawled."""
        return tuple(site for site in self.sites.values() if site.enabled)

    def choose(self, ids: str = "") -> tuple[Site, ...]:
        """The sites with these ids, such as "step,enabbaladi", even disabled ones; all enabled sites if none is named.

        :raises ConfigError: when no site has one of the ids.
        """
        names = ids_in(ids)
        for name in names:
            if name not in self.sites:
                close = get_close_matches(name, self.sites, n=1)
                hint = Message("command.did_you_mean", {"name": close[0]}) if close else Message("command.list_sites")
                raise ConfigError(Message("command.no_site", {"given": name, "hint": hint}))
        return tuple(self.sites[name] for name in names) or self.enabled

    def site_of(self, url: str) -> Site:
        """The site that this URL belongs to; a minimal one made up for its host if none is configured."""
        known = [site for site in self.sites.values() if site.publishes_at(url)]
        return max(known, key=lambda site: site.nearness(url), default=None) or stranger(url)

    def publisher_of(self, url: str) -> Site:
        """The configured site that publishes at this URL, by its host or else by its domain; a minimal one made up for
        the registered domain if there is none."""
        return max(self.publishers_at(url), key=lambda site: site.nearness(url))

    def publishers_at(self, url: str) -> Sequence[Site]:
        """The configured sites that publish at the host and port of this URL, or else at its domain; of none, a minimal
        one made up for the registered domain."""
        domain = domain_of(url)
        known = self._by_authority.get(authority(url)) or self._by_domain.get(domain)
        return known or [stranger(f"https://{domain}/")]

    @cached_property
    def _by_authority(self) -> Mapping[str, Sequence[Site]]:
        return _by((site, site.authorities) for site in self.sites.values())

    @cached_property
    def _by_domain(self) -> Mapping[str, Sequence[Site]]:
        return _by((site, site.own_domains) for site in self.sites.values())

    def site_files(self, site_id: str) -> list[Path]:
        """The files that describe this site: the one that comes with Arshif, then the user's own."""
        folders = (self.directory / part for part in (SHIPPED_SITES, OWN_SITES))
        return [Path(files[site_id]) for folder in folders if site_id in (files := _files(folder))]

    def own_sites_folder(self) -> Path:
        """The folder for the user's own site files; it need not exist yet.

        :raises ConfigError: when this is Arshif's built-in configuration, which is not the user's to change.
        """
        if self.packaged:
            raise ConfigError(Message(FileMessage.BUILT_IN))
        return self.directory / OWN_SITES


def _by(named: Iterable[tuple[Site, Iterable[str]]]) -> dict[str, list[Site]]:
    """The sites that have each name, in their order."""
    found: dict[str, list[Site]] = {}
    for site, names in named:
        for name in names:
            found.setdefault(name, []).append(site)
    return found


def ids_in(text: str) -> tuple[str, ...]:
    """The ids in a list such as "step,enabbaladi"."""
    return tuple(dict.fromkeys(filter(None, map(str.strip, text.split(",")))))


# --- reading it ----------------------------------------------------------------------------------------------------


def load(
    config_dir: Path | None = None, env: Mapping[str, str] = os.environ, only: Collection[str] | None = None
) -> Config:
    """The configuration in `config_dir`, else in $ARSHIF_CONFIG, else in ./config if that contains an arshif.yaml, else
    the built-in one, with its data in ./data. Where `only` some sites are asked for, by their ids, it has no others,
    and only their files are read.

    A variable such as ARSHIF_INDEX__ENGINE overrides the key index.engine, unless it is empty; list entries are
    separated by commas. ARSHIF_INDEX__API_KEY_FILE names a file that contains the key. A relative ARSHIF_DATA is
    relative to the current folder.

    :raises ConfigError: when something is wrong, with one line per mistake, such as
        "config/sites/sy/step.yaml:12: sources.0.url: what is wrong: what to do".
    """
    directory, packaged = _directory(config_dir, env)
    settings = validated(Settings, _settings(directory, env))
    beside = Path.cwd() if packaged or env.get("ARSHIF_DATA") else directory.resolve().parent
    settings = settings.model_copy(update={"data": beside / settings.data.expanduser()})
    if only is not None:
        return Config(settings, _sites(directory, only), directory, packaged)
    files = _stamps(directory)  # before they are read: what changes meanwhile is read again
    config = Config(settings, _sites(directory), directory, packaged, files=files)
    return replace(config, warnings=tuple(_warnings(config)))


def refreshed(config: Config) -> Config:
    """The configuration with the sites as their files now describe them, and its settings as they were; itself where no
    file has changed. Only the files that have are read.

    :raises ConfigError: when a file has a mistake.
    """
    files = _stamps(config.directory)
    if files == config.files:
        return config
    changed = {Path(path).stem for path, *_ in set(files) ^ set(config.files)}
    sites = {id_: site for id_, site in config.sites.items() if id_ not in changed} | _sites(config.directory, changed)
    return replace(config, sites=dict(sorted(sites.items())), files=files)


class FollowedSites:
    """A configuration whose sites follow their files. Looking at the files takes FILES_SHARE of a processor at most: of
    some hundred sites, it is done whenever asked for, of 20,000 every half a minute or so."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._next = 0.0  # monotonic seconds

    def refresh(self, *, at_once: bool = False) -> Config:
        """The configuration as the files now are, or were not long ago unless they are looked at `at_once`.

        :raises ConfigError: when a file has a mistake; `config` is then as it was.
        """
        if not at_once and time.monotonic() < self._next:
            return self.config
        began = time.thread_time()
        try:
            self.config = refreshed(self.config)
        finally:
            took = time.thread_time() - began
            self._next = time.monotonic() + (took / FILES_SHARE if took > FILES_FREE else 0.0)
        return self.config


def site_ids(config: Config) -> list[str]:
    """The ids of all configured sites, disabled ones included, by the names of their files: nothing is read.

    :raises ConfigError: when two files in one folder have the same name.
    """
    return sorted({id_ for part in (SHIPPED_SITES, OWN_SITES) for id_ in _files(config.directory / part)})


def site_from(config: Config, site_id: str, text: str, file: Path) -> Site:
    """The site of this id, if its own file had this text.

    :raises InvalidFiles: when that has mistakes.
    """
    shipped = _files(config.directory / SHIPPED_SITES)
    document = _with_id(site_id, parsed(text, file), file)
    below = _document(site_id, shipped[site_id]) if site_id in shipped else document
    return validated(Site, document.over(below))


def _stamps(directory: Path) -> tuple[tuple[str, int, int], ...]:
    """Paths, times of change and sizes of all site files.

    :raises ConfigError: when one cannot be looked at.
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


def _directory(config_dir: Path | None, env: Mapping[str, str]) -> tuple[Path, bool]:
    """The folder of the configuration, and whether it is the built-in one."""
    named = config_dir or (Path(env["ARSHIF_CONFIG"]) if env.get("ARSHIF_CONFIG") else None)
    if named is None:
        local = Path("config")
        return (local, False) if (local / SETTINGS).is_file() else (packaged_config(), True)
    if not named.is_dir():
        raise InvalidFiles([mistake(str(named), Message(FileMessage.NO_FOLDER))])
    if not any((named / part).exists() for part in (SETTINGS, SHIPPED_SITES, OWN_SITES)):
        meant = (named / "config" / SETTINGS).is_file()
        near = Message(FileMessage.DID_YOU_MEAN, {"name": str(named / "config")})
        hint = near if meant else Message(FileMessage.NAME_FOLDER)
        raise InvalidFiles([mistake(str(named), Message(FileMessage.NO_CONFIGURATION, {"hint": hint}))])
    return named, False


def _settings(directory: Path, env: Mapping[str, str]) -> YamlDocument:
    """The content of arshif.yaml, if there is one, overridden by the environment."""
    file = directory / SETTINGS
    document = read(file) if file.exists() else YamlDocument({})
    for name in sorted(env):
        if name.startswith(PREFIX) and not name.startswith(NO_SETTINGS) and env[name]:
            keys = tuple(name.removeprefix(PREFIX).removesuffix(IN_FILE).lower().split("__"))
            value = _content(name, env[name]) if name.endswith(IN_FILE) else env[name]
            document = document.set(keys, value, Message(FileMessage.VARIABLE, {"name": name}))
    return document


def _content(name: str, file: str) -> str:
    """The secret in a file, which is how Docker and systemd pass them on."""
    try:
        return Path(file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = Message(FileMessage.UNREADABLE_VALUE, {"file": file, "error": str(error)})
        raise InvalidFiles([mistake(Message(FileMessage.VARIABLE, {"name": name}), why)]) from None


def _sites(directory: Path, only: Collection[str] | None = None) -> dict[str, Site]:
    """All sites, or only these, by id. Every file is read before the mistakes of all are raised."""
    if only is not None and not only:
        return {}
    shipped, own = (_files(directory / part) for part in (SHIPPED_SITES, OWN_SITES))
    sites: dict[str, Site] = {}
    mistakes: list[Message] = []
    ids = {*shipped, *own}
    for site_id in sorted(ids if only is None else ids & set(only)):
        try:
            documents = [_document(site_id, files[site_id]) for files in (shipped, own) if site_id in files]
            document = documents[-1].over(documents[0])
            sites[site_id] = validated(Site, document)
        except InvalidFiles as error:
            mistakes += error.mistakes
    if mistakes:
        raise InvalidFiles(mistakes)
    return sites


def _files(folder: Path) -> dict[str, str]:
    """The paths of the site files below this folder, by id.

    :raises InvalidFiles: when two have the same name.
    """
    files: dict[str, str] = {}
    for path in _paths(folder):
        name, _ = os.path.splitext(os.path.basename(path))
        if name.startswith("."):
            continue
        if name in files:
            raise InvalidFiles([mistake(path, Message(FileMessage.SAME_NAME, {"other": files[name]}))])
        files[name] = path
    return files


def _document(site_id: str, file: str) -> YamlDocument:
    return _with_id(site_id, read(Path(file)), Path(file))


def _with_id(site_id: str, document: YamlDocument, file: Path) -> YamlDocument:
    if document.data.get("id", site_id) != site_id:
        why = Message(FileMessage.OTHER_ID, {"id": site_id})
        raise InvalidFiles([mistake(document.place(("id",)), why, "id")])
    return document.set(("id",), site_id, str(file))


def _warnings(config: Config) -> Iterator[Message]:
    settings, file = config.settings, config.directory / SETTINGS
    if not settings.contact:
        in_file = Message(SettingsWarning.SET_IN_FILE, {"file": str(file)})
        hint = Message(SettingsWarning.SET_VARIABLE) if config.packaged else in_file
        yield Message(SettingsWarning.NO_CONTACT, {"hint": hint})
    if not config.enabled:
        yield Message(SettingsWarning.NO_SITE, {"folder": str(config.directory)})
    if not _is_loopback(settings.web.host) and not settings.web.token:
        yield Message(SettingsWarning.NO_TOKEN, {"host": settings.web.host})
    if file.exists() and file.stat().st_mode & 0o044 and _holds_secrets(read(file).data):
        yield Message(SettingsWarning.SECRET, {"file": str(file)})


def _holds_secrets(said: Mapping[str, Any]) -> bool:
    return bool(said.get("notify") or said.get("proxy") or (said.get("web") or {}).get("token")) or any(
        (said.get("index") or {}).get(key) for key in SECRETS
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


# --- writing it ----------------------------------------------------------------------------------------------------


def packaged_config() -> Path:
    """The folder of the built-in configuration: in the wheel, or in the source tree."""
    package = Path(str(resources.files("crawler")))
    carried = package / "_config"
    return carried if carried.is_dir() else package.parent / "config"


def write_starter(directory: Path) -> Path:
    """Creates `directory`/config with the built-in configuration, for a user to edit, and returns its path.

    :raises ConfigError: when it exists and is not empty, or cannot be written.
    """
    target = directory / "config"
    if target.exists() and any(target.iterdir()):
        raise InvalidFiles([mistake(str(target), Message(FileMessage.NOT_EMPTY))])
    ignored = shutil.ignore_patterns(OWN_SITES)  # never copied: they are the user's
    try:
        shutil.copytree(packaged_config(), target, copy_function=shutil.copyfile, dirs_exist_ok=True, ignore=ignored)
        (target / OWN_SITES).mkdir()
    except (OSError, shutil.Error) as error:
        raise InvalidFiles([mistake(str(target), Message(FileMessage.NOT_WRITTEN, {"error": str(error)}))]) from None
    return target


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a site's file, for editors; a copy is in config/site.schema.json."""
    schema = _described(Site.model_json_schema())
    required = [key for key in schema.pop("required") if key != "id"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "A site of Arshif",
        "required": required,
    }


def _described(schema: Any) -> Any:
    """The schema with the sentences of its keys' descriptions in place of their codes."""
    if isinstance(schema, list):
        return [_described(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: _described(one) for name, one in schema.items()}
    if isinstance(code := found.get("description"), str) and " " not in code:
        from index.locale import FALLBACK, translate  # imported here: Babel would delay the start of every process

        found["description"] = translate(code, FALLBACK)
    return found
