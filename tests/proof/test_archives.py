"""What was kept long enough goes into a file that proves itself, and only then from here."""

import gzip
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command

from permits import proof
from permits.models import (
    Activity,
    Anchor,
    Archive,
    Chain,
    Decision,
    Permit,
    SealedHead,
    SyncAttempt,
    Zone,
)
from permits.proof import closed, exporting, removing, verify_archive
from tests.engine.office import ask, edit, enter, push
from tests.environment import ROOT, VARIABLES
from tests.proof.conftest import Sql, Story, problems

PermitEdit: Any = Permit.history.model
SCRIPT = ROOT / "permits" / "proof" / "verify_archive.py"
BEFORE = datetime(2090, 1, 1, tzinfo=UTC)


@pytest.fixture
def years_later(story: Story) -> Iterator[None]:
    """Long after the story."""
    with time_machine.travel(BEFORE + timedelta(days=400)):
        yield


def make(folder: Path) -> Archive:
    return proof.archive(BEFORE, folder, actor="")


def chains_in(made: Archive) -> dict[int, int]:
    """The chains of an archive's file, and after which link each begins."""
    lines = map(json.loads, gzip.decompress(Path(made.file).read_bytes()).splitlines())
    return {line["chain"]: line["after"] for line in lines if "after" in line}


