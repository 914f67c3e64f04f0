"""The one error of this package that is meant for a person."""


class Refused(Exception):
    """What was asked cannot be done as things stand; the text says why and what to do."""
