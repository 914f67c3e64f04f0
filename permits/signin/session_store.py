"""Where sessions are: Django's table, asked for no key that it cannot have given."""

from django.contrib.sessions.backends import db


class SessionStore(db.SessionStore):
    """Django's store. A cookie can hold any text, and PostgreSQL fails on one with a NUL in it."""

    def _validate_session_key(self, key: str | None) -> bool:
        return bool(key and len(key) >= 8 and key.isascii() and key.isalnum())
