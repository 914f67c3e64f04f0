"""Failed tries to sign in, as django-axes keeps them, and the permission to forget them."""

from dataclasses import dataclass
from datetime import datetime

from axes.models import AccessAttempt
from django.db import models, transaction
from django.db.models import F, Sum
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop


@dataclass(frozen=True)
class Scope:
    """Whom failed tries keep out: a name, an address, or the two together."""

    username: str | None = None
    address: str | None = None


class FailedTryQuerySet(models.QuerySet["FailedTry"]):
    """The questions about failed tries."""

    def since(self, moment: datetime) -> "FailedTryQuerySet":
        """Return those made after a moment."""
        return self.filter(attempt_time__gt=moment)

    def until(self, moment: datetime) -> "FailedTryQuerySet":
        """Return those made before, or at, a moment."""
        return self.filter(attempt_time__lte=moment)

    def of(self, scope: Scope) -> "FailedTryQuerySet":
        """Return those that count against a name, an address, or the two together."""
        tries = self
        if scope.username is not None:
            tries = tries.filter(username=scope.username)
        if scope.address is not None:
            tries = tries.filter(ip_address=scope.address)
        return tries

    def scopes(self, *fields: str, least: int) -> list[Scope]:
        """Return the names, addresses or pairs of them that have this many tries or more."""
        rows = (
            self.order_by()
            .exclude(**{f"{fields[-1]}": None})
            .values(*fields)
            .annotate(tries=Sum("failures_since_start"))
            .filter(tries__gte=least)
            .order_by(*fields)
        )
        return [Scope(row.get("username"), row.get("ip_address")) for row in rows]

    def reached(self, most: int) -> datetime | None:
        """Return when the oldest of the last `most` tries was made; None where there are fewer."""
        count = 0
        rows = self.order_by("-attempt_time").values_list("attempt_time", "failures_since_start")
        made_at: datetime
        for made_at, tries in rows:
            count += tries
            if count >= most:
                return made_at
        return None

    def note(self, scope: Scope, *, agent: str, path: str, at: datetime) -> None:
        """Note one more. What else was posted is not kept: it may be long, or a password."""
        with transaction.atomic():
            row, is_new = self.get_or_create(
                username=scope.username,
                ip_address=scope.address,
                user_agent=agent,
                defaults={"failures_since_start": 1, "path_info": path},
            )
            more = {} if is_new else {"failures_since_start": F("failures_since_start") + 1}
            self.filter(pk=row.pk).update(attempt_time=at, **more)


class FailedTry(AccessAttempt):  # type: ignore[misc]
    """The failed tries of one browser, at one address, under one name."""

    objects = FailedTryQuerySet.as_manager()

    class Meta:
        proxy = True
        default_permissions = ()
        permissions = [("lift_lockout", gettext_noop("Can let somebody in who was locked out"))]
        verbose_name = _("failed try to sign in")
        verbose_name_plural = _("failed tries to sign in")
