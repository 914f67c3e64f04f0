"""The commands of `manage.py`, and the database that migrating makes."""
