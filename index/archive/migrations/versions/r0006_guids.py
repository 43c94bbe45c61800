"""What sources identify articles by, whatever their URLs, and canonical links by which an article is looked up."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("frontier", sa.Column("guid", sa.Text()))
    op.create_index("ix_frontier_site_guid", "frontier", ["site", "guid"])
    op.create_index("ix_versions_canonical_url", "versions", ["canonical_url"])
