"""Its zones and permits."""

from django.db import models


class Zone(models.Model):
    """A zone."""

    name = models.CharField(max_length=100, unique=True)

    class Meta:
        app_label = "stocked"

    def __str__(self) -> str:
        return self.name


class Permit(models.Model):
    """A permit, and the reference that the controller gave it."""

    plate = models.CharField(max_length=20, db_index=True)
    zone = models.ForeignKey(Zone, models.PROTECT)
    ticket_number = models.CharField(max_length=50, blank=True)
    start_time = models.DateTimeField()
    end_time = models.DateTimeField()
    amount = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    reference_id = models.CharField(max_length=36, blank=True, editable=False)

    class Meta:
        app_label = "stocked"

    def __str__(self) -> str:
        return self.plate
