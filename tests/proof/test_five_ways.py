"""The five ways to tamper with each kind of record: each is named, by the first record it struck.

The database's owner edits, removes, inserts, reorders and truncates calls, decisions and edits of
permits past every guard.
"""

from typing import Any, Final

import pytest

from permits import proof
from permits.models import Decision, Permit, SyncAttempt
from permits.models.chain import chain_name
from tests import environment
from tests.proof.conftest import Sql, Story, copied, problems

PermitEdit: Any = Permit.history.model
LINKS: Final = {
    SyncAttempt: ("opened_link", "opened_digest", "link", "digest"),
    Decision: ("link", "digest"),
    PermitEdit: ("link", "digest"),
}
NAMES: Final = {SyncAttempt: "sync attempt", Decision: "decision", PermitEdit: "edit"}
ACTORS: Final = "UPDATE {} SET actor = 'nobody' WHERE {} = %s"


@pytest.fixture
def told(story: Story) -> Story:
    """The story, with a second decision on the same permit."""
    Decision.objects.create(permit=story.permit, verdict="keep", actor="clerk")
    return story


def of_permit(model: Any, story: Story) -> list[Any]:
    """The permit's records of a kind, in the order in which they were written."""
    name = "id" if model is PermitEdit else "permit_id"
    return list(model.objects.filter(**{name: story.permit.pk}).order_by("pk"))


def first_link(record: Any) -> int:
    name = "opened_link" if isinstance(record, SyncAttempt) else "link"
    return int(getattr(record, name))


def table_of(model: Any) -> tuple[str, str]:
    return model._meta.db_table, model._meta.pk.column


@pytest.mark.parametrize("model", LINKS)
class TestTheFiveWays:
    def test_an_edited_record_is_named(self, told: Story, sql: Sql, model: Any) -> None:
        record = of_permit(model, told)[1]
        sql(ACTORS.format(*table_of(model)), record.pk)
        (problem,) = problems()
        assert problem.startswith(f"Permit {told.permit.pk}: {NAMES[model]} {record.pk} ")
        assert "was changed" in problem

    def test_a_removed_record_is_named_by_its_place(
        self, told: Story, sql: Sql, model: Any
    ) -> None:
        record = of_permit(model, told)[1]
        table, key = table_of(model)
        sql(f"DELETE FROM {table} WHERE {key} = %s", record.pk)
        (problem,) = problems()
        said = f"Permit {told.permit.pk}: link {first_link(record)} was removed"
        assert problem.startswith(said)

    def test_an_inserted_record_is_named(self, told: Story, sql: Sql, model: Any) -> None:
        record = of_permit(model, told)[1]
        sql(copied(*table_of(model), record.pk))
        (problem,) = problems()
        added = model.objects.order_by("pk").last()
        assert added.pk > record.pk
        assert problem.startswith(f"Permit {told.permit.pk}: {NAMES[model]} {added.pk} ")
        assert "was added" in problem

    def test_records_that_changed_places_are_named(self, told: Story, sql: Sql, model: Any) -> None:
        one, two = of_permit(model, told)[:2]
        table, key = table_of(model)
        for record, other in ((one, two), (two, one)):
            columns = LINKS[model]
            sets = ", ".join(f"{column} = %s" for column in columns)
            values = [getattr(other, column) for column in columns]
            sql(f"UPDATE {table} SET {sets} WHERE {key} = %s", *values, record.pk)
        (problem,) = problems()
        assert problem.startswith(f"Permit {told.permit.pk}: {NAMES[model]} {two.pk} ")
        assert "moved" in problem

    def test_an_order_of_numbers_that_was_turned_is_named(
        self, told: Story, sql: Sql, model: Any
    ) -> None:
        one, two = of_permit(model, told)[:2]
        table, key = table_of(model)
        sql(f"UPDATE {table} SET {key} = %s WHERE {key} = %s", 10**6, one.pk)
        (problem,) = problems()
        if model is SyncAttempt:  # whose number is in the link of its end
            assert f"{NAMES[model]} {10**6} (its end)" in problem
        else:
            assert f"{NAMES[model]} {two.pk} " in problem
            assert f"moved: it follows {NAMES[model]} {10**6} " in problem

    def test_a_truncated_table_is_named_by_the_first_record_of_each_chain(
        self, told: Story, sql: Sql, model: Any
    ) -> None:
        proof.make_seal("")
        gone = list(model.objects.all())
        if model is SyncAttempt:  # whoever truncates calls truncates what names them too
            gone += Decision.objects.all()
            sql("UPDATE permits_pull SET attempt_id = NULL")
            if not environment.ON_POSTGRES:
                sql("DELETE FROM permits_decision")
        first: dict[int, int] = {}
        for record in gone:
            chain = record.chain()
            first[chain] = min(first.get(chain, 10**6), first_link(record))
        truncate = "TRUNCATE {} CASCADE" if environment.ON_POSTGRES else "DELETE FROM {}"
        sql(truncate.format(model._meta.db_table))
        found = problems()
        assert len(found) == len(first)
        for chain, link in first.items():
            said = f"{chain_name(chain).capitalize()}: link {link} was removed"
            assert any(problem.startswith(said) for problem in found), (said, found)
