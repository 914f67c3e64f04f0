"""Every address of the portal, and who may open it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.db import connection
from django.urls import URLPattern, URLResolver, get_resolver

from permits.models.chain import Stream

SIGNED_IN: Final = frozenset({"stranger", "clerk", "supervisor", "auditor", "root"})
VIEWERS: Final = SIGNED_IN - {"stranger"}
STAFF: Final = VIEWERS - {"auditor"}
SUPERVISORS: Final = STAFF - {"clerk"}
AUDITORS: Final = VIEWERS - {"clerk"}
ROOT: Final = frozenset({"root"})
NOBODY: Final[frozenset[str]] = frozenset()
EVERYBODY: Final = SIGNED_IN | {"nobody"}

MAY_OPEN: Final = {
    "index": SIGNED_IN,
    "login": EVERYBODY,
    "logout": NOBODY,  # it is left by a form
    "live": EVERYBODY,
    "ready": EVERYBODY,
    "metrics": NOBODY,  # it is for who bears a token
    "password_change": SIGNED_IN,
    "password_change_done": SIGNED_IN,
    "jsi18n": SIGNED_IN,
    "set_language": NOBODY,  # it is a button alone
    "autocomplete": NOBODY,  # no field of ours uses it
    "view_on_site": VIEWERS,  # leads to a permit's page
    "app_list": VIEWERS,
    "controller": VIEWERS,
    "proof": AUDITORS,
    "seal": AUDITORS,
    "verify": AUDITORS,  # a button; following it as a link leads to the page
    "drift": VIEWERS,
    "drift_zone": VIEWERS,
    "count": SUPERVISORS,
    "resume": SUPERVISORS,
    "mfa_index": SIGNED_IN,
    "resend": SIGNED_IN,  # leads home where nothing was kept
    "account_sign_out_elsewhere": NOBODY,  # these two are buttons alone
    "account_cancel": NOBODY,
    "account_login": SIGNED_IN,  # leads to the sign-in page, and home who is signed in
    "account_reauthenticate": SIGNED_IN,
    "mfa_reauthenticate": SIGNED_IN,  # leads to the one before while there is no second factor
    "mfa_reauthenticate_webauthn": SIGNED_IN,
    "mfa_authenticate": SIGNED_IN,  # leads home who is signed in already
    "mfa_activate_totp": SIGNED_IN,
    "mfa_deactivate_totp": NOBODY,  # there is none
    "mfa_view_recovery_codes": NOBODY,
    "mfa_generate_recovery_codes": SIGNED_IN,
    "mfa_list_webauthn": SIGNED_IN,
    "mfa_login_webauthn": SIGNED_IN,  # likewise
    "mfa_add_webauthn": SIGNED_IN,
    "mfa_edit_webauthn": SIGNED_IN,  # asks for the password before it looks for the passkey
    "mfa_remove_webauthn": SIGNED_IN,
    "check_controller": SUPERVISORS,
    "ask_validation": SUPERVISORS,
    "validation": AUDITORS,
    "validation_text": AUDITORS,
    "alerts": AUDITORS,
    "test_alert": NOBODY,  # it is a button alone
    "help": SIGNED_IN,
    "guide": SIGNED_IN,
    "guide_picture": SIGNED_IN,
    "lockouts": SUPERVISORS,
    "lift_lockout": NOBODY,  # it is a button alone
    "permits_permit_changelist": VIEWERS,
    "permits_permit_add": STAFF,
    "permits_permit_change": VIEWERS,
    "permits_permit_history": VIEWERS,
    "permits_permit_of_plate": VIEWERS,
    "permits_permit_import": STAFF,
    "permits_permit_import_empty": STAFF,
    "permits_permit_import_run": AUDITORS,  # and whoever handed the file in
    "permits_permit_import_confirm": NOBODY,  # these four are buttons alone
    "permits_permit_import_zones": NOBODY,
    "permits_permit_import_discard": NOBODY,
    "permits_permit_import_again": NOBODY,
    "permits_permit_import_failed": NOBODY,  # there are no bad rows in it
    "permits_permit_delete": STAFF,
    "permits_permit_push": STAFF,
    "permits_permit_update": STAFF,
    "permits_permit_resolve": SUPERVISORS,
    "permits_permit_push_anew": SUPERVISORS,
    "permits_permit_keep": STAFF,
    "permits_permit_export": VIEWERS,
    "permits_permit_save_view": NOBODY,  # these two are buttons alone
    "permits_permit_remove_view": NOBODY,
    "permits_permit_replace": STAFF,
    "permits_permit_extend": STAFF,
    "permits_permit_change_plate": STAFF,
    "zone_names": VIEWERS,
    "permits_batch_changelist": VIEWERS,
    "permits_batch_add": NOBODY,
    "permits_batch_change": VIEWERS,
    "permits_batch_history": VIEWERS,
    "permits_batch_delete": NOBODY,
    "permits_batch_stop": NOBODY,  # these three are buttons alone
    "permits_batch_resume": NOBODY,
    "permits_batch_retry": NOBODY,
    "permits_batch_troubled": VIEWERS,
    "permits_zone_changelist": VIEWERS,
    "permits_zone_add": SUPERVISORS,
    "permits_zone_change": VIEWERS,
    "permits_zone_history": VIEWERS,
    "permits_zone_delete": SUPERVISORS,
    "permits_syncattempt_changelist": AUDITORS,
    "permits_syncattempt_add": NOBODY,
    "permits_syncattempt_change": AUDITORS,
    "permits_syncattempt_history": AUDITORS,
    "permits_syncattempt_export": AUDITORS,
    "permits_syncattempt_delete": NOBODY,
    "permits_activity_changelist": AUDITORS,
    "permits_activity_add": NOBODY,
    "permits_activity_change": AUDITORS,
    "permits_activity_history": AUDITORS,
    "permits_activity_export": AUDITORS,
    "permits_activity_delete": NOBODY,
    "auth_user_changelist": ROOT,
    "auth_user_add": ROOT,
    "auth_user_change": ROOT,
    "auth_user_history": ROOT,
    "auth_user_delete": ROOT,
    "auth_user_password_change": ROOT,
    "auth_user_sign_out": NOBODY,  # these two are buttons alone
    "auth_user_remove_factors": NOBODY,
    "auth_group_changelist": ROOT,
    "auth_group_add": ROOT,
    "auth_group_change": ROOT,
    "auth_group_history": ROOT,
    "auth_group_delete": ROOT,
    "permits/permit/OBJECT/": VIEWERS,  # what Django's admin leaves without a name
    "permits/batch/OBJECT/": VIEWERS,
    "permits/zone/OBJECT/": VIEWERS,
    "permits/syncattempt/OBJECT/": AUDITORS,
    "permits/activity/OBJECT/": AUDITORS,
    "auth/user/OBJECT/": ROOT,
    "auth/group/OBJECT/": ROOT,
    "anything-else": NOBODY,
}
"""Who may open each address by following a link. The others are refused, or asked to sign in."""


@dataclass(frozen=True)
class Address:
    """One pattern of the portal's addresses."""

    name: str
    pattern: str

    def path(self, known: dict[str, str]) -> str:
        """The address of something real; `known` holds the primary key of each kind."""
        kind = next((kind for kind in known if f"/{kind}/" in f"/{self.pattern}"), "permit")
        path = self.pattern
        for placeholder in ("<int:pk>", "<path:object_id>", "<id>"):
            path = path.replace(placeholder, known[kind])
        path = path.replace("<str:form>", "csv")
        path = path.replace("pictures/<str:name>", "pictures/new.png")
        path = path.replace("<slug:name>", "clerk")
        path = path.replace("<path:content_type_id>", known["content_type"])
        path = path.replace("^(?P<app_label>permits|auth)/$", "permits/")
        return f"/{path.replace('(?P<url>.*)$', 'anything-else/')}"


