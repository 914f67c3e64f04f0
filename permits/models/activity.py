"""Who did what outside of the permits' own records: signing in, accounts, exports, pauses."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from permits.models.chain import Entry, Linked, Stream, stream_chain, typed
from permits.shown import shown

_WHAT_LENGTH: Final = 250
_ADDRESS_LENGTH: Final = 45  # of an IPv6 address at its longest


class Activity(Linked):
    """One thing that somebody did, or tried to do. It is written once and never changed.

    Names are kept as text, so that a removed user leaves no hole. No secret is in any field: not a
    password, not a token, and not what was typed as a user's name where no user has that name, for
    people type their password there.
    """

    LINKED: ClassVar = ("kind", "actor", "what", "details", "address", "at")
    NOT_LINKED: ClassVar[Mapping[str, str]] = {
        "id": "the database gives it when it is written; the link's number stands for it",
        **dict.fromkeys(("link", "digest"), "they are the link"),
    }

    class Kind(models.TextChoices):
        """What was done."""

        SIGNED_IN = "signed_in", _("Signed in")
        SIGN_IN_FAILED = "failed", _("Sign-in failed")
        LOCKED_OUT = "locked_out", _("Locked out")
        LOCKOUT_LIFTED = "lockout_lifted", _("Lock-out lifted")
        SIGNED_OUT = "signed_out", _("Signed out")
        SIGNED_OUT_ALL = "signed_out_all", _("Signed out everywhere")
        FACTOR_ADDED = "factor_added", _("Second factor added")
        FACTOR_REMOVED = "factor_removed", _("Second factor removed")
        USER_ADDED = "user_added", _("User added")
        USER_CHANGED = "user_changed", _("User changed")
        USER_REMOVED = "user_removed", _("User removed")
        GROUP_ADDED = "group_added", _("Group added")
        GROUP_CHANGED = "group_changed", _("Group changed")
        GROUP_REMOVED = "group_removed", _("Group removed")
        EXPORTED = "exported", _("Exported")
        SEALED = "sealed", _("History sealed")
        VERIFIED = "verified", _("History verified")
        ARCHIVED = "archived", _("History archived")
        CALLS_RESUMED = "calls_resumed", _("Calls resumed")
        RUN_STOPPED = "run_stopped", _("Bulk run stopped")
        RUN_RESUMED = "run_resumed", _("Bulk run resumed")

    NAMED_BY_PORTAL: ClassVar = (
        *(Kind.EXPORTED, Kind.RUN_STOPPED, Kind.RUN_RESUMED),
        *(Kind.SEALED, Kind.VERIFIED, Kind.ARCHIVED),
    )
    """Of these `what` is the portal's own name for it, and no person's."""

    kind = models.CharField(max_length=16, choices=Kind)
    # A user's name; empty: the portal itself, its command line, or somebody who gave no known name.
    actor = models.CharField(max_length=150, blank=True)
    # To whom or to what: a user's name, a group's, a list's.
    what = models.CharField(max_length=_WHAT_LENGTH, blank=True)
    details = models.JSONField(default=dict, blank=True)
    address = models.CharField(max_length=_ADDRESS_LENGTH, blank=True)  # the client's
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-pk"]
        default_permissions = ("view",)
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        indexes = [
            models.Index(fields=["at"], name="activity_at"),
            models.Index(fields=["actor", "at"], name="activity_of_actor"),
        ]

    def __str__(self) -> str:
        kind, what = self.get_kind_display(), self.get_what_display()
        return gettext("%(kind)s: %(what)s") % {"kind": kind, "what": what} if what else kind

    def get_what_display(self) -> str:
        """Return to whom or what it was done; what the portal named, in the reader's language."""
        return shown(self.what) if self.kind in self.NAMED_BY_PORTAL else self.what

    def chain(self) -> int:
        """Return the chain of the day's activity."""
        return stream_chain(Stream.ACTIVITY, self.at)

    def entry(self) -> Entry:
        """Return what its link is over."""
        return Entry("activity", typed(self, self.LINKED))

    @classmethod
    def note(
        cls,
        *,
        kind: "Activity.Kind",
        actor: str,
        what: str = "",
        details: Mapping[str, Any] | None = None,
        address: str = "",
    ) -> "Activity":
        """Write down what was done, in the transaction that does it where there is one.

        `details` is whatever JSON can hold, and holds no secret.
        """
        return cls.objects.create(
            kind=kind,
            actor=actor,
            what=what[:_WHAT_LENGTH],
            details=dict(details or {}),
            address=address[:_ADDRESS_LENGTH],
        )
