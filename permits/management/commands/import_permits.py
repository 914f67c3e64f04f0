"""`manage.py import_permits FILE`: import a file of permits from the shell."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from permits import importing, sync, tasks
from permits.models import ImportRun
from permits.numbers import counted

State = ImportRun.State
READ_AT_ONCE = 1 << 20  # bytes


class Command(BaseCommand):
    """Does what the import page does; what it has to say goes to stderr."""

    help = "Check a CSV file or an Excel workbook, and enter its permits."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file, and what to do with its rows."""
        parser.add_argument("file", type=Path, help="a CSV file or an Excel workbook (.xlsx)")
        parser.add_argument("--push", action="store_true", help="push the permits once entered")
        rows = parser.add_mutually_exclusive_group()
        rows.add_argument(
            "--all-or-none",
            action="store_true",
            help="enter nothing where a row is bad; this is the default",
        )
        rows.add_argument(
            "--good-rows", action="store_true", help="enter the good rows even if others are bad"
        )
        parser.add_argument(
            "--yes", action="store_true", help="ask nothing; without a terminal, nothing is asked"
        )
        parser.add_argument("--as", dest="username", help="the user who enters them")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check, ask, write; fail where anything did, or where a row is bad."""
        user = _user(options["username"])
        path: Path = options["file"]
        try:
            with path.open("rb") as file:
                parts = iter(lambda: file.read(READ_AT_ONCE), b"")
                run = importing.receive(parts, file_name=path.name, user=user)
        except (OSError, importing.Unreadable) as error:
            raise CommandError(f"{path}: {error}") from None
        run = self._carry_on(run)
        if run.state == State.REFUSED:
            problem = run.problem
            importing.discard(run)
            raise CommandError(f"{path}: {problem}")
        self._say(importing.Report.of(run).lines())
        if not self._is_wanted(run, options):
            importing.discard(run)
            raise CommandError("Nothing was entered.")
        self._write(run, options)

    def _write(self, run: ImportRun, options: dict[str, Any]) -> None:
        if not run.good:
            importing.discard(run)
        else:
            try:
                all_or_none = not options["good_rows"]
                importing.confirm(run, only_if_all_good=all_or_none, push=options["push"])
            except sync.Refused as refused:
                importing.discard(run)
                raise CommandError(str(refused)) from None
            run = self._carry_on(run)
            self.stderr.write(f"{counted(run.written, 'permit')} entered.")
        if run.batch:
            tasks.nudge(tasks.look)
            self.stderr.write(f"{run.batch} pushes them; a worker or `send_permits` sends them.")
        if run.bad:
            raise CommandError(f"Not entered: {counted(run.bad, 'bad row')}.")

    def _carry_on(self, run: ImportRun) -> ImportRun:
        """Check or write, in this process."""
        importing.carry_on(run.pk, go_on=lambda: True)
        now = ImportRun.objects.select_related("batch").get(pk=run.pk)
        if now.trouble:
            raise CommandError(
                f"{now} was stopped: {now.trouble}. A worker tries again within a minute."
            )
        return now

    def _is_wanted(self, run: ImportRun, options: dict[str, Any]) -> bool:
        if options["yes"] or not run.good or not sys.stdin.isatty():
            return True
        if run.bad and not options["good_rows"]:
            return True  # nothing would be entered, so there is nothing to ask
        self.stderr.write(f"Enter {counted(run.good, 'permit')}? [y/N] ", ending="")
        return input().strip().lower() in ("y", "yes")

    def _say(self, lines: Iterator[str]) -> None:
        for line in lines:
            self.stderr.write(line)


def _user(name: str | None) -> Any:
    if not name:
        return None
    user = get_user_model().objects.filter(username=name, is_active=True).first()
    if user is None:
        raise CommandError(f"There is no active user {name}.")
    return user
