"""Data folders of several machines on one archive in PostgreSQL."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("data_folder", sa.Column("raw", sa.Text()))
