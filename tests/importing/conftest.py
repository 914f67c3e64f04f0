"""What the tests of the import share."""

import pytest
from django.utils import timezone

from permits.models import Zone


@pytest.fixture
def lot(db: None) -> Zone:
    """The zone Lot 1, which the controller has reported."""
    return Zone.objects.create(name="Lot 1", last_reported_at=timezone.now())


@pytest.fixture
def lasting_lot(database: None) -> Zone:
    """The same, written for good: other threads see it, and calls are made."""
    return Zone.objects.create(name="Lot 1", last_reported_at=timezone.now())
