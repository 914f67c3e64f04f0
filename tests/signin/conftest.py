"""The desks of the pages' tests."""

from tests.pages.conftest import desks, gate, known

__all__ = ["desks", "gate", "known"]
