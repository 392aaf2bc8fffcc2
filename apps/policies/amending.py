"""Adding a rule and its test to a policy's text, and leaving everything else as it was written."""

from collections.abc import Collection
from typing import Any

import yaml

from apps.policies.cases import Case
from apps.policies.choices import Effect
from apps.policies.documents import read_policy
from apps.policies.errors import PolicyInvalid

_MAGIC = frozenset("*?[]{}!\\")


def rule_for(
    case: Case, *, name: str, known: Collection[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A rule that allows the same again to the same performer, and a test that it does."""
    act, who = case.act, case.performer
    over = sorted({rule for stage in case.verdict.stages for rule in stage.rules} & {*known})
    when: dict[str, Any] = {"act": [act.kind.value], "actor": [who.kind]}
    if who.kind == "agent":
        when["agent"] = [str(who.id)]
    elif who.role:
        when["role"] = [who.role]
    said = {
        "operation": {operation.verb.value for operation in act.operations},
        "node_kind": {one.node_kind for one in act.operations if one.node_kind},
        "path": {path for operation in act.operations for path in operation.paths},
        "target": {operation.target for operation in act.operations if operation.target},
    }
    for field, values in said.items():
        if values and _MAGIC.isdisjoint("".join(values)):
            when[field] = sorted(values)
    if act.operations:
        when["every"] = True
    rule = {"name": name, "when": when, "then": {"allow": True, "over": over}}
    test = {
        "name": name,
        "act": {
            "kind": act.kind.value,
            "operations": [
                {
                    "verb": one.verb.value,
                    "target": one.target,
                    "node_kind": one.node_kind,
                    "paths": list(one.paths),
                    "labels": sorted(one.labels),
                }
                for one in act.operations
            ],
            "diff_lines": act.diff_lines,
            "impact": act.impact,
        },
        "actor": {
            "kind": who.kind,
            "id": str(who.id),
            "lineage": [str(one) for one in who.lineage],
            "tier": who.tier,
        },
        "expect": {"effect": Effect.ALLOW.value},
    }
    if who.role:
        test["actor"] |= {"role": who.role}  # type: ignore[operator]
    return rule, test


def with_rule(text: str, rule: dict[str, Any], test: dict[str, Any]) -> str:
    before = read_policy(text).document
    wanted = before.model_dump(mode="json", exclude_unset=True)
    wanted["rules"] = [*wanted.get("rules", []), rule]
    wanted["tests"] = [*wanted.get("tests", []), test]
    try:
        amended = _added(_added(text, "rules", rule), "tests", test)
        found = read_policy(amended).document.model_dump(mode="json", exclude_unset=True)
    except (yaml.YAMLError, PolicyInvalid):  # written in a way that lines do not fit into
        return _dumped(wanted)
    return amended if found == wanted else _dumped(wanted)


def _added(text: str, field: str, item: dict[str, Any]) -> str:
    """After the last item of this list, or in a new one at the end."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    lines = text.splitlines()
    assert isinstance(root, yaml.MappingNode)  # noqa: S101
    for key, value in root.value:
        if key.value == field and value.value and not value.flow_style:
            last = value.value[-1]
            place = last.end_mark.line + (1 if last.end_mark.column else 0)
            while place > last.start_mark.line + 1 and _says_nothing(lines[place - 1]):
                place -= 1
            indent = " " * value.start_mark.column
            lines[place:place] = [indent + line for line in _dumped([item]).splitlines()]
            return "\n".join([*lines, ""])
        if key.value == field and not value.value:
            del lines[key.start_mark.line : value.end_mark.line + 1]
    items = ["  " + line for line in _dumped([item]).splitlines()]
    return "\n".join([*lines, f"{field}:", *items, ""])


def _says_nothing(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _dumped(value: Any) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=100)
