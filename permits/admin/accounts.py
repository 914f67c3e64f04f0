"""Users and groups, in the portal's look."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from permits.admin import signing_in
from permits.admin.filters import ChoiceFilter
from permits.admin.page import PortalAdmin
from permits.templatetags import portal


class GroupFilter(ChoiceFilter):
    """The group that a user belongs to."""

    title = _("group")
    parameter_name = "group"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer every group."""
        return [(str(pk), name) for pk, name in Group.objects.values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        """Narrow down to one group."""
        chosen = self.value()
        return queryset.filter(groups=int(chosen)) if chosen else queryset


class SignInFilter(ChoiceFilter):
    """Whether the user can sign in."""

    title = _("sign-in")
    parameter_name = "sign_in"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer both."""
        return [("yes", _("Can sign in")), ("no", _("Cannot sign in"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        """Narrow down to one of both."""
        allowed = {"is_active": True, "is_staff": True}
        match self.value():
            case "yes":
                return queryset.filter(**allowed)
            case "no":
                return queryset.exclude(**allowed)
        return queryset


class _Named(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Boxes to tick, each with what it allows."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, obj: Any) -> str:
        """Return what it allows, without the names of its tables."""
        return _allowed_by(obj) if isinstance(obj, Permission) else str(obj.name)


_VERBS = {
    "add": _("Can add %(model)s"),
    "change": _("Can change %(model)s"),
    "delete": _("Can delete %(model)s"),
    "view": _("Can view %(model)s"),
}


def _allowed_by(permission: Permission) -> str:
    """Say what a permission allows; its name is stored in English."""
    verb, _underscore, kind = permission.codename.partition("_")
    model = permission.content_type.model_class()
    if model is None or verb not in _VERBS or kind != model._meta.model_name:
        return gettext(permission.name)
    return _VERBS[verb] % {"model": model._meta.verbose_name}


_SWITCHES: dict[str, tuple[Any, Any]] = {
    "is_active": (_("Account is open"), _("Close it instead of deleting a user who has left.")),
    "is_staff": (_("Can sign in to the portal"), ""),
    "is_superuser": (_("Administrator"), _("May do everything, whatever the groups say.")),
}


class StaffAdmin(PortalAdmin, UserAdmin):  # type: ignore[type-arg]
    """Who can sign in, and what each may do through their groups."""

    add_form = UserCreationForm
    list_display = ("username", "full_name", "in_groups", "can_sign_in", "last_seen")
    list_filter = (GroupFilter, SignInFilter)
    search_help_text = _("Name or email")
    filter_horizontal = ()
    actions = None
    fieldsets = (
        (None, {"fields": ("username", "first_name", "last_name", "email")}),
        (_("What they may do"), {"fields": ("groups", "is_active", "is_staff", "is_superuser")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "first_name", "last_name", "password1", "password2")}),
        (_("What they may do"), {"fields": ("groups", "is_staff")}),
    )

    def get_urls(self) -> list[URLPattern]:
        """Add what is done about a user's signing in."""
        wrap = self.admin_site.admin_view
        return [
            path(
                f"<int:pk>/{address}/",
                wrap(require_POST(partial(action, self))),
                name=f"auth_user_{name}",
            )
            for address, name, action in (
                ("sign-out", "sign_out", signing_in.sign_out),
                ("remove-factors", "remove_factors", signing_in.remove_factors),
            )
        ] + super().get_urls()

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Fetch the groups of all users at once."""
        users: QuerySet[User] = super().get_queryset(request)
        return users.prefetch_related("groups")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Let a new user sign in."""
        return {"is_staff": True, **super().get_changeform_initial_data(request)}

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Show the groups as boxes to tick, and say in plain words what the switches do."""
        if db_field.name == "groups":
            return _Named(
                queryset=Group.objects.order_by("name"), required=False, label=_("Groups")
            )
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and db_field.name in _SWITCHES:
            field.label, field.help_text = _SWITCHES[db_field.name]
        return field

    @admin.display(description=_("name"), ordering="last_name")
    def full_name(self, user: User) -> str:
        """Return the user's name."""
        return user.get_full_name()

    @admin.display(description=_("groups"))
    def in_groups(self, user: User) -> str:
        """Return the names of the user's groups."""
        names = [group.name for group in user.groups.all()]
        return ", ".join([*([gettext("Administrator")] if user.is_superuser else []), *names])

    @admin.display(description=_("can sign in"), boolean=False)
    def can_sign_in(self, user: User) -> str:
        """Return whether the user can sign in."""
        return gettext("Yes") if user.is_active and user.is_staff else gettext("No")

    @admin.display(description=_("last signed in"), ordering="last_login")
    def last_seen(self, user: User) -> str | SafeString:
        """Return when the user last signed in."""
        return portal.when(user.last_login) or gettext("Never")


class GroupAdmin(PortalAdmin):
    """What the members of a group may do."""

    fields = ("name", "permissions")
    list_display = ("name", "members")
    search_fields = ("name",)
    search_help_text = _("Group name")
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        """Count the members along the way."""
        groups: QuerySet[Group] = super().get_queryset(request)
        return groups.annotate(member_count=Count("user"))

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Show what can be allowed here as boxes to tick; the framework's own tables are left."""
        if db_field.name != "permissions":
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        offered = (
            Permission.objects.filter(
                content_type__app_label__in=("permits", "auth"),
            )
            .exclude(content_type__model__startswith="historical")
            .select_related("content_type")
        )
        return _Named(
            queryset=offered.exclude(content_type__model="permission").order_by(
                "content_type__model", "pk"
            ),
            required=False,
            label=_("Permissions"),
        )

    @admin.display(description=_("members"), ordering="member_count")
    def members(self, group: Any) -> int:
        """Return how many users are in the group."""
        return int(group.member_count)
