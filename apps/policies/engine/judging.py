"""The verdict on an act. Pure: the same input gives the same bytes, and an error denies.

Gates come first, and no rule overrides them. Then every rule is considered: one that denies
decides; those that ask for approval add up; an operation is free when a rule allows it and none
that asks for approval remains on it. Of what no rule speaks, the default speaks.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from apps.policies.acts import canonical_input, digest_of
from apps.policies.choices import Considered, Effect, Finding, Reason, RiskLevel, Verb
from apps.policies.engine.compiling import CompiledPolicy, effect_of
from apps.policies.engine.conditions import OF_WHOLE_FOLDERS, Fit, Surroundings, bits
from apps.policies.engine.gate import kinds_of
from apps.policies.engine.paths import PathRefused, Resolved, is_inside, resolve
from apps.policies.engine.risk import weigh
from apps.policies.engine.stages import stages_of
from apps.policies.errors import PolicyErred, RegoDenied
from apps.policies.ports import (
    Act,
    Circumstances,
    Denial,
    Hit,
    Performer,
    RegoVerdict,
    Risk,
    Stage,
    Step,
    Verdict,
)
from apps.policies.schemas import Allow, ApprovalStage, Deny, Hours, Require

logger = structlog.get_logger(__name__)
DEFAULT = "default"
UNWEIGHED = Risk(score=100, level=RiskLevel.CRITICAL)
"""What an act counts as until it is weighed: an error never makes it look harmless."""
MOST_TOLD = 100
"""Denials of one reason that are told. All of them count."""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def judge(
    policy: CompiledPolicy,
    act: Act,
    performer: Performer,
    circumstances: Circumstances,
    *,
    rego: RegoVerdict | None = None,
) -> Verdict:
    """`rego` is what Rego said of the very same input, where it is asked at all."""
    return _Hearing(policy, act, performer, circumstances, rego).verdict()


def deny_unread(
    act: Act, performer: Performer, circumstances: Circumstances, *, source: str, why: str
) -> Verdict:
    """The verdict where a policy was released and cannot be read."""
    return Verdict(
        effect=Effect.DENY,
        risk=UNWEIGHED,
        denials=(Denial(reason=Reason.ERROR, message=PolicyErred.message),),
        trace=(Step(name="policy", considered=Considered.ERRED, why=why),),
        policy_source=source,
        input_digest=digest_of(canonical_input(act, performer, circumstances)),
        excluded=_proposers(performer),
    )


@dataclass
class _Hearing:
    """One act before one policy. What was found out so far."""

    policy: CompiledPolicy
    act: Act
    performer: Performer
    circumstances: Circumstances
    rego: RegoVerdict | None
    denials: list[Denial] = field(default_factory=list)
    spoken: Counter[Reason] = field(default_factory=Counter)
    trace: list[Step] = field(default_factory=list)
    hits: tuple[Hit, ...] = ()
    paths: list[list[Resolved]] = field(default_factory=list)
    risk: Risk = UNWEIGHED
    stages: tuple[Stage, ...] = ()
    hours: str = "outside"
    digest: str = ""
    excluded: tuple[UUID, ...] = ()

    def verdict(self) -> Verdict:
        self.excluded = _proposers(self.performer)
        parts: tuple[tuple[str, Callable[[], None]], ...] = (
            ("input", self._identify),
            ("kill switch", self._check_stop),
            ("paths", self._check_paths),
            ("size", self._check_size),
            ("gate", self._search),
            ("quotas", self._check_quotas),
            ("rego", self._check_rego),
            ("risk", self._weigh),
            ("duties", self._separate),
            ("rules", self._consider_rules),
        )
        for name, part in parts:
            self._try(name, part)
        if self.denials:
            effect, self.stages = Effect.DENY, ()
        else:
            effect = Effect.REQUIRE if self.stages else Effect.ALLOW
        return Verdict(
            effect=effect,
            risk=self.risk,
            denials=tuple(self.denials),
            stages=self.stages,
            trace=tuple(self.trace),
            hits=self.hits,
            policy_digest=self.policy.digest,
            policy_source=self.policy.source,
            input_digest=self.digest,
            excluded=self.excluded,
        )

    def _try(self, name: str, part: Callable[[], None]) -> None:
        try:
            part()
        except Exception:  # whatever it was, not knowing means no
            logger.exception("policy_erred", part=name, policy=self.policy.digest)
            self._deny(Reason.ERROR, PolicyErred.message)
            self._note(name, "It failed, so the act is denied.", Considered.ERRED)

    def _deny(self, reason: Reason, message: str, *, where: str = "", rule: str = "") -> None:
        self.spoken[reason] += 1
        if self.spoken[reason] <= MOST_TOLD:
            self.denials.append(Denial(reason=reason, message=message, field=where, rule=rule))

    def _note(self, name: str, why: str, considered: Considered, denies: bool = False) -> None:
        effect = Effect.DENY if denies or considered == Considered.ERRED else None
        self.trace.append(Step(name=name, considered=considered, why=why, effect=effect))

    def _gate(self, name: str, speaks_against: bool, why: str) -> None:
        considered = Considered.MATCHED if speaks_against else Considered.PASSED
        self._note(name, why, considered, denies=speaks_against)

    def _identify(self) -> None:
        self.digest = digest_of(canonical_input(self.act, self.performer, self.circumstances))

    def _check_stop(self) -> None:
        stopped = self.circumstances.stopped
        if stopped:
            self._deny(Reason.STOPPED, stopped)
        self._gate("kill switch", bool(stopped), "It is on." if stopped else "It is off.")

    def _check_paths(self) -> None:
        policy, before = self.policy, self.spoken[Reason.PATH]
        for number, operation in enumerate(self.act.operations):
            resolved = []
            for at, written in enumerate(operation.paths):
                where = f"operations[{number}].paths[{at}]"
                try:
                    path = resolve(written)
                except PathRefused as refusal:
                    self._deny(Reason.PATH, str(refusal), where=where)
                    continue
                resolved.append(path)
                if not is_inside(path.path, policy.allowed):
                    message = "The policy allows no change outside of its allowed_dirs."
                    self._deny(Reason.PATH, message, where=where, rule="allowed_dirs")
                if globs := self._denying(path, operation.verb):
                    named = ", ".join(policy.denied_paths[glob] for glob in globs)
                    message = f"The policy's deny_globs forbid this path: {named}."
                    self._deny(Reason.PATH, message, where=where, rule="deny_globs")
            self.paths.append(resolved)
        count = self.spoken[Reason.PATH] - before
        self._gate("paths", bool(count), f"Paths that may not be touched: {count}.")

    def _denying(self, path: Resolved, verb: Verb) -> list[int]:
        policy = self.policy
        fitting = {*policy.denied.matching(path.path), *policy.denied_loosely.matching(path.loose)}
        if verb in OF_WHOLE_FOLDERS:
            fitting |= {*policy.denied_beneath.matching(path.loose)}
        return sorted(fitting)

    def _check_size(self) -> None:
        lines, most = self.act.diff_lines, self.policy.document.max_diff_lines
        if lines > most:
            message = f"The change has {lines} lines, the policy allows {most}. Split it."
            self._deny(Reason.SIZE, message, where="diff_lines", rule="max_diff_lines")
        self._gate("max_diff_lines", lines > most, f"{lines} lines of {most} allowed.")

    def _search(self) -> None:
        self.hits = self.policy.watch.hits(self.act)
        denies = self.act.kind in self.policy.document.gate.deny_in
        for hit in self.hits if denies else ():
            self._deny(
                Reason.RISK,
                f"The text holds what the risk gate does not let through: "
                f"{Finding(hit.finding).label} ({hit.pattern}), line {hit.line}, "
                f"column {hit.column}.",
                where=hit.field,
                rule="gate",
            )
        why = f"Findings: {len(self.hits)}." + ("" if denies else " They add to the risk.")
        self._gate("gate", bool(self.hits and denies), why)

    def _check_quotas(self) -> None:
        if self.performer.kind != "agent":
            return
        quotas, now = self.policy.document.quotas, self.circumstances
        spend = self.policy.document.budgets.spend_per_day_cents
        used_up = [
            name
            for name, used, most in (
                ("acts_per_hour", now.acts_last_hour, quotas.acts_per_hour),
                ("acts_per_day", now.acts_last_day, quotas.acts_per_day),
                ("spend_per_day_cents", now.spent_today_cents, spend),
            )
            if most is not None and used >= most
        ]
        for name in used_up:
            message = f"This agent has used up its {name}. Try again later."
            self._deny(Reason.QUOTA, message, rule=name)
        self._gate("quotas", bool(used_up), f"Used up: {', '.join(used_up) or 'none'}.")

    def _check_rego(self) -> None:
        if self.rego is None:
            return
        same = self.rego.input_digest == self.digest
        allowed = self.rego.allowed is True and same
        if not allowed:
            self._deny(Reason.REGO, RegoDenied.message, rule="data.agent.allow")
        said = self.rego.why if same else "It was asked about something else."
        self._gate("rego", not allowed, f"{self.rego.source}: {said} {self.rego.input_digest}")

    def _weigh(self) -> None:
        document = self.policy.document
        inside = _in_business(document.hours, self.circumstances.at)
        self.hours = "inside" if inside else "outside"
        self.risk = weigh(
            document,
            self.act,
            self.performer,
            found=kinds_of(self.hits),
            outside_hours=not inside,
        )

    def _separate(self) -> None:
        if self.policy.document.duties.solo_opt_out and self.circumstances.people <= 1:
            self.excluded = ()
            self._note("duties", "The only person here may decide alone.", Considered.EXEMPTED)

    def _consider_rules(self) -> None:
        policy = self.policy
        if len(self.paths) != len(self.act.operations):
            raise ValueError("The paths were not resolved.")
        around = Surroundings(self.act, self.performer, self.risk, kinds_of(self.hits), self.hours)
        fit = policy.conditions.fit(around, self.paths)
        steps: dict[int, Step] = {}
        for name, rules in fit.failed:
            for rule in bits(rules):
                steps[rule] = policy.passed[rule][name]
        asked = self._consider_matched(fit, steps)
        self.trace.extend(steps[rule] for rule in sorted(steps))
        asked += self._consider_default(fit)
        self.stages = stages_of(asked, policy.document.hours)

    def _consider_matched(
        self, fit: Fit, steps: dict[int, Step]
    ) -> list[tuple[str, ApprovalStage]]:
        policy, rules = self.policy, self.policy.document.rules
        asked: list[tuple[str, ApprovalStage]] = []
        over: dict[str, set[int]] = {}
        for number in bits(fit.matched & policy.conditions.permitting):
            then = rules[number].then
            for name in then.over if isinstance(then, Allow) else ():
                over.setdefault(name, set()).update(fit.fitting(number))
        for number in bits(fit.matched):
            rule, fitting = rules[number], fit.fitting(number)
            considered, why = Considered.MATCHED, self._fits(fitting)
            if isinstance(rule.then, Deny):
                self._deny(Reason.RULE, rule.then.deny, rule=rule.name)
            elif isinstance(rule.then, Require):
                if fitting <= over.get(rule.name, set()):
                    considered, why = Considered.EXEMPTED, "A rule that allows it exempts from it."
                else:
                    asked += [(rule.name, stage) for stage in rule.then.require]
            steps[number] = policy.step(number, considered, why)
        return asked

    def _fits(self, fitting: frozenset[int]) -> str:
        if not self.act.operations:
            return "It fits."
        return "It fits " + ", ".join(f"operations[{at}]" for at in sorted(fitting)) + "."

    def _consider_default(self, fit: Fit) -> list[tuple[str, ApprovalStage]]:
        """What no rule speaks of may not travel along with what one allows."""
        then = self.policy.document.default.then
        unspoken = [at for at, rules in enumerate(fit.operations) if not rules & fit.matched]
        positions = self.policy.positions
        line = positions.of(DEFAULT)[0] if positions.says(DEFAULT) else 0
        why = f"No rule speaks of it. {self._fits(frozenset(unspoken))}"
        self.trace.append(
            Step(
                name=DEFAULT,
                considered=Considered.MATCHED if unspoken else Considered.PASSED,
                why=why if unspoken else "Rules speak of all of it.",
                line=line,
                file=self.policy.file,
                effect=effect_of(then),
            )
        )
        if unspoken and isinstance(then, Deny):
            self._deny(Reason.RULE, then.deny, rule=DEFAULT)
        if unspoken and isinstance(then, Require):
            return [(DEFAULT, stage) for stage in then.require]
        return []


def _proposers(performer: Performer) -> tuple[UUID, ...]:
    return tuple(dict.fromkeys((performer.id, *performer.lineage)))


def _in_business(hours: Hours, at: datetime) -> bool:
    if at.tzinfo is None:
        raise ValueError("A time without a zone cannot be compared with business hours.")
    local = at.astimezone(UTC).astimezone(ZoneInfo(hours.zone))
    return DAYS[local.weekday()] in hours.days and hours.start <= local.time() < hours.end
