"""What every management command of ours has in common."""

import json
from argparse import _SubParsersAction
from io import StringIO

import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class

from apps.common import context
from apps.common.commands import LatticeCommand, Outcome, Report, UsageError
from apps.common.errors import Conflict

WORKSPACE = "01a1fbd0-6a2e-7c5b-9d43-5be1c2f0a9d7"


class Weigh(LatticeCommand):
    writes = True

    def run(self, *, dry_run, **_):
        with self.progress("Weighing", total=1) as advance:
            advance()
        return Report(f"Weighed via {context.current().via}.", {"dry_run": dry_run})


class Limp(LatticeCommand):
    def run(self, **_):
        return Report("Redis is away.", {"redis": False}, Outcome.DEGRADED)


class Clash(LatticeCommand):
    def run(self, **_):
        raise Conflict("Somebody was faster.")


class Muddle(LatticeCommand):
    def run(self, **_):
        raise UsageError("Name a file or a folder, not both.")


def _call(command: LatticeCommand, *arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command(command, *arguments, stdout=out)
    except CommandError as error:
        return error.returncode, out.getvalue()
    return 0, out.getvalue()


def test_a_command_answers_in_words_and_knows_its_door():
    assert _call(Weigh()) == (0, "Weighed via command:test_command_habits.\n")


def test_json_and_dry_run_are_understood():
    code, out = _call(Weigh(), "--json", "--dry-run")
    assert (code, json.loads(out)) == (0, {"dry_run": True})


def test_a_command_that_writes_nothing_takes_no_dry_run():
    with pytest.raises(CommandError, match="unrecognized arguments: --dry-run"):
        call_command(Limp(), "--dry-run")


def test_degraded_is_exit_code_3_and_still_answers():
    code, out = _call(Limp(), "--json")
    assert (code, json.loads(out)) == (3, {"redis": False})


def test_a_refusal_by_the_domain_is_exit_code_1_with_its_code():
    code, out = _call(Clash(), "--json")
    assert code == 1
    assert json.loads(out) == {"error": {"code": "conflict", "message": "Somebody was faster."}}


def test_contradictory_arguments_are_exit_code_2():
    assert _call(Muddle()) == (2, "")


def test_progress_stays_silent_when_stderr_is_no_terminal(capsys):
    _call(Weigh())
    assert capsys.readouterr().err == ""


OURS = {
    name: load_command_class(app, name)
    for name, app in get_commands().items()
    if isinstance(app, str) and app.startswith(("apps.", "config"))
}


def _parser(name):
    return OURS[name].create_parser("manage.py", name)


def _verbs(parser):
    found = (action for action in parser._actions if isinstance(action, _SubParsersAction))
    return {verb: below for action in found for verb, below in action.choices.items()}


def test_every_command_of_ours_has_these_habits_but_the_one_that_becomes_another_program():
    assert [name for name, one in OURS.items() if not isinstance(one, LatticeCommand)] == ["run"]


@pytest.mark.parametrize(
    ("words", "as_json"),
    [
        (["--json", "list", WORKSPACE], True),
        (["list", WORKSPACE, "--json"], True),
        (["list", WORKSPACE], False),
    ],
)
def test_a_habit_may_stand_before_the_verb_or_after_it(words, as_json):
    assert _parser("plans").parse_args(words).json is as_json


def test_every_verb_answers_in_json():
    silent = [
        f"{name} {verb}"
        for name in OURS
        for verb, below in _verbs(_parser(name)).items()
        if "--json" not in below._option_string_actions
    ]
    assert silent == []


ONLY_READ = {"doctor", "verify_audit"}
COMPARE_WITH_CHECK = {"export_openapi", "write_docs"}
RUN_OR_END_PROCESSES = {"relay", "run", "stop", "up"}
VERBS_THAT_READ = {"policy check", "policy test", "policy show", "policy replay", "plans list"}


def _takes(parser, option):
    return option in parser._option_string_actions


def test_every_command_that_writes_can_be_tried_first():
    untried = {name for name in OURS if not _takes(_parser(name), "--dry-run")}
    assert untried == ONLY_READ | COMPARE_WITH_CHECK | RUN_OR_END_PROCESSES
    assert all(_takes(_parser(name), "--check") for name in COMPARE_WITH_CHECK)


def test_every_verb_that_writes_can_be_tried_first():
    untried = {
        f"{name} {verb}"
        for name in OURS
        for verb, below in _verbs(_parser(name)).items()
        if not _takes(below, "--dry-run")
    }
    assert untried == VERBS_THAT_READ


def test_a_verb_that_writes_can_be_tried_first():
    assert _parser("policy").parse_args(["apply", WORKSPACE, "-", "--dry-run"]).dry_run
    assert not _parser("policy").parse_args(["apply", WORKSPACE, "-"]).dry_run
