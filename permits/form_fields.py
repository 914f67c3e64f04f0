"""Form fields that read what people type: a local time, and a zone by its name."""

import re
from datetime import datetime
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from permits.models import Zone

_LOCAL_TIME: Final = re.compile(r"(\d{4}-\d{2}-\d{2})[T ]+(\d{1,2}):(\d{2})(?::(\d{2}))?(\.\d+)?")


class MomentInput(forms.DateTimeInput):
    """The browser's own field for a local date and time, to the second."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"step": "1", **(attrs or {})}, format="%Y-%m-%dT%H:%M:%S")


class MomentField(forms.DateTimeField):
    """A local date and time, typed as `2018-07-02 09:00` or `2018-07-02T09:00:00`."""

    widget = MomentInput

    def __init__(self, *, kept: datetime | None = None, **kwargs: Any) -> None:
        """Set up the field; `kept` is the stored time, which a form sends back unchanged."""
        self.kept = kept
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> datetime | None:
        """Return the moment, or say why the local time does not name one."""
        if isinstance(value, datetime):
            return super().to_python(value)
        text = str(value or "").strip()
        if not text:
            return None
        if self.kept and text == f"{timezone.localtime(self.kept):%Y-%m-%dT%H:%M:%S}":
            return self.kept
        match = _LOCAL_TIME.fullmatch(text)
        day, hour, minute, second = match.group(1, 2, 3, 4) if match else ("", "0", "", "")
        try:
            naive = datetime.fromisoformat(f"{day}T{int(hour):02}:{minute}:{second or '00'}")
        except ValueError:
            raise ValidationError(
                _("Enter the day and the time, such as 2018-07-02 09:00."), code="invalid"
            ) from None
        return aware(naive)


def aware(naive: datetime) -> datetime:
    """Return the one moment that a local time means; clock changes skip some and repeat some."""
    zone = timezone.get_current_timezone()
    early, late = naive.replace(tzinfo=zone, fold=0), naive.replace(tzinfo=zone, fold=1)
    if early.utcoffset() == late.utcoffset():
        return early
    name = timezone.get_current_timezone_name()
    exists = early.astimezone(timezone.get_fixed_timezone(0)).astimezone(zone)
    if exists.replace(tzinfo=None) != naive:
        raise ValidationError(
            _(
                "%(time)s does not exist: the clocks skip it (%(zone)s). Choose a time an hour "
                "earlier or later."
            )
            % {"time": f"{naive:%Y-%m-%d %H:%M}", "zone": name},
            code="skipped",
        )
    raise ValidationError(
        _(
            "%(time)s happens twice: the clocks go back over it (%(zone)s). Choose a time an hour "
            "earlier or later."
        )
        % {"time": f"{naive:%Y-%m-%d %H:%M}", "zone": name},
        code="repeated",
    )


class ZoneInput(forms.TextInput):
    """A text field that zones are chosen in by typing letters.

    Few zones stand in the page itself; of many, the script fetches the names. Where no script
    runs, what was typed comes back with the zones that it may have meant, to pick one of.
    """

    in_page: Final = 200
    picks: tuple[Zone, ...] = ()  # what was typed may have meant one of these

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return what was picked, or else what was typed."""
        return data.get(f"{name}_pick") or data.get(name)

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        """Render the field, the list it draws on, and what is to be known of the zone chosen."""
        field_id = (attrs or {}).get("id", name)
        zones = list(Zone.objects.all()[: self.in_page + 1])
        more = {
            "data-zone": f"{field_id}_note",
            "data-found": _("Zones found: %(count)s") % {"count": "{count}"},
        }
        if len(zones) > self.in_page:
            more["data-zones"] = reverse("admin:zone_names")
            zones = []
        else:
            more["list"] = f"{field_id}_names"
        chosen = Zone.objects.filter(name=str(value or "")).first() if value else None
        return format_html(
            '<div class="zone-box">{}</div>{}{}<p class="help zone-note" id="{}_note"{}>{}</p>{}',
            super().render(name, value, {**(attrs or {}), **more}, renderer),
            _datalist(field_id, zones),
            _picks(name, self.picks),
            field_id,
            "" if chosen and not chosen.is_reported else SafeString(" hidden"),
            _("The controller has never reported this zone: the permit would be a disconnected "
              "record, which officers may not find."),
            _without_script(zones),
        )  # fmt: skip


def _datalist(field_id: str, zones: list[Zone]) -> SafeString | str:
    if not zones:
        return ""
    options = ((zone.name, "" if zone.is_reported else disconnected()) for zone in zones)
    return format_html(
        '<datalist id="{}_names">{}</datalist>',
        field_id,
        format_html_join("", '<option value="{}">{}</option>', options),
    )


def _picks(name: str, zones: tuple[Zone, ...]) -> SafeString | str:
    """Offer the zones that may be meant, each as a button that is picked with one press."""
    if not zones:
        return ""
    return format_html(
        '<fieldset class="picks"><legend>{}</legend>{}</fieldset>',
        _("Which zone?"),
        format_html_join(
            "",
            '<label><input type="radio" name="{}_pick" value="{}"> {}{}</label>',
            (
                (
                    name,
                    zone.name,
                    zone.name,
                    "" if zone.is_reported else format_html(" ({})", disconnected()),
                )
                for zone in zones
            ),
        ),
    )


def _without_script(zones: list[Zone]) -> SafeString | str:
    """Say, where no script can beside the zone chosen, which zones are not reported."""
    names = [zone.name for zone in zones if not zone.is_reported]
    if not names:
        return ""
    return format_html(
        '<noscript><p class="help">{}</p></noscript>',
        _("Never reported by the controller, so that a permit would be a disconnected record: "
          "%(zones)s.") % {"zones": ", ".join(names)},
    )  # fmt: skip


def disconnected() -> str:
    """Return the mark of a zone that the controller has never reported."""
    return _("would make a disconnected record")


class ZoneField(forms.CharField):
    """A zone, by its name in any case."""

    widget = ZoneInput

    def __init__(self, *, may_add: bool = False, **kwargs: Any) -> None:
        """Set up the field; `may_add` offers to add a zone that is not known."""
        self.may_add = may_add
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Return the name to show for a zone's primary key."""
        if isinstance(value, int):
            return Zone.objects.filter(pk=value).values_list("name", flat=True).first() or ""
        return value

    def to_python(self, value: Any) -> Zone | None:  # type: ignore[override]
        """Return the zone that bears the name; what comes near is offered to pick from."""
        text = str(value or "").strip()
        if not text:
            return None
        if (zone := Zone.objects.named(text)) is not None:
            return zone
        self.widget.picks = tuple(Zone.objects.like(text))
        raise ValidationError(self._unknown(text), code="unknown_zone")

    def run_validators(self, value: Any) -> None:
        """Run none: there is a zone or there is none."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare by name."""
        return super().has_changed(self.prepare_value(initial), data)

    def _unknown(self, text: str) -> SafeString:
        near = Zone.objects.nearest(text)
        if near:
            told = _("There is no zone “%(typed)s”. Did you mean “%(near)s”?")
        else:
            told = _("There is no zone “%(typed)s”. Choose one from the list.")
        link: str | SafeString = ""
        if self.may_add:
            address = f"{reverse('admin:permits_zone_add')}?{urlencode({'name': text})}"
            words = _("Add the zone “%(name)s”") % {"name": text}
            link = format_html(' <a href="{}">{}</a>', address, words)
        return format_html("{}{}", told % {"typed": text, "near": near}, link)
