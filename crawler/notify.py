"""Notify: brings alerts to the people who asked for them, by whatever way they read."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from crawler.config import Config
from crawler.errors import ConfigError
from index.archive import Archive, health
from index.archive.health import Alert

log = logging.getLogger("arshif.notify")

AT_ONCE = 20  # alerts of one message: if half the sites fail together, that is one message
GIVEN_UP = 100  # tries: an address that has not worked for days is not going to


def send(archive: Archive, config: Config) -> int:
    """How many alerts were brought to those whom `notify` names, in one message; what fails is tried again. Without
    anybody to tell, they are in `arshif alerts` alone."""
    with archive.read() as conn:
        waiting = [alert for alert in health.unsent(conn) if alert.tries < GIVEN_UP][:AT_ONCE]
    if not waiting or not config.settings.notify:
        return 0
    sent = message(config, *worded(waiting))
    ids, now = [alert.id for alert in waiting], datetime.now(UTC)
    archive.write(lambda conn: health.told(conn, ids, now if sent else None)).result()
    if not sent:
        log.warning("%d alert(s) could not be sent; they are tried again", len(waiting))
    return len(waiting) if sent else 0


def test(config: Config) -> bool:
    """Whether a message that says what it is reached everybody."""
    if not config.settings.notify:
        raise ConfigError("nobody is to be told: write an address of Apprise under `notify` in arshif.yaml")
    body = "So will Arshif tell you when a site falls silent, blocks it, or changes."
    return message(config, "Arshif: a test", body)


def message(config: Config, title: str, body: str) -> bool:
    """Whether a message reached everybody whom `notify` names; it is text, and no markup."""
    return bool(_apprise(config.settings.notify).notify(title=title, body=body, body_format="text"))


def known(config: Config) -> None:
    """Whether Apprise knows all the addresses of `notify`, without a message to anybody.

    :raises ConfigError: it does not know one."""
    _apprise(config.settings.notify)


def worded(alerts: Sequence[Alert]) -> tuple[str, str]:
    """A message's title and text."""
    lines = [line(alert) for alert in alerts]
    title = lines[0].split(": ", 1)[0] if len(alerts) == 1 else f"{len(alerts)} sites"
    return f"Arshif: {title}", "\n".join(lines)


def line(alert: Alert) -> str:
    """One alert: the site, its state, why, and an address that shows it."""
    parts = [alert.verdict or "well again", alert.detail, alert.example]
    return f"{alert.site}: " + "; ".join(part for part in parts if part)


def _apprise(addresses: Sequence[SecretStr]) -> Any:
    """:raises ConfigError: an address that Apprise does not know; it is not repeated, it may hold a password."""
    from apprise import Apprise  # 0.3 s that only those pay who are told something

    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # it repeats addresses, passwords and all
    told = Apprise()
    for number, address in enumerate(addresses):
        if not told.add(address.get_secret_value()):
            raise ConfigError(f"notify.{number}: is no address that Apprise knows, such as json://localhost:8080/hook")
    return told
