"""Which rules fit an act, all of them at once.

A set of rules is an integer with a bit for each: conditions are asked for all rules together, so
that two hundred rules cost little more than one. What permits is compared to the letter; what
forbids or asks for approval also fits what only looks alike.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from apps.common.texts.lookalikes import folded
from apps.common.texts.patterns import Patterns
from apps.policies.choices import Finding, RiskLevel, Verb
from apps.policies.engine.globs import above_regex, name_regex, path_regex
from apps.policies.engine.paths import Resolved
from apps.policies.engine.risk import LEVELS
from apps.policies.ports import Act, Performer, Risk
from apps.policies.schemas import Allow, Rule, When

WHY = {
    "act": "It speaks of other kinds of acts.",
    "actor": "It speaks of other kinds of actors.",
    "role": "It speaks of other roles.",
    "agent": "It speaks of other agents.",
    "lineage": "It speaks of agents of somebody else.",
    "operation": "It speaks of other operations.",
    "node_kind": "It speaks of other kinds of nodes.",
    "path": "No path fits.",
    "target": "No target fits.",
    "labels": "No label fits.",
    "risk": "The risk is lower.",
    "found": "The gate found nothing of the kind.",
    "hours": "It speaks of other hours.",
    "together": "No single operation fits all that it says.",
    "every": "Not every operation fits.",
}
OF_WHOLE_FOLDERS = frozenset({Verb.DELETE, Verb.MOVE, Verb.RENAME})
OF_THE_ACT = ("act", "actor", "role", "agent", "lineage", "risk", "found", "hours")
OF_OPERATIONS = ("operation", "node_kind", "path", "target", "labels")


@dataclass(frozen=True)
class Surroundings:
    """What conditions ask beside the operations."""

    act: Act
    performer: Performer
    risk: Risk
    found: tuple[Finding, ...]
    hours: str


@dataclass
class Fit:
    """Which rules fit."""

    matched: int
    operations: list[int]
    """For each operation, the rules whose words about operations it fits."""
    failed: list[tuple[str, int]] = field(default_factory=list)
    """For each condition, the rules that it ruled out first."""

    def fitting(self, rule: int) -> frozenset[int]:
        """The operations that a rule speaks of."""
        return frozenset(at for at, rules in enumerate(self.operations) if rules >> rule & 1)


def bits(rules: int) -> Iterator[int]:
    while rules:
        lowest = rules & -rules
        yield lowest.bit_length() - 1
        rules ^= lowest


class _Values:
    """The rules that a condition lets through, by the value it is asked about."""

    def __init__(
        self, rules: Sequence[Rule], of: Callable[[When], Iterable[Hashable] | None], *, exact: int
    ) -> None:
        self.silent = 0
        self._exact: dict[Hashable, int] = {}
        self._alike: dict[Hashable, int] = {}
        for number, rule in enumerate(rules):
            bit = 1 << number
            values = of(rule.when)
            if values is None:
                self.silent |= bit
                continue
            for value in values:
                if exact & bit or not isinstance(value, str):
                    self._exact[value] = self._exact.get(value, 0) | bit
                else:
                    self._alike[folded(value)] = self._alike.get(folded(value), 0) | bit

    def letting(self, values: Iterable[Hashable]) -> int:
        let = self.silent
        for value in values:
            let |= self._exact.get(value, 0)
            if self._alike and isinstance(value, str):
                let |= self._alike.get(folded(value), 0)
        return let


class _Globs:
    """The same for globs."""

    def __init__(
        self,
        rules: Sequence[Rule],
        of: Callable[[When], list[str] | None],
        regex: Callable[..., str],
        *,
        exact: int,
    ) -> None:
        self.silent = 0
        self._exact = exact
        holders: dict[str, int] = {}
        for number, rule in enumerate(rules):
            globs = of(rule.when)
            if globs is None:
                self.silent |= 1 << number
            for glob in globs or ():
                holders[glob] = holders.get(glob, 0) | 1 << number
        self._strict_holders = list(holders.values())
        loose = [(glob, rules & ~exact) for glob, rules in holders.items() if rules & ~exact]
        self._loose_holders = [rules for _, rules in loose]
        self._strict = Patterns([regex(glob, loose=False) for glob in holders], whole=True)
        self._loose = Patterns([regex(glob, loose=True) for glob, _ in loose], whole=True)
        above = [above_regex(glob) for glob, _ in loose] if regex is path_regex else []
        self._above = Patterns(above, whole=True)
        self._any = bool(holders)

    def letting(self, texts: Sequence[tuple[str, str]], *, whole_folders: bool = False) -> int:
        """Of each text also what it looks like. Whatever permits must fit every one."""
        if not self._any or not texts:
            return self.silent
        some, all_ = 0, self._exact
        for strict, loose in texts:
            fitting = 0
            for number in self._strict.matching(strict):
                fitting |= self._strict_holders[number]
            all_ &= fitting
            for number in self._loose.matching(loose):
                fitting |= self._loose_holders[number]
            for number in self._above.matching(loose) if whole_folders else ():
                fitting |= self._loose_holders[number]
            some |= fitting
        return self.silent | (some & ~self._exact) | all_


class Conditions:
    """The rules of one policy, ready to be asked."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.all = (1 << len(rules)) - 1
        self.permitting = sum(
            1 << number for number, rule in enumerate(rules) if isinstance(rule.then, Allow)
        )
        exact = self.permitting
        self._every = sum(1 << number for number, rule in enumerate(rules) if rule.when.every)
        self._values = {
            name: _Values(rules, of, exact=exact)
            for name, of in (
                ("act", lambda when: when.act),
                ("actor", lambda when: when.actor),
                ("role", lambda when: when.role),
                ("agent", lambda when: when.agent),
                ("lineage", lambda when: when.lineage),
                ("operation", lambda when: when.operation),
                ("node_kind", lambda when: when.node_kind),
                ("labels", lambda when: when.labels),
                ("risk", lambda when: when.risk and _from(when.risk.at_least)),
                ("found", lambda when: when.found),
                ("hours", lambda when: when.hours and (when.hours,)),
            )
        }
        self._globs = {
            "path": _Globs(rules, lambda when: when.path, path_regex, exact=exact),
            "target": _Globs(rules, lambda when: when.target, name_regex, exact=exact),
        }

    def fit(self, around: Surroundings, paths: Sequence[Sequence[Resolved]]) -> Fit:
        """Paths are those of each operation, in order."""
        failed: list[tuple[str, int]] = []
        left = self.all
        act, performer = around.act, around.performer
        asked: dict[str, Iterable[Hashable]] = {
            "act": (act.kind,),
            "actor": (performer.kind,),
            "role": (performer.role,),
            "agent": (performer.id,),
            "lineage": performer.lineage,
            "risk": (around.risk.level,),
            "found": around.found,
            "hours": (around.hours,),
        }
        for name in OF_THE_ACT:
            let = self._values[name].letting(asked[name])
            left = self._leave(left, let, name, failed)
        operations, some = self._operations(act, paths)
        for name in OF_OPERATIONS:
            left = self._leave(left, some[name], name, failed)
        together, each = 0, self.all
        for rules in operations:
            together |= rules
            each &= rules
        left = self._leave(left, together, "together", failed)
        left = self._leave(left, each | ~self._every, "every", failed)
        return Fit(matched=left, operations=operations, failed=failed)

    @staticmethod
    def _leave(left: int, let: int, name: str, failed: list[tuple[str, int]]) -> int:
        if ruled_out := left & ~let:
            failed.append((name, ruled_out))
        return left & let

    def _operations(
        self, act: Act, paths: Sequence[Sequence[Resolved]]
    ) -> tuple[list[int], dict[str, int]]:
        """For each operation the rules that it fits, and for each condition those that any fits."""
        if not act.operations:
            none: dict[str, int] = {name: self._silent(name) for name in OF_OPERATIONS}
            return [_in_all(self.all, none.values())], none
        fits, some = [], dict.fromkeys(OF_OPERATIONS, 0)
        for operation, resolved in zip(act.operations, paths, strict=True):
            target = operation.target
            let = {
                "operation": self._values["operation"].letting((operation.verb,)),
                "node_kind": self._values["node_kind"].letting((operation.node_kind,)),
                "labels": self._values["labels"].letting(operation.labels),
                "path": self._globs["path"].letting(
                    [(each.path, each.loose) for each in resolved],
                    whole_folders=operation.verb in OF_WHOLE_FOLDERS,
                ),
                "target": self._globs["target"].letting(
                    [(target, folded(target))] if target else []
                ),
            }
            for name, rules in let.items():
                some[name] |= rules
            fits.append(_in_all(self.all, let.values()))
        return fits, some

    def _silent(self, name: str) -> int:
        return (self._globs[name] if name in self._globs else self._values[name]).silent


def said_by(when: When) -> Iterator[str]:
    """The conditions that can rule a rule out."""
    for name in (*OF_THE_ACT, *OF_OPERATIONS):
        if getattr(when, name) is not None:
            yield name
    yield "together"
    yield "every"


def _in_all(start: int, sets: Iterable[int]) -> int:
    for rules in sets:
        start &= rules
    return start


def _from(level: RiskLevel) -> tuple[RiskLevel, ...]:
    return LEVELS[LEVELS.index(level) :]
