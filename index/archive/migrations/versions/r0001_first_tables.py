"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "leases",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("owner", sa.String()),
        sa.Column("pid", sa.Integer()),
        sa.Column("born", sa.String()),
        sa.Column("boot", sa.String()),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("taken", sa.BigInteger()),
        sa.PrimaryKeyConstraint("site", name="pk_leases"),
    )
    op.create_table(
        "raws",
        sa.Column("id", KEY, nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("fetched", sa.BigInteger(), nullable=False),
        sa.Column("body_hash", sa.String()),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_raws"),
        sa.UniqueConstraint("file", "offset", name="uq_raws_file_offset"),
    )
    op.create_index("ix_raws_site_fetched", "raws", ["site", "fetched"])
    op.create_table(
        "runs",
        sa.Column("id", KEY, nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger()),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("detail", sa.Text()),
        sa.Column("why", sa.Text()),
        sa.Column("owner", sa.String()),
        sa.Column("pid", sa.Integer()),
        sa.Column("born", sa.String()),
        sa.Column("boot", sa.String()),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )
    op.create_index("ix_runs_started", "runs", ["started"])
    op.create_table(
        "sites",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("homepage", sa.Text()),
        sa.Column("country", sa.String()),
        sa.Column("languages", sa.JSON(none_as_null=True)),
        sa.Column("enabled", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("verdict", sa.String()),
        sa.Column("detail", sa.Text()),
        sa.Column("example", sa.Text()),
        sa.Column("since", sa.BigInteger()),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_run", sa.BigInteger()),
        sa.Column("last_success", sa.BigInteger()),
        sa.Column("next_run", sa.BigInteger()),
        sa.Column("next_why", sa.Text()),
        sa.Column("horizon", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_sites"),
    )
    op.create_table(
        "sources",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("kind", sa.String()),
        sa.Column("etag", sa.Text()),
        sa.Column("last_modified", sa.Text()),
        sa.Column("body_hash", sa.String()),
        sa.Column("modified", sa.BigInteger()),
        sa.Column("polled", sa.BigInteger()),
        sa.Column("changed", sa.BigInteger()),
        sa.Column("status", sa.Integer()),
        sa.Column("found", sa.Integer()),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("problem", sa.Text()),
        sa.Column("retry_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("site", "url", name="pk_sources"),
    )
    op.create_table(
        "stories",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("lead", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_stories"),
    )
    op.create_table(
        "targets",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("engine", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_targets"),
    )
    op.create_index("uq_targets_engine_state", "targets", ["engine", "state"], unique=True)
    op.create_table(
        "articles",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("mergeable", sa.Boolean(), nullable=False),
        sa.Column("published", sa.BigInteger()),
        sa.Column("modified", sa.BigInteger()),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("sort_date", sa.BigInteger(), nullable=False),
        sa.Column("story", sa.String()),
        sa.Column("lead", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("gone_since", sa.BigInteger()),
        sa.Column("gone_until", sa.BigInteger()),
        sa.ForeignKeyConstraint(["story"], ["stories.id"], name="fk_articles_story_stories"),
        sa.PrimaryKeyConstraint("id", name="pk_articles"),
        sa.UniqueConstraint("site", "url", name="uq_articles_site_url"),
    )
    op.create_index("ix_articles_content_hash", "articles", ["content_hash"])
    op.create_index("ix_articles_site_content_hash", "articles", ["site", "content_hash"])
    op.create_index("ix_articles_sort_date", "articles", ["sort_date"])
    op.create_index("ix_articles_story", "articles", ["story"])
    op.create_index("ix_articles_url", "articles", ["url"])
    op.create_table(
        "outbox",
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("op", sa.String(), nullable=False),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["target"], ["targets.name"], name="fk_outbox_target_targets"),
        sa.PrimaryKeyConstraint("target", "article", name="pk_outbox"),
    )
    op.create_index("ix_outbox_target_added", "outbox", ["target", "added"])
    op.create_table(
        "quarantine",
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["target"], ["targets.name"], name="fk_quarantine_target_targets"),
        sa.PrimaryKeyConstraint("target", "article", name="pk_quarantine"),
    )
    op.create_table(
        "run_sites",
        sa.Column("run", KEY, nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("status", sa.String(), server_default="ok", nullable=False),
        sa.Column("detail", sa.Text()),
        sa.Column("discovered", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("stored", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("changed", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("unchanged", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("duplicate", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("refused", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("failed", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("pending", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("requests", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("bytes", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("more", sa.JSON(none_as_null=True)),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="fk_run_sites_run_runs"),
        sa.PrimaryKeyConstraint("run", "site", name="pk_run_sites"),
    )
    op.create_index("ix_run_sites_site_run", "run_sites", ["site", "run"])
    op.create_table(
        "aliases",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["article"], ["articles.id"], name="fk_aliases_article_articles"),
        sa.PrimaryKeyConstraint("site", "url", name="pk_aliases"),
    )
    op.create_index("ix_aliases_article", "aliases", ["article"])
    op.create_index("ix_aliases_url", "aliases", ["url"])
    op.create_table(
        "bands",
        sa.Column("band", sa.Integer(), nullable=False),
        sa.Column("hash", sa.BigInteger(), nullable=False),
        sa.Column("article", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["article"], ["articles.id"], name="fk_bands_article_articles"),
        sa.PrimaryKeyConstraint("band", "hash", "article", name="pk_bands"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_bands_article", "bands", ["article"])
    op.create_table(
        "frontier",
        sa.Column("id", KEY, nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("source", sa.Text()),
        sa.Column("title", sa.Text()),
        sa.Column("published", sa.String()),
        sa.Column("modified", sa.String()),
        sa.Column("language", sa.String()),
        sa.Column("newest", sa.BigInteger(), nullable=False),
        sa.Column("discovered", sa.BigInteger(), nullable=False),
        sa.Column("moved", sa.BigInteger()),
        sa.Column("carried", sa.BigInteger()),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String()),
        sa.Column("detail", sa.Text()),
        sa.Column("article", sa.String()),
        sa.Column("etag", sa.Text()),
        sa.Column("last_modified", sa.Text()),
        sa.Column("body_hash", sa.String()),
        sa.Column("fetched", sa.BigInteger()),
        sa.Column("status", sa.Integer()),
        sa.Column("visits", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("due", sa.BigInteger()),
        sa.ForeignKeyConstraint(["article"], ["articles.id"], name="fk_frontier_article_articles"),
        sa.PrimaryKeyConstraint("id", name="pk_frontier"),
        sa.UniqueConstraint("site", "url", name="uq_frontier_site_url"),
    )
    op.create_index("ix_frontier_article", "frontier", ["article"])
    op.create_index("ix_frontier_site_due", "frontier", ["site", "due"])
    op.create_index("ix_frontier_site_state", "frontier", ["site", "state"])
    op.create_table(
        "repeats",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("block", sa.String(), nullable=False),
        sa.Column("article", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["article"], ["articles.id"], name="fk_repeats_article_articles"),
        sa.PrimaryKeyConstraint("site", "block", "article", name="pk_repeats"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_repeats_article", "repeats", ["article"])
    op.create_table(
        "versions",
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("corrected", sa.BigInteger()),
        sa.Column("body_hash", sa.String()),
        sa.Column("raw", KEY),
        sa.Column("run", KEY),
        sa.Column("extractor", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("headline", sa.Text(), nullable=False),
        sa.Column("alternative_headline", sa.Text()),
        sa.Column("description", sa.Text()),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("section", sa.Text()),
        sa.Column("keywords", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("authors", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("published", sa.String()),
        sa.Column("modified", sa.String()),
        sa.Column("language", sa.String()),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("canonical_url", sa.Text()),
        sa.Column("images", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("paywalled", sa.Boolean()),
        sa.Column("template", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("signature", sa.LargeBinary()),
        sa.Column("origins", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["article"], ["articles.id"], name="fk_versions_article_articles"),
        sa.ForeignKeyConstraint(["raw"], ["raws.id"], name="fk_versions_raw_raws"),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="fk_versions_run_runs"),
        sa.PrimaryKeyConstraint("article", "number", name="pk_versions"),
    )
