"""Further readings of a version beside its first one, which is no longer replaced."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("versions", sa.Column("state", sa.String()))
    op.add_column("versions", sa.Column("reading", sa.Integer(), nullable=False, server_default=sa.text("1")))
    op.add_column("versions", sa.Column("confirmed", sa.String()))
    op.create_index("ix_versions_content_hash", "versions", ["content_hash"])
    op.create_table(
        "readings",
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("extractor", sa.String(), nullable=False),
        sa.Column("state", sa.String()),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("headline", sa.Text(), nullable=False),
        sa.Column("alternative_headline", sa.Text()),
        sa.Column("description", sa.Text()),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("section", sa.Text()),
        sa.Column("keywords", sa.JSON(), nullable=False),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("published", sa.String()),
        sa.Column("modified", sa.String()),
        sa.Column("language", sa.String()),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("canonical_url", sa.Text()),
        sa.Column("images", sa.JSON(), nullable=False),
        sa.Column("paywalled", sa.Boolean()),
        sa.Column("template", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("signature", sa.LargeBinary()),
        sa.Column("origins", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["article"], ["articles.id"], name="fk_readings_article_articles"),
        sa.PrimaryKeyConstraint("article", "version", "number", name="pk_readings"),
    )
    op.create_index("ix_readings_content_hash", "readings", ["content_hash"])
