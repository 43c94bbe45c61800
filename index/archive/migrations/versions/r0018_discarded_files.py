"""WARC files that are to be deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("discarded_files", sa.Column("file", sa.String, primary_key=True))
