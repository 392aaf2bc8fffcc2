"""What can go wrong with specs and with what is proposed to them."""

from apps.common.errors import Conflict, DomainError, NotFound, Unavailable


class NodeMissing(NotFound):
    code = "spec_missing"
    message = "There is no spec of this key here."


class OperationsInvalid(DomainError):
    """Its details name each fault with its operation and field."""

    code = "operations_invalid"
    status = 422
    message = "The proposal is readable but does not add up. Nothing was kept of it."


class ProposalMoved(Conflict):
    code = "proposal_moved"
    message = "In the state that this proposal is in, that cannot be done with it."


class NothingToRevert(Conflict):
    code = "nothing_to_revert"
    message = "Only what was applied, and was not reverted yet, can be reverted."


class ChangedSince(Conflict):
    """Its details name what has changed, and by which revision."""

    code = "changed_since"
    message = "It has changed again since you looked. Nothing was cleared: look at it as it is now."


class KindInvalid(DomainError):
    """Its details name the field and what is wrong with it."""

    code = "kind_invalid"
    status = 422
    message = "A kind of node cannot be like this. Nothing was changed."


class MomentUnknown(DomainError):
    code = "moment_unknown"
    status = 422
    message = (
        "A moment is a day such as 2026-05-01, a time such as 2026-05-01T12:00:00Z, or a revision "
        "such as rev:41."
    )


class FilesUnreadable(DomainError):
    """Its details name each place and what is wrong there."""

    code = "files_unreadable"
    status = 422
    message = "What the files say does not add up to specs. Nothing was changed."


class SearchTooSlow(Unavailable):
    code = "search_too_slow"
    message = "This took too long to search for: ask with fewer or rarer words."


class BackendAway(Unavailable):
    code = "search_backend_away"
    message = "Where the meanings of specs are kept does not answer: try again."
