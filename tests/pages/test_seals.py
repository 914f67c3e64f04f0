"""The page of a seal: whole, to be printed and compared."""

from django.utils import timezone

from permits import proof
from permits.models import Seal
from tests.pages.desk import Desks


def test_a_seal_has_a_page_with_all_that_is_to_be_compared(desks: Desks) -> None:
    before, seal = proof.make_seal(""), proof.make_seal("auditor")
    page = desks.auditor.open(f"/proof/seals/{seal.pk}/")
    assert page.status == 200
    assert seal.sealed_at is not None
    for words in (
        seal.printed(),
        f"{seal.sealed_at:%Y-%m-%d %H:%M:%S} UTC, asked for by auditor",
        f"The seal before {before.pk} {before.printed()}",
        f"Shown to auditor, {timezone.localtime():%A} ",
    ):
        assert words in page.text
    first = desks.auditor.open(f"/proof/seals/{before.pk}/")
    assert "None: this is the first." in first.text
    assert "by the portal" in first.text


def test_the_proof_leads_to_each_seal(desks: Desks) -> None:
    seals = [proof.make_seal("") for _ in range(2)]
    html = desks.auditor.open("/proof/").html
    assert all(f'href="/proof/seals/{seal.pk}/"' in html for seal in seals)


def test_a_seal_that_is_not_made_yet_has_none(desks: Desks) -> None:
    seal = proof.make_seal("")
    Seal.objects.create(is_open=True, begun_at=seal.begun_at, lease_until=seal.begun_at)
    open_seal = Seal.objects.get(is_open=True)
    assert desks.auditor.open(f"/proof/seals/{open_seal.pk}/").status == 404
    assert desks.auditor.open("/proof/seals/999999/").status == 404
