"""Alembic's environment: it uses the connection, with an open transaction, that `index.archive.migrate` passes in."""

from alembic import context

from index.archive.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # SQLite's DDL is, since we issue BEGIN: a failed migration leaves no trace
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
