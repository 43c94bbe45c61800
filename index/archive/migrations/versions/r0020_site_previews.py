"""Sites that people want to add, and what a look at each has found."""

import sqlalchemy as sa
from alembic import op

from index.archive.tables import Key

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "site_previews",
        sa.Column("id", Key, primary_key=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.Column("run", Key, sa.ForeignKey("runs.id")),
        sa.Column("ended", sa.BigInteger()),
        sa.Column("step", sa.Text()),
        sa.Column("problem", sa.Text()),
        sa.Column("found", sa.JSON()),
        sa.Column("file", sa.Text()),
    )
    op.create_index("ix_site_previews_run", "site_previews", ["run"])
