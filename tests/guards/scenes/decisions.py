"""Of approvals, folders, policies, plans and specs."""

from datetime import timedelta
from functools import cached_property

from django.utils import timezone

from apps.accounts.choices import Role
from apps.accounts.models import Membership
from apps.approvals.models.people import Absence, AfterReview, Attention, Card
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.ports import Delivered
from apps.approvals.services import (
    absences,
    attention,
    clock,
    digests,
    discussing,
    reviews,
    seats,
    sending,
    settling,
    threads,
    views,
    weighing,
)
from apps.common.actors import SYSTEM
from apps.common.ids import uuid7
from apps.mirror.services.claiming import mirror_of
from apps.plans.choices import RiskBudget
from apps.plans.schemas import PlanIn
from apps.plans.services import reshaping as plans_reshaping
from apps.plans.services.exporting import PullWanted, export_plan
from apps.plans.services.proposing import create_plan, sketch
from apps.plans.services.releasing import refuse_plan
from apps.policies.choices import ActKind, Verb
from apps.policies.models.acts import ActRecord
from apps.policies.models.policies import Policy
from apps.policies.ports import Act, Operation
from apps.policies.services import acts, versions
from apps.policies.services.drafts import discard_draft, draft_policy
from apps.policies.services.judging import judge_act
from apps.specs.models.graph import Graph, Link, Node, Suspect
from apps.specs.models.proposals import Proposal
from apps.specs.models.search import Corpus
from apps.specs.services import applying, indexing, kinds
from apps.specs.services.closing import withdraw_mutation
from apps.specs.services.suspects import clear_suspects
from tests.approvals.test_policy_changes import FREE, GUARDED
from tests.factories import agent_of, member
from tests.guards.rows import put
from tests.guards.scenes.house import LONG_AGO, House, Scenes, in_a_transaction, in_a_unit

ASKING = 'version: "1"\nallowed_dirs: [docs]\n'


class Decisions(House):
    def request(self):
        return self.put(ApprovalRequest)

    def review(self):
        return self.put(AfterReview, request=self.request().id, due_at=LONG_AGO)

    def card(self):
        said = {"channel": "email", "due_at": LONG_AGO, "person_id": self.owner.id}
        return self.put(Card, request=self.request().id, **said)

    def absence(self):
        soon = timezone.now() + timedelta(days=1)
        later = soon + timedelta(days=1)
        return self.put(Absence, person_id=self.owner.id, begins_at=soon, ends_at=later)

    @cached_property
    def agent(self):
        return agent_of(self.owner, self.workspace)

    def apply(self, text):
        return versions.apply_policy(text=text, workspace=self.workspace.id, actor=self.owner)

    def released(self, text):
        self.apply(text)
        return Policy.objects.get(workspace=self.workspace)

    def draft(self, text):
        return draft_policy(text=text, workspace=self.workspace.id, actor=self.owner)

    def act(self):
        edit = Operation(verb=Verb.EDIT, paths=("docs/a",))
        act = Act(kind=ActKind.SPEC_CHANGE, operations=(edit,))
        return judge_act(act=act, actor=self.agent, workspace=self.workspace.id)

    def plan(self, text):
        self.apply(text.replace("[docs]", "[docs, plans]"))
        return create_plan(
            drawing=sketch(PlanIn(intent="Write it down", target_paths=["docs/a.md"])),
            budget=RiskBudget.MEDIUM,
            actor=self.agent,
            workspace=self.workspace.id,
        ).plan

    def suspect(self):
        node, cause = self.put(Node), self.put(Node)
        link = self.put(Link, source=node.id, target=cause.id)
        return self.put(Suspect, link=link.id, node=node.id, cause=cause.id)


