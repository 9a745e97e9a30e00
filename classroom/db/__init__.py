"""The service's own database: engine, tables, migrations."""
