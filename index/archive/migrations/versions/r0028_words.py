"""What sites are found by and sorted by, so that a list of many need not be read to its end."""

import sqlalchemy as sa
from alembic import op

from index.archive.site_state import words

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sites", sa.Column("words", sa.Text()))
    sites = sa.table("sites", *map(sa.column, ("id", "name", "homepage", "country", "words")))
    connection = op.get_bind()
    for row in connection.execute(sa.select(sites)).all():
        told = words(row.id, row.name, row.homepage, row.country)
        connection.execute(sa.update(sites).where(sites.c.id == row.id).values(words=told))
