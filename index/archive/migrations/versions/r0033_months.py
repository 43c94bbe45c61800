"""Bands by the month of their article, with hashes of 64 bits. They are made anew from the signatures, month 0 of which
says that they are not yet, in transactions of their own (`near_duplicates.place_some`)."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("signatures", sa.Column("month", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.create_index("ix_signatures_month", "signatures", ["month"])
    op.drop_table("bands")
    op.create_table(
        "bands",
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("hash", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("month", "hash", "number", name="pk_bands"),
        sqlite_with_rowid=False,
        postgresql_partition_by="LIST (month)",
    )
