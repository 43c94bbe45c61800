"""Bands by the month of their article, with hashes of 64 bits, made anew from the signatures."""

import sqlalchemy as sa
from alembic import op

from index.archive import dialect
from index.archive.column_types import Instant
from index.archive.near_duplicates import hashes
from index.archive.near_window import month_of

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

BATCH = 500  # signatures at a time, in their order: each becomes 32 rows
_SIGNATURES = sa.text(
    "SELECT signatures.number, signatures.signature, articles.sort_date FROM signatures"
    " JOIN articles ON articles.id = signatures.article WHERE signatures.number > :after"
    f" ORDER BY signatures.number LIMIT {BATCH}"
).columns(sort_date=Instant)
_MONTH = sa.text("UPDATE signatures SET month = :month WHERE number = :number")

Row = tuple[int, int, int]


def upgrade() -> None:
    op.add_column("signatures", sa.Column("month", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.drop_table("bands")
    op.create_table(
        "bands",
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("hash", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("month", "hash", "number", name="pk_bands"),
        sqlite_with_rowid=False,
        postgresql_partition_by="LIST (month)",
    )
    conn, after = op.get_bind(), 0
    while found := conn.execute(_SIGNATURES, {"after": after}).all():
        months = {row.number: month_of(row.sort_date) for row in found}
        for month in dict.fromkeys(months.values()):
            dialect.of(conn).make_month(conn, month)
        conn.execute(_MONTH, [{"number": number, "month": month} for number, month in months.items()])
        _add(conn, [(months[row.number], one, row.number) for row in found for one in hashes(row.signature)])
        after = found[-1].number
    op.create_index("ix_signatures_month", "signatures", ["month"])


def _add(conn: sa.Connection, rows: list[Row]) -> None:
    driver = conn.connection.cursor()
    if conn.dialect.name == "sqlite":
        driver.executemany("INSERT INTO bands (month, hash, number) VALUES (?, ?, ?)", sorted(rows))
        return
    with driver.copy("COPY bands (month, hash, number) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
