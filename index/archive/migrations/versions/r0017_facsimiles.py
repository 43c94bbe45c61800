"""Copies of versions that look like the page did, and whether a request for an address asks for one."""

import sqlalchemy as sa
from alembic import op

from index.archive.tables import Key

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "facsimiles",
        sa.Column("article", sa.String, sa.ForeignKey("articles.id"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("tried", sa.BigInteger, nullable=False),
        sa.Column("problem", sa.Text),
    )
    op.create_table(
        "facsimile_parts",
        sa.Column("article", sa.String, sa.ForeignKey("articles.id"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("made", sa.BigInteger, nullable=False),
        sa.Column("raw", Key, sa.ForeignKey("raws.id"), nullable=False),
        sa.Column("hash", sa.String, nullable=False),
    )
    for name in ("raw", "hash"):
        op.create_index(f"ix_facsimile_parts_{name}", "facsimile_parts", [name])
    op.add_column("requests", sa.Column("facsimile", sa.Boolean, nullable=False, server_default=sa.false()))
