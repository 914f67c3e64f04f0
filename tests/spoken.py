"""What a page says in the language of whoever reads it."""

from typing import Final

import pytest
from django.conf import settings
from django.utils import translation
from playwright.sync_api import Page

from tests.portal import Portal

SAME_IN_BOTH: Final = {"Zone"}


class Words:
    """Finds texts as the portal says them in a language: `words("Save and push")`."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, text: str, *, context: str | None = None, **facts: object) -> str:
        """Return the text with its facts; in another language than English there must be one."""
        with translation.override(self.language):
            said = translation.pgettext(context, text) if context else translation.gettext(text)
        assert self.language == "en" or said != text or text in SAME_IN_BOTH, text
        return said % facts if facts else said

    def choose(self, page: Page, address: str) -> None:
        """Have the browser speak the language from now on, at this address of the portal."""
        name = settings.LANGUAGE_COOKIE_NAME
        page.context.add_cookies([{"name": name, "value": self.language, "url": address}])

    def many(self, one: str, many: str, count: int, /, **facts: object) -> str:
        """Return the text for so many."""
        with translation.override(self.language):
            said = translation.ngettext(one, many, count)
        assert self.language == "en" or said not in (one, many), many
        return said % {"count": count, **facts}


ENGLISH: Final = Words("en")


@pytest.fixture(params=["en", "fr"])
def words(request: pytest.FixtureRequest, page: Page, portal: Portal) -> Words:
    """Run the test in each language: its browser has chosen it, and these are the words."""
    words = Words(request.param)
    words.choose(page, portal.url)
    return words
