"""What can go wrong with approvals."""

from apps.common.errors import (
    Conflict,
    DomainError,
    Invalid,
    NotAllowed,
    PreconditionFailed,
    PreconditionRequired,
)


class AlreadyDecided(Conflict):
    """Its details name who decided, what, when and through which door."""

    code = "approval_already_decided"
    message = "This was decided already."


class VoteStands(Conflict):
    code = "approval_vote_stands"
    message = "You voted otherwise before. To change your vote, send it again with `change`: true."


class NobodyEligible(Conflict):
    """Its details name each stage that lacks somebody, and how many it lacks."""

    code = "approval_nobody_eligible"
    message = (
        "The policy asks for approval, and too few people here may give it: those who propose or "
        "delegated do not count. Invite somebody with one of the roles, or change the policy."
    )


class SelfApproval(NotAllowed):
    code = "approval_self"
    message = "Whoever proposed something, or delegated to who did, does not decide on it."


class NotYourTurn(NotAllowed):
    """Its details name the stage and who may decide in it."""

    code = "approval_not_yours"
    message = "The open stage of this request is for others to decide."


class ViewMoved(PreconditionFailed):
    """Its details say what has changed since."""

    code = "approval_view_moved"
    message = "It has changed since you looked: look again and decide anew. Your vote was not cast."
    on_record = True


class ViewMissing(PreconditionRequired):
    code = "approval_view_missing"
    message = (
        "Say what you saw: send the request's `view_digest` as `digest`, or read the request "
        "through this channel first."
    )


class ReasonMissing(Invalid):
    code = "approval_reason_missing"
    message = "This takes a reason."


class AlreadyClaimed(Conflict):
    """Its details name who holds it, and until when."""

    code = "approval_claimed"
    message = "Somebody else has taken this on. Wait for them, or decide anyway."


class AttachmentRefused(Invalid):
    code = "approval_attachment_refused"
    message = "This file cannot be attached."


class PlaceMoved(PreconditionFailed):
    code = "approval_place_moved"
    message = "It has changed since you looked: look again and say it of what stands there now."


class ThreadsOpen(Conflict):
    """Its details name each of them."""

    code = "approval_threads_open"
    message = "Something said here has to be resolved before anybody approves."


class NotToHandOver(Conflict):
    code = "approval_not_to_hand_over"
    message = "This seat cannot be handed over."


class NotReshapable(Invalid):
    code = "approval_not_editable"
    message = "What this request is about cannot be changed in this way: ask for changes instead."


class OperationsUnknown(Invalid):
    code = "approval_operations_invalid"
    message = "These operations cannot be accepted by themselves."


class UndoOver(Conflict):
    code = "approval_undo_over"
    message = "There is no approval to take back: none was given yet, or it has taken effect."


class BreakGlassShut(NotAllowed):
    code = "approval_break_glass_off"
    message = "The policy does not let you act before others have decided."


class NotOpen(Conflict):
    code = "approval_not_open"
    message = "This request is not waiting any more."


class TooManyAtOnce(DomainError):
    code = "approval_too_many"
    status = 422
    message = "At most 100 decisions are taken at once: send them in parts."


class AbsenceOverlaps(Conflict):
    """Its details name the one that is in the way."""

    code = "approval_absence_overlaps"
    message = "There is an absence in this time already: end it first, or choose another time."


class DelegateUnfit(Invalid):
    code = "approval_delegate_unfit"
    message = "This person cannot stand in."
