"""When each site is crawled next, in a table of its own that can be asked for what is due."""

import sqlalchemy as sa
from alembic import op

from index.archive.column_types import Instant, MessageJson

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "turns",
        sa.Column("site", sa.String(), primary_key=True),
        sa.Column("at", Instant),
        sa.Column("why", MessageJson),
        sa.Column("look", Instant, nullable=False),
        sa.Column("marks", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("basis", sa.String(), nullable=False, server_default=sa.text("''")),
        sa.Column("made", Instant),
    )
    op.create_index("ix_turns_look", "turns", ["look"])
    op.create_index("ix_turns_made", "turns", ["made"])
    op.execute(
        "INSERT INTO turns (site, at, why, look) SELECT id, next_run, next_why, 0 FROM sites"
        " WHERE next_run IS NOT NULL OR next_why IS NOT NULL"
    )
    op.drop_column("sites", "next_run")
    op.drop_column("sites", "next_why")
    for name, table, column, where in (
        ("ix_hosts_waiting", "hosts", "not_before", sa.text("not_before IS NOT NULL")),
        ("ix_runs_open", "runs", "id", sa.text("ended IS NULL")),
    ):
        op.create_index(name, table, [column], sqlite_where=where, postgresql_where=where)
