"""Addresses that people asked to have fetched now, and the ladder of ages by which a site's pages were given dates."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "requests",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.Column("run", sa.Integer(), sa.ForeignKey("runs.id", name="fk_requests_run_runs")),
        sa.Column("ended", sa.BigInteger()),
        sa.Column("outcome", sa.Text()),
        sa.Column("article", sa.String(), sa.ForeignKey("articles.id", name="fk_requests_article_articles")),
        sa.Column("number", sa.Integer()),
    )
    for name in ("asked", "run", "article"):
        op.create_index(f"ix_requests_{name}", "requests", [name])
    op.create_index("ix_requests_open", "requests", ["id"], sqlite_where=sa.text("ended IS NULL"))
    op.add_column("sites", sa.Column("revisit", sa.JSON()))
