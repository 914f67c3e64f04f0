"""The two applications: the permits, and Django's admin under our own site."""

import gc
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.db.migrations import Migration
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy


class PermitsConfig(AppConfig):
    """Permits, their records and their way to the controller."""

    name = "permits"
    verbose_name = gettext_lazy("Permits")

    def ready(self) -> None:
        """Register the checks, what is written down of accounts, and what migrating makes."""
        from permits import activity, checks, groups  # noqa: F401 - importing registers them

        pre_migrate.connect(_take_guards_down, sender=self)
        post_migrate.connect(_put_guards_up, sender=self)
        post_migrate.connect(groups.create, sender=self)
        post_migrate.connect(_create_queue, sender=self)
        post_migrate.connect(_create_cache, sender=self)


def _take_guards_down(plan: Sequence[tuple[Migration, bool]] = (), **kwargs: Any) -> None:
    """Let migrations touch what is guarded; a migrate that has nothing to do leaves it guarded."""
    from permits.models import guards

    if any(migration.app_label == "permits" for migration, _ in plan):
        guards.take_down()


def _put_guards_up(**kwargs: Any) -> None:
    from permits.models import guards

    if guards.missing():
        guards.put_up()


def _create_queue(**kwargs: Any) -> None:
    from permits.tasks import create_queue

    create_queue()


def _create_cache(**kwargs: Any) -> None:
    from django.core.management import call_command

    call_command("createcachetable", verbosity=0)


class PortalAdminConfig(AdminConfig):
    """Django's admin, with the portal's site as its default."""

    default_site = "permits.admin.site.PortalSite"

    def ready(self) -> None:
        """Register our pages once every app has registered its own, which ours replace."""
        super().ready()
        from permits.admin import registry  # noqa: F401 - importing registers the pages
        from permits.signin import notes  # noqa: F401 - importing connects them

        # What was loaded stays. To look for garbage among it took an eighth of each start.
        gc.freeze()
        gc.enable()
