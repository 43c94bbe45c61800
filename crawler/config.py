"""YAML files and environment variables -> frozen, validated Settings and Sites. Errors name file, line and key.

A configuration is a folder:

    arshif.yaml                 settings; each key has a default
    sites/<country>/<id>.yaml   the sites included in Arshif
    sites.local/<id>.yaml       a user's own: new sites, or single keys of included ones, such as `enabled: true`

Sites may be in the archive, too, which the settings name (`crawler/site_layers.py`).
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from importlib import resources
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler import site_layers
from crawler.config_messages import FileMessage, SettingsWarning, mistake
from crawler.errors import ConfigError, InvalidFiles
from crawler.settings_model import Settings
from crawler.site_config import Site, authority, stranger
from crawler.site_layers import OWN_SITES, SHIPPED_SITES
from crawler.urls.registered_domain import domain_of
from crawler.yaml_loader import YamlDocument, read, validated
from index.model.message import Message

if TYPE_CHECKING:  # else imported where it is used: 0.2 s that whoever needs the settings alone does not spend
    from index.archive import Archive

PREFIX = "ARSHIF_"
NO_SETTINGS = ("ARSHIF_CONFIG", "ARSHIF_TEST_")  # prefixes of variables that override no setting
IN_FILE = "_FILE"  # suffix of a variable that names the file with the value
SETTINGS = "arshif.yaml"
SECRETS = ("api_key", "password")
FILES_SHARE, FILES_FREE = 0.003, 0.005  # of a processor, for looking at sites; seconds that are not counted


@dataclass(frozen=True)
class Config:
    """A valid configuration.

    `sites` maps ids to sites, sorted by id, disabled ones included. `directory` is the folder it was read from,
    `packaged` whether that is Arshif's built-in configuration. `settings.data` is an absolute path. `warnings` say
    which settings are allowed but probably not intended. `files` are the sites' files as they
    were when they were read: path, time of change in nanoseconds, bytes. `stored` has the digest of what the archive
    said of each site that is described there.

    Where only some sites were asked for, `sites` has no others, and `warnings`, `files` and `stored` are empty.
    """

    settings: Settings
    sites: Mapping[str, Site]
    directory: Path
    packaged: bool = False
    warnings: tuple[Message, ...] = ()
    files: tuple[site_layers.Stamp, ...] = ()
    stored: Mapping[str, str] = field(default_factory=dict)

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
        return [Path(files[site_id]) for folder in folders if site_id in (files := site_layers.files(folder))]

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
    config_dir: Path | None = None,
    env: Mapping[str, str] = os.environ,
    only: Collection[str] | None = None,
    archive: Archive | None = None,
    *,
    files_only: bool = False,
) -> Config:
    """The configuration in `config_dir`, else in $ARSHIF_CONFIG, else in ./config if that contains an arshif.yaml, else
    the built-in one, with its data in ./data. Where `only` some sites are asked for, by their ids, it has no others,
    and only what describes those is read; for none, the archive is not opened. `archive` is the one of this
    configuration, if it is open already; sites that are described there are left out where `files_only` are wanted.

    A variable such as ARSHIF_INDEX__ENGINE overrides the key index.engine, unless it is empty; list entries are
    separated by commas. ARSHIF_INDEX__API_KEY_FILE names a file that contains the key. A relative ARSHIF_DATA is
    relative to the current folder.

    :raises ConfigError: when something is wrong, with one line per mistake, such as
        "config/sites/sy/step.yaml:12: sources.0.url: what is wrong: what to do".
    :raises ArchiveError: when there is an archive that cannot be used.
    """
    directory, packaged = _directory(config_dir, env)
    settings = validated(Settings, _settings(directory, env))
    beside = Path.cwd() if packaged or env.get("ARSHIF_DATA") else directory.resolve().parent
    settings = settings.model_copy(update={"data": beside / settings.data.expanduser()})
    if only is not None and not only:
        return Config(settings, {}, directory, packaged)
    # before they are read: what changes meanwhile is read again
    files = site_layers.stamps(directory) if only is None else ()
    texts, stored = ({}, {}) if files_only else _stored(settings, archive, only)
    config = Config(settings, site_layers.sites(directory, texts, only), directory, packaged, files=files)
    if only is not None:
        return config
    config = replace(config, stored=stored)
    return replace(config, warnings=tuple(_warnings(config)))


def refreshed(config: Config, archive: Archive) -> Config:
    """The configuration with the sites as they are now described by its files and in its archive, and its settings as
    they were; itself where nothing has changed. Only what has is read.

    :raises ConfigError: when it has a mistake.
    :raises ArchiveError: when the archive cannot be read.
    """
    from index.archive import site_documents

    files = site_layers.stamps(config.directory)
    with archive.read() as conn:
        stored = site_documents.digests(conn)
        changed = {Path(path).stem for path, *_ in set(files) ^ set(config.files)}
        changed |= {site for site, _ in stored.items() ^ config.stored.items()}
        if not changed:
            return config
        texts = site_documents.texts(conn, changed)
    sites = {id_: site for id_, site in config.sites.items() if id_ not in changed}
    sites |= site_layers.sites(config.directory, texts, changed)
    return replace(config, sites=dict(sorted(sites.items())), files=files, stored=stored)


def _stored(
    settings: Settings, archive: Archive | None, only: Collection[str] | None
) -> tuple[dict[str, str], dict[str, str]]:
    """What the archive says of sites, and the digests of that, by their ids; nothing where there is none yet."""
    from crawler.archive_place import database
    from index.archive import Archive, site_documents

    if archive is not None:
        return archive.ask(lambda conn: (site_documents.texts(conn, only), site_documents.digests(conn, only)))
    place = database(settings)
    if not place.exists():
        return {}, {}
    with Archive(place) as opened:
        return _stored(settings, opened, only)


class FollowedSites:
    """A configuration whose sites follow their files and the archive. Looking at these takes FILES_SHARE of a processor
    at most: of some hundred sites, it is done whenever asked for, of 20,000 every half a minute or so."""

    def __init__(self, config: Config, archive: Archive) -> None:
        self.config, self.archive = config, archive
        self._next = 0.0  # monotonic seconds

    def refresh(self, *, at_once: bool = False) -> Config:
        """The configuration as the sites now are, or were not long ago unless they are looked at `at_once`.

        :raises ConfigError: when what describes one has a mistake; `config` is then as it was.
        :raises ArchiveError: when the archive cannot be read; then, too.
        """
        if not at_once and time.monotonic() < self._next:
            return self.config
        began = time.thread_time()
        try:
            self.config = refreshed(self.config, self.archive)
        finally:
            took = time.thread_time() - began
            self._next = time.monotonic() + (took / FILES_SHARE if took > FILES_FREE else 0.0)
        return self.config


def site_ids(config: Config) -> list[str]:
    """The ids of all sites that have a file, disabled ones included, by the names of the files: nothing is read.

    :raises ConfigError: when two files in one folder have the same name.
    """
    folders = (config.directory / part for part in (SHIPPED_SITES, OWN_SITES))
    return sorted({id_ for folder in folders for id_ in site_layers.files(folder)})


def site_from(config: Config, site_id: str, text: str, file: Path, stored: str | None = None) -> Site:
    """The site of this id, if its own file had this text, over what the archive has `stored` of it; or if the archive
    had this text.

    :raises InvalidFiles: when that has mistakes.
    """
    shipped = site_layers.files(config.directory / SHIPPED_SITES)
    layers = [site_layers.in_file(site_id, shipped[site_id])] if site_id in shipped else []
    if stored is not None:
        layers.append(site_layers.document(site_id, stored, site_layers.in_archive(site_id)))
    return site_layers.site([*layers, site_layers.document(site_id, text, file)])


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
