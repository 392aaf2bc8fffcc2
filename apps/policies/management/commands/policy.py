"""`manage.py policy check|test|show|apply|reload|replay`: the operator's door to policies."""

import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from apps.common.actors import SYSTEM
from apps.common.commands import (
    LatticeCommand,
    Outcome,
    Report,
    UsageError,
    add_dry_run,
    add_json,
)
from apps.policies.choices import Origin
from apps.policies.errors import PolicyInvalid
from apps.policies.folder import LARGEST, read_policy_file
from apps.policies.selectors import policies as read
from apps.policies.selectors.replays import acts_to_replay, replayed
from apps.policies.services.approving import Held
from apps.policies.services.versions import (
    Checked,
    Released,
    apply_policy,
    check_policy,
    reload_policy,
    require_passing,
)

NO_TESTS = "It has no tests of its own."


class Command(LatticeCommand):
    help = (
        "Check a policy, run its tests, show what holds in a workspace, have another one hold, or "
        "see what it would have said of the last days."
    )
    writes = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        for verb, says in (
            ("check", "Is this file a policy, and do its tests pass?"),
            ("test", "Run the tests that it carries, and tell the outcome of each."),
        ):
            _with_file(verbs.add_parser(verb, help=says))
        show = verbs.add_parser("show", help="What holds in a workspace, or held.")
        _with_workspace(show)
        show.add_argument("--number", type=int, help="This version. 0: the built-in policy.")
        apply = verbs.add_parser("apply", help="Have a file's policy hold from now on.")
        _with_workspace(apply)
        _with_file(apply)
        apply.add_argument("--reason", default="", help="Recorded with the version.")
        reload = verbs.add_parser("reload", help="Load a file of the workspace's policy folder.")
        _with_workspace(reload)
        reload.add_argument("path", help="Within LATTICE_POLICY_DIR/<workspace id>/.")
        replay = verbs.add_parser("replay", help="Judge the acts of the last days by a file.")
        _with_workspace(replay)
        _with_file(replay)
        replay.add_argument("--days", type=int, default=7)
        for each in verbs.choices.values():
            add_json(each)
        for each in (apply, reload):
            add_dry_run(each)

    def run(self, *, verb: str, **options: Any) -> Report:
        verbs: dict[str, Callable[..., Report]] = {
            "check": self._check,
            "test": self._test,
            "show": self._show,
            "apply": self._apply,
            "reload": self._reload,
            "replay": self._replay,
        }
        try:
            return verbs[verb](**options)
        except PolicyInvalid as error:
            return _faults(error)

    def _check(self, *, file: str, **_: Any) -> Report:
        checked = check_policy(_read(file))
        failed = sum(not outcome.passed for outcome in checked.outcomes)
        passed = f"{len(checked.outcomes) - failed} of its {len(checked.outcomes)} tests pass."
        text = f"A policy of {checked.rules} rules. {passed if checked.outcomes else NO_TESTS}"
        facts = {"valid": True, "digest": checked.parsed.digest, "rules": checked.rules}
        return Report(text, facts | {"failed": failed}, _outcome(checked))

    def _test(self, *, file: str, **_: Any) -> Report:
        checked = check_policy(_read(file))
        lines = [
            f"{'passes' if one.passed else 'FAILS '}  line {one.line}  {one.name}"
            + "".join(f"\n        {difference}" for difference in one.differences)
            for one in checked.outcomes
        ]
        facts = [
            {"name": one.name, "line": one.line, "passed": one.passed, "why": one.differences}
            for one in checked.outcomes
        ]
        return Report(
            "\n".join(lines) or "It carries no tests.", {"tests": facts}, _outcome(checked)
        )

    def _show(self, *, workspace: UUID, number: int | None, **_: Any) -> Report:
        held = read.current_version(workspace_id=workspace, actor=SYSTEM)
        shown = number if number is not None else (held.number if held else 0)
        text = read.text_of_version(number=shown, workspace_id=workspace, actor=SYSTEM)
        return Report(text.rstrip("\n"), {"number": shown, "text": text})

    def _apply(self, *, workspace: UUID, file: str, reason: str, dry_run: bool, **_: Any) -> Report:
        text = _read(file)
        if dry_run:
            return _foreseen(workspace, text, Path(file).name)
        return _released(
            apply_policy(
                text=text,
                workspace=workspace,
                reason=reason,
                origin=Origin.COMMAND,
                actor=SYSTEM,
            )
        )

    def _reload(self, *, workspace: UUID, path: str, dry_run: bool, **_: Any) -> Report:
        if dry_run:
            return _foreseen(workspace, read_policy_file(workspace, path), path)
        return _released(reload_policy(path=path, workspace=workspace, actor=SYSTEM))

    def _replay(self, *, workspace: UUID, file: str, days: int, **_: Any) -> Report:
        if not 1 <= days <= 3660:
            raise UsageError("--days: from 1 to 3660.")
        policy = check_policy(_read(file)).compiled
        acts = acts_to_replay(workspace_id=workspace, actor=SYSTEM, days=days)
        compared, unreadable, flips = 0, 0, []
        with self.progress("Replaying", total=acts.count()) as advance:
            for one in replayed(policy, acts):
                advance()
                if one.before is None or one.after is None:
                    unreadable += 1
                    continue
                compared += 1
                if one.flipped or one.shifted:
                    flips.append(
                        {
                            "act": one.act.id,
                            "at": one.act.at,
                            "kind": one.act.kind,
                            "before": one.before.effect,
                            "after": one.after.effect,
                            "stages": [stage.name for stage in one.after.stages],
                        }
                    )
        lines = [f"{compared} acts were judged again, {len(flips)} otherwise."]
        lines += [f"{unreadable} were erased meanwhile."] if unreadable else []
        lines += [
            f"{flip['at']:%Y-%m-%d %H:%M} {flip['kind']} {flip['act']}: "
            f"{flip['before']} -> {flip['after']}"
            for flip in flips
        ]
        facts = {"compared": compared, "unreadable": unreadable, "flips": flips}
        return Report("\n".join(lines), facts)


