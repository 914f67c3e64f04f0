"""How what `make` runs gives up."""


class Refusal(Exception):
    """It cannot go on; the text says why and what to do."""
