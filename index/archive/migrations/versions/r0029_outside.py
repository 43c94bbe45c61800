"""Raw responses that lie in files of others, which are referred to by address and digest."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("raws", sa.Column("digest", sa.String()))
