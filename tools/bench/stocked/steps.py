"""What the benchmark does inside it: `python -m tools.bench.stocked.steps {fill|sign_in} COUNT`."""

import sys
from datetime import UTC, datetime, timedelta

from tools.bench.visits import run


def fill(count: int) -> int:
    """Enter so many permits in ten zones, with the plates that the portal's have."""
    from tools.bench.stocked.models import Permit, Zone

    zones = Zone._default_manager.bulk_create(Zone(name=f"Lot {number}") for number in range(1, 11))
    now = datetime.now(UTC)
    Permit._default_manager.bulk_create(
        (
            Permit(
                plate=f"AQX7 {number}" if number % (count // 30) == 1 else f"BEN {number}",
                zone=zones[number % 10],
                start_time=now - timedelta(minutes=number),
                end_time=now + timedelta(hours=2),
                reference_id=f"bench-reference-{number}",
            )
            for number in range(count, 0, -1)
        ),
        batch_size=500,
    )
    return Permit._default_manager.count()


def sign_in(count: int) -> list[dict[str, str]]:
    """Make so many users and sign each in; the cookies of their sessions."""
    from django.contrib.auth.models import User
    from django.test import Client

    cookies = []
    for number in range(count):
        user = User.objects.create(username=f"clerk{number}", is_staff=True, is_superuser=True)
        client = Client()
        client.force_login(user)
        cookies.append({"sessionid": client.cookies["sessionid"].value, "csrftoken": "c" * 32})
    return cookies


if __name__ == "__main__":
    run(sys.argv[1:], fill, sign_in)
