"""What can go wrong with policies, and how a denial answers."""

from apps.common.errors import DomainError


class PolicyInvalid(DomainError):
    """Its details name each fault: `field` (like `rules[2].then`), `line`, `column`, `message`."""

    code = "policy_invalid"
    status = 422
    message = "The policy is not valid. Nothing was changed; each fault is named with its line."


class PolicyFileMissing(DomainError):
    code = "policy_file_missing"
    status = 404
    message = "There is no such file in this workspace's policy folder."


class PathForbidden(DomainError):
    code = "path_forbidden"
    status = 403
    message = "The policy does not let this path be touched."


class RiskPatternFound(DomainError):
    code = "risk_pattern"
    status = 422
    message = "The text holds something the risk gate does not let through."


class DiffTooLarge(DomainError):
    code = "diff_too_large"
    status = 422
    message = "The change has more lines than the policy allows. Split it."


class PolicyDenied(DomainError):
    code = "policy_denied"
    status = 403
    message = "A rule of the policy forbids this."


class QuotaExceeded(DomainError):
    code = "quota_exceeded"
    status = 429
    message = "The policy's quota for this agent is used up. Try again later."


class RegoDenied(DomainError):
    code = "opa_deny"
    status = 403
    message = "The Rego policy does not allow this."


class PolicyErred(DomainError):
    code = "policy_error"
    status = 403
    message = "The policy could not be evaluated, so the act is denied. Tell whoever owns it."


class KillSwitchOn(DomainError):
    code = "kill_switch"
    status = 503
    message = "Service disabled"
