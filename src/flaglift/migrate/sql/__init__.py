"""Tables of prompts in PostgreSQL, MySQL and MariaDB, and SQLite, through SQLAlchemy's core."""
