"""The validation run: what it does, and that it leaves nothing behind."""
