"""When a raw response was last checked against its digests, and what was wrong with it."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("raws", sa.Column("checked", sa.BigInteger()))
    op.add_column("raws", sa.Column("problem", sa.String()))
