"""How many articles each site has, counted as they come and go."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "article_counts",
        sa.Column("site", sa.String(), primary_key=True),
        sa.Column("articles", sa.Integer(), nullable=False),
    )
    op.execute("INSERT INTO article_counts (site, articles) SELECT site, count(*) FROM articles GROUP BY site")
