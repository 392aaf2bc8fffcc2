"""A state machine over requests and votes. A second, much simpler reckoning of what votes come to
stands beside the real one: if they differ, one of them is wrong.
"""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from apps.accounts.choices import Role
from apps.accounts.models import Membership
from apps.approvals.choices import OPEN, Decision, State, Via
from apps.approvals.errors import AlreadyDecided, NotYourTurn, SelfApproval, ViewMoved, VoteStands
from apps.approvals.models.requests import ApprovalRequest, Vote
from apps.approvals.rules import LEGAL
from apps.approvals.services.opening import withdraw_request
from apps.approvals.services.settling import sit, take_effect
from apps.approvals.services.voting import Wanted, cast_vote, undo_decision
from apps.approvals.services.weighing import consume_request
from apps.common.actors import SYSTEM
from apps.common.errors import Conflict, NotAllowed, NotFound
from apps.ledger.models import Event
from apps.ledger.services import unit
from tests.approvals.deciding import hold, policy_of
from tests.approvals.deliveries import look_at_all
from tests.approvals.loaves import ask, lay_table, toast
from tests.factories import MembershipFactory, WorkspaceFactory, agent_of, member

PEOPLE = 5
FINAL = frozenset(State) - frozenset(OPEN)
DECISIONS = [Decision.APPROVE, Decision.REJECT, Decision.REQUEST_CHANGES, Decision.ABSTAIN]


