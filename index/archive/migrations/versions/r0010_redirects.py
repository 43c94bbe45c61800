"""The raw responses that led to an article's page."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "redirects",
        sa.Column("raw", KEY, autoincrement=False, nullable=False),
        sa.Column("article", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["article"], ["articles.id"], name="fk_redirects_article_articles"),
        sa.ForeignKeyConstraint(["raw"], ["raws.id"], name="fk_redirects_raw_raws"),
        sa.PrimaryKeyConstraint("raw", name="pk_redirects"),
    )
    op.create_index("ix_redirects_article", "redirects", ["article"])
