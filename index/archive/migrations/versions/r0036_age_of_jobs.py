"""When large jobs noted last how far they are, so that those that nobody continues can be forgotten."""

import time

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("noted", sa.BigInteger()))
    jobs = sa.table("jobs", sa.column("noted", sa.BigInteger()))
    op.execute(jobs.update().values(noted=time.time_ns() // 1_000))
