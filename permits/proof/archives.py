"""Archiving closed history: export it to a sealed file, and only then remove it here.

Nothing else may remove any. The file is written, brought to the disk and read back, each digest
checked, before the first record goes. A run that was cut off is gone on with by the next: a file
that was not finished is begun anew, and what is in a finished one goes on being removed.
"""

from datetime import datetime
from pathlib import Path

from django.db import transaction

from permits.models import Archive
from permits.proof import seals
from permits.proof.exporting import export
from permits.proof.removing import remove

State = Archive.State


def archive(before: datetime, folder: Path, *, actor: str) -> Archive:
    """Export what was closed before this moment to a file in the folder, and remove it here.

    Goes on with what an earlier run has left. Raises `NothingToArchive`, `OSError` where the file
    cannot be written, and `verify_archive.Broken` where it does not read back as it was written;
    nothing is removed then.
    """
    begun = Archive.objects.filter(state=State.REMOVING).first()
    if begun is None:
        for left in Archive.objects.filter(state=State.WRITING):
            _give_up(left)
        seals.make_seal(actor)  # what goes is in a seal that stays
        begun = export(before, folder, actor)
    remove(begun)
    return begun


def _give_up(left: Archive) -> None:
    """Give up an archive that was cut off before its file was finished, and remove the file.

    One that its writer has finished meanwhile is left alone. A file under its last name was cut off
    before that was written down: nothing was removed for it, and the writer, if it still lives,
    finds its archive given up and removes nothing either.
    """
    with transaction.atomic():
        unfinished = Archive.objects.filter(pk=left.pk, state=State.WRITING)
        if not unfinished.update(state=State.ABANDONED):
            return
    if left.file:
        Path(f"{left.file}.part").unlink(missing_ok=True)
        Path(left.file).unlink(missing_ok=True)
