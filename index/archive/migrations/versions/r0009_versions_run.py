"""An index of versions by run: a run is only forgotten if none names it."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_versions_run", "versions", ["run"])
