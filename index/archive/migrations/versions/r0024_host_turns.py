"""Whose turn it is to ask a host, where several machines crawl."""

import sqlalchemy as sa
from alembic import op

from index.archive.column_types import Instant

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "host_turns",
        sa.Column("host", sa.String(), primary_key=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("until", Instant, nullable=False),
        sa.Column("asked", Instant),
    )
