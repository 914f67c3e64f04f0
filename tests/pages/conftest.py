"""The desks from which these tests look at the pages."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from pytest_django import Settings

from permits import proof, sync
from permits.models import (
    Activity,
    Batch,
    ImportRun,
    Link,
    Permit,
    SyncAttempt,
    Validation,
    Worker,
    Zone,
)
from tests.engine.gate import Gate
from tests.engine.office import enter, push
from tests.pages.desk import Desk, Desks
from tests.raw_server import RawServer
from tests.sandbox_server import Sandbox
from tests.staff import make_staff


@pytest.fixture
def desks(database: str, sandbox: Sandbox) -> Desks:
    """A desk for each kind of person; what they do is written for good, and calls are made."""
    with transaction.atomic():
        staff = make_staff()
        Zone.objects.create(name="Lot 4")
        stranger = User.objects.create(username="stranger", is_staff=True)
        return Desks(
            clerk=Desk(staff.clerk),
            supervisor=Desk(staff.supervisor),
            auditor=Desk(staff.auditor),
            root=Desk(staff.root),
            stranger=Desk(stranger),
            nobody=Desk(),
        )


@pytest.fixture
def gate(desks: Desks, settings: Settings) -> Iterator[Gate]:
    """A controller that answers when it is told to."""
    gate = Gate()
    with RawServer(gate.act) as server:
        settings.OPSCOM_URL = server.url
        yield gate


@pytest.fixture
def known(desks: Desks) -> dict[str, str]:
    """The primary key of one record of each kind; the permit is on the controller."""
    permit = push()
    Zone.objects.create(name="Unused")
    enter(plate="DRAFT 1")
    run = sync.start_batch(Batch.Kind.PUSH, Permit.objects.all(), actor="clerk")
    Link.current()
    Worker.objects.see("here:1", connections=8)  # the portal is ready
    attempt = SyncAttempt.objects.get(permit=permit)
    refused = ImportRun.objects.create(state=ImportRun.State.REFUSED, problem="It is empty.")
    validation = Validation.objects.create(
        address="http://127.0.0.1:1", client_code="OC-TOMA", time_zone="UTC"
    )
    return {
        "validation": str(validation.pk),
        "import": str(refused.pk),
        "permit": str(permit.pk),
        "batch": str(run.pk),
        "zone": str(Zone.objects.get(name="Unused").pk),
        "syncattempt": str(attempt.pk),
        "seals": str(proof.make_seal("").pk),
        "activity": str(Activity.objects.latest("pk").pk),
        "user": str(User.objects.get(username="auditor").pk),
        "group": str(Group.objects.get(name="Auditors").pk),
        "content_type": str(ContentType.objects.get_for_model(Permit).pk),
    }
