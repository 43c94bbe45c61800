"""Articles in several pages: the raw responses of the further ones."""

import sqlalchemy as sa
from alembic import op

from index.archive.tables import Key

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "further_pages",
        sa.Column("article", sa.String, sa.ForeignKey("articles.id"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("raw", Key, sa.ForeignKey("raws.id"), nullable=False),
    )
    op.create_index("ix_further_pages_raw", "further_pages", ["raw"])
