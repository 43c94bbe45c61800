"""Articles that turned out to be another one, and which versions were stored as theirs."""

import sqlalchemy as sa
from alembic import op

from index.archive.column_types import Instant

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "merged",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("article", sa.String, sa.ForeignKey("articles.id"), nullable=False),
        sa.Column("at", Instant, nullable=False),
    )
    op.create_index("ix_merged_article", "merged", ["article"])
    op.add_column("versions", sa.Column("stored_as", sa.String))
    op.add_column("versions", sa.Column("beside", sa.Boolean, nullable=False, server_default=sa.false()))
