"""That somebody else waits for a turn at a host."""

import sqlalchemy as sa
from alembic import op

from index.archive.column_types import Instant

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("host_turns", sa.Column("asked", Instant))
