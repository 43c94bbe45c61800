"""Saved searches that are told by the hour, day or week."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("searches", sa.Column("digest", sa.String()))
