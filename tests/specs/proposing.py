"""Proposals, the votes on them, and what becomes of it."""

from apps.approvals.choices import Decision, Via
from apps.approvals.selectors.requests import request_about
from apps.approvals.services.voting import Wanted, cast_vote
from apps.ledger.models import Event
from apps.specs.models.graph import Link, Node, held_at
from apps.specs.models.proposals import Proposal
from apps.specs.schemas import read_operations
from apps.specs.services.submitting import submit_mutation
from tests.deliveries import deliver

POLICY = """\
version: "1"
allowed_dirs: [docs, plans]
risk:
  factors: {delete: 30, agent: 0, large: 0, many: 0, outside_hours: 0}
rules:
  - name: agents are reviewed
    when: {actor: [agent]}
    then: {require: [{name: review, roles: [reviewer]}]}
  - name: goals stay
    when: {operation: [delete], node_kind: [goal]}
    then: {deny: Goals are not deleted.}
default:
  then: {allow: true}
"""
BODY = """\
Well.

All of them.

Everywhere.

The system SHALL accept a card within 3 seconds.

That is all.
"""


def request_of(proposal):
    request = request_about(kind="mutation", subject=proposal.id)
    assert request is not None
    return request


def vote(proposal, voter, decision="approve", **more):
    """On what is asked about it now."""
    request = request_of(proposal)
    wanted = Wanted(decision=Decision(decision), digest=request.view_digest, via=Via.API, **more)
    return cast_vote(request_id=request.id, wanted=wanted, actor=voter)


def decide(proposal, voter, decision="approve", **more) -> Proposal:
    """And whoever subscribes does their part."""
    vote(proposal, voter, decision, **more)
    return delivered(proposal)


def delivered(proposal) -> Proposal:
    deliver()
    return Proposal.objects.get(id=proposal.id)


def submit(workspace, actor, *operations, **more):
    return submit_mutation(
        title=more.pop("title", "A change"),
        rationale=more.pop("rationale", "Because."),
        operations=read_operations(operations),
        actor=actor,
        workspace=workspace.id,
        **more,
    )


def edit(key, old, new, **more):
    return {"op": "edit", "target": key, "old": old, "new": new, **more}


def retitle(key, title, **more):
    return {"op": "update", "target": key, "changes": {"title": title}, **more}


def link(source, kind, target):
    return {"op": "link", "target": source, "kind": kind, "to": target}


def unlink(source, kind, target):
    return link(source, kind, target) | {"op": "unlink"}


def spec(key) -> Node:
    """As it is now."""
    return Node.objects.get(key=key)


def links_now() -> set[str]:
    found = Link.objects.filter(held_at(None)).select_related("source", "target")
    return {f"{one.source.key} {one.kind} {one.target.key}" for one in found}


def types_since(seq):
    return list(Event.objects.filter(seq__gt=seq).order_by("seq").values_list("type", flat=True))
