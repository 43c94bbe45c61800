"""What an archive needs to be trusted over months."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _kept()
    _versions()
    _learned()
    _fresh()
    _reach()
    _health()
    _searches()


def _kept() -> None:
    """What was forgotten on demand, or gone for a time; and whose a raw copy is, without a look at every version."""
    op.create_table(
        "forgotten",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "mark", name="pk_forgotten"),
    )
    op.create_index("ix_versions_raw", "versions", ["raw"])
    op.create_table(
        "absences",
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("back", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["article"], ["articles.id"], name="fk_absences_article_articles"),
        sa.PrimaryKeyConstraint("article", "since", name="pk_absences"),
    )


def _reach() -> None:
    """What hosts have asked of us, and which sites need a browser."""
    op.create_table(
        "hosts",
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("robots", sa.LargeBinary()),
        sa.Column("answered", sa.BigInteger()),
        sa.Column("silent", sa.BigInteger()),
        sa.Column("not_before", sa.BigInteger()),
        sa.PrimaryKeyConstraint("origin", name="pk_hosts"),
    )
    op.add_column("sites", sa.Column("rendered", sa.BigInteger()))
    op.add_column("sites", sa.Column("plain", sa.BigInteger()))


def _fresh() -> None:
    """What is new without being asked for: habits of sources, each fetch, what sites were caught at, exact accounts."""
    nought = sa.text("0")
    op.add_column("sites", sa.Column("looked", sa.Float(), nullable=False, server_default=nought))
    op.add_column("sites", sa.Column("changed", sa.Float(), nullable=False, server_default=nought))
    op.add_column("sources", sa.Column("asked", sa.BigInteger()))
    op.add_column("sources", sa.Column("strikes", sa.Float(), nullable=False, server_default=nought))
    op.add_column("sources", sa.Column("forced", sa.BigInteger()))
    op.add_column("sources", sa.Column("habit", sa.JSON()))
    op.add_column("sources", sa.Column("said", sa.JSON()))
    op.add_column("frontier", sa.Column("turned", sa.BigInteger()))
    op.create_table(
        "fetches",
        sa.Column("page", KEY, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("came", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["page"], ["frontier.id"], name="fk_fetches_page_frontier", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("page", "number", name="pk_fetches"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "trust",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False, server_default=nought),
        sa.Column("right", sa.Integer(), nullable=False, server_default=nought),
        sa.Column("since", sa.BigInteger()),
        sa.Column("how", sa.String()),
        sa.Column("example", sa.Text()),
        sa.Column("seen", sa.BigInteger()),
        sa.PrimaryKeyConstraint("site", "what", name="pk_trust"),
    )
    op.add_column("run_sites", sa.Column("quarantined", sa.BigInteger(), nullable=False, server_default=nought))
    op.execute("UPDATE run_sites SET stored = stored + changed, pending = pending + failed")


def _learned() -> None:
    """The texts of blocks that a site repeats, for people to see."""
    op.create_table(
        "learned",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("block", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "block", name="pk_learned"),
    )


def _versions() -> None:
    """Near-duplicates, and pages that may have lost their article."""
    op.drop_table("bands")
    op.create_table(
        "signatures",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["article"], ["articles.id"], name="fk_signatures_article_articles"),
        sa.PrimaryKeyConstraint("number", name="pk_signatures"),
        sa.UniqueConstraint("article", name="uq_signatures_article"),
    )
    op.create_table(
        "bands",
        sa.Column("hash", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("hash", "number", name="pk_bands"),
        sqlite_with_rowid=False,
    )
    op.add_column("frontier", sa.Column("missing", sa.BigInteger()))


def _health() -> None:
    """How sites are doing, and who is to be told."""
    op.create_table(
        "health",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("verdict", sa.String()),
        sa.Column("detail", sa.Text()),
        sa.Column("example", sa.Text()),
        sa.Column("since", sa.BigInteger()),
        sa.Column("suspect", sa.String()),
        sa.Column("suspected", sa.BigInteger()),
        sa.Column("turns", sa.JSON()),
        sa.PrimaryKeyConstraint("site", name="pk_health"),
    )
    op.create_table(
        "alerts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("verdict", sa.String()),
        sa.Column("detail", sa.Text()),
        sa.Column("example", sa.Text()),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("sent", sa.BigInteger()),
        sa.Column("waiting", sa.JSON()),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
    )
    op.drop_column("sites", "example")
    op.drop_column("sites", "since")


def _searches() -> None:
    """Saved searches, and what was new to them."""
    op.create_table(
        "searches",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("looked", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_searches"),
    )
    op.create_table(
        "found",
        sa.Column("search", KEY, autoincrement=False, nullable=False),
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("waiting", sa.JSON()),
        sa.ForeignKeyConstraint(["article"], ["articles.id"], name="fk_found_article_articles"),
        sa.ForeignKeyConstraint(["search"], ["searches.id"], name="fk_found_search_searches"),
        sa.PrimaryKeyConstraint("search", "article", name="pk_found"),
    )
