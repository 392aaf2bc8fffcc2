"""How long a reviewer waits for the console: until a page is painted, and from one decision to the
next request.

    .venv/bin/python -m bench.console [--decisions 20] [--rounds 10]

One run, one machine: a uvicorn, a PostgreSQL and a Redis of its own, and Chromium. The workspace
has 100,000 requests behind it, and plans of an agent that wait. Decisions are made with the
keyboard, as reviewers make them, and the next request was fetched while the last one was read;
beside them stands the naive way, without scripts: post the form, go back to the queue, open the
next one. What the server took is read from its own log. Goals, of the server: the queue within 150
ms, and from a decision to the next request within 200 ms.
"""

import json
import time
from statistics import median

from bench.ground.figures import Figure, arguments, tell
from bench.ground.house import house, vacuum
from bench.queue import fill

BEHIND = 100_000
QUEUE_MS, NEXT_MS = 150.0, 200.0
CHROMIUM = "/usr/bin/chromium"
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
POLICY = """\
version: "1"
allowed_dirs: [api, docs, plans]
default: {then: {require: [{name: review, roles: [reviewer], due: 4h}]}}
"""
PAINTED = """() => performance.getEntriesByType("paint").find(
    (one) => one.name === "first-contentful-paint")?.startTime"""
QUEUE, REQUEST = "admin/review/", "admin/review/<uuid:request_id>/"
DECIDE = f"{REQUEST}decide/"
AT = "document.querySelector('[data-review]')?.dataset.request"


class Desk:
    """A reviewer, what waits on them, and what the server says it took."""

    def __init__(self, server, behind, waiting, *, verbose):
        self.url, self.log, self.verbose = server.url, server.log, verbose
        from django.test import Client

        from apps.accounts.choices import Role
        from apps.accounts.models import Membership, User, Workspace
        from apps.accounts.services.people import refresh_console_access
        from apps.approvals.services.attention import note_tour
        from apps.common.actors import SYSTEM
        from apps.ledger.services import unit
        from apps.policies.services.versions import apply_policy
        from tests.factories import agent_of

        workspace_id, self.reviewer = fill(behind, 0)
        self.workspace = Workspace.objects.get(id=workspace_id)
        here = Membership.objects.filter(workspace=self.workspace)
        owner = User.objects.get(id=here.get(role=Role.OWNER).user_id)
        apply_policy(text=POLICY, workspace=workspace_id, actor=owner)
        self.agent = agent_of(owner, self.workspace)
        with unit(actor=SYSTEM):
            refresh_console_access(self.reviewer.id)
        note_tour(actor=self.reviewer)
        self.reviewer.refresh_from_db()
        self.propose(waiting)
        vacuum()
        self.client = Client()
        self.client.force_login(self.reviewer)
        self.session = self.client.cookies["sessionid"].value

    def propose(self, how_many):
        from apps.plans.choices import RiskBudget
        from apps.plans.schemas import PlanIn
        from apps.plans.services.proposing import create_plan, sketch

        for number in range(how_many):
            new = "".join(f"- {line}, said {number} times\n" for line in range(60))
            change = {"path": f"docs/said-{number}.md", "action": "create", "new": new}
            sent = PlanIn(
                intent=f"Write down what was said, {number}",
                target_paths=[change["path"]],
                changes=[change],
            )
            create_plan(
                drawing=sketch(sent),
                budget=RiskBudget.HIGH,
                actor=self.agent,
                workspace=self.workspace.id,
            )

    def waiting(self):
        from apps.approvals.models.requests import ApprovalRequest

        pending = ApprovalRequest.objects.pending().filter(workspace=self.workspace)
        return pending.order_by("due_at", "id")

    def server_took(self, mark, *routes):
        """Milliseconds of the requests that were logged after a mark: the first of each route."""
        deadline = time.monotonic() + 30
        while True:
            lines = self.log.read_text()[mark:].splitlines()
            told = [json.loads(line) for line in lines if '"event":"request"' in line]
            took = {one["route"]: one["milliseconds"] for one in reversed(told)}
            if took.keys() >= set(routes):
                break
            assert time.monotonic() < deadline, f"{routes} among {list(took)}"
            time.sleep(0.05)
        if self.verbose:
            print([(one["method"], one["route"], one["milliseconds"]) for one in told])
        return sum(took[route] for route in routes)

    @property
    def mark(self):
        return len(self.log.read_text())


