"""What a site says in place of an article that it has removed."""

import sqlalchemy as sa
from alembic import op

from index.archive.column_types import Instant
from index.archive.tables import Key

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notices",
        sa.Column("article", sa.String, sa.ForeignKey("articles.id"), primary_key=True),
        sa.Column("seen", Instant, primary_key=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("raw", Key, sa.ForeignKey("raws.id")),
    )
    op.create_index("ix_notices_raw", "notices", ["raw"])
