"""Where a block stands on the pages that have it, and why it was found to be its site's own.

What was learned before was learned by count alone, and took prose with it: it is learned anew.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("repeats", sa.Column("above", sa.Integer()))
    op.add_column("repeats", sa.Column("below", sa.Integer()))
    op.add_column("repeats", sa.Column("apart", sa.Boolean()))
    op.add_column("learned", sa.Column("ground", sa.String()))
    op.execute("DELETE FROM learned")
