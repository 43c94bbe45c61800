"""Which run has the turn at a host."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("host_turns", sa.Column("run", sa.Integer()))
