"""When an article was stored, by which an index in several parts has it in one of them, and how far an index is."""

import sqlalchemy as sa
from alembic import op

from index.archive.column_types import Instant, Instants

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("articles", sa.Column("stored", Instant, nullable=False, server_default=sa.text("0")))
    op.execute("UPDATE articles SET stored = first_seen")
    op.create_index("ix_articles_stored", "articles", ["stored"])
    op.add_column("targets", sa.Column("parts", Instants))
    op.add_column("targets", sa.Column("filled", Instant))
