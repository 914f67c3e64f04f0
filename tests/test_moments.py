"""How times are said."""

from datetime import UTC, datetime

from django.utils import timezone, translation

from permits import moments


def test_the_same_day_is_said_in_the_language_of_each_page() -> None:
    moment = datetime(2018, 7, 2, 9, tzinfo=UTC)
    with timezone.override(UTC):
        said = []
        for language in ("en", "fr", "en"):
            with translation.override(language):
                said.append(moments.in_full(moment))
    assert said[0] == said[2] == "Monday 2 July 2018, 09:00:00 UTC"
    assert said[1] == "lundi 2 juillet 2018, 09:00:00 UTC"
