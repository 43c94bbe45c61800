"""How Alembic meets the archive: over a connection with an open transaction, that `index.archive.migrate` hands in."""

from alembic import context

from index.archive.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # SQLite's DDL is, once BEGIN is ours: a migration that fails leaves nothing
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