def all_addresses() -> list[Address]:
    """Every address that the portal answers to."""
    return list(_walk(get_resolver().url_patterns))


def _walk(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[Address]:
    for each in patterns:
        pattern = f"{before}{each.pattern}"
        if isinstance(each, URLResolver):
            yield from _walk(each.url_patterns, pattern)
        else:
            unnamed = pattern.replace("<path:object_id>", "OBJECT")
            name = each.name or unnamed.replace("(?P<url>.*)$", "anything-else")
            yield Address(name, pattern)


_PASSING: Final = {
    *("django_session", "usersessions_usersession"),  # that somebody is here
    *("permits_activity",),  # that somebody looked, or tried
}
"""Tables that those who only look may add to."""
_ASIDE: Final = (
    "axes_",  # that somebody tried to sign in
    "permits_plate_part",  # an index of SQLite's, which cannot be read as a table
    "permits_plate_term",
)


def everything() -> dict[str, list[tuple[object, ...]]]:
    """The whole database, but for when each user was here and what was noted of it."""
    with connection.cursor() as cursor:
        tables = sorted(set(connection.introspection.table_names(cursor)) - _PASSING)
        return {table: _rows(cursor, table) for table in tables if not table.startswith(_ASIDE)}


def _rows(cursor: Any, table: str) -> list[tuple[object, ...]]:
    columns = _columns(table)
    # The chain of the day's activity grows with it.
    where = f"WHERE id > 0 OR -id % 10 <> {Stream.ACTIVITY}" if table == "permits_chain" else ""
    cursor.execute(f"SELECT {columns} FROM {table} {where} ORDER BY 1")
    return list(cursor.fetchall())


@cache
def _columns(table: str) -> str:
    with connection.cursor() as cursor:
        described = connection.introspection.get_table_description(cursor, table)
    names = (column.name for column in described if column.name != "last_login")
    return ", ".join(f'"{name}"' for name in names)
