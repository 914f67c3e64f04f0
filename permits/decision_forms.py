"""The small forms with which a person decides: a reason, and a reference ID."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from permits import limits
from permits.shown import shown


class ReasonForm(forms.Form):
    """Why a person decides as they do; it goes into the permit's history."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Give the reason: how do you know?")},
    )


class OptionalReasonForm(forms.Form):
    """Why a person decides as they do, where they care to say."""

    reason = forms.CharField(
        label=_("Reason (optional)"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class ThereForm(ReasonForm):
    """The permit is on the controller, under this reference ID."""

    reference_id = forms.CharField(
        label=_("Reference ID"),
        error_messages={"required": _("Enter the reference ID that the controller shows.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    field_order = ("reference_id", "reason")

    def clean_reference_id(self) -> str:
        """Return the reference ID in the form the controller gives it."""
        try:
            return limits.reference_id(self.cleaned_data["reference_id"])
        except limits.LimitError as error:
            raise ValidationError(shown(str(error)), code="limit") from None
