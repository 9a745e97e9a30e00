"""Alembic's migrations. `classroom.db.engine.migrate` runs them; a new one: see README.md beside this file."""
