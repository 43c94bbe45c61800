"""How near in time articles are for their texts to be compared: by month, so that a look-up costs the same however many
others the archive has, and those of old months can be dropped in one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine

_OPTION = "arshif_near_window"


@dataclass(frozen=True, slots=True)
class NearWindow:
    """Articles are compared with those of so many `months` before and after their own; those of more than `keep` months
    ago are not, if that is not 0."""

    months: int = 3
    keep: int = 0

    def first(self) -> int:
        """The first month whose articles are compared."""
        return month_of(datetime.now(UTC)) - self.keep if self.keep else 0

    def around(self, month: int) -> tuple[int, int]:
        """The first and the last month whose articles one of this month is compared with: none if the last comes
        first."""
        first = self.first()
        if month < first:
            return first, first - 1
        return max(month - self.months, first), month + self.months


_DEFAULT = NearWindow()


def month_of(sort_date: datetime) -> int:
    """The month of an article, in months since January of the year 0 (UTC): the one in which it was published, as far
    as its date can be believed, else that in which it was first seen (`articles.sort_date`)."""
    return sort_date.year * 12 + sort_date.month - 1


def start_of(month: int) -> datetime:
    """When a month begins."""
    return datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC) if month >= 12 else datetime.min.replace(tzinfo=UTC)


def use(engine: Engine, window: NearWindow) -> None:
    """Have the connections of an engine compare articles within this window."""
    engine.update_execution_options(**{_OPTION: window})


def of(conn: Connection) -> NearWindow:
    """The window of a connection."""
    found: NearWindow = conn.get_execution_options().get(_OPTION) or _DEFAULT
    return found
