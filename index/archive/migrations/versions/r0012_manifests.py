"""Manifests: what was stored when, the hashes of all readings and raw responses, and the manifest of each day."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    for table in ("versions", "readings", "raws"):
        op.add_column(table, sa.Column("stored", sa.BigInteger()))
        op.add_column(table, sa.Column("entry", KEY))
        op.create_index(f"ix_{table}_uncovered", table, ["stored"], sqlite_where=sa.text("entry IS NULL"))
    op.create_table(
        "manifest_entries",
        sa.Column("id", KEY, nullable=False, autoincrement=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("record", KEY),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_manifest_entries")),
    )
    op.create_table(
        "manifests",
        sa.Column("number", KEY, nullable=False, autoincrement=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("first", KEY, nullable=False),
        sa.Column("text", sa.Text()),
        sa.Column("signature", sa.Text()),
        sa.Column("key", sa.Text()),
        sa.Column("stamp", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_manifests")),
    )
