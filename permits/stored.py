"""Sentences that are written down: in English in every portal, and translated when they are shown.

A record, its digest and the log say the same whatever the language of who caused them. `said` marks
such a sentence for the catalogue; `permits.shown` finds it there again, with its facts filled in.
"""


def said(sentence: str) -> str:
    """Return an English sentence as it is; `make lint` sees that it has a translation."""
    return sentence
