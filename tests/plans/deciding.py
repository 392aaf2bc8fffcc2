"""A policy that lets few plans pass, and votes on one."""

from apps.accounts.models import User
from apps.approvals.choices import Decision, Via
from apps.approvals.selectors.requests import request_about
from apps.approvals.services.voting import Wanted, cast_vote
from apps.plans.models import Plan
from tests.deliveries import deliver

POLICY = """\
version: "1"
allowed_dirs: [api, docs, plans]
deny_globs: ["**/private/**"]
max_diff_lines: 40
llm: {temperature: 0.8}
risk:
  factors: {delete: 30, agent: 0, large: 40, many: 0, outside_hours: 0}
rules:
  - name: agents are reviewed
    when: {actor: [agent]}
    then: {require: [{name: review, roles: [reviewer]}]}
default:
  then: {allow: true}
"""
GREETING = "def greet():\n    return 'Hello'\n"


def request_of(plan):
    request = request_about(kind="plan", subject=plan.id)
    assert request is not None
    return request


def decide(plan: Plan, voter: User, decision: str = "approve", **more):
    """On what is asked about it now. Whoever subscribes does their part."""
    request = request_of(plan)
    wanted = Wanted(decision=Decision(decision), digest=request.view_digest, via=Via.API, **more)
    cast = cast_vote(request_id=request.id, wanted=wanted, actor=voter)
    deliver()
    plan.refresh_from_db()
    return cast
