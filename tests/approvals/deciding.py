"""Policies that ask for people, and their votes."""

from apps.approvals.choices import Decision, Via
from apps.approvals.services.voting import Wanted, cast_vote
from apps.policies.services.versions import apply_policy
from tests.policies.releasing import at_once

HEAD = 'version: "1"\nallowed_dirs: [docs, plans, api]\n'


def policy_of(*stages: str, more: str = "") -> str:
    """A policy that asks for these stages of every agent, and lets people do as they like."""
    asked = ", ".join(f"{{{stage}}}" for stage in stages)
    return (
        f"{HEAD}{more}rules:\n"
        "  - name: agents are reviewed\n"
        "    when: {actor: [agent]}\n"
        f"    then: {{require: [{asked}]}}\n"
        "default:\n  then: {allow: true}\n"
    )


_RULES = "".join(
    f"  - name: rule {number}\n    when: {{labels: [label-{number}]}}\n    then: {{allow: true}}\n"
    for number in range(60)
)
LONG_POLICY = f"""\
version: "1"
allowed_dirs: [docs]
rules:
  - name: two owners change the policy
    when: {{act: [policy.change]}}
    then: {{require: [{{name: owners, roles: [owner]}}]}}
{_RULES}default: {{then: {{allow: true}}}}
"""
"""So long that much of it is folded where a change is shown."""
ONE = policy_of("name: review, roles: [reviewer]")
TWO = policy_of("name: review, quorum: 2, roles: [reviewer]")
STEPS = policy_of("name: review, roles: [reviewer]", "name: sign off, roles: [admin]")


def hold(workspace, owner, text: str):
    return at_once(apply_policy(text=text, workspace=workspace.id, actor=owner)).version


def vote(request, voter, decision="approve", *, digest=None, via=Via.API, **more):
    """As if the voter had just looked, unless a digest says otherwise."""
    request.refresh_from_db()
    seen = request.view_digest if digest is None else digest
    wanted = Wanted(decision=Decision(decision), digest=seen, via=via, **more)
    cast = cast_vote(request_id=request.id, wanted=wanted, actor=voter)
    request.refresh_from_db()
    return cast
