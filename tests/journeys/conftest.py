"""Who walks through the pages with the tests."""

import pytest
from playwright.sync_api import Page

from tests.browser import CheckAccessibility
from tests.journeys.inspector import Inspector
from tests.portal import Portal


@pytest.fixture
def inspector(page: Page, axe: CheckAccessibility, portal: Portal) -> Inspector:
    """Looks at pages."""
    return Inspector(page, axe, portal.url)
