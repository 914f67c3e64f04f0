"""The commands of `manage.py`, each thin: what they do is done in the rooms below."""
