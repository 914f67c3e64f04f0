"""Proof that the history is whole: seals, verification, and archives of what was kept long enough.

links           the links of one chain, read back from the records that carry them
seals           make a seal over where all chains end
verifying       walk everything and name what was changed, removed, added or moved
wrong           what may be wrong, in words
archives        export closed history to a file, and only then remove it
closed          what is closed for long enough
exporting       write it to a file
removing        remove what is in a finished file
contents        what the proofs of an archive are over
verify_archive  check such a file anywhere, with the standard library alone
"""

from permits.proof.archives import archive
from permits.proof.exporting import NothingToArchive
from permits.proof.seals import SealedMeanwhile, make_seal, seal_is_due
from permits.proof.verify_archive import Broken
from permits.proof.verifying import Stopped, verify

__all__ = [
    "Broken",
    "NothingToArchive",
    "SealedMeanwhile",
    "Stopped",
    "archive",
    "make_seal",
    "seal_is_due",
    "verify",
]
