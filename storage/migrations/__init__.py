"""Alembic's migrations: forward only, run at start."""
