"""verify_audit names the first broken row and what is wrong with it."""

import io
import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from apps.common.actors import SYSTEM
from apps.common.ids import uuid7
from apps.ledger.checkpoints import Checkpoint, Keys, public_text
from apps.ledger.errors import CheckpointsLost, CheckpointsUnsound, EpochUnannounced
from apps.ledger.models import Chain, Epoch, Event
from apps.ledger.services import begin_epoch, write_checkpoint
from apps.ledger.verification import verify
from tests.ledger import forgery
from tests.ledger.rewriting import forge_and_look
from tests.seeds import chosen_seed


@pytest.fixture
def workspace(committed_database):
    """Six events: checkpoints after the second, the fourth and the last; the guards are off."""
    id_ = uuid7()
    for number in range(1, 7):
        forgery.ring(id_, f"note {number}")
        if number % 2 == 0:
            write_checkpoint()
    forgery.lift_the_guards()
    return id_


def checkpoint_now() -> Checkpoint:
    checkpoint = write_checkpoint()
    assert checkpoint
    return checkpoint


def only_finding():
    [finding] = verify().findings
    return finding.kind, finding.seq


def test_thirty_forgeries_are_all_found(committed_database):
    chosen = chosen_seed()
    assert forge_and_look(times=30, seed=chosen).total() == 30


def test_an_untouched_history_is_sound(workspace):
    verdict = verify()
    assert verdict.is_sound
    assert (verdict.events, verdict.chains, verdict.checkpoints) == (6, 1, 3)
    assert (verdict.uncovered, verdict.uncovered_since) == (0, None)


def test_a_trial_tells_the_checkpoint_that_would_be_written(workspace):
    forgery.ring(workspace)
    out = io.StringIO()
    call_command("write_checkpoint", "--json", "--dry-run", stdout=out)
    assert json.loads(out.getvalue())["checkpoint"]["number"] == 4
    assert verify().checkpoints == 3
    assert checkpoint_now().number == 4


def test_the_residual_window_is_what_came_after_the_last_checkpoint(workspace):
    forgery.ring(workspace)
    forgery.ring(other := uuid7())

    verdict = verify()

    assert verdict.is_sound
    assert verdict.uncovered == 2
    assert verdict.uncovered_since == Event.objects.get(workspace_id=workspace, seq=7).at
    assert verify(workspace=other).uncovered == 1


def test_an_altered_row_is_named(workspace):
    forgery.chain_of(workspace).filter(seq=3).update(via="nobody")
    assert only_finding() == ("altered", 3)


def test_a_missing_row_is_named(workspace):
    forgery.chain_of(workspace).filter(seq=3).delete()
    assert only_finding() == ("missing", 3)


def test_rows_that_changed_places_are_named(workspace):
    first, second = forgery.chain_of(workspace).filter(seq__in=[2, 5])
    Event.objects.filter(id=first.id).update(seq=99)
    Event.objects.filter(id=second.id).update(seq=2)
    Event.objects.filter(id=first.id).update(seq=5)
    assert only_finding() == ("reordered", 2)


def test_one_rehashed_row_breaks_the_link_of_the_next(workspace):
    forgery.chain_of(workspace).filter(seq=3).update(via="nobody")
    forgery.rehash(workspace, since=3, count=1)
    assert only_finding() == ("rehashed", 4)


def test_a_chain_rehashed_to_its_end_is_narrowed_down_between_two_checkpoints(workspace):
    forgery.chain_of(workspace).filter(seq=4).update(via="nobody")
    forgery.rehash(workspace, since=4)

    [finding] = verify().findings

    assert (finding.kind, finding.seq) == ("rehashed", 3)
    assert "from here to 4" in finding.text


def test_a_truncated_tail_is_named_even_when_the_counter_was_turned_back(workspace):
    forgery.chain_of(workspace).filter(seq__gte=5).delete()
    assert only_finding() == ("truncated", 5)
    forgery.rehash(workspace)
    assert only_finding() == ("truncated", 5)


def test_a_counter_that_does_not_fit_is_named(workspace):
    Chain.objects.update(head=bytes(32))
    assert only_finding() == ("counter", 6)
    Chain.objects.update(seq=4)
    assert verify().findings[0].kind == "counter"


def test_since_checkpoint_reads_only_what_came_later(workspace):
    forgery.ring(workspace)
    forgery.chain_of(workspace).filter(seq=3).update(via="nobody")

    assert verify(since_checkpoint=True).is_sound
    assert verify(since_checkpoint=True).events == 1
    forgery.chain_of(workspace).filter(seq=7).update(via="nobody")
    [finding] = verify(since_checkpoint=True).findings
    assert (finding.kind, finding.seq) == ("altered", 7)


def test_a_rewritten_chain_is_never_signed_and_holds_up_no_other(workspace, caplog):
    forgery.chain_of(workspace).filter(seq=6).update(via="nobody")
    forgery.rehash(workspace, since=6)
    forgery.ring(workspace)
    forgery.ring(other := uuid7())

    checkpoint = checkpoint_now()

    assert checkpoint.refused == (workspace,)
    assert set(checkpoint.moved) == {other}
    assert "ledger.chains_refused" in caplog.text
    assert write_checkpoint() is None
    assert [finding.workspace for finding in verify().findings] == [workspace]


# --- the checkpoints themselves


