"""Ask for a run, make it step by step, and take back what a run that was cut off has left."""

import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone, translation

from permits import sync
from permits.controller import (
    Acknowledgement,
    ControllerError,
    Request,
    Totals,
)
from permits.controller import Refused as RefusedByController
from permits.models import Link, Operation, Permit, Source, SyncAttempt, Validation, ValidationStep
from permits.stored import said
from permits.validation import plan

Standing = ValidationStep.Standing
Verdict = tuple[Standing, str]

STEP_MARGIN: Final = timedelta(seconds=60)  # for what a step does besides its calls


class Refused(Exception):
    """The run cannot be made as things stand; the text says why."""


def ask(*, actor: str) -> Validation:
    """Write down that a run is wanted, of which there is one at a time; raises `Refused`."""
    if Link.current().is_paused:
        raise Refused(said("Calls to the controller are paused. Put that right first."))
    try:
        with transaction.atomic():
            return Validation.objects.create(
                actor=actor,
                address=settings.OPSCOM_URL,
                client_code=settings.OPSCOM_CLIENT_CODE,
                time_zone=settings.OPSCOM_TIME_ZONE.key,
            )
    except IntegrityError:
        raise Refused(said("A run is under way already.")) from None


def waiting() -> list[int]:
    """Return the runs that nobody has begun."""
    return list(Validation.objects.waiting().values_list("pk", flat=True))


def tend() -> int:
    """Take back what runs that were cut off have left; return how many there were."""
    now = timezone.now()
    ended = 0
    for validation in Validation.objects.cut_off(now):
        _take_back(validation)
        note = said("The run was cut off here.")
        validation.steps.filter(standing=Standing.UNDER_WAY).update(
            standing=Standing.FAILED, note=note
        )
        ended += _mine(validation).update(ended_at=now)
    return ended


@translation.override("en")  # as its notes are kept
def run(validation_id: int) -> Validation | None:
    """Make a run that nobody has begun, and return it. Must not run inside a transaction."""
    now = timezone.now()
    unbegun = Validation.objects.waiting().filter(pk=validation_id)
    if not unbegun.update(begun_at=now, lease_until=_lease(now)):
        return None
    validation = Validation.objects.get(pk=validation_id)
    run_ = _Run(validation)
    try:
        run_.all_steps()
    finally:
        _take_back(validation)
    run_.look_what_is_left()
    _mine(validation).update(ended_at=timezone.now())
    validation.refresh_from_db()
    return validation


def _lease(now: datetime) -> datetime:
    return now + 2 * timedelta(seconds=settings.OPSCOM_DEADLINE) + STEP_MARGIN


def _mine(validation: Validation) -> "QuerySet[Validation]":
    return Validation.objects.filter(pk=validation.pk, ended_at=None)


def _permits(validation: Validation) -> list[Permit]:
    ids = validation.steps.exclude(permit=None).values_list("permit", flat=True)
    return list(Permit.objects.filter(pk__in=set(ids)).order_by("pk"))


def _take_back(validation: Validation) -> None:
    """Withdraw every permit of the run, and have the controller delete what it holds."""
    for permit in _permits(validation):
        with suppress(sync.Refused):  # it was deleted already
            # One that is withdrawn is thereby asked for once more, however long it was to wait.
            sync.withdraw(
                permit.pk,
                actor=validation.actor,
                source=Source.VALIDATION,
                reason=said("It was a test of the controller."),
            )
        sync.send(permit.pk)


