"""The stages of approval that rules ask for together. Pure."""

from collections.abc import Iterable
from datetime import date, datetime

from apps.policies.ports import Rung, Stage
from apps.policies.schemas import ApprovalStage, Hours, minutes_of


def stages_of(asked: Iterable[tuple[str, ApprovalStage]], hours: Hours) -> tuple[Stage, ...]:
    """One stage for each name and circle of people, as strict as the strictest that asks for it.

    Stages of one name that other people decide stay apart: together they would let somebody decide
    whom one of the rules did not mean."""
    merged: dict[tuple[object, ...], Stage] = {}
    for rule, stage in asked:
        made = _stage(rule, stage, hours)
        key = (made.name, made.roles, made.people)
        merged[key] = _stricter(merged[key], made) if key in merged else made
    return tuple(merged.values())


def _stage(rule: str, stage: ApprovalStage, hours: Hours) -> Stage:
    day = _length(hours) if stage.business_hours else 24 * 60

    def minutes(duration: str) -> int:
        return minutes_of(duration, day=day)

    return Stage(
        name=stage.name,
        quorum=stage.quorum,
        roles=tuple(sorted({str(role) for role in stage.roles})),
        people=tuple(sorted({str(person) for person in stage.people})),
        due_minutes=minutes(stage.due) if stage.due else None,
        expires_minutes=minutes(stage.expires) if stage.expires else None,
        business_hours=stage.business_hours,
        escalate_to=tuple(dict.fromkeys(to for rung in stage.escalation for to in rung.to)),
        escalation=tuple(
            Rung(after_minutes=minutes(rung.after), to=tuple(rung.to)) for rung in stage.escalation
        ),
        rules=(rule,),
    )


def _length(hours: Hours) -> int:
    """A day of business is as long as its hours."""
    day = date(2000, 1, 3)
    length = datetime.combine(day, hours.end) - datetime.combine(day, hours.start)
    return max(1, int(length.total_seconds()) // 60)


def _stricter(one: Stage, other: Stage) -> Stage:
    rungs = {*one.escalation, *other.escalation}
    escalation = tuple(sorted(rungs, key=lambda rung: (rung.after_minutes, rung.to)))
    return Stage(
        name=one.name,
        quorum=max(one.quorum, other.quorum),
        roles=one.roles,
        people=one.people,
        due_minutes=_sooner(one.due_minutes, other.due_minutes),
        expires_minutes=_sooner(one.expires_minutes, other.expires_minutes),
        # Minutes of the clock pass sooner than minutes of business.
        business_hours=one.business_hours and other.business_hours,
        escalate_to=tuple(dict.fromkeys(one.escalate_to + other.escalate_to)),
        escalation=escalation,
        rules=tuple(dict.fromkeys(one.rules + other.rules)),
    )


def _sooner(one: int | None, other: int | None) -> int | None:
    return min((minutes for minutes in (one, other) if minutes is not None), default=None)
