"""Sites changed from the page: previews, descriptions of sites, sites switched on and off, schedules.

What is changed is written to sites.local/; where several machines share the archive, into that, so that all have it. A
site that has a file of its own in sites.local/, whose keys would win, is changed there all the same, and one that the
archive describes, there.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Literal
from urllib.parse import urlsplit

from sqlalchemy import Connection

from crawler.config import Config, FollowedSites, site_from
from crawler.crontab import crontab
from crawler.errors import ArchiveError, ConfigError
from crawler.fetch.ssrf.policy import AddressPolicy
from crawler.onboarding.messages import DeskMessage
from crawler.onboarding.site_file import with_key
from crawler.site_config import SITE_ID, Schedule, Site, authority
from crawler.site_layers import OWN_SITES, in_archive
from crawler.urls.canonical import canonical
from index.archive import Archive, site_documents, site_previews, site_state
from index.archive.site_previews import SitePreview
from index.atomic_files import replace_file
from index.errors import InvalidValue
from index.model.message import Message

MINUTES = (1, 43_200)  # between two crawls, as people may choose it here: a minute to 30 days
Kind = Literal["adaptive", "every", "cron"]


class SiteDesk:
    """Changes sites for the page: their files, in the folder that is the user's own, or what the archive says of them.
    A running daemon takes changes up by itself."""

    def __init__(self, config: Config, archive: Archive) -> None:
        self.archive = archive
        self.files = FollowedSites(config, archive)
        self.reach = AddressPolicy(config.settings.allow_networks)
        self._followed: Config | None = None  # whose sites the archive knows
        self._turn = Lock()  # of the threads that change files

    @property
    def config(self) -> Config:
        """The configuration as its sites last were."""
        return self.files.config

    def current(self) -> Config:
        """The configuration as its sites now are.

        :raises InvalidValue: when what describes one has a mistake.
        """
        try:
            return self.files.refresh(at_once=True)
        except ConfigError as error:
            raise InvalidValue(Message(DeskMessage.BROKEN, {"error": error.message})) from None

    def follow(self) -> None:
        """Let the archive know of all configured sites, also before their first crawl; while there is a mistake, or
        the archive cannot be used, it stays as it is."""
        with suppress(ConfigError, ArchiveError):
            self.files.refresh()
        if self._followed is not (config := self.config):
            facts = {site.id: site.facts for site in config.sites.values()}
            with suppress(ArchiveError):
                self.archive.write(lambda conn: site_state.follow(conn, facts)).result()
                self._followed = config

    def schedule(self, site_id: str) -> tuple[Kind, str] | None:
        """When a configured site is crawled: adaptively, every so many minutes, or by cron; None for an unknown one."""
        site = self.config.sites.get(site_id)
        if site is None:
            return None
        if site.schedule.cron:
            return "cron", site.schedule.cron
        return ("every", f"{site.schedule.every:g}") if site.schedule.every else ("adaptive", "")

    def ask(self, address: str) -> SitePreview:
        """The preview of the site at this address.

        :raises InvalidValue: when it is no public web address, belongs to a configured site, or too many wait.
        """
        typed = address.strip()
        url = canonical(typed if "://" in typed else f"https://{typed}")
        host = urlsplit(url).hostname or "" if url else ""
        if url is None or not set(host) & set(".:"):
            raise InvalidValue(Message(DeskMessage.NOT_ADDRESS, {"url": address[:200]}))
        if self.reach.blocks_host(host):
            raise InvalidValue(Message(DeskMessage.PRIVATE, {"host": host}))
        config = self.current()
        known = config.site_of(url)
        if known.id in config.sites:
            raise InvalidValue(Message(DeskMessage.CONFIGURED, {"host": authority(url), "site": known.id}))
        return self.archive.write(lambda conn: site_previews.ask(conn, url, datetime.now(UTC))).result()

    def add(self, site_id: str, text: str) -> None:
        """Write the description of a new site.

        :raises InvalidValue: when the id is none or another site's, or the text has a mistake.
        """
        if not re.fullmatch(SITE_ID, site_id):
            raise InvalidValue(Message(DeskMessage.BAD_ID, {"given": site_id[:100]}))
        with self._turn:
            taken = InvalidValue(Message(DeskMessage.THERE, {"site": site_id}))
            if site_id in self.current().sites:
                raise taken
            if self.archive.database.shared:
                if not self._store(site_id, None, text):
                    raise taken
                return
            file = self._folder() / f"{site_id}.yaml"
            if file.exists():
                raise taken
            self._write(site_id, file, text)

    def switch(self, site_id: str, on: bool) -> None:
        """Have a site crawled, or not.

        :raises InvalidValue: when there is no such site, or what describes it cannot be changed.
        """
        with self._turn:
            self._change(site_id, "enabled", on)

    def set_schedule(self, site_id: str, kind: str, value: str) -> None:
        """Set when a site is crawled: adaptively, every so many minutes, or by cron in its time zone.

        :raises InvalidValue: when there is no such site, the value is none, or what describes it cannot be changed.
        """
        timing = _timing(kind, value)
        with self._turn:
            site = self._known(site_id)
            own = site.schedule.model_dump(include={"fastest", "slowest"}, exclude_none=True)
            self._change(site_id, "schedule", (own | timing) or None)

    def _known(self, site_id: str) -> Site:
        site = self.current().sites.get(site_id)
        if site is None:
            raise InvalidValue(Message(DeskMessage.UNKNOWN, {"site": site_id[:100]}))
        return site

    def _change(self, site_id: str, key: str, value: object) -> None:
        self._known(site_id)
        files = self.config.site_files(site_id)
        own = [file for file in files if file.is_relative_to(self.config.directory / OWN_SITES)]
        shipped = len(files) > len(own)
        if not own and (self.archive.database.shared or site_id in self.config.stored):
            while not self._change_stored(site_id, key, value, shipped=shipped):
                pass  # somebody else has changed it meanwhile
            return
        file = own[0] if own else self._folder() / f"{site_id}.yaml"
        try:
            text = file.read_text("utf-8-sig") if own else ""
        except OSError as error:
            raise InvalidValue(Message(DeskMessage.NOT_WRITTEN, {"file": str(file), "error": str(error)})) from None
        below = shipped or site_id in self.config.stored
        self._write(site_id, file, _changed(text, key, value, file, below=below))

    def _change_stored(self, site_id: str, key: str, value: object, *, shipped: bool) -> bool:
        """Changes what the archive says of a site, unless somebody else has changed it meanwhile."""
        before = self._stored(site_id)
        text = _changed(before or "", key, value, in_archive(site_id), below=shipped)
        return self._store(site_id, before, text)

    def _stored(self, site_id: str) -> str | None:
        with self.archive.read() as conn:
            return site_documents.texts(conn, [site_id]).get(site_id)

    def _folder(self) -> Path:
        try:
            return self.config.own_sites_folder()
        except ConfigError:
            raise InvalidValue(Message(DeskMessage.PACKAGED)) from None

    def _write(self, site_id: str, file: Path, text: str) -> None:
        """Writes a site's file if it is right, and lets the page know of the site at once."""
        text = _with_ends(text)
        site = self._checked(site_id, text, Path(file.name), self._stored(site_id))
        try:
            file.parent.mkdir(exist_ok=True)
            replace_file(file, text.encode())
        except OSError as error:
            said = {"file": str(file), "error": error.strerror or str(error)}
            raise InvalidValue(Message(DeskMessage.NOT_WRITTEN, said)) from None
        self.current()
        self.archive.write(lambda conn: site_state.put(conn, site_id, **site.facts)).result()

    def _store(self, site_id: str, before: str | None, text: str) -> bool:
        """Stores what describes a site in the archive if it is right, and lets the page know of the site at once;
        returns False where the archive said something else than `before`, and stays as it was."""
        text = _with_ends(text)
        site = self._checked(site_id, text, in_archive(site_id))
        now = datetime.now(UTC)

        done = self.archive.write(lambda conn: describe(conn, site, before, text, now)).result()
        self.current()
        return done

    def _checked(self, site_id: str, text: str, file: Path, stored: str | None = None) -> Site:
        try:
            return site_from(self.config, site_id, text, file, stored)
        except ConfigError as error:
            raise InvalidValue(Message(DeskMessage.MISTAKE, {"error": error.message})) from None


