"""A list as one person likes to see it: searched, filtered and sorted, under a name of theirs."""

from typing import Final

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

NAME_LENGTH: Final = 60
QUERY_LENGTH: Final = 2000
MOST: Final = 30  # views of one list that a person keeps


class SavedView(models.Model):
    """One view of a list."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="saved_views",
        db_index=False,  # the constraint begins with it
    )
    list_name = models.CharField(max_length=60)  # of the list, as its address is named
    name = models.CharField(max_length=NAME_LENGTH)
    query = models.CharField(max_length=QUERY_LENGTH, blank=True)  # of the address, after the `?`

    class Meta:
        ordering = ["name"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "list_name", "name"],
                name="saved_view_name_once",
                violation_error_message=_("You have a view of this name."),
            ),
            models.CheckConstraint(condition=~models.Q(name=""), name="saved_view_has_name"),
        ]

    def __str__(self) -> str:
        return self.name