def test_nothing_is_written_when_nothing_moved(workspace, checkpoint_dir):
    before = [path.read_bytes() for path in checkpoint_dir.iterdir()]
    assert write_checkpoint() is None
    assert [path.read_bytes() for path in checkpoint_dir.iterdir()] == before


def test_a_checkpoint_names_only_what_moved(workspace):
    forgery.ring(other := uuid7())
    checkpoint = checkpoint_now()
    assert (checkpoint.whole, set(checkpoint.moved), checkpoint.chains) == (False, {other}, 2)


def test_the_first_checkpoint_of_a_day_names_every_chain(workspace, checkpoint_dir, time_machine):
    time_machine.move_to(datetime.now(UTC) + timedelta(days=1))
    forgery.ring(uuid7())
    checkpoint = checkpoint_now()
    assert checkpoint.whole
    assert len(checkpoint.moved) == 2
    assert len(list(checkpoint_dir.iterdir())) == 2
    assert verify().is_sound


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_deleted_checkpoint_is_missed(workspace, checkpoint_dir, number):
    [path] = checkpoint_dir.iterdir()
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:number] + lines[number + 1 :]))
    assert {finding.kind for finding in verify().findings} == {"checkpoint"}


def test_a_lost_folder_is_missed_and_no_new_one_begun_in_silence(workspace, checkpoint_dir):
    shutil.rmtree(checkpoint_dir)
    forgery.ring(workspace)

    assert "were written, the folder ends at 0" in verify().findings[0].text
    with pytest.raises(CheckpointsLost):
        write_checkpoint()
    assert not checkpoint_dir.exists()


def test_an_altered_checkpoint_is_forged(workspace, checkpoint_dir):
    [path] = checkpoint_dir.iterdir()
    path.write_bytes(path.read_bytes().replace(b'"number":3', b'"number":4'))
    forgery.ring(workspace)

    assert "forged" in verify().findings[0].text
    with pytest.raises(CheckpointsUnsound):
        write_checkpoint()


def test_a_checkpoint_of_another_key_is_forged_unless_it_was_ours_once(workspace, settings):
    former = Keys.of_this_instance().private.public_key()
    settings.CHECKPOINT_KEY = "x" * 43
    assert "forged" in verify().findings[0].text

    settings.CHECKPOINT_FORMER_KEYS = [public_text(former)]
    forgery.ring(workspace)
    assert checkpoint_now().number == 4
    assert verify().is_sound


def test_a_line_that_a_crash_cut_short_is_passed_over(workspace, checkpoint_dir):
    [path] = checkpoint_dir.iterdir()
    with path.open("ab") as file:
        file.write(b'{"checkpoint":{"at":"2026')
    forgery.ring(workspace)

    assert checkpoint_now().number == 4
    assert verify().is_sound


# --- epochs


def test_after_a_restore_what_was_given_up_is_told_and_not_missed(workspace):
    forgery.chain_of(workspace).filter(seq__gte=5).delete()
    forgery.rehash(workspace)

    begin_epoch(reason="restored", actor=SYSTEM)

    verdict = verify()
    assert verdict.is_sound, verdict.findings
    assert verdict.given_up == 2
    forgery.ring(workspace)
    assert checkpoint_now().number == 5
    assert verify().is_sound


def test_a_restore_does_not_excuse_what_was_kept(workspace):
    begin_epoch(reason="restored", actor=SYSTEM)
    forgery.chain_of(workspace).filter(seq=2).update(via="nobody")
    forgery.rehash(workspace, since=2)
    assert {finding.kind for finding in verify().findings} == {"rehashed"}


def test_an_epoch_nobody_announced_is_found_and_never_signed(workspace):
    Epoch.objects.create(reason="restored")
    assert [finding.kind for finding in verify().findings] == ["epoch"]
    with pytest.raises(EpochUnannounced):
        write_checkpoint()


def test_lost_checkpoints_can_be_accepted_and_stay_told(workspace, checkpoint_dir):
    shutil.rmtree(checkpoint_dir)
    begin_epoch(reason="the disk of the checkpoints died", actor=SYSTEM)
    assert verify().is_sound
    assert checkpoint_now().number == 5


# --- the command


def test_the_command_says_what_is_wrong_and_ends_with_1(workspace):
    forgery.chain_of(workspace).filter(seq=3).update(via="nobody")
    out = io.StringIO()
    with pytest.raises(CommandError) as failure:
        call_command("verify_audit", stdout=out)
    assert failure.value.returncode == 1
    assert f"Workspace {workspace}, event 3: it was altered" in out.getvalue()


def test_the_command_prints_the_residual_window_and_ends_with_0(workspace):
    forgery.ring(workspace)
    out = io.StringIO()
    call_command("verify_audit", stdout=out)
    assert "Residual window: 1 events since 20" in out.getvalue()


def test_the_command_answers_in_json(workspace):
    out = io.StringIO()
    call_command("verify_audit", "--json", "--workspace", str(workspace), stdout=out)
    facts = json.loads(out.getvalue())
    assert facts["ok"] is True
    assert facts["events"] == 6
    assert facts["residual"] == {"events": 0, "since": None}
    assert facts["last_checkpoint"]["number"] == 3


def test_arguments_that_do_not_go_together_end_with_2(workspace, tmp_path):
    with pytest.raises(CommandError) as failure:
        call_command("verify_audit", "--file", str(tmp_path), "--since-checkpoint")
    assert failure.value.returncode == 2
