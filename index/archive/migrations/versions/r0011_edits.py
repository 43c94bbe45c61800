"""The list of edits and removals. Versions that are there already are compared later, in batches."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "edits",
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("removed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("added", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["article"], ["articles.id"], name="fk_edits_article_articles"),
        sa.PrimaryKeyConstraint("article", "version", "at", "kind", name="pk_edits"),
    )
    for columns in (("place",), ("place", "site"), ("kind",), ("kind", "site")):
        names = [*columns, "at", "article", "version"]
        op.create_index("_".join(("ix_edits", *names)), "edits", names)
    row = "INSERT INTO edits (article, version, at, kind, place, site, kinds) "
    op.execute(
        row + "SELECT v.article, v.number, v.seen, '', 0, a.site, '[]' "
        "FROM versions v JOIN articles a ON a.id = v.article WHERE v.number > 1"
    )
    op.execute(
        row + "SELECT id, 0, gone_since, 'gone', 0, site, '[\"gone\"]' FROM articles WHERE gone_since IS NOT NULL"
    )
    op.execute(
        row + "SELECT b.article, 0, b.since, 'gone', 0, a.site, '[\"gone\"]' "
        "FROM absences b JOIN articles a ON a.id = b.article "
        "WHERE a.gone_since IS NULL OR a.gone_since <> b.since"
    )
