"""The forms of the counter: a new permit, a longer one, another plate."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permits import limits, moments
from permits.form_fields import MomentField, aware
from permits.forms import PermitForm
from permits.lengths import LENGTHS, after
from permits.models import Permit

OVERLAPS_SHOWN = 20


class SeenOverlaps:
    """Mixed into a form: permits of the same plate at the same time are shown once, then let be.

    Each of them that was shown comes back with the form, as `seen`. Saving again means to.
    """

    overlaps: tuple[Permit, ...] = ()  # what is to be shown before the permit is saved

    def warn(self, form: forms.ModelForm, permits: Any) -> None:  # type: ignore[type-arg]
        """Have the form come back once where one of the permits has not been shown yet."""
        found = tuple(permits.select_related("zone").order_by("start_time")[:OVERLAPS_SHOWN])
        seen = set(form.data.getlist("seen"))  # type: ignore[attr-defined]
        if any(str(permit.pk) not in seen for permit in found):
            self.overlaps = found
            form.add_error(None, ValidationError(_OVERLAP, code="overlap"))


class NewPermitForm(SeenOverlaps, PermitForm):
    """A new permit, whose end may be said as a length."""

    length = forms.ChoiceField(
        label=gettext_lazy("Length"),
        required=False,
        widget=forms.RadioSelect,
        choices=[("", gettext_lazy("Until the end below")), *LENGTHS],
        initial="",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["end_time"].required = False
        self.fields["plate"].widget.attrs["autofocus"] = True

    def clean(self) -> dict[str, Any]:
        """Reckon the end from the length, and look for permits that overlap."""
        cleaned = super().clean()
        start, length = cleaned.get("start_time"), cleaned.get("length")
        if start and length:
            self.errors.pop("end_time", None)
            try:
                cleaned["end_time"] = aware(after(start, length))
            except ValidationError as error:
                self.add_error("end_time", error)
        elif not cleaned.get("end_time") and "end_time" not in self.errors:
            self.add_error("end_time", _("Choose a length, or enter when the permit ends."))
        self._look_for_overlaps(cleaned)
        return cleaned

    def _look_for_overlaps(self, cleaned: dict[str, Any]) -> None:
        plate, start, end = (cleaned.get(name) for name in ("plate", "start_time", "end_time"))
        if not plate or not start or not end or end <= start or self._is_entered(cleaned):
            return
        self.warn(self, Permit.objects.of_plate(plate).wanted().overlapping(start, end))

    def _is_entered(self, cleaned: dict[str, Any]) -> bool:
        """Whether this very form was sent before; saving says so, and enters nothing."""
        opened = cleaned.get("opened")
        if opened is None or any(name not in cleaned for name in Permit.STAFF_FIELDS):
            return False
        entered = Permit.objects.entered_as(cleaned, actor=self.actor, since=opened)
        return bool(entered.exists())


class StepForm(SeenOverlaps, forms.ModelForm):  # type: ignore[type-arg]
    """One field of a permit that is on the controller, changed in one step."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"].initial = self.instance.version

    def clean(self) -> dict[str, Any]:
        """Refuse what was typed before someone else saved the permit."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("version") not in (None, self.instance.version):
            self.data = self.data.copy()  # type: ignore[attr-defined]
            self.data["version"] = str(self.instance.version)  # type: ignore[index]
            raise ValidationError(
                _("Someone else saved this permit meanwhile. Look at how it stands now, and save "
                  "again."),
                code="overtaken",
            )  # fmt: skip
        return cleaned

    def look_for_overlaps(self, plate: str, start: datetime, end: datetime) -> None:
        """Warn of other permits of the plate at that time, but for those of the same story."""
        others = Permit.objects.of_plate(plate).wanted().overlapping(start, end)
        others = others.exclude(pk__in=[self.instance.pk, self.instance.replaces_id])
        self.warn(self, others.exclude(replaces=self.instance.pk))


class ExtendForm(StepForm):
    """A later end: so much longer, or until a time."""

    by = forms.ChoiceField(required=False, choices=LENGTHS)

    class Meta:
        model = Permit
        fields = ("end_time",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ends = self.instance.end_time
        now = timezone.now().replace(second=0, microsecond=0)
        self.is_over = self.ends < now
        self.base = max(self.ends, now)  # from where a length is added
        self.fields["end_time"] = MomentField(label=_("Until"), required=False, kept=self.ends)

    def choices(self) -> list[tuple[str, str, datetime]]:
        """Return each length with its words and the end that it would lead to."""
        found = []
        for name, words in LENGTHS:
            try:
                end = aware(after(self.base, name))
            except ValidationError:
                continue  # the clocks skip or repeat that time
            if end > self.ends:
                found.append((name, str(words), end))
        return found

    def clean(self) -> dict[str, Any]:
        """Reckon the end, which must be later than it was."""
        cleaned = super().clean()
        if by := cleaned.get("by"):
            self.errors.pop("end_time", None)
            try:
                cleaned["end_time"] = aware(after(self.base, by))
            except ValidationError as error:
                self.add_error("end_time", error)
                return cleaned
        end = cleaned.get("end_time")
        if "end_time" in self.errors:
            return cleaned
        if end is None:
            self.add_error("end_time", _("Choose how much longer, or enter until when."))
        elif end <= self.ends:
            told = _("It is valid until %(end)s already. Enter a later end.")
            self.add_error("end_time", told % {"end": moments.say(self.ends, timezone.now())})
        else:
            self.look_for_overlaps(self.instance.plate, self.ends, end)
        return cleaned


class ChangePlateForm(StepForm):
    """Another plate."""

    class Meta:
        model = Permit
        fields = ("plate",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.before = self.instance.plate
        self.fields["plate"].label = _("New plate")
        self.fields["plate"].error_messages["required"] = _("Enter the new plate.")
        self.fields["plate"].widget.attrs |= {
            "autofocus": True,
            "autocomplete": "off",
            "autocapitalize": "characters",
            "spellcheck": "false",
        }

    def clean(self) -> dict[str, Any]:
        """Refuse the plate that it has, and look for permits that overlap."""
        cleaned = super().clean()
        plate = cleaned.get("plate")
        if plate == self.before:
            self.add_error("plate", _("This is the plate that the permit has. Enter the new one."))
        elif plate and limits.plate_key(plate) != limits.plate_key(self.before):
            permit = self.instance
            self.look_for_overlaps(plate, permit.start_time, permit.end_time)
        return cleaned


_OVERLAP = gettext_lazy(
    "This plate already has a permit for that time, as shown. Save again if you mean to."
)
