"""What people add to articles: notes, tags and collections."""

import sqlalchemy as sa
from alembic import op

from index.archive.tables import Key

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notes",
        sa.Column("article", sa.String(), sa.ForeignKey("articles.id"), primary_key=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "tags",
        sa.Column("article", sa.String(), sa.ForeignKey("articles.id"), primary_key=True),
        sa.Column("tag", sa.Text(), primary_key=True),
    )
    op.create_index("ix_tags_tag", "tags", ["tag"])
    op.create_table(
        "collections",
        sa.Column("id", Key, primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("name", name="uq_collections_name"),
    )
    op.create_table(
        "collected",
        sa.Column("collection", Key, sa.ForeignKey("collections.id"), primary_key=True, autoincrement=False),
        sa.Column("article", sa.String(), sa.ForeignKey("articles.id"), primary_key=True),
        sa.Column("added", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_collected_article", "collected", ["article"])
