"""Sites that people want to add, by the page: a child looks at each (`crawler/onboarding/preview.py`)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from crawler.requested.on_demand import OnDemand
from index.archive import site_previews


class SitePreviewer(OnDemand):
    """Has the sites looked at that people want to add, one after the other."""

    name = "previews of sites"
    command = "_preview"

    def is_needed(self, conn: Connection) -> bool:
        """Whether a preview waits."""
        return site_previews.next_waiting(conn) is not None

    def settle_orphans(self, conn: Connection, now: datetime) -> None:
        """End the previews of runs that died."""
        site_previews.settle_orphans(conn, now)

    def claimed(self, conn: Connection) -> set[int]:
        """The runs of previews that are not done."""
        return set(site_previews.claimed(conn))

    def let_go(self, conn: Connection, run: int, now: datetime) -> None:  # noqa: ARG002
        """Let a run's preview wait again."""
        site_previews.let_go(conn, run)
