"""Descriptions of sites in the archive, beside those in files."""

import sqlalchemy as sa
from alembic import op

from index.archive.column_types import Instant

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "site_documents",
        sa.Column("site", sa.String(), primary_key=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("stored", Instant, nullable=False),
    )
