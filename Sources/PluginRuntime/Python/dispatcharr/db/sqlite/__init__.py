"""Django's SQLite backend, comparing texts as the PostgreSQL does that Dispatcharr's plugins were written on."""
