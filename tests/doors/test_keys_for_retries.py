"""Every POST for machines takes an Idempotency-Key, but for those that are named here."""

from tests.doors.routes import MACHINE_VIEWS

TOKENS = {"register", "login", "refresh", "logout", "password"}
SETS_WHAT_IS = {
    "api/v1/workspaces/<uuid:workspace_id>/archive",
    "api/v1/workspaces/<uuid:workspace_id>/unarchive",
    "api/v1/workspaces/<uuid:workspace_id>/leave",
    "api/v1/agents/<uuid:agent_id>/disable",
    "api/v1/agents/<uuid:agent_id>/enable",
    "api/v1/api-keys/<uuid:key_id>/revoke",
    *(f"{root}realtime/presence/{turn}" for root in ("", "api/v1/") for turn in ("join", "leave")),
}
HANDS_OUT_WHAT_IS = {
    "api/v1/workspaces/<uuid:workspace_id>/export",
    "api/v1/policies/evaluate",
    "api/v1/policies/replay",
    *(
        f"{root}/{asked}"
        for root in ("policy", "api/v1/policies")
        for asked in ("dry-run", "render-from-template")
    ),
}


def test_whatever_creates_or_decides_takes_a_key():
    posts = {route: view.post for route, view in MACHINE_VIEWS.items() if hasattr(view, "post")}
    without = {route for route, post in posts.items() if not hasattr(post, "is_idempotent")}
    tokens = {f"api/v1/auth/{name}" for name in TOKENS}
    assert without == tokens | SETS_WHAT_IS | HANDS_OUT_WHAT_IS
