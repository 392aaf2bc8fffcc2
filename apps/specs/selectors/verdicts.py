"""What the policy said to a proposal, in its own words."""

from apps.common.actors import SYSTEM
from apps.common.errors import NotFound
from apps.policies.errors import ActUnreadable
from apps.policies.ports import Verdict
from apps.policies.selectors.acts import act, opened
from apps.specs.models.proposals import Proposal


def verdict_on(proposal: Proposal) -> Verdict | None:
    """When it was submitted: whoever sees the proposal may know. None: it was not, or its words
    were erased since."""
    if proposal.act_id is None:
        return None
    try:
        row = act(act_id=proposal.act_id, workspace_id=proposal.workspace_id, actor=SYSTEM)
        return opened(row).verdict
    except (NotFound, ActUnreadable):
        return None