def describe(conn: Connection, site: Site, before: str | None, text: str, now: datetime) -> bool:
    """Have the archive describe a site by this text, and the page know of the site at once; return False where the
    archive says something else than `before`, and leave it as it is. `now` is UTC."""
    if done := site_documents.change(conn, site.id, before, text, now):
        site_state.put(conn, site.id, **site.facts)
    return done


def _with_ends(text: str) -> str:
    """The text with the ends of lines that files here have."""
    return text.replace("\r\n", "\n").strip("\n") + "\n"


def _changed(text: str, key: str, value: object, file: Path, *, below: bool) -> str:
    """The text with this value of a key; without it if the value is None, unless what is `below` may say another."""
    if value is None and below:
        value = Schedule().model_dump(exclude_none=True)
    try:
        return with_key(text, key, value)
    except ValueError:
        raise InvalidValue(Message(DeskMessage.BY_HAND, {"file": str(file)})) from None


def _timing(kind: str, value: str) -> dict[str, object]:
    """The keys of a schedule.

    :raises InvalidValue: when the value is none of this kind.
    """
    least, most = MINUTES
    if kind == "cron":
        try:
            crontab(value.strip())
        except ValueError:
            raise InvalidValue(Message(DeskMessage.BAD_CRON, {"given": value[:100]})) from None
        return {"cron": value.strip()}
    if kind == "every":
        try:
            minutes = float(value)
        except ValueError:
            minutes = 0
        if not least <= minutes <= most:
            raise InvalidValue(Message(DeskMessage.BAD_MINUTES, {"least": least, "most": most}))
        return {"every": int(minutes) if minutes == int(minutes) else minutes}
    return {}
