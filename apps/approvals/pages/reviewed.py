"""What a page of the console is about. Its parts share what one of them has read."""

from dataclasses import dataclass
from functools import cached_property

from apps.accounts.models import User
from apps.accounts.ports import Standing
from apps.accounts.selectors.standing import standing_of
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.ports import Change
from apps.approvals.selectors.electorate import Electorate, electorate_of
from apps.approvals.selectors.seen import Seen, SeenStage, seen
from apps.approvals.selectors.subjects import change_of
from apps.common.errors import NotFound
from apps.policies.errors import ActUnreadable
from apps.policies.selectors.acts import Explanation, act, explanation


@dataclass(kw_only=True)
class Reviewed:
    row: ApprovalRequest
    me: User
    asked: dict[str, str]
    """In the address: how the change is to be shown, and the like."""

    @cached_property
    def told(self) -> Seen:
        [told] = seen([self.row], self.me)
        return told

    @cached_property
    def people(self) -> Electorate:
        return electorate_of(self.row.workspace_id)

    @cached_property
    def change(self) -> Change | None:
        return change_of(self.row)

    @cached_property
    def explained(self) -> Explanation | None:
        """The verdict that it was asked about for, as it was recorded. None: it cannot be read any
        more, or not by them."""
        if self.row.act_id is None:
            return None
        try:
            return explanation(
                act(act_id=self.row.act_id, workspace_id=self.row.workspace_id, actor=self.me)
            )
        except (NotFound, ActUnreadable):
            return None

    @cached_property
    def standing(self) -> Standing:
        standing = standing_of(actor=self.me, workspace_id=self.row.workspace_id)
        assert standing is not None  # noqa: S101 - they were shown it
        return standing

    @property
    def stage(self) -> SeenStage | None:
        """The one that is open."""
        return next((stage for stage in self.told.stages if stage.state == "open"), None)
