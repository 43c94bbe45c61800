"""An index of the frontier in the order in which pages are fetched, so that a long list of due ones costs nothing."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    columns = ["site", "newest", "id", "due"]
    op.create_index("ix_frontier_due_newest", "frontier", columns, sqlite_where=sa.text("due IS NOT NULL"))
