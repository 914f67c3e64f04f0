"""The one error of this package that concerns a whole file."""


class Unreadable(Exception):
    """A file that cannot be imported at all; the text says why and what to do."""