WAITS: Scenes[Decisions] = {
    "approvals.services.absences.end_absence": lambda h: (
        absence := h.absence(),
        lambda: absences.end_absence(
            absence_id=absence.id, workspace_id=h.workspace.id, actor=h.owner
        ),
    ),
    "approvals.services.attention.change_attention": lambda h: (
        h.owner,
        lambda: attention.change_attention(person=h.owner, actor=h.owner, remind=False),
    ),
    "approvals.services.attention.note_tour": lambda h: (
        h.owner,
        lambda: attention.note_tour(actor=h.owner),
    ),
    "approvals.services.attention.reckon_digest": lambda h: (
        h.owner,
        lambda: attention.reckon_digest(person_id=h.owner.id),
    ),
    "approvals.services.discussing.add_comment": lambda h: (
        request := h.request(),
        lambda: discussing.add_comment(request_id=request.id, text="Why?", actor=h.reviewer),
    ),
    "approvals.services.reviews.review_afterwards": lambda h: (
        review := h.review(),
        lambda: reviews.review_afterwards(
            request_id=review.request_id, sound=True, note="", actor=h.reviewer
        ),
    ),
    "approvals.services.reviews.tell_overdue_reviews": lambda h: (
        h.review(),
        reviews.tell_overdue_reviews,
    ),
    "approvals.services.sending.is_crowded": lambda h: (
        "hashtextextended('to email', 0)",
        in_a_transaction(lambda: sending.is_crowded("email")),
    ),
    "approvals.services.sending._note_sent": lambda h: (
        card := h.card(),
        lambda: sending._note_sent(card, sending._told(card, h.owner, reminder=False), Delivered()),
    ),
    "approvals.services.threads._turn": lambda h: (
        request := h.request(),
        lambda: threads.resolve_thread(request_id=request.id, comment_id=uuid7(), actor=h.reviewer),
    ),
    "approvals.services.views.keep_view": lambda h: (
        h.owner,
        lambda: views.keep_view(name="Mine", query="", actor=h.owner),
    ),
    "approvals.services.weighing.look_soon": lambda h: (
        h.request(),
        lambda: weighing.look_soon(workspace=h.workspace.id),
    ),
    "policies.services.acts.erase_act": lambda h: (
        act := h.put(ActRecord, sealed=b"sealed"),
        lambda: acts.erase_act(act=act, actor=h.owner),
    ),
    "specs.services.indexing.post_passages": lambda h: (
        h.put(Corpus),
        lambda: indexing.post_passages(h.workspace.id),
    ),
    "specs.services.indexing.hold_places": lambda h: (
        h.put(Graph),
        lambda: indexing.place_missing(h.workspace.id),
    ),
    "specs.services.kinds._lock": lambda h: (
        h.put(Graph),
        lambda: kinds.define_kind(
            name="risk", prefix="RISK", schema={}, actor=h.owner, workspace=h.workspace.id
        ),
    ),
    "approvals.services.absences._locked": lambda h: (
        Membership.objects.get(user=h.owner),
        lambda: absences.end_absence(
            absence_id=h.absence().id, workspace_id=h.workspace.id, actor=h.owner
        ),
    ),
    "approvals.services.seats._locked": lambda h: (
        request := h.request(),
        lambda: seats.claim_request(request_id=request.id, actor=h.reviewer),
    ),
    "approvals.services.settling._held": lambda h: (
        request := h.request(),
        in_a_transaction(lambda: settling.sit(request.id)),
    ),
    "approvals.services.settling._held_there": lambda h: (
        request := h.request(),
        in_a_transaction(lambda: settling.sit(request.id, workspace=h.workspace.id)),
    ),
    "approvals.services.settling._newest_held": lambda h: (
        request := h.request(),
        in_a_transaction(
            lambda: settling.hold_newest(kind=request.subject_kind, subject=request.subject_id)
        ),
    ),
    "mirror.services.claiming.mirror_of": lambda h: (
        "hashtextextended('mirror claims', 0)",
        lambda: mirror_of(folder=h.folder, workspace=h.workspace.id),
    ),
    "plans.services.exporting._lock": lambda h: (
        plan := h.plan(FREE),
        lambda: export_plan(plan=plan, wanted=PullWanted(variant_id="v_bal"), actor=h.owner),
    ),
    "plans.services.releasing._hold": lambda h: (
        plan := h.plan(ASKING),
        lambda: refuse_plan(plan_id=plan.id, workspace=h.workspace.id),
    ),
    "plans.services.reshaping._hold": lambda h: (
        plan := h.plan(ASKING),
        in_a_transaction(lambda: plans_reshaping._hold(plan.id)),
    ),
    "policies.services.drafts._locked": lambda h: (
        draft := h.draft(FREE),
        lambda: discard_draft(draft=draft, actor=h.owner),
    ),
    "policies.services.judging._count_alone": lambda h: (
        f"hashtextextended('policies.acts {h.workspace.id} {h.agent.id}', 0)",
        h.act,
    ),
    "policies.services.versions.lock_policy": lambda h: (
        h.released(FREE),
        lambda: h.released(ASKING),
    ),
    "policies.services.versions.publish_approved": lambda h: (
        draft := h.draft(FREE),
        in_a_unit(
            lambda: versions.publish_approved(
                draft_id=draft.id, workspace=h.workspace.id, actor=SYSTEM
            )
        ),
    ),
    "policies.services.versions._hold_text": lambda h: (
        h.released(GUARDED) and member(h.workspace, Role.OWNER) and h.apply(FREE).draft,
        lambda: h.apply(FREE),
    ),
    "specs.selectors.proposals.held": lambda h: (
        proposal := h.put(Proposal, proposer_id=h.owner.id, proposer_kind="person"),
        lambda: withdraw_mutation(proposal_id=proposal.id, actor=h.owner),
    ),
    "specs.services.applying._hold_nodes": lambda h: (
        node := h.put(Node),
        in_a_transaction(lambda: applying._hold_nodes(ids=[node.id])),
    ),
    "specs.services.applying._hold_graph": lambda h: (
        h.put(Graph),
        in_a_transaction(lambda: applying._hold_graph(h.workspace.id)),
    ),
    "specs.services.suspects.clear_suspects": lambda h: (
        doubt := h.suspect(),
        lambda: clear_suspects(
            nodes=[doubt.node],
            causes=[doubt.cause_id],
            seen=0,
            actor=h.owner,
            workspace=h.workspace.id,
        ),
    ),
}

PASSES_OVER: Scenes[Decisions] = {
    "approvals.services.digests._due": lambda h: (
        put(Attention, {"person": h.owner.id, "digest_due_at": LONG_AGO}),
        lambda: digests.claim(10),
    ),
    "approvals.services.sending._due": lambda h: (h.card(), lambda: sending.claim(10)),
    "policies.services.acts.forget_old_acts": lambda h: (
        h.put(ActRecord, sealed=b"sealed", at=LONG_AGO),
        acts.forget_old_acts,
    ),
    "approvals.services.clock._due": lambda h: (
        h.put(ApprovalRequest, next_at=LONG_AGO),
        lambda: clock.claim(10),
    ),
}