class Approvals(RuleBasedStateMachine):
    @initialize(quorums=st.lists(st.integers(1, 2), min_size=1, max_size=2), undo=st.booleans())
    def begin(self, quorums, undo):
        lay_table()
        self.workspace = WorkspaceFactory.create()
        self.owner = member(self.workspace, Role.OWNER)
        self.baker = agent_of(self.owner, self.workspace)
        self.people = [member(self.workspace, Role.REVIEWER) for _ in range(PEOPLE)]
        self.undo = "undo: {seconds: 600, up_to: critical}\n" if undo else ""
        self.policies, self.hours, self.spread = 0, 1, ""
        self.tighten(quorums)
        self.request = ask(self.workspace, self.baker, ("docs/a.md", "docs/b.md", "docs/c.md"))
        self.seen = {self.request.view_digest}
        self.before = State(self.request.state)
        self.content = self.request.content_digest

    def tighten(self, quorums):
        self.policies += 1
        self.quorums = quorums
        stages = [
            f"name: stage {n}, quorum: {q}, roles: [reviewer], due: {self.hours}h"
            for n, q in enumerate(quorums)
        ]
        hold(self.workspace, self.owner, policy_of(*stages, more=self.undo) + f"# {self.policies}")

    def here(self, person):
        rows = Membership.objects.filter(workspace=self.workspace, user=person)
        return rows.filter(role=Role.REVIEWER).exists()

    def now(self):
        self.request.refresh_from_db()
        return State(self.request.state)

    def try_(self, work, *expected):
        """A refusal may be one of these, and then has changed nothing but what it recorded."""
        try:
            return work()
        except (AlreadyDecided, ViewMoved, *expected):
            return None

    @rule(
        who=st.integers(0, PEOPLE - 1),
        decision=st.sampled_from(DECISIONS),
        change=st.booleans(),
        stale=st.booleans(),
    )
    def vote(self, who, decision, change, stale):
        state, person = self.now(), self.people[who]
        digest = self.request.view_digest if not stale else min(self.seen)
        wanted = Wanted(
            decision=decision, digest=digest, via=Via.API, comment="So it is.", change=change
        )
        votes = Vote.objects.filter(request=self.request).count()
        cast = self.try_(
            lambda: cast_vote(request_id=self.request.id, wanted=wanted, actor=person),
            VoteStands,
            *(NotYourTurn, NotAllowed, NotFound),
        )
        added = Vote.objects.filter(request=self.request).count() - votes
        assert added == (cast is not None and not cast.again)
        if cast and not cast.again:
            assert state == State.PENDING
            assert cast.vote.view_digest == digest
            assert self.here(person), "who may not decide does not vote"

    @rule(who=st.integers(0, PEOPLE - 1))
    def veto(self, who):
        state = self.now()
        wanted = Wanted(
            decision=Decision.VETO, digest=self.request.view_digest, via=Via.API, comment="No."
        )
        cast = self.try_(
            lambda: cast_vote(request_id=self.request.id, wanted=wanted, actor=self.people[who]),
            *(NotYourTurn, NotAllowed, NotFound),
        )
        if cast and not cast.again:
            assert state in OPEN
            assert self.now() == State.DENIED

    @rule(self_approves=st.booleans())
    def lineage_votes(self, self_approves):
        actor = self.owner if self_approves else self.baker
        self.now()
        wanted = Wanted(decision=Decision.APPROVE, digest=self.request.view_digest, via=Via.API)
        assert (
            self.try_(
                lambda: cast_vote(request_id=self.request.id, wanted=wanted, actor=actor),
                *(SelfApproval, NotAllowed),
            )
            is None
        )

    @rule(who=st.integers(0, PEOPLE - 1), part=st.booleans())
    def reshape(self, who, part):
        self.now()
        self.spread += "jam"
        more = {"operations": [0]} if part else {"edits": {"spread": self.spread}}
        wanted = Wanted(
            decision=Decision.APPROVE, digest=self.request.view_digest, via=Via.API, **more
        )
        before = self.request.view_digest
        cast = self.try_(
            lambda: cast_vote(request_id=self.request.id, wanted=wanted, actor=self.people[who]),
            *(NotAllowed, NotFound, Conflict),
        )
        if cast and not cast.again:
            self.now()
            self.content = self.request.content_digest
            assert part or self.request.view_digest != before
            assert part or self.people[who].id in self.request.co_authors

    @rule(who=st.integers(0, PEOPLE - 1))
    def leave(self, who):
        Membership.objects.filter(workspace=self.workspace, user=self.people[who]).delete()
        look_at_all(self.workspace)

    @rule(who=st.integers(0, PEOPLE - 1), role=st.sampled_from([Role.REVIEWER, Role.VIEWER]))
    def come(self, who, role):
        rows = Membership.objects.filter(workspace=self.workspace, user=self.people[who])
        if not rows.update(role=role):
            MembershipFactory.create(workspace=self.workspace, user=self.people[who], role=role)
        look_at_all(self.workspace)

    @rule(quorums=st.lists(st.integers(1, 2), min_size=1, max_size=2))
    def change_policy(self, quorums):
        self.tighten(quorums)

    @rule(hours=st.integers(1, 9))
    def change_times(self, hours):
        """Of the same stages: nobody has agreed to a time, so it is as it was."""
        look_at_all(self.workspace)
        before = (self.now(), self.request.round, self.request.view_digest)
        self.hours = hours
        self.tighten(self.quorums)
        look_at_all(self.workspace)
        assert (self.now(), self.request.round, self.request.view_digest) == before

    @rule(who=st.integers(0, PEOPLE - 1))
    def undo_it(self, who):
        state = self.now()
        undone = self.try_(
            lambda: undo_decision(request_id=self.request.id, actor=self.people[who], via=Via.API),
            *(Conflict, NotAllowed, NotFound),
        )
        if undone:
            assert state in (State.ALLOWED, State.PENDING), "taken back already, it stays so"
            assert self.now() == State.PENDING

    @rule()
    def wait(self):
        """As the clock does, once it is time."""
        if self.now() == State.ALLOWED:
            with unit(actor=SYSTEM, workspace=self.workspace.id):
                take_effect(sit(self.request.id).request)

    @precondition(lambda self: self.policies % 3 == 0)
    @rule()
    def swap(self):
        toast(self.request.subject_id)
        self.content = ""

    @rule()
    def withdraw(self):
        state = self.now()
        done = self.try_(
            lambda: withdraw_request(request_id=self.request.id, actor=self.baker), Conflict
        )
        assert not done or state in (State.PENDING, State.ALLOWED, State.CANCELLED)

    @rule()
    def act_on_it(self):
        state = self.now()
        with unit(actor=SYSTEM, workspace=self.workspace.id):
            outcome = consume_request(request_id=self.request.id)
        if outcome.ok and not outcome.already:
            assert state == State.EFFECTIVE
            assert self.request.content_digest == self.content, "what is applied was approved"
            self.reckon()

    def reckon(self):
        """Naively, from the rows alone: each stage has its approvals, each from somebody else who
        may decide now, none of the lineage, all of them on this very view."""
        self.now()
        sat: set[object] = set()
        for stage in self.request.stages.current():
            votes = Vote.objects.filter(stage=stage).order_by("at", "id")
            last = {vote.voter_id: vote for vote in votes}
            approving = {
                voter
                for voter, vote in last.items()
                if vote.decision == Decision.APPROVE
                and vote.view_digest == self.request.view_digest
                and voter not in (self.owner.id, self.baker.id)
                and voter not in sat
                and any(p.id == voter and self.here(p) for p in self.people)
            }
            assert len(approving) >= stage.quorum
            assert approving - set(self.request.co_authors), "not its editor alone"
            sat |= approving

    @invariant()
    def it_moves_as_it_may(self):
        if not hasattr(self, "request"):
            return
        state = self.now()
        self.seen.add(self.request.view_digest)
        if self.before in FINAL:
            assert state == self.before, "what is over stays over"
        reachable, edge = {self.before}, {self.before}
        while edge:
            edge = {after for before in edge for after in LEGAL.get(before, ())} - reachable
            reachable |= edge
        assert state in reachable
        self.before = state

    @invariant()
    def nothing_happens_twice(self):
        if not hasattr(self, "request"):
            return
        about = Event.objects.filter(
            workspace_id=self.workspace.id, payload__request=str(self.request.id)
        )
        ended = [
            type_
            for type_ in about.values_list("type", flat=True)
            if type_.removeprefix("approvals.request.")
            in {"consumed", "denied", "expired", "cancelled", "superseded", "invalidated"}
        ]
        assert len(ended) == (
            self.request.state in FINAL and self.request.state != "changes_requested"
        )
        assert about.filter(type="approvals.vote.cast").count() == (
            Vote.objects.filter(request=self.request).count()
        )
        assert not Vote.objects.filter(voter_id__in=self.request.excluded).exists()
        assert ApprovalRequest.objects.filter(
            subject_id=self.request.subject_id, state__in=OPEN
        ).count() == (self.request.state in OPEN)