def _with_workspace(parser: ArgumentParser) -> None:
    parser.add_argument("workspace", type=UUID, metavar="WORKSPACE")


def _with_file(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="- reads standard input.")


def _read(file: str) -> str:
    try:
        if file == "-":
            return sys.stdin.buffer.read(LARGEST + 1).decode()
        with Path(file).open("rb") as opened:
            return opened.read(LARGEST + 1).decode()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not UTF-8.") from error


def _outcome(checked: Checked) -> Outcome:
    return Outcome.OK if checked.passes else Outcome.FAILED


def _faults(error: PolicyInvalid) -> Report:
    lines = [
        f"{fault.get('line', 0)}:{fault.get('column', 0)}  {fault['field']}: {fault['message']}"
        for fault in error.details
    ]
    facts = {"valid": False, "error": {"code": error.code, "details": error.details}}
    return Report("\n".join([error.text, *lines]), facts, Outcome.FAILED)


def _foreseen(workspace: UUID, text: str, name: str) -> Report:
    require_passing(check_policy(text))
    diff = read.diff(read.text_in_force(workspace), text, names=("current", name))
    return Report(diff or "Nothing would change.", {"diff": diff})


def _released(released: Released | Held) -> Report:
    if isinstance(released, Held):
        facts = {"draft": str(released.draft.id), "approval": released.approval.as_json()}
        return Report(f"Draft {released.draft.id} waits for approval.", facts)
    version = released.version
    said = " The policy before would have denied this." if released.overruled else ""
    return Report(
        f"Version {version.number} holds, with {version.rules} rules.{said}",
        {"number": version.number, "digest": version.digest, "overruled": released.overruled},
    )
