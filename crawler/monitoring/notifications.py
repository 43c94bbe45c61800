"""Notifications: delivers alerts through Apprise, to each address in `notify` independently of the others."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any

from pydantic import SecretStr

from crawler.config import Config
from crawler.config_messages import FileMessage, mistake
from crawler.errors import ConfigError, InvalidFiles
from crawler.monitoring.site_health import HealthReason
from index.archive import Archive, health, pending_notifications
from index.archive.health import Alert
from index.archive.tables import alerts
from index.locale import FALLBACK, translate
from index.model.message import Message

log = logging.getLogger("arshif.notify")

ALERTS_PER_MESSAGE = 20  # alerts in one message: if half the sites fail together, that is one message
UNDELIVERABLE_AFTER = timedelta(days=7)  # an alert that an address did not accept for that long is dropped


def keys(config: Config) -> list[str]:
    """The keys under which the archive knows the addresses in `notify`: digests, as addresses may contain passwords."""
    return [sha256(address.get_secret_value().encode()).hexdigest()[:16] for address in config.settings.notify]


def send(archive: Archive, config: Config, now: datetime) -> int:
    """Send the unsent alerts to the addresses in `notify`; return the number of messages sent.

    A message that fails is sent again later. An alert goes to the addresses that `notify` had when it was recorded; if
    there were none, only `arshif alerts` shows it. `now` is UTC.
    """
    known = keys(config)
    archive.write(
        lambda conn: pending_notifications.drop_expired(conn, alerts, known, now - UNDELIVERABLE_AFTER)
    ).result()
    with archive.read() as conn:
        unsent = health.unsent(conn)
    sent = 0
    for key in known:
        mine = [alert for alert in unsent if key in alert.waiting][:ALERTS_PER_MESSAGE]
        if mine and message(config, key, *worded(mine)):
            ids = [alert.id for alert in mine]
            archive.write(partial(health.mark_notified, ids=ids, address=key, now=now)).result()
            sent += 1
    return sent


def message(config: Config, key: str, title: str, body: str) -> bool:
    """Send a message, as plain text, to the address with this key; return whether that succeeded."""
    number = keys(config).index(key)
    sent = _sent(config, number, title, body)
    if not sent:
        log.warning("notify.%d: a message could not be sent; retrying for %d days", number, UNDELIVERABLE_AFTER.days)
    return sent


def test(config: Config) -> list[str]:
    """Send a test message to every address; return those that it did not reach, as `notify.<index>`.

    :raises ConfigError: when `notify` is empty, or Apprise does not support one of its addresses.
    """
    if not config.settings.notify:
        raise ConfigError(Message(FileMessage.NOBODY_NOTIFIED))
    known(config)
    body = "So will Arshif tell you when a site falls silent, blocks it, or changes."
    numbers = range(len(config.settings.notify))
    return [f"notify.{number}" for number in numbers if not _sent(config, number, "Arshif: a test", body)]


def known(config: Config) -> None:
    """Check, without sending anything, that Apprise supports all addresses in `notify`.

    :raises ConfigError: when it does not; with one line for each such address.
    """
    if unknown := [number for number, address in enumerate(config.settings.notify) if _apprise(address) is None]:
        why = Message(FileMessage.NOT_NOTIFIED)
        raise InvalidFiles([mistake("", why, f"notify.{number}") for number in unknown])


def worded(alerts: Sequence[Alert]) -> tuple[str, str]:
    """A message's title and text: one alert per line, with its time, as it may be delivered late."""
    sites = list(dict.fromkeys(alert.site for alert in alerts))
    title = sites[0] if len(sites) == 1 else f"{len(sites)} sites"
    return f"Arshif: {title}", "\n".join(f"{alert.at:%Y-%m-%d %H:%M} UTC, {line(alert)}" for alert in alerts)


def line(alert: Alert) -> str:
    """One alert in a line: the site, its verdict, the reason, and an example URL."""
    well = Message(HealthReason.WELL_AGAIN)
    said = translate(alert.detail or well, FALLBACK)
    parts = [alert.verdict, said, alert.example]
    return f"{alert.site}: " + "; ".join(part for part in parts if part)


def _sent(config: Config, number: int, title: str, body: str) -> bool:
    apprise = _apprise(config.settings.notify[number])
    return apprise is not None and bool(apprise.notify(title=title, body=body, body_format="text"))


def _apprise(address: SecretStr) -> Any:
    """The Apprise object that sends to this address; None if Apprise does not support it."""
    from apprise import Apprise  # takes 0.3 s, spent only when something is sent

    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # it logs addresses, including passwords
    one = Apprise()
    return one if one.add(address.get_secret_value()) else None
