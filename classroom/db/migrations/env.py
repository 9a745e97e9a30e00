"""Run by Alembic: the revisions go through the connection and the transaction that `migrate` opened."""

from alembic import context

from classroom.db.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite's DDL is transactional as long as nobody commits in between: a killed migration leaves nothing behind.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
