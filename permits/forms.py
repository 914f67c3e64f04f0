"""The forms that people fill in; every limit and every sentence about it comes from the model."""

from datetime import datetime
from typing import Any, ClassVar, Final

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permits import edits, limits, moments
from permits.form_fields import MomentField, ZoneField
from permits.models import Permit, Zone
from permits.models.permit import NEEDS_REPLACE

_MISSING: Final = {
    "plate": gettext_lazy("Enter the licence plate."),
    "start_time": gettext_lazy("Enter when the permit starts."),
    "end_time": gettext_lazy("Enter when the permit ends."),
}


class PermitForm(forms.ModelForm):  # type: ignore[type-arg]
    """What staff want of a permit.

    A hidden `version` tells which version of the permit the person saw. Where someone else saved
    another since, nothing is written: the form comes back with what both did, to be looked at and
    saved again.
    """

    may_add_zones: ClassVar[bool] = False
    actor: ClassVar[str] = ""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    opened = forms.CharField(widget=forms.HiddenInput, required=False)  # when, as ISO 8601

    class Meta:
        model = Permit
        fields = (
            "plate", "start_time", "end_time", "zone", "ticket_number", "amount", "currency",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        permit = self.instance
        self.fields["version"].initial = permit.version
        self.fields["opened"].initial = timezone.now().isoformat()
        if "plate" not in self.fields:  # the form is only looked at
            return
        self.fields["zone"] = ZoneField(label=_("Zone"), required=False, may_add=self.may_add_zones)
        for name, label in (("start_time", _("Start")), ("end_time", _("End"))):
            kept = getattr(permit, name) if permit.pk else None
            self.fields[name] = MomentField(label=label, kept=kept)
        self.fields["currency"] = forms.ChoiceField(
            label=_("Currency"),
            required=False,
            choices=[("", _("None")), *((code, code) for code in limits.CURRENCIES)],
        )
        for name, missing in _MISSING.items():
            self.fields[name].error_messages["required"] = missing
        for name in ("plate", "zone", "ticket_number"):
            self.fields[name].widget.attrs |= {"autocomplete": "off", "spellcheck": "false"}
        self.fields["plate"].widget.attrs |= {"autocapitalize": "characters"}
        if permit.reference_id and permit.state != Permit.State.MISSING:
            for name in limits.FIXED:
                self.fields[name].help_text = _(
                    "The controller cannot change this. With another value, Replace is offered."
                )

    def full_clean(self) -> None:
        """Check the form; where a field says to use Replace, it need not say so twice."""
        super().full_clean()
        for name in limits.FIXED:
            if name in self.errors:
                self.fields[name].help_text = ""

    @property
    def needs_replace(self) -> list[str]:
        """The labels of the fields whose new values only a replacement can bring about."""
        refused = self.errors.as_data() if self.is_bound else {}
        return [
            str(self.fields[name].label)
            for name, errors in refused.items()
            if any(error.code == NEEDS_REPLACE for error in errors)
        ]

    def clean_opened(self) -> datetime | None:
        """Return when the form was opened; nothing where it does not say."""
        try:
            return datetime.fromisoformat(self.cleaned_data["opened"])
        except ValueError:
            return None

    def clean(self) -> dict[str, Any]:
        """Refuse an edit of a withdrawn permit, and one that someone else's has overtaken."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        permit = self.instance
        if not permit.pk:
            return cleaned
        if permit.withdrawn_at or permit.state == Permit.State.DELETED:
            raise ValidationError(
                _("This permit was withdrawn since you opened it. Your edit was not saved."),
                code="withdrawn",
            )
        seen = cleaned.get("version")
        if seen is not None and seen != permit.version:
            self._bring_together(seen, cleaned)
        return cleaned

    def _bring_together(self, seen: int, typed: dict[str, Any]) -> None:
        """Show what others saved since version `seen`, and keep what this person typed.

        A field that only the others changed takes their value; one that both changed keeps what
        was typed, with a note. The form then knows of the newest version and can be saved again.
        """
        permit = self.instance
        before = permit.history.filter(version=seen).order_by("-history_id").first()
        data = QueryDict(mutable=True)
        data.update(self.data)
        for name in Permit.STAFF_FIELDS:
            theirs = getattr(permit, name)
            mine = typed.get(name, theirs)
            attribute = "zone_id" if name == "zone" else name
            untouched = before is not None and _same(getattr(before, attribute), mine)
            if untouched and not _same(theirs, mine):
                data[name] = self._as_typed(name, theirs)
            elif not _same(theirs, mine) and (
                before is None or not _same(getattr(before, attribute), theirs)
            ):
                now = edits.value_in_words(name, theirs) or _("nothing")
                told = _("Now saved as %(now)s. Save again to put yours in its place.")
                self.add_error(name, told % {"now": now})
        data["version"] = str(permit.version)
        self.data = data
        overtaking = [edit for edit in edits.of_permit(permit) if edit.version > seen]
        self.add_error(None, ValidationError(_overtaken(overtaking), code="overtaken"))

    def _as_typed(self, name: str, value: Any) -> str:
        if isinstance(value, datetime):
            return f"{timezone.localtime(value):%Y-%m-%dT%H:%M:%S}"
        return "" if value is None else str(value)


def _same(one: Any, other: Any) -> bool:
    """Compare two values of a field; a zone may be given by its primary key."""
    one, other = (value.pk if isinstance(value, Zone) else value for value in (one, other))
    return bool((one or None) == (other or None))


def _overtaken(overtaking: list[edits.Edit]) -> str:
    now = timezone.now()
    changed = _("%(actor)s changed %(changes)s (%(when)s).")
    told = " ".join(
        changed
        % {
            "actor": edit.actor or _("The portal"),
            "changes": edit.in_words(),
            "when": moments.say(edit.at, now),
        }
        for edit in reversed(overtaking)
        if edit.changes
    )
    return _(
        "Someone else saved this permit while you had it open, so nothing of yours is saved yet. "
        "%(told)s What you typed is kept below: check it and save again."
    ) % {"told": told or _("It changed since.")}
