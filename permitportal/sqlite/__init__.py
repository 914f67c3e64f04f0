"""SQLite as Django's own backend serves it, with writers that take turns."""
