"""What can go wrong with policies, and how a denial answers."""

from apps.common.errors import Conflict, DomainError
from apps.ledger.errors import KillSwitchOn as KillSwitchOn


class PolicyInvalid(DomainError):
    """Its details name each fault: `field` (like `rules[2].then`), `line`, `column`, `message`."""

    code = "policy_invalid"
    status = 422
    message = "The policy is not valid. Nothing was changed; each fault is named with its line."


class PolicyFileMissing(DomainError):
    code = "policy_file_missing"
    status = 404
    message = "There is no such file in this workspace's policy folder."


class PolicyDenied(DomainError):
    """A denial is recorded before it is raised, and that record stays. Its details name every thing
    that speaks against the act: `field`, `message`, `reason`, `rule`."""

    code = "policy_denied"
    status = 403
    message = "A rule of the policy forbids this."
    on_record = True


class PathForbidden(PolicyDenied):
    code = "path_forbidden"
    status = 403
    message = "The policy does not let this path be touched."


class RiskPatternFound(PolicyDenied):
    code = "risk_pattern"
    status = 422
    message = "The text holds something the risk gate does not let through."


class DiffTooLarge(PolicyDenied):
    code = "diff_too_large"
    status = 422
    message = "The change has more lines than the policy allows. Split it."


class QuotaExceeded(PolicyDenied):
    code = "quota_exceeded"
    status = 429
    message = "The policy's quota for this agent is used up. Try again later."


class RegoDenied(PolicyDenied):
    code = "opa_deny"
    status = 403
    message = "The Rego policy does not allow this."


class PolicyErred(PolicyDenied):
    code = "policy_error"
    status = 403
    message = "The policy could not be evaluated, so the act is denied. Tell whoever owns it."


class KillSwitchHeld(Conflict):
    code = "kill_switch_held"
    message = (
        "The environment holds the kill switch: unset KILL_SWITCH and start Lattice anew. Nothing "
        "inside can release it."
    )


class PolicyTestsFailed(DomainError):
    """Its details tell the outcome of each test: `tests[2]`, and what came out instead."""

    code = "policy_tests_failed"
    status = 422
    message = "The policy fails tests that it carries itself, so it was not released."


class PolicyMoved(Conflict):
    code = "policy_moved"
    message = "Another version was released since this draft was begun: begin it anew from that."


class DraftClosed(Conflict):
    code = "draft_closed"
    message = "This draft was released or discarded already."


class PolicyUnchanged(Conflict):
    code = "policy_unchanged"
    message = "This is the policy that holds already."


class DenialStands(Conflict):
    code = "denial_stands"
    message = (
        "This act was denied, and no rule that allows overrides a denial. Change what denies it."
    )


class AlwaysAllowed(Conflict):
    code = "always_allowed"
    message = "The policy allows this act already: there is nothing to add."


class ActUnnamed(Conflict):
    """Its details name each field."""

    code = "act_unnamed"
    message = (
        "What this act was done to is a free text and no name. In a policy it would stay for good, "
        "also after the act is erased: write the rule yourself."
    )


class ActUnreadable(DomainError):
    code = "act_erased"
    status = 410
    message = "What this act said was erased, or is past its retention."


class TimedOut(DomainError):
    code = "timeout"
    status = 504
    message = "This took too long, and nothing was done. Try again."


class TooManyDrafts(Conflict):
    code = "too_many_drafts"
    message = "This workspace has 100 open drafts of its policy: release or discard some first."
