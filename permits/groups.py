"""The groups of staff that exist after migrating. An office may change them, and that stays so.

A permission that is new with an upgrade is given to the groups that are to have it.
"""

from typing import Any, Final

from django.apps import AppConfig
from django.db import transaction

ENTER: Final = ("view_permit", "add_permit", "change_permit", "view_zone")
VERIFY: Final = ("view_verification", "add_verification")
SEND: Final = ("send_permit", "view_batch")
RESOLVE: Final = ("resolve_permit", "resume_link", "pull_counts")
WATCH: Final = ("view_alert", "view_validation")
AUDIT: Final = ("view_syncattempt", "view_importrun", "view_activity", "view_seal", *WATCH)
ADMINISTER: Final = ("lift_lockout", "test_alert", "add_validation")
ZONES: Final = ("add_zone", "change_zone", "delete_zone")

GROUPS: Final = {
    "Parking staff": (*ENTER, *SEND),
    "Supervisors": (*ENTER, *SEND, *RESOLVE, *AUDIT, *VERIFY, *ZONES, *ADMINISTER),
    "Auditors": ("view_permit", "view_zone", "view_batch", *AUDIT, *VERIFY),
}


def create(sender: AppConfig, **kwargs: Any) -> None:
    """Create each group that does not exist yet; to the others give what did not exist before."""
    from django.contrib.auth.management import create_permissions
    from django.contrib.auth.models import Group, Permission

    ours = Permission.objects.filter(content_type__app_label="permits")
    with transaction.atomic():  # else a crash between would leave the groups without
        known = set(ours.values_list("codename", flat=True))
        # Django makes them after migrating too, but only after this.
        create_permissions(sender, verbosity=0)
        for name, codenames in GROUPS.items():
            group, created = Group.objects.get_or_create(name=name)
            meant = ours.filter(codename__in=codenames)
            group.permissions.add(*(meant if created else meant.exclude(codename__in=known)))
