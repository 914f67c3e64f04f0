"""Writing down who signs in and who changes what accounts may do, whatever page or command does it.

The user whose request it is does it; without a request (a command, a worker) nobody is named.
"""

from collections.abc import Iterable
from typing import Any, Final

from axes.signals import user_locked_out
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission, User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from django.dispatch import receiver
from django.http import HttpRequest
from simple_history.models import HistoricalRecords

from permits.models import Activity

Kind = Activity.Kind

# Of these the values before and after are noted; of a password only that it was changed.
_TOLD: Final[dict[type[Model], tuple[str, ...]]] = {
    User: ("username", "first_name", "last_name", "email", "is_active", "is_staff", "is_superuser"),
    Group: ("name",),
}
_ADDED: Final[dict[type[Model], Kind]] = {User: Kind.USER_ADDED, Group: Kind.GROUP_ADDED}
_CHANGED: Final[dict[type[Model], Kind]] = {User: Kind.USER_CHANGED, Group: Kind.GROUP_CHANGED}
_REMOVED: Final[dict[type[Model], Kind]] = {User: Kind.USER_REMOVED, Group: Kind.GROUP_REMOVED}


def client_address(request: HttpRequest | None) -> str:
    """Return the address that the request came from; empty where there is none."""
    return "" if request is None else str(request.META.get("REMOTE_ADDR") or "")


def _note(kind: Kind, what: str, details: dict[str, Any]) -> None:
    request: HttpRequest | None = getattr(HistoricalRecords.context, "request", None)
    user = getattr(request, "user", None)
    actor = user.get_username() if user is not None and user.is_authenticated else ""
    address = client_address(request)
    Activity.note(kind=kind, actor=actor, what=what, details=details, address=address)


# --- Signing in and out ---------------------------------------------------------------------------


@receiver(user_logged_in)
def _signed_in(request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    name = user.get_username()
    Activity.note(kind=Kind.SIGNED_IN, actor=name, address=client_address(request))


@receiver(user_logged_out)
def _signed_out(request: HttpRequest | None, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        name = user.get_username()
        Activity.note(kind=Kind.SIGNED_OUT, actor=name, address=client_address(request))


@receiver(user_login_failed)
def _sign_in_failed(
    credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
) -> None:
    if getattr(request, "axes_locked_out", False):
        return  # noted below when it came about; a flood of tries tells no more
    name = known_name(credentials.get(get_user_model().USERNAME_FIELD))
    Activity.note(
        kind=Kind.SIGN_IN_FAILED,
        actor=name,
        details={} if name else {"user": "unknown"},
        address=client_address(request),
    )


@receiver(user_locked_out)
def _locked_out(request: HttpRequest, username: str, **kwargs: Any) -> None:
    name = known_name(username)
    Activity.note(
        kind=Kind.LOCKED_OUT,
        actor=name,
        details={} if name else {"user": "unknown"},
        address=client_address(request),
    )


def known_name(typed: object) -> str:
    """Return the name that was typed if a user has it, else nothing: it may be a password."""
    if not isinstance(typed, str) or "\0" in typed:
        return ""
    users = get_user_model().objects.filter(username=typed)
    return str(users.values_list("username", flat=True).first() or "")


# --- Users, groups and what they may do -----------------------------------------------------------


@receiver(pre_save, sender=User)
@receiver(pre_save, sender=Group)
def _remember(
    sender: type[Model], instance: Any, update_fields: Iterable[str] | None, **kwargs: Any
) -> None:
    """Note what the row was like; that someone signed in, which is told above, changes nothing."""
    told = {*_TOLD[sender], "password"}
    instance.was_told = None
    if instance.pk and (update_fields is None or told & set(update_fields)):
        instance.was_told = sender._default_manager.filter(pk=instance.pk).first()


@receiver(post_save, sender=User)
@receiver(post_save, sender=Group)
def _saved(
    sender: type[Model],
    instance: Any,
    created: bool,
    update_fields: Iterable[str] | None,
    **kwargs: Any,
) -> None:
    before = instance.was_told
    if created:
        given = {field: getattr(instance, field) for field in _TOLD[sender]}
        given = {field: value for field, value in given.items() if value}
        _note(_ADDED[sender], str(instance), given)
    elif before is not None:
        changes: dict[str, Any] = {
            field: [getattr(before, field), getattr(instance, field)]
            for field in _TOLD[sender]
            if getattr(before, field) != getattr(instance, field)
        }
        if getattr(before, "password", None) != getattr(instance, "password", None):
            # Django hashes a password anew at a sign-in once its way of hashing has got stronger.
            renewed = update_fields == {"password"} and instance._password is None  # noqa: SLF001
            changes["password"] = "hashed anew" if renewed else "changed"  # English: it is kept
        if changes:
            _note(_CHANGED[sender], str(instance), changes)


@receiver(post_delete, sender=User)
@receiver(post_delete, sender=Group)
def _removed(sender: type[Model], instance: Any, **kwargs: Any) -> None:
    _note(_REMOVED[sender], str(instance), {})


@receiver(m2m_changed, sender=User.groups.through)
@receiver(m2m_changed, sender=User.user_permissions.through)
@receiver(m2m_changed, sender=Group.permissions.through)
def _allowed(
    sender: type[Model],
    instance: Any,
    action: str,
    reverse: bool,
    model: type[Model],
    pk_set: set[Any] | None,
    **kwargs: Any,
) -> None:
    """Note who came into which group, and who may do what, from whichever side it was said."""
    if action == "pre_clear":
        pk_set = set(_linked(sender, instance, model))
    elif action not in ("post_add", "post_remove"):
        return
    others: list[Any] = list(model._default_manager.filter(pk__in=pk_set or ()).order_by("pk"))
    if not others:
        return
    verb = "added" if action == "post_add" else "removed"
    pairs = [(other, [instance]) for other in others] if reverse else [(instance, others)]
    for holder, held in pairs:
        of = "groups" if isinstance(held[0], Group) else "permissions"
        names = [each.codename if isinstance(each, Permission) else str(each) for each in held]
        _note(_CHANGED[type(holder)], str(holder), {f"{of} {verb}": names})


def _linked(sender: type[Model], instance: Any, model: type[Model]) -> Iterable[Any]:
    """Return the keys of what the table between the two links to this row."""
    ours, theirs = instance._meta.model_name, model._meta.model_name
    rows = sender._default_manager.filter(**{f"{ours}_id": instance.pk})
    return rows.values_list(f"{theirs}_id", flat=True)
