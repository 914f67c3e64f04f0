"""One run from start to end."""

import os
import random
import shutil
import time
from typing import TYPE_CHECKING, Final

from tests import environment
from tests.chaos.plan import Plan
from tests.chaos.programs import Programs
from tools.children import say

if TYPE_CHECKING:
    from tests.chaos.evidence import Evidence

TAIL: Final = 3000  # characters of each log that a failing run prints


def run(plan: Plan) -> int:
    """Run it, and say what came of it; 0 where everything holds."""
    dice = random.Random(plan.seed)
    began = time.monotonic()
    os.environ.update(environment.VARIABLES, DJANGO_SETTINGS_MODULE="permitportal.settings")
    programs = Programs(plan, dice)
    try:
        os.environ.update(programs.variables)  # before Django is there, what it reads must be
        import django

        django.setup()
        from tests.chaos import verdict

        evidence = _act(plan, programs, dice)
        counts = verdict.judge(evidence)
    except BaseException:
        _show_logs(programs)
        _say_how_to_repeat(plan)
        raise
    finally:
        programs.end_at_once()
    say(counts)
    say(f"{'seconds':>22}: {time.monotonic() - began:.0f}")
    if evidence.problems:
        _show_logs(programs)
        say(f"{len(evidence.problems)} things do not hold:\n{verdict.problems(evidence)}")
        _say_how_to_repeat(plan)
        return 1
    shutil.rmtree(environment.SCRATCH, ignore_errors=True)
    say("Everything holds.")
    return 0


def _act(plan: Plan, programs: Programs, dice: random.Random) -> "Evidence":
    from tests.chaos.diary import Diaries
    from tests.chaos.evidence import gather
    from tests.chaos.killer import Killer
    from tests.chaos.rest import bring_to_rest

    programs.prepare()
    cookies = _sign_in()
    programs.start()
    say("The portal runs. People, tools and the killer begin.")
    killer = Killer(programs, dice)
    clients = programs.start_clients(cookies)
    ends = time.monotonic() + plan.duration
    killer.strike_until(lambda: not clients.is_running or time.monotonic() > ends)
    if clients.is_running:
        say("The time is up: the clients stop before they have done everything.")
    code = clients.stop()
    say("The fire is out. What was asked for is sent, and cut-off calls are found.")
    left = bring_to_rest(programs)
    blows = "\n".join(str(blow) for blow in killer.blows)
    (programs.folder / "killer.log").write_text(f"{blows}\n")
    codes = {"clients": code, **programs.end()}
    say("The portal is at rest. The controller's ledger is held against its database.")
    return gather(
        plan,
        programs.controller.sandbox.ledger(),
        Diaries(programs.folder),
        killer.blows,
        programs.logs(),
        left,
        codes,
    )


def _sign_in() -> list[str]:
    """Make the staff, and a session for each: a supervisor first, then clerks."""
    from django.conf import settings
    from django.contrib.auth.models import Group, User
    from django.test import Client

    cookies = []
    for number in range(6):
        name = "supervisor" if number == 0 else f"clerk{number}"
        user = User.objects.create(username=name, is_staff=True)
        group = "Supervisors" if number == 0 else "Parking staff"
        user.groups.add(Group.objects.get(name=group))
        client = Client()
        client.force_login(user)
        cookies.append(client.cookies[settings.SESSION_COOKIE_NAME].value)
    return cookies


def _show_logs(programs: Programs) -> None:
    for name, words in sorted(programs.logs().items()):
        say(f"--- the last words of {name}\n{words[-TAIL:]}")
    say(f"Everything that was written is in {environment.SCRATCH}")


def _say_how_to_repeat(plan: Plan) -> None:
    say(f"To repeat it: {plan.command}")
