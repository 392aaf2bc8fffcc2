"""How the console looks and what its sidebar leads to. Everything here is read by django-unfold."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse, reverse_lazy
from django.utils.text import format_lazy

TEAL = 205
INK = 235


def _scale(hue: int, chroma: float, lightness: dict[str, float]) -> dict[str, str]:
    """One hue from 50 to 950, palest and darkest with less colour."""
    return {
        step: f"oklch({light}% {chroma * min(1, light / 50, (101 - light) / 25):.3f} {hue})"
        for step, light in lightness.items()
    }


_LIGHTNESS = {
    "50": 98.2,
    "100": 95.6,
    "200": 91.2,
    "300": 84.5,
    "400": 72.5,
    "500": 60.0,
    "600": 50.5,
    "700": 43.5,
    "800": 33.0,
    "900": 23.5,
    "950": 16.5,
}


def _item(title: str, icon: str, view: str, query: str = "", *, apart: str = "") -> dict[str, Any]:
    """Marked as the present page by path and, where a page is shared, by its filter. A page below
    it that has an entry of its own is set `apart`."""

    def link(_: HttpRequest) -> str:
        return reverse(f"admin:{view}") + query

    def active(request: HttpRequest) -> bool:
        here = reverse(f"admin:{view}")
        if view == "index":
            return request.path == here
        if apart and request.path == reverse(f"admin:{apart}"):
            return False
        wanted = query.lstrip("?")
        return request.path.startswith(here) and wanted in request.GET.urlencode()

    return {"title": title, "icon": icon, "link": link, "active": active}


ACTIVITY = {
    "title": "Activity",
    "icon": "bolt",
    "link": reverse_lazy("activity"),
    "active": lambda _: False,  # it stands outside; /admin/activity/ holds the webhooks
}

NAVIGATION = [
    {
        "title": "",
        "items": [
            _item("Home", "home", "index"),
            _item("Review", "rule", "review_queue", apart="review_attention"),
            _item("Specs", "account_tree", "specs"),
            _item("Files", "folder", "mirror"),
            ACTIVITY,
        ],
    },
    {
        "title": "People and agents",
        "separator": True,
        "items": [
            _item("Workspaces", "workspaces", "accounts_workspace_changelist"),
            _item("People", "group", "accounts_user_changelist", "?kind__exact=person"),
            _item("Agents", "smart_toy", "accounts_user_changelist", "?kind__exact=agent"),
            _item("Memberships", "badge", "accounts_membership_changelist"),
            _item("Invitations", "mail", "accounts_invitation_changelist"),
        ],
    },
    {
        "title": "Proposals",
        "separator": True,
        "items": [
            _item("Requests", "approval", "approvals_approvalrequest_changelist"),
            _item("Plans", "checklist", "plans_plan_changelist"),
            _item("Later looks", "fact_check", "approvals_afterreview_changelist"),
            _item("Absences", "event_busy", "approvals_absence_changelist"),
            _item("How you are asked", "notifications", "review_attention"),
        ],
    },
    {
        "title": "Credentials",
        "separator": True,
        "items": [
            _item("API keys", "key", "accounts_apikey_changelist"),
            _item("API logins", "devices", "accounts_tokenfamily_changelist"),
        ],
    },
    {
        "title": "Policy",
        "separator": True,
        "items": [
            _item("Policies", "policy", "policies_policy_changelist"),
            _item("Judged acts", "gavel", "policies_actrecord_changelist"),
            _item("Models", "payments", "inference_budget_changelist"),
            _item("Kill switch", "emergency_home", "ledger_killswitch_changelist"),
        ],
    },
    {
        "title": "Record",
        "separator": True,
        "items": [
            _item("Audit", "verified_user", "audit"),
            _item("Events", "history", "ledger_event_changelist"),
            _item("Deliveries", "outbox", "ledger_delivery_changelist"),
            _item("Webhooks", "webhook", "activity_webhookendpoint_changelist"),
            _item("Sent webhooks", "send", "activity_webhookmessage_changelist"),
        ],
    },
]

TOUR = format_lazy("{}?tour", reverse_lazy("admin:review_queue"))

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Lattice",
    "SITE_HEADER": "Lattice",
    "SITE_ICON": lambda _: static("lattice/mark.svg"),
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda _: static("lattice/mark.svg"),
        }
    ],
    "SITE_URL": None,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_HISTORY": False,
    "STYLES": [lambda _: static("lattice/console.css")],
    "BORDER_RADIUS": "8px",
    "COLORS": {
        "base": _scale(INK, 0.018, _LIGHTNESS),
        "primary": _scale(TEAL, 0.105, _LIGHTNESS),
        "font": {
            "subtle-light": "var(--color-base-600)",
            "subtle-dark": "var(--color-base-400)",
            "default-light": "var(--color-base-700)",
            "default-dark": "var(--color-base-300)",
            "important-light": "var(--color-base-900)",
            "important-dark": "var(--color-base-100)",
        },
    },
    "ACCOUNT": {
        "navigation": [
            {"title": "Your account", "link": reverse_lazy("account_home")},
            {"title": "Sessions", "link": reverse_lazy("usersessions_list")},
            {"title": "How you are asked", "link": reverse_lazy("admin:review_attention")},
            {"title": "Tour of the console", "link": TOUR},
        ]
    },
    "COMMAND": {"search_models": False, "show_history": False},
    "SIDEBAR": {"show_search": True, "command_search": True, "navigation": NAVIGATION},
}