def open_page(desk, page, path, route):
    """First paint as Chromium saw it, and what the server took."""
    mark = desk.mark
    page.goto(desk.url + path)
    page.wait_for_load_state("networkidle")
    return page.evaluate(PAINTED), desk.server_took(mark, route)


def decide_by_keyboard(desk, page):
    """From the key that commits until another request is shown."""
    here, mark = page.evaluate(AT), desk.mark
    page.keyboard.press("a")
    page.wait_for_function("document.querySelector('[data-armed=approve]')")
    began = time.perf_counter()
    page.keyboard.press("Control+Enter")
    page.wait_for_function(f"{AT} && {AT} !== '{here}'", polling="raf")
    took = (time.perf_counter() - began) * 1000
    page.wait_for_load_state("networkidle")
    return took, desk.server_took(mark, DECIDE)


def decide_without_scripts(desk, http):
    """The form is posted, the queue is opened again, and the first of it."""
    first, following = desk.waiting()[:2]
    form = http.get(f"/admin/review/{first.id}/").text
    token = form.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    given = {"csrfmiddlewaretoken": token, "decision": "approve", "digest": first.view_digest}
    mark, began = desk.mark, time.perf_counter()
    answer = http.post(f"/admin/review/{first.id}/decide/", data=given)
    assert answer.status_code == 302, answer.text[:500]
    for path in (answer.headers["Location"], "/admin/review/", f"/admin/review/{following.id}/"):
        http.get(path).raise_for_status()
    took = (time.perf_counter() - began) * 1000
    return took, desk.server_took(mark, DECIDE, QUEUE, REQUEST)


def told(what, pairs, **goal):
    """What the server took, beside how long one waited."""
    waited, server = (median(column) for column in zip(*pairs, strict=True))
    return Figure(
        what=f"{what}, of the server",
        value=server,
        beside="waited in Chromium",
        other=waited,
        **goal,
    )


def measure(desk, given):
    import httpx
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context(base_url=desk.url)
        context.add_cookies([{"name": "sessionid", "value": desk.session, "url": desk.url}])
        page = context.new_page()
        open_page(desk, page, "/admin/review/", QUEUE)
        queue = [open_page(desk, page, "/admin/review/", QUEUE) for _ in range(given.rounds)]
        path = f"/admin/review/{desk.waiting().first().id}/"
        opened = [open_page(desk, page, path, REQUEST) for _ in range(given.rounds)]
        keyed = [decide_by_keyboard(desk, page) for _ in range(given.decisions)]
        browser.close()
    cookies = {"sessionid": desk.session}
    with httpx.Client(base_url=desk.url, cookies=cookies, timeout=60) as http:
        plain = [decide_without_scripts(desk, http) for _ in range(given.decisions)]
    yield told("the queue, until first paint", queue, at_most=QUEUE_MS)
    yield told("a request, until first paint", opened)
    yield told("a decision, until the next request", keyed, at_most=NEXT_MS)
    waited, naive = (median(took for took, _ in pairs) for pairs in (keyed, plain))
    yield Figure(
        what="a decision by keyboard, until the next request is shown",
        value=waited,
        beside="without scripts",
        other=naive,
    )


def main():
    asked = arguments(__doc__)
    asked.add_argument("--decisions", type=int, default=20)
    asked.add_argument("--behind", type=int, default=BEHIND)
    asked.add_argument("--rounds", type=int, default=10)
    asked.add_argument("--verbose", action="store_true", help="each request the server answered")
    given = asked.parse_args()
    # Playwright's loop runs in this thread.
    with house(DJANGO_ALLOW_ASYNC_UNSAFE="1") as home:
        waiting = given.decisions * 2 + 10
        server = home.serve(LOG_LEVEL="INFO")  # it tells how long each request took
        desk = Desk(server, given.behind, waiting, verbose=given.verbose)
        tell(measure(desk, given), given)


if __name__ == "__main__":
    main()
