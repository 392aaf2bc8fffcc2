"""Adding a rule and its test to a policy's text, and leaving everything else as it was written."""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import yaml

from apps.policies.cases import Case
from apps.policies.choices import Effect
from apps.policies.documents import read_policy
from apps.policies.engine.paths import resolve
from apps.policies.errors import PolicyInvalid
from apps.policies.rules import is_name

_MAGIC = re.compile(r"[*?\[{]")


def free_texts(case: Case) -> Iterator[str]:
    """The fields that would stand in a rule, where erasing the act would not reach them, and are
    no names or hold what the gate looks for."""
    for number, one in enumerate(case.act.operations):
        for name, text in (("target", one.target), ("node_kind", one.node_kind)):
            if text and not is_name(text):
                yield f"operations[{number}].{name}"
    for hit in case.verdict.hits:
        if hit.field.startswith("operations["):
            yield hit.field


def rules_for(
    case: Case, *, name: str, known: Collection[str]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Rules that allow the same again to the same performer, and a test that they do.

    One for each thing that was done: whoever may create this and delete that may not therefore
    delete this."""
    act, who = case.act, case.performer
    over = sorted({rule for stage in case.verdict.stages for rule in stage.rules} & {*known})
    whose: dict[str, Any] = {
        "act": [act.kind.value],
        "actor": [who.kind],
        "agent": [str(who.id)],
    }
    things: dict[tuple[str, str, str], dict[str, set[str]]] = {}
    for one in act.operations:
        key = (one.verb.value, one.node_kind, one.target if one.paths else "")
        thing = things.setdefault(key, {"path": set(), "target": set()})
        thing["path"] |= {_exact_path(path) for path in one.paths}
        thing["target"] |= {_exact(one.target)} - {""}
    whens = [
        {
            **whose,
            "operation": [verb],
            **({"node_kind": [node_kind]} if node_kind else {}),
            **{field: sorted(values) for field, values in thing.items() if values},
        }
        for (verb, node_kind, _), thing in things.items()
    ]
    rules = [
        {
            "name": f"{name}/{number}" if len(whens) > 1 else name,
            "when": when,
            "then": {"allow": True, "over": over},
        }
        for number, when in enumerate(whens or [whose], start=1)
    ]
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
    return rules, test


def _exact_path(path: str) -> str:
    """The glob that fits it alone, not what has its name elsewhere."""
    resolved = resolve(path).path
    anchor = "" if "/" in resolved else "/"
    return f"{anchor}{_exact(resolved)}" if resolved else "**"


def _exact(name: str) -> str:
    """As a glob. What it cannot say, a glob refuses, and with it the draft."""
    exact = _MAGIC.sub(lambda found: f"[{found[0]}]", name)
    return f"{{!}}{exact[1:]}" if exact.startswith("!") else exact


def with_rules(text: str, rules: Sequence[dict[str, Any]], test: dict[str, Any]) -> str:
    before = read_policy(text).document
    wanted = before.model_dump(mode="json", exclude_unset=True)
    wanted["rules"] = [*wanted.get("rules", []), *rules]
    wanted["tests"] = [*wanted.get("tests", []), test]
    try:
        amended = _added(_added(text, "rules", rules), "tests", [test])
        found = read_policy(amended).document.model_dump(mode="json", exclude_unset=True)
    except (yaml.YAMLError, PolicyInvalid):  # written in a way that lines do not fit into
        return _dumped(wanted)
    return amended if found == wanted else _dumped(wanted)


def _added(text: str, field: str, items: Sequence[dict[str, Any]]) -> str:
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
            lines[place:place] = [indent + line for line in _dumped([*items]).splitlines()]
            return "\n".join([*lines, ""])
        if key.value == field and not value.value:
            del lines[key.start_mark.line : value.end_mark.line + 1]
    listed = ["  " + line for line in _dumped([*items]).splitlines()]
    return "\n".join([*lines, f"{field}:", *listed, ""])


def _says_nothing(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, _data: Any) -> bool:
        return True  # policies have none


def _dumped(value: Any) -> str:
    dumped: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return dumped
