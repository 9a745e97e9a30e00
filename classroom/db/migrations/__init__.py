"""Alembic's migrations, run by `classroom.db.engine.migrate`.

To change a table: change tables.py, add versions/NNNN_what.py in the form of the last one, and run
tests/integration/test_migrations.py, which lists what the new revision doesn't do yet.
"""
