"""What a site says in place of an article that it has removed."""

import sqlalchemy as sa
from alembic import op

from index.archive.tables import Key

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notices",
        sa.Column("raw", Key, sa.ForeignKey("raws.id"), primary_key=True, autoincrement=False),
        sa.Column("article", sa.String, sa.ForeignKey("articles.id"), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_index("ix_notices_article", "notices", ["article"])
