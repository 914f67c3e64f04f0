"""Model fields that keep a value in the one form that `permits.limits` allows."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.formats import sanitize_separators

from permits import limits
from permits.shown import shown


class _LimitedFormField(forms.CharField):
    """A text field of a form that asks the limit, and shows the limit's own sentence.

    It sets no `maxlength`: browsers count UTF-16 units, and would cut what the controller takes.
    """

    def __init__(self, *, limit: Callable[[str], str], **kwargs: Any) -> None:
        self.limit = limit
        kwargs["max_length"] = None
        kwargs["strip"] = False
        super().__init__(**kwargs)
        # Django's own refusal of a NUL would hide the limit's clearer sentence.
        self.validators = []

    def clean(self, value: Any) -> str:
        """Return the value in its stored form."""
        text: str = super().clean(value)
        return _within(self.limit, text) if text.strip() else self._blank()

    def _blank(self) -> str:
        if self.required:
            raise ValidationError(self.error_messages["required"], code="required")
        return ""


class LimitedCharField(models.CharField):  # type: ignore[type-arg]
    """A text whose form and length `limit` decides."""

    def __init__(self, *args: Any, limit: Callable[[str], str], **kwargs: Any) -> None:
        self.limit = limit
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        """Tell migrations how to rebuild the field."""
        name, path, args, kwargs = super().deconstruct()
        kwargs["limit"] = self.limit
        return name, path, args, kwargs

    def clean(self, value: Any, model_instance: models.Model | None) -> str:
        """Return the value in its stored form, or raise the limit's sentence."""
        if value not in self.empty_values:
            value = _within(self.limit, str(value))
        text: str = super().clean(value, model_instance)
        return text

    def formfield(self, **kwargs: Any) -> Any:
        """Return the form's field, which asks the same limit."""
        if self.choices:
            return super().formfield(**kwargs)
        return super().formfield(**{"form_class": _LimitedFormField, "limit": self.limit, **kwargs})


class AmountField(models.DecimalField):  # type: ignore[type-arg]
    """An amount of money with exactly two places."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs |= {"max_digits": limits.AMOUNT_DIGITS, "decimal_places": limits.AMOUNT_PLACES}
        super().__init__(*args, **kwargs)

    def clean(self, value: Any, model_instance: models.Model | None) -> Decimal | None:
        """Return the amount rounded to nothing: what does not fit is refused."""
        if value in self.empty_values:
            return super().clean(None, model_instance)  # type: ignore[no-any-return]
        amount: Decimal = _within(
            limits.amount, value if isinstance(value, Decimal) else str(value)
        )
        return amount

    def formfield(self, **kwargs: Any) -> Any:
        """Return a text field: a browser's number field drops what it cannot read."""
        return models.Field.formfield(
            self, **{"form_class": AmountFormField, "localize": True, **kwargs}
        )


class AmountFormField(forms.Field):
    """An amount as a person types it: `5`, `5.0` and `14.50` are all read."""

    widget = forms.TextInput

    def to_python(self, value: Any) -> Any:
        """Return the amount, or raise the limit's sentence."""
        # With the comma of the page's language too, where it writes decimals with one.
        text = str(sanitize_separators(str(value).strip())) if value is not None else ""
        return _within(limits.amount, text) if text else None

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Ask a phone for its keyboard of digits."""
        return {"inputmode": "decimal", "autocomplete": "off"}


class MomentField(models.DateTimeField):  # type: ignore[type-arg]
    """A time that the controller can be told: whole seconds, and no year that is a slip."""

    def clean(self, value: Any, model_instance: models.Model | None) -> datetime | None:
        """Return the time cut to whole seconds."""
        moment: datetime | None = super().clean(value, model_instance)
        return None if moment is None else _within(limits.moment, moment)


def _within(limit: Callable[[Any], Any], value: Any) -> Any:
    try:
        return limit(value)
    except limits.LimitError as error:
        raise ValidationError(shown(str(error)), code="limit") from None
