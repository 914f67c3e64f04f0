"""What the proofs of an archive and of its anchors are over."""

from typing import Any

from permits import digests
from permits.models import Archive, Verification
from permits.models.chain import Head, head_content


def archive_content(made: Archive) -> dict[str, Any]:
    """Return what the proof of a finished file is over."""
    return {
        "archive": made.pk,
        "before": digests.moment(made.before),
        "sha256": bytes(made.digest).hex(),
        "links": made.records,
    }


def verification_content(run: Verification) -> dict[str, Any]:
    """Return what the digest of a verification that has ended is over."""
    if run.finished_at is None:
        raise ValueError(f"{run} has not ended.")
    return {
        "verification": run.pk,
        "actor": run.actor,
        "started": digests.moment(run.started_at),
        "finished": digests.moment(run.finished_at),
        "records": run.records,
        "chains": run.chains,
        "seals": run.seals,
        "problems": run.problems,
    }


def anchor_content(archive_id: int, chain: int, head: Head) -> dict[str, Any]:
    """Return what the proof of a chain's new beginning is over."""
    return {"archive": archive_id, **head_content(chain, head.length, head.digest)}
