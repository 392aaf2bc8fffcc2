"""An export proves itself, without a database."""

import io
import json
from random import Random

import orjson
import pytest
from django.core.management import CommandError, call_command

from apps.common.runtime import addresses
from apps.ledger.checkpoints import Keys, public_text
from apps.ledger.models import Event
from tests.ledger import forgery
from tests.runtime.house import House


@pytest.fixture
def exported(committed_database, tmp_path):
    random = Random(7)
    workspaces = forgery.write_history(random, workspaces=5, events=8)
    forgery.ring(workspaces[0], "Ünïcödé after the last checkpoint")
    path = tmp_path / "audit.jsonl"
    call_command("export_audit", "--output", str(path), stdout=io.StringIO())
    return path


def verified(path, *options):
    out = io.StringIO()
    try:
        call_command("verify_audit", "--json", "--file", str(path), *options, stdout=out)
    except CommandError as error:
        return error.returncode, json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


def rewrite(path, change):
    lines = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    change(lines)
    path.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))


def test_a_whole_export_is_verified_with_its_residual_window(exported, django_assert_num_queries):
    with django_assert_num_queries(0):
        code, facts = verified(exported)
    assert code == 0
    assert facts["ok"]
    assert facts["events"] == Event.objects.count()
    assert (facts["chains"], facts["residual"]["events"]) == (5, 1)


def test_verifying_a_file_starts_no_services(tmp_path):
    house = House(tmp_path / "var")
    for words in (("--file", "none.jsonl"), ("--file=none.jsonl",)):
        said = house.manage("verify_audit", *words)
        assert (said.returncode, "There is no file" in said.stderr) == (2, True)
    assert not (house.data_dir / "postgres").exists()
    assert not addresses.socket_dir(house.data_dir).exists()


def test_a_trial_counts_the_events_and_writes_no_file(exported, tmp_path):
    out, path = io.StringIO(), tmp_path / "again.jsonl"
    call_command("export_audit", "--output", str(path), "--json", "--dry-run", stdout=out)
    assert json.loads(out.getvalue())["events"] == Event.objects.count()
    assert not path.exists()
    with pytest.raises(CommandError, match="exists already"):
        call_command("export_audit", "--output", str(exported), "--dry-run")


def test_a_trial_for_standard_output_writes_no_event_there(exported, capfdbinary):
    call_command("export_audit", "--dry-run")
    assert b"would be written" in (said := capfdbinary.readouterr().out)
    assert b"lattice_audit" not in said


def test_one_workspace_is_proven_without_naming_the_others(exported, tmp_path):
    mine, *others = sorted(set(Event.objects.values_list("workspace_id", flat=True)))
    path = tmp_path / "mine.jsonl"
    call_command(
        "export_audit", "--workspace", str(mine), "--output", str(path), stdout=io.StringIO()
    )

    code, facts = verified(path)

    assert (code, facts["chains"]) == (0, 1)
    assert not any(str(other) in path.read_text() for other in others)


def test_a_public_key_is_all_that_others_need(exported, settings):
    key = public_text(Keys.of_this_instance().private.public_key())
    settings.CHECKPOINT_KEY = "x" * 43
    assert verified(exported)[0] == 1
    assert verified(exported, f"--public-key={key}")[0] == 0
    assert verified(exported, f"--public-key=-{key[1:]}")[0] == 1, "as one may begin"


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda lines: lines[3]["event"].update(via="nobody"), "altered"),
        (lambda lines: lines[3]["event"]["payload"].update(note="nothing"), "altered"),
        (lambda lines: lines[-1].update(signature="00" * 64), "checkpoint"),
        (lambda lines: lines[-1]["checkpoint"].update(root="00" * 32), "checkpoint"),
        (lambda lines: next(iter(lines[-1]["proofs"].values())).update(path=[]), "checkpoint"),
    ],
)
def test_a_changed_export_is_found_out(exported, change, kind):
    rewrite(exported, change)
    code, facts = verified(exported)
    assert code == 1
    assert kind in {finding["kind"] for finding in facts["findings"]}


def test_a_removed_line_is_found_out(exported):
    def remove(lines):
        del lines[2]
        lines[-1]["events"] -= 1

    rewrite(exported, remove)
    assert verified(exported)[0] == 1


@pytest.mark.parametrize("content", [b"", b"{}\n", b"no json\n", b'{"events": 3, "chains": {}}\n'])
def test_what_is_no_export_is_called_that(tmp_path, content):
    path = tmp_path / "audit.jsonl"
    path.write_bytes(content)
    code, facts = verified(path)
    assert code == 1
    assert facts["error"]["code"] == "export_unreadable"


def test_an_export_never_overwrites(exported):
    before = exported.read_bytes()
    with pytest.raises(CommandError, match="exists already"):
        call_command("export_audit", "--output", str(exported))
    assert exported.read_bytes() == before