def verified_alone(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What the script says on a machine that has nothing but Python."""
    return subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT), str(path), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={},
    )


def rewritten(path: Path, change: Callable[[list[dict[str, Any]]], None]) -> Path:
    """The file with other lines, and an end that fits them as far as anybody can make it."""
    lines = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    end = lines.pop()
    change(lines)
    written = [json.dumps(line, sort_keys=True, separators=(",", ":")) for line in lines]
    whole = hashlib.sha256("".join(f"{line}\n" for line in written).encode()).hexdigest()
    links = sum("link" in line for line in lines)
    end |= {"sha256": whole, "links": links}
    written.append(json.dumps(end, sort_keys=True, separators=(",", ":")))
    other = path.with_name("other.jsonl.gz")
    other.write_bytes(gzip.compress("".join(f"{line}\n" for line in written).encode()))
    return other


@pytest.mark.usefixtures("years_later")
class TestArchiving:
    def test_what_is_closed_goes_and_the_rest_stays_whole(
        self, story: Story, tmp_path: Path
    ) -> None:
        chains = dict(Chain.objects.values_list("pk", "length"))
        edits_of_zones = Zone.history.count()
        made = make(tmp_path)
        assert made.state == Archive.State.DONE
        assert not SyncAttempt.objects.exists()
        assert not Decision.objects.exists()
        assert not PermitEdit.objects.exists()
        assert Permit.objects.count() == 2
        assert Zone.history.count() == edits_of_zones
        gone = {anchor.chain: anchor.length for anchor in Anchor.objects.all()}
        assert gone == {chain: chains[chain] for chain in gone}
        assert {story.permit.pk, story.standing.pk} < gone.keys()
        assert problems() == []

    def test_it_leaves_its_own_record(self, tmp_path: Path) -> None:
        made = make(tmp_path)
        noted = Activity.objects.get(kind=Activity.Kind.ARCHIVED)
        assert noted.details["sha256"] == hashlib.sha256(Path(made.file).read_bytes()).hexdigest()
        assert noted.details["links"] == made.records
        assert Path(made.file).stat().st_size == made.size

    def test_a_chain_goes_on_after_its_anchor(self, story: Story, tmp_path: Path) -> None:
        make(tmp_path)
        length = Chain.objects.get(pk=story.standing.pk).length
        edit(story.standing, end_time=BEFORE + timedelta(days=500))
        assert PermitEdit.objects.get(id=story.standing.pk).link == length + 1
        assert problems() == []

    def test_a_second_archive_begins_where_the_first_ended(
        self, story: Story, tmp_path: Path
    ) -> None:
        make(tmp_path)
        first = Chain.objects.get(pk=story.standing.pk).length
        edit(story.standing, end_time=BEFORE + timedelta(days=1))
        with time_machine.travel(BEFORE + timedelta(days=900)):
            second = proof.archive(BEFORE + timedelta(days=800), tmp_path, actor="")
        assert chains_in(second)[story.standing.pk] == first
        assert verified_alone(Path(second.file)).returncode == 0
        assert problems() == []

    def test_permits_are_held_a_few_at_a_time(
        self, story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(exporting, "PAGE", 1)
        monkeypatch.setattr(removing, "PAGE", 1)
        assert list(exporting._pages(iter([-12, -11, 1, 2]))) == [[-12], [-11], [1], [2]]
        made = make(tmp_path)
        assert {story.permit.pk, story.standing.pk} < set(chains_in(made))
        assert not SyncAttempt.objects.exists()
        assert problems() == []

    def test_a_permit_that_came_into_use_since_it_was_found_stays(
        self, story: Story, tmp_path: Path
    ) -> None:
        found = list(closed.eligible(BEFORE))
        edit(story.standing, end_time=story.standing.end_time)
        made = Archive.objects.create(before=BEFORE, begun_at=BEFORE)
        exporting._anchor(made, found)
        assert story.standing.pk in found
        assert set(found) - set(made.anchors.values_list("chain", flat=True)) == {story.standing.pk}

    def test_nothing_is_removed_twice_or_where_nothing_is_old(self, tmp_path: Path) -> None:
        make(tmp_path)
        with pytest.raises(proof.NothingToArchive):
            make(tmp_path)

    @pytest.mark.parametrize("busy", ["valid", "queued", "edited", "decided"])
    def test_a_permit_that_is_not_over_stays(self, story: Story, tmp_path: Path, busy: str) -> None:
        permit = story.standing
        if busy == "valid":
            Permit.objects.filter(pk=permit.pk).update(end_time=BEFORE + timedelta(days=1))
        elif busy == "queued":
            Permit.objects.filter(pk=permit.pk).update(state=Permit.State.QUEUED)
        elif busy == "edited":
            edit(permit, end_time=permit.end_time)
        else:
            Decision.objects.create(permit=permit, verdict="keep", actor="clerk")
        make(tmp_path)
        assert permit.attempts.count() == 1
        assert problems() == []


@pytest.mark.usefixtures("years_later")
class TestACrash:
    def test_before_the_file_is_finished_removes_nothing(
        self, story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = SyncAttempt.objects.count()
        with monkeypatch.context() as patch:
            patch.setattr(exporting, "check", _crash)
            with pytest.raises(SystemExit):
                make(tmp_path)
        assert SyncAttempt.objects.count() == before
        assert problems() == []
        made = make(tmp_path)
        assert Archive.objects.exclude(pk=made.pk).get().state == Archive.State.ABANDONED
        assert [path.name for path in tmp_path.iterdir()] == [Path(made.file).name]
        assert not SyncAttempt.objects.exists()
        assert problems() == []

    def test_while_it_removes_is_gone_on_with(
        self, story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        removed: list[int] = []

        def once(made: Archive, permits: list[int]) -> None:
            if permits and removed:
                raise SystemExit
            removed.extend(permits)
            real(made, permits)

        real = removing._remove_permits
        monkeypatch.setattr(removing, "PAGE", 1)
        with monkeypatch.context() as patch:
            patch.setattr(removing, "_remove_permits", once)
            with pytest.raises(SystemExit):
                make(tmp_path)
        left = SyncAttempt.objects.values_list("permit", flat=True)
        assert {*left} == {story.permit.pk, story.standing.pk} - {*removed} != set()
        assert problems() == []
        begun = Archive.objects.get()
        assert make(tmp_path).pk == begun.pk
        assert not SyncAttempt.objects.exists()
        assert problems() == []


def test_a_kill_at_any_moment_loses_nothing(story: Story, database: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.proof.killed", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not SyncAttempt.objects.exists()
    assert problems() == []


def _crash(*_: object) -> None:
    raise SystemExit


@pytest.mark.usefixtures("years_later")
class TestAnAnchor:
    def test_none_can_be_made_up_to_hide_what_was_removed(
        self, story: Story, tmp_path: Path, sql: Sql
    ) -> None:
        edit(story.standing, end_time=BEFORE + timedelta(days=500))
        made = make(tmp_path)
        end = Chain.objects.get(pk=story.standing.pk)
        sql("DELETE FROM permits_syncattempt WHERE permit_id = %s", end.pk)
        sql("DELETE FROM permits_historicalpermit WHERE id = %s", end.pk)
        Anchor.objects.create(
            archive=made, chain=end.pk, length=end.length, head=end.head, proof=end.proof
        )
        assert "the anchor of its archive" in problems()[0]

    def test_an_archive_that_was_given_up_hides_nothing(
        self, story: Story, tmp_path: Path, sql: Sql, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(exporting, "check", _crash)
        with pytest.raises(SystemExit):
            make(tmp_path)
        sql("UPDATE permits_archive SET state = 'done'")
        for table, column in (
            ("permits_syncattempt", "permit_id"),
            ("permits_historicalpermit", "id"),
        ):
            sql(f"DELETE FROM {table} WHERE {column} = %s", story.standing.pk)
        assert "was not made by this portal" in problems()[0]

    def test_an_archive_cannot_vanish(self, story: Story, tmp_path: Path, sql: Sql) -> None:
        made = make(tmp_path)
        sql("DELETE FROM permits_anchor")
        sql("DELETE FROM permits_archive")
        assert f"Archive {made.pk} was removed." in problems()


@pytest.mark.usefixtures("years_later")
class TestTheFile:
    def test_it_verifies_on_a_machine_without_the_portal(self, tmp_path: Path) -> None:
        made = make(tmp_path)
        done = verified_alone(Path(made.file))
        assert done.returncode == 0, done.stdout + done.stderr
        assert bytes(made.digest).hex() in done.stdout
        assert "No digest was checked" in done.stdout

    def test_with_the_key_every_digest_is_checked(self, tmp_path: Path) -> None:
        made = make(tmp_path)
        keys = tmp_path / "keys.txt"
        keys.write_text(f"an-older-key-that-signed-nothing-here,{VARIABLES['HISTORY_KEY']}\n")
        done = verified_alone(Path(made.file), "--key-file", str(keys))
        assert done.returncode == 0, done.stdout + done.stderr
        assert "checked with the key" in done.stdout

    def test_a_changed_record_is_named_with_the_key(self, tmp_path: Path) -> None:
        def change(lines: list[dict[str, Any]]) -> None:
            call = next(line for line in lines if line.get("kind") == "call opened")
            call["fields"]["actor"] = "somebody else"

        other = rewritten(Path(make(tmp_path).file), change)
        keys = tmp_path / "keys.txt"
        keys.write_text(VARIABLES["HISTORY_KEY"])
        done = verified_alone(other, "--key-file", str(keys))
        assert done.returncode == 1
        assert "was changed" in done.stdout
        assert "call opened" in done.stdout

    def test_a_removed_record_is_named_without_it(self, tmp_path: Path) -> None:
        def remove(lines: list[dict[str, Any]]) -> None:
            del lines[next(n for n, line in enumerate(lines) if line.get("link") == 2)]

        done = verified_alone(rewritten(Path(make(tmp_path).file), remove))
        assert done.returncode == 1
        assert "follows link 1" in done.stdout

    def test_records_that_changed_places_are_named_without_it(self, tmp_path: Path) -> None:
        def swap(lines: list[dict[str, Any]]) -> None:
            at = next(n for n, line in enumerate(lines) if line.get("link") == 2)
            lines[at - 1], lines[at] = lines[at], lines[at - 1]

        done = verified_alone(rewritten(Path(make(tmp_path).file), swap))
        assert done.returncode == 1

    def test_a_chain_that_is_not_as_it_was_sealed_is_named(self, tmp_path: Path) -> None:
        def change(lines: list[dict[str, Any]]) -> None:
            next(line for line in lines if "seal" in line and "head" in line)["head"] = "00"

        done = verified_alone(rewritten(Path(make(tmp_path).file), change))
        assert done.returncode == 1
        assert "when seal" in done.stdout

    @pytest.mark.parametrize("keep", [0.5, 0.99])
    def test_one_that_was_cut_off_is_refused(self, tmp_path: Path, keep: float) -> None:
        path = Path(make(tmp_path).file)
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * keep)])
        assert verified_alone(path).returncode == 1

    def test_a_byte_that_was_changed_is_refused_in_a_sentence(self, tmp_path: Path) -> None:
        path = Path(make(tmp_path).file)
        content = path.read_bytes()
        for place in range(len(content) // 8, len(content), len(content) // 8):
            path.write_bytes(content[:place] + bytes([content[place] ^ 16]) + content[place + 1 :])
            done = verified_alone(path)
            assert done.returncode == 1
            assert done.stdout.startswith(f"{path}: ")
            assert not done.stderr

    def test_a_key_file_without_a_key_is_refused(self, tmp_path: Path) -> None:
        path, keys = Path(make(tmp_path).file), tmp_path / "keys.txt"
        done = verified_alone(path, "--key-file", str(keys))
        assert (done.returncode, done.stderr) == (1, "")
        assert "the key cannot be read" in done.stdout
        keys.write_text(" ,\n")
        done = verified_alone(path, "--key-file", str(keys))
        assert done.returncode == 1
        assert "there is no key" in done.stdout

    def test_another_key_is_told_of(self, tmp_path: Path) -> None:
        path, keys = Path(make(tmp_path).file), tmp_path / "keys.txt"
        keys.write_text("a-key-of-somebody-else")
        done = verified_alone(path, "--key-file", str(keys))
        assert done.returncode == 1
        assert "or the key is not the portal's" in done.stdout

    def test_one_with_something_after_its_end_is_refused(self, tmp_path: Path) -> None:
        path = Path(make(tmp_path).file)
        path.write_bytes(path.read_bytes() + gzip.compress(b"{}\n"))
        assert verified_alone(path).returncode == 1

    @pytest.mark.parametrize("compress", [bytes, gzip.compress])
    def test_what_is_no_archive_is_refused(self, tmp_path: Path, compress: Any) -> None:
        path = tmp_path / "notes.txt"
        path.write_bytes(compress(b"[]\n"))
        done = verified_alone(path)
        assert (done.returncode, done.stderr) == (1, "")


class TestTheCommand:
    def test_it_archives_what_is_older_than_the_setting(
        self, story: Story, tmp_path: Path, settings: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with time_machine.travel(BEFORE):
            call_command("archive_history", str(tmp_path))
        assert "were removed here" in capsys.readouterr().out
        assert not SyncAttempt.objects.exists()

    def test_what_is_younger_stays(
        self, story: Story, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        call_command("archive_history", str(tmp_path))
        assert "Nothing was closed" in capsys.readouterr().out
        assert SyncAttempt.objects.exists()

    def test_a_history_that_is_not_whole_is_left_alone(
        self, story: Story, tmp_path: Path, sql: Sql
    ) -> None:
        sql("UPDATE permits_decision SET actor = 'nobody'")
        with (
            time_machine.travel(BEFORE),
            pytest.raises(CommandError, match="not whole, so nothing is removed"),
        ):
            call_command("archive_history", str(tmp_path))
        assert SyncAttempt.objects.exists()


def test_a_file_of_a_permit_under_way_is_never_made(sandbox: Any) -> None:
    permit = enter()
    ask(permit)
    assert closed._closed([permit.pk], BEFORE) == set()
    push(enter(plate="OTHER"))
    assert SealedHead.objects.count() == 0
    assert verify_archive.FORMAT == exporting.FORMAT
