"""What can go wrong with plans. Denials answer as policies say."""

from apps.accounts.errors import Undecipherable
from apps.common.errors import Conflict, DomainError, NotFound


class PlanInvalid(DomainError):
    """Its details name each fault with its field."""

    code = "plan_invalid"
    status = 422
    message = "The plan is readable but does not add up. Nothing was kept of it."


class PatchInvalid(DomainError):
    """Its details name the line of the patch."""

    code = "patch_invalid"
    status = 422
    message = "The patch is not a unified diff that could be applied as it stands."


class BranchInvalid(DomainError):
    code = "branch_invalid"
    status = 422
    message = "Git would not take this as the name of a branch."


class VariantMissing(NotFound):
    code = "variant_missing"
    message = "This plan has no such variant."


class PlanWaiting(Conflict):
    """The plan stays, so that it can be decided on. Its details name the plan and its approval."""

    code = "plan_waiting"
    message = "The policy asks for approval of this plan: it can be exported once that has come."
    on_record = True


class PlanRefused(Conflict):
    """Its details name the plan and its approval, whose outcome says what came of it."""

    code = "plan_refused"
    message = "This plan was not approved, so it cannot be exported."
    on_record = True


class PlanUnreadable(Undecipherable):
    code = "plan_unreadable"
    message = "This plan was kept in an older form, which nobody reads any more. Propose it anew."


class VariantHeld(Conflict):
    code = "variant_held"
    message = (
        "By itself this variant is denied, or needs an approval that the plan as a whole does not "
        "have. Choose another one."
    )


class PlanFileExists(Conflict):
    code = "plan_file_exists"
    message = "There is a file of this name in the folder already: nothing was written over it."


class PlanFileUnwritten(Conflict):
    code = "plan_file_unwritten"
    message = "A file could not be written, so nothing was, and nothing is on record. Try again."


class PlanFolderUnsafe(Conflict):
    code = "plan_folder_unsafe"
    message = "In this folder `plans` is no folder of its own: nothing is written through links."
