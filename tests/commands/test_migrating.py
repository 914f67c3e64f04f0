"""Migrating there and back, and what is there once it is done."""

from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import ThreadPoolExecutor as Pool
from typing import Final, LiteralString

import psycopg
import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.signals import pre_migrate
from pytest_django import DjangoDbBlocker

from permits.groups import create
from permits.models import Permit, Plate
from tests import environment, postgres
from tests.database import connected_to
from tests.engine.office import edit, enter, push
from tests.processes import wait_until
from tests.sandbox_server import Sandbox

GROUPS = {
    "Parking staff": {
        *("view_permit", "add_permit", "change_permit", "view_zone"),
        *("send_permit", "view_batch"),
    },
    "Supervisors": {
        *("view_permit", "add_permit", "change_permit", "view_zone"),
        *("send_permit", "view_batch", "resolve_permit", "resume_link", "pull_counts"),
        *("view_syncattempt", "view_importrun", "view_activity"),
        *("view_seal", "view_verification", "add_verification"),
        *("add_zone", "change_zone", "delete_zone"),
        *("view_alert", "view_validation"),
        *("lift_lockout", "test_alert", "add_validation"),
    },
    "Auditors": {
        *("view_permit", "view_zone", "view_batch"),
        *("view_syncattempt", "view_importrun", "view_activity"),
        *("view_seal", "view_verification", "add_verification"),
        *("view_alert", "view_validation"),
    },
}


@pytest.fixture
def empty_database(
    request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """A database without a table, and the models pointed to it."""
    name = f"empty_{environment.WORKER}_{abs(hash(request.node.name)) % 10**8}"
    on_postgres = environment.ON_POSTGRES
    url = postgres.create(name) if on_postgres else environment.database_url(name)
    with django_db_blocker.unblock(), connected_to(url):
        yield


def migrate(*arguments: str) -> None:
    """Migrate without a word."""
    call_command("migrate", *arguments, verbosity=0)


def our_tables() -> set[str]:
    """The tables of the permits."""
    return {name for name in connection.introspection.table_names() if name.startswith("permits_")}


def constraints_and_indexes() -> set[str]:
    """The names of all constraints and indexes of the permits' tables."""
    with connection.cursor() as cursor:
        return {
            name
            for table in our_tables()
            for name in connection.introspection.get_constraints(cursor, table)
        }


def groups() -> dict[str, set[str]]:
    """The codenames of each group's permissions."""
    return {
        group.name: set(group.permissions.values_list("codename", flat=True))
        for group in Group.objects.all()
    }


@pytest.mark.database
@pytest.mark.usefixtures("empty_database")
class TestMigrating:
    def test_each_step_goes_back_and_forth(self, sandbox: Sandbox) -> None:
        migrate()
        tables, names = our_tables(), constraints_and_indexes()
        assert "permits_permit" in tables
        steps = [name for app, name in MigrationLoader(connection).graph.nodes if app == "permits"]
        for step in [*sorted(steps, reverse=True)[1:], "zero"]:
            migrate("permits", step)
        assert our_tables() == set()
        applied = MigrationRecorder(connection).applied_migrations()
        assert not [step for app, step in applied if app == "permits"]
        migrate()
        assert our_tables() == tables
        assert {name for name in names if not name.startswith("__")} <= constraints_and_indexes()
        assert push().state == Permit.State.SYNCED

    def test_the_groups_are_there_with_their_permissions(self) -> None:
        migrate()
        assert groups() == GROUPS

    def test_a_group_that_the_office_has_changed_is_left_alone(self) -> None:
        migrate()
        auditors = Group.objects.get(name="Auditors")
        auditors.permissions.set(Permission.objects.filter(codename="view_permit"))
        Group.objects.get(name="Parking staff").delete()
        migrate()
        assert groups() == {**GROUPS, "Auditors": {"view_permit"}}

    def test_the_models_need_no_further_migration(self) -> None:
        call_command("makemigrations", "--check", "--dry-run", verbosity=0)


@pytest.mark.database
@pytest.mark.skipif(not environment.ON_POSTGRES, reason="SQLite has one lock for everything")
@pytest.mark.usefixtures("empty_database")
@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("SELECT id FROM permits_permit FOR NO KEY UPDATE", "UPDATE permits_permit SET tries = 0"),
        ("SELECT id FROM permits_syncattempt", "SELECT id FROM permits_permit"),
    ],
    ids=["a call", "a list"],
)
def test_new_indexes_end_nothing_that_is_under_way(first: str, then: str) -> None:
    migrate()
    migrate("permits", "0015")
    url = postgres.url(str(connection.settings_dict["NAME"]))
    steps: list[Future[object]] = []
    with psycopg.connect(url) as old, psycopg.connect(url) as onlooker, Pool(1) as pool:

        def begin(**_: object) -> None:
            old.execute(first)
            steps.append(pool.submit(go_on))

        def go_on() -> None:
            wait_until(lambda: onlooker.execute(_SOMEBODY_WAITS).fetchone() == (True,))
            old.execute(then)
            old.commit()

        pre_migrate.connect(begin, sender=apps.get_app_config("permits"))
        try:
            migrate()
        finally:
            pre_migrate.disconnect(begin, sender=apps.get_app_config("permits"))
        steps[0].result()


_SOMEBODY_WAITS: Final[LiteralString] = """
    SELECT EXISTS (
        SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
        WHERE NOT granted AND datname = current_database()
    )
"""


@pytest.mark.django_db
def test_a_permission_that_an_upgrade_brings_reaches_the_groups_that_are_to_have_it() -> None:
    Permission.objects.filter(codename="view_seal").delete()  # as before the upgrade
    auditors = Group.objects.get(name="Auditors")
    auditors.permissions.set(Permission.objects.filter(codename="view_permit"))
    create(apps.get_app_config("permits"))
    assert groups() == {**GROUPS, "Auditors": {"view_permit", "view_seal"}}


def test_no_index_or_constraint_of_the_models_was_lost_on_the_way(database: str) -> None:
    models = apps.get_app_config("permits").get_models()
    meant = {
        each.name for model in models for each in (*model._meta.indexes, *model._meta.constraints)
    }
    assert meant <= constraints_and_indexes()


def test_no_trigger_was_lost_on_the_way(database: str) -> None:
    """SQLite drops a table's triggers where a migration makes the table anew."""
    permit = enter(plate="ABC 123")
    edit(permit, plate="NEW 4711")
    assert [plate.key for plate in Plate.objects.holding("C12")] == ["ABC123"]
    assert [plate.key for plate in Plate.objects.holding("W47")] == ["NEW4711"]
