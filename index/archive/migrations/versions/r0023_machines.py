"""The machines that crawl into an archive."""

import sqlalchemy as sa
from alembic import op

from index.archive.column_types import Instant

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "machines",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("process", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("running", sa.Integer(), nullable=False),
        sa.Column("started", Instant, nullable=False),
        sa.Column("heard", Instant, nullable=False),
        sa.Column("ended", Instant),
        sa.Column("drained", Instant),
    )