class _Run:
    """One run under way."""

    def __init__(self, validation: Validation) -> None:
        self.validation = validation
        self.series = secrets.token_hex(3).upper()  # no two runs have a plate in common
        self.permit: Permit | None = None
        self.plates = 0

    def all_steps(self) -> None:
        """Go through the plan; without a permit on the controller the rest cannot be tried."""
        may_go_on = True
        for step in plan.STEPS:
            if not may_go_on:
                self._write(step.name, standing=Standing.NOT_TRIED)
                continue
            now = timezone.now()
            if not _mine(self.validation).update(lease_until=_lease(now)):
                return  # given up by another meanwhile
            standing = self._good(step) if isinstance(step, plan.Good) else self._bad(step)
            may_go_on = standing == Standing.GOOD or step.name not in ("stats", "push")

    def look_what_is_left(self) -> None:
        """Say whether every permit of the run is gone again."""
        left = [p for p in _permits(self.validation) if p.state != Permit.State.DELETED]
        if not left:
            self._write(plan.LEFT, standing=Standing.GOOD)
            return
        names = ", ".join(f"{permit.plate} ({permit.get_state_display()})" for permit in left)
        note = said(
            "Look after these permits, as after any other in their state: %(permits)s. What is "
            "withdrawn is deleted by itself as soon as that is possible."
        ) % {"permits": names}
        self._write(plan.LEFT, standing=Standing.FAILED, note=note)

    def _new_permit(self) -> Permit:
        self.plates += 1
        return Permit(
            plate=f"TEST-{self.series}-{self.plates:02}",
            ticket_number=plan.TICKET,
            start_time=plan.START,
            end_time=plan.END,
            entered_by=self.validation.actor,
        )

    def _write(self, name: str, **fields: object) -> ValidationStep:
        return ValidationStep.objects.create(validation=self.validation, name=name, **fields)

    def _close(self, step: ValidationStep, verdict: Verdict) -> Standing:
        step.standing, step.note = verdict
        step.save(update_fields=["standing", "note", "attempt"])
        return Standing(step.standing)

    # What must succeed.

    def _good(self, step: plan.Good) -> Standing:
        if step.name == "stats":
            return self._stats()
        with transaction.atomic():
            if self.permit is None:
                self.permit = self._new_permit()
                self.permit.full_clean()
                self.permit.save(force_insert=True)
            row = self._write(step.name, permit=self.permit)
        try:
            self._want(step, self.permit)
            attempt = sync.send(self.permit.pk)
        except sync.Refused as refused:
            return self._close(row, (Standing.FAILED, str(refused)))
        if attempt is None or attempt.operation != step.name:
            note = said("The call was not made: the queue is paused, or another was made instead.")
            return self._close(row, (Standing.FAILED, note))
        row.attempt = attempt
        if attempt.outcome != SyncAttempt.Outcome.SUCCEEDED:
            return self._close(row, (Standing.FAILED, attempt.error_message))
        return self._close(row, (Standing.GOOD, ""))

    def _want(self, step: plan.Good, permit: Permit) -> None:
        actor = self.validation.actor
        if step.name == "delete":
            reason = said("It was a test of the controller.")
            sync.withdraw(permit.pk, actor=actor, source=Source.VALIDATION, reason=reason)
            return
        if step.name == "update":
            permit.refresh_from_db()
            permit.end_time = plan.LATER
            permit.version += 1
            permit.save(update_fields=["end_time", "version"])
        sync.ask(permit.pk, actor=actor, source=Source.VALIDATION)

    def _stats(self) -> Standing:
        row = self._write("stats")
        since = timezone.now()
        result = sync.pull_counts(actor=self.validation.actor, source=Source.VALIDATION)
        made = SyncAttempt.objects.filter(
            operation=Operation.STATS, source=Source.VALIDATION, started_at__gte=since
        )
        row.attempt = made.order_by("pk").first()
        if isinstance(result, ControllerError):
            return self._close(row, (Standing.FAILED, str(result)))
        return self._close(row, (Standing.GOOD, ""))

    # What must be refused.

    def _bad(self, step: plan.Bad) -> Standing:
        permit = self.permit
        if step.path == "push":
            permit = self._new_permit()
        elif step.path == "stats":
            permit = None
        good = dict(
            Request.push((permit or self._new_permit()).texts(), settings.OPSCOM_TIME_ZONE).body
        )
        request, content = step.request(good), step.content(good)
        if step.name == "delete_again" and permit is not None:
            permit.refresh_from_db()
            request = Request.delete(permit.reference_id)
        rows: list[ValidationStep] = []

        def written(attempt: SyncAttempt) -> None:
            sent_as = content.decode() if content else ""
            rows.append(self._write(step.name, permit=permit, attempt=attempt, sent_as=sent_as))

        result = sync.try_refusal(
            request, permit=permit, actor=self.validation.actor, content=content, written=written
        )
        if step.path == "push" and permit is not None:
            sync.send(permit.pk)  # should it be there after all, it is deleted at once
        return self._close(rows[0], _verdict(step, result))


def _verdict(step: plan.Bad, result: Acknowledgement | Totals | ControllerError) -> Verdict:
    if not isinstance(result, ControllerError):
        return Standing.FAILED, said("The controller accepted what it ought to refuse.")
    if not isinstance(result, RefusedByController):
        return Standing.FAILED, str(result)
    if result.code in step.codes:
        return Standing.GOOD, ""
    expected = ", ".join(map(str, sorted(step.codes)))
    if result.code is None:
        note = said("Refused without a code; %(expected)s was to be expected.")
    else:
        note = said("Refused with another code; %(expected)s was to be expected.")
    return Standing.GOOD, note % {"expected": expected}
