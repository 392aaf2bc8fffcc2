"""How many decisions a second pass through HTTP, and whether each is made once.

    .venv/bin/python -m bench.decide [--requests 400] [--races 30] [--rounds 3]

One run, one machine: a uvicorn, a PostgreSQL and a Redis of its own, 16 reviewers who each ask one
after the other over a connection that stays open. They decide on different requests; they insert
one row in one transaction through an endpoint of the same process and the same door (credential,
membership, limits); and all 16 race on one request, again and again. Rounds alternate. Goal:
decisions at least 0.4 of the rate of the insert, none lost, none double.
"""

from collections import Counter

from bench.ground.figures import Figure, arguments, tell
from bench.ground.house import house
from bench.ground.people import SETTINGS, People, make_room_for_rows

REVIEWERS = 16
GOAL = 0.4
POLICY = """\
version: "1"
allowed_dirs: [api, docs, plans]
default: {then: {require: [{name: review, roles: [reviewer]}]}}
"""


class Bench:
    def __init__(self, port):
        from apps.accounts.choices import Role, Scope
        from apps.policies.services.versions import apply_policy
        from tests.factories import WorkspaceFactory, agent_of, issue, member

        make_room_for_rows()
        self.workspace = WorkspaceFactory.create()
        owner = member(self.workspace, Role.OWNER)
        apply_policy(text=POLICY, workspace=self.workspace.id, actor=owner)
        self.agent = agent_of(owner, self.workspace)
        people = [member(self.workspace, Role.REVIEWER) for _ in range(REVIEWERS)]
        keys = [issue(person, self.workspace, *Scope) for person in people]
        self.people = People([port], keys)

    def ask(self, how_many):
        """Requests that wait, each about a plan of an agent."""
        return [plan_of(self.agent, self.workspace.id, number) for number in range(how_many)]

    def decisions(self, requests):
        return self.people.all_at_once(
            lambda number, person: (
                person.post(*approval(*each)) for each in requests[number::REVIEWERS]
            )
        ).require(201)

    def races(self, requests):
        return self.people.all_at_once(
            lambda _, person: (person.post(*approval(*each)) for each in requests)
        )

    def require_each_once(self, requests):
        """What stands in the database, whatever was answered."""
        from apps.approvals.models.requests import ApprovalRequest, Vote
        from apps.ledger.models import Event

        ids = [request for request, _ in requests]
        states = Counter(ApprovalRequest.objects.filter(id__in=ids).values_list("state", flat=True))
        votes = Vote.objects.filter(request__in=ids).count()
        effective = Event.objects.filter(
            type="approvals.request.effective", payload__request__in=ids
        ).count()
        assert votes == len(ids), f"{len(ids)} requests, {votes} votes"
        assert effective == len(ids), f"{len(ids)} requests, {effective} took effect"
        assert not set(states) - {"effective", "consumed"}, states


def plan_of(agent, workspace_id, number):
    """The request about a plan of theirs, and what a vote on it is bound to."""
    from apps.approvals.models.requests import ApprovalRequest
    from apps.plans.choices import RiskBudget
    from apps.plans.schemas import PlanIn
    from apps.plans.services.proposing import create_plan, sketch

    sent = PlanIn(intent=f"Write down what was said, {number}", target_paths=["docs/a.md"])
    about = create_plan(
        drawing=sketch(sent), budget=RiskBudget.HIGH, actor=agent, workspace=workspace_id
    )
    request = ApprovalRequest.objects.get(subject_id=about.plan.id)
    return str(request.id), request.view_digest


def approval(request, digest):
    return f"/api/v1/approvals/{request}/votes", {"decision": "approve", "digest": digest}


def measure(bench, given):
    rounds = []
    for _ in range(given.rounds):
        inserted = bench.people.insert(given.requests)
        inserted.tell("inserts")
        requests = bench.ask(given.requests)
        decided = bench.decisions(requests)
        decided.tell("decisions")
        bench.require_each_once(requests)
        rounds.append((decided.rate, inserted.rate))
        raced = bench.ask(given.races)
        ended = bench.races(raced)
        ended.tell("16 racing on one, losers answered")
        counted = Counter(
            (status, answer.get("error", {}).get("code", "")) for status, answer in ended.answers
        )
        assert counted[201, ""] == len(raced), counted
        lost = counted[409, "approval_already_decided"]
        assert lost == len(ended.answers) - len(raced), counted
        bench.require_each_once(raced)
    yield Figure.of(
        rounds,
        what=f"decisions through HTTP by {REVIEWERS} reviewers, none lost, none double",
        unit="a second",
        beside="one INSERT through the same door",
        ratio_at_least=GOAL,
    )


def main():
    asked = arguments(__doc__)
    asked.add_argument("--requests", type=int, default=400)
    asked.add_argument("--races", type=int, default=30)
    asked.add_argument("--rounds", type=int, default=3)
    given = asked.parse_args()
    with house(DATABASE_POOL=str(REVIEWERS)) as home:
        server = home.serve(DJANGO_SETTINGS_MODULE=SETTINGS)
        tell(measure(Bench(server.port), given), given)


if __name__ == "__main__":
    main()
