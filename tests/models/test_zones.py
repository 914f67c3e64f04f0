"""Zones: found by what is typed; neither renamed nor removed under their permits."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from permits.models import Zone
from tests import environment
from tests.engine.office import enter

pytestmark = pytest.mark.django_db


@pytest.fixture
def used() -> Zone:
    """A zone that a permit is in."""
    zone = enter().zone
    assert zone is not None
    return zone


class TestOneThatPermitsUse:
    def test_is_not_renamed_by_saving_it(self, used: Zone) -> None:
        used.name = "Lot 5"
        with pytest.raises(ValidationError, match="Permits use the zone Lot 4"):
            used.save()

    def test_is_not_renamed_by_an_update_of_many(self, used: Zone) -> None:
        Zone.objects.create(name="Unused")
        with pytest.raises(ValidationError, match="cannot be renamed"):
            Zone.objects.all().update(name="Lot 5")
        used.name = "Lot 5"
        with pytest.raises(ValidationError, match="cannot be renamed"):
            Zone.objects.bulk_update([used], ["name"])

    @pytest.mark.skipif(not environment.ON_POSTGRES, reason="SQLite has no such trigger")
    def test_is_not_renamed_behind_the_model_s_back(self, used: Zone) -> None:
        with (
            pytest.raises(IntegrityError, match="cannot be renamed"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("UPDATE permits_zone SET name = 'Lot 5' WHERE id = %s", [used.pk])

    def test_is_not_removed(self, used: Zone) -> None:
        with pytest.raises(ProtectedError):
            used.delete()
        with pytest.raises(ProtectedError):
            Zone.objects.all().delete()

    def test_is_not_removed_behind_the_model_s_back(self, used: Zone) -> None:
        def remove() -> None:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("DELETE FROM permits_zone WHERE id = %s", [used.pk])
                connection.check_constraints()

        with pytest.raises(IntegrityError):
            remove()

    def test_may_be_saved_as_it_is(self, used: Zone) -> None:
        used.save()


class TestOneThatNobodyUses:
    def test_is_renamed_and_removed(self) -> None:
        zone = Zone.objects.create(name="Unused")
        zone.name = "Renamed"
        zone.save()
        Zone.objects.filter(pk=zone.pk).update(name="Again")
        zone.delete()
        assert not Zone.objects.exists()


class TestWhatIsTyped:
    def test_names_a_zone_in_any_case_the_exact_one_first(self) -> None:
        first, second = (Zone.objects.create(name=name) for name in ("ÉTÉ", "été"))
        assert Zone.objects.named("été") == second
        assert Zone.objects.named("ÉTÉ") == first
        assert Zone.objects.named("Été") in (first, second)
        assert Zone.objects.named("ete") is None

    def test_may_mean_the_zones_that_have_all_its_words(self) -> None:
        for name in ("Garage North", "Garage South", "North Street"):
            Zone.objects.create(name=name)
        assert [zone.name for zone in Zone.objects.like("NORTH garage")] == ["Garage North"]
        assert [zone.name for zone in Zone.objects.like("north")] == [
            "Garage North", "North Street",
        ]  # fmt: skip

    def test_may_be_a_slip(self) -> None:
        Zone.objects.create(name="Garage")
        assert [zone.name for zone in Zone.objects.like("Gargae")] == ["Garage"]
        assert Zone.objects.nearest("Gargae") == "Garage"
        assert Zone.objects.nearest("Street") == ""
