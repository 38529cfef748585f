"""The store: the only SQLAlchemy in the house. SQLite and PostgreSQL alike."""
