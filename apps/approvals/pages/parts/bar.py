"""What happens on approval, what is still needed for it, and the buttons."""

from typing import Any

from apps.accounts.choices import Permission
from apps.accounts.selectors.names import Person, people_named
from apps.approvals.choices import Decision, State
from apps.approvals.pages.moved import shown_now
from apps.approvals.pages.reviewed import Reviewed
from apps.approvals.pages.wording import on_approval, still_needed, who_decided
from apps.approvals.ports import Editable
from apps.approvals.services.emergencies import may_break_glass
from apps.common.texts.hidden import spelled_out
from apps.policies.choices import RiskLevel


def shown(reviewed: Reviewed) -> dict[str, Any]:
    row, told, me, stage = reviewed.row, reviewed.told, reviewed.me, reviewed.stage
    pending = row.state == State.PENDING
    operations = reviewed.change.operations if reviewed.change else ()
    mine = next((v for v in told.votes if v.counts and v.voter.id == me.id), None)
    return {
        "stage": stage if pending else None,
        "on_approval": on_approval(told, stage, operations) if pending else "",
        "still_needed": still_needed(stage) if pending and stage else "",
        "decided": who_decided(told),
        "vote": mine,
        "voted": mine is not None,
        "edited_alone": pending and _waits_for_another(reviewed),
        "may_break": pending and may_break_glass(row, me, reviewed.standing.role),
        "saw": shown_now(reviewed),
        "key": key_to_type(reviewed),
        "editable": [(each, hides(each.text)) for each in editable_here(reviewed)],
        "operations": operations if len(operations) > 1 else (),
        "claimed_by_me": told.claimed_by is not None and told.claimed_by.id == me.id,
        **_seats(reviewed, voted=mine is not None and mine.decision != Decision.RETRACT),
    }


def key_to_type(reviewed: Reviewed) -> str:
    """What is critical is approved by whoever types what it is about, as it is shown."""
    critical = reviewed.row.risk_level == RiskLevel.CRITICAL
    if not critical or reviewed.change is None or not reviewed.change.operations:
        return ""
    return reviewed.change.operations[0].target


def hides(text: str) -> bool:
    """It holds characters that nobody sees."""
    return spelled_out(text) != text


def editable_here(reviewed: Reviewed) -> list[Editable]:
    """Not where lines end with CR: a browser would send them without."""
    found = reviewed.change.editable if reviewed.change else ()
    return [each for each in found if "\r" not in each.text]


def _seats(reviewed: Reviewed, *, voted: bool) -> dict[str, Any]:
    """To whom a seat in the open stage may be given, and by whom. Services decide again."""
    row, me, stage = reviewed.row, reviewed.me, reviewed.stage
    if row.state != State.PENDING or stage is None:
        return {}
    seated = {person.id for person in stage.may_decide}
    barred = {*row.excluded, *row.co_authors}
    hands_over = me.id in seated and not voted and me.id not in barred
    manages = Permission.MANAGE_MEMBERS in reviewed.standing.permissions and me.id not in barred
    if not (hands_over or manages):
        return {}
    others = set(reviewed.people.roles) - seated - set(row.excluded)
    named = people_named(others)
    free: list[Person] = sorted((named[each] for each in others), key=lambda one: one.name)
    return {"hands_over": hands_over, "gives_seats": manages, "free": free}


def _waits_for_another(reviewed: Reviewed) -> bool:
    """Enough approved it, and all of them had edited it."""
    return bool(reviewed.row.co_authors) and any(
        stage.state == "open" and stage.approvals >= stage.quorum for stage in reviewed.told.stages
    )
