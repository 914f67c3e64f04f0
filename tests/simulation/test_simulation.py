"""A small run, as part of every test run; docs/reconciling.md has the long one."""

import pytest
from pytest_django import Settings

from tests.simulation.past import Past
from tests.simulation.verdict import Verdict, judge
from tests.simulation.worlds import World


@pytest.fixture
def past(database: str, settings: Settings) -> Past:
    """A history of some days, with enough in doubt for the evidence to speak."""
    past = Past(zones=5, permits=900, pulls=40, seed=1, ambiguous=0.04)
    past.happen()
    return past


def test_the_evidence_speaks_where_it_can_and_is_never_wrong(past: Past) -> None:
    verdicts = [
        verdict
        for foreign in (False, True)
        for expired in (True, False)
        for verdict in judge(past, World(foreign=foreign, expired=expired))
    ]
    assert [str(verdict) for verdict in verdicts if verdict.wrong] == []
    assert all(_asked(verdict) == len(past.arrived) for verdict in verdicts)
    assert verdicts[0].right > len(past.arrived) / 3


def test_the_simulation_would_notice_evidence_that_is_wrong(
    past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    past.arrived = {pk: not arrived for pk, arrived in past.arrived.items()}
    stated, _ = judge(past, World(foreign=False, expired=True))
    assert stated.wrong
    assert not stated.right


def _asked(verdict: Verdict) -> int:
    return verdict.right + verdict.wrong + verdict.nowhere
