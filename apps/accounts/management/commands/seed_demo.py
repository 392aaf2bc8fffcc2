"""`manage.py seed_demo`: the demo workspace, again and again the same one."""

import json
from typing import Any

from django.conf import settings

from apps.accounts.ports import furnishings
from apps.accounts.services.demo import missing_from_demo, seed_demo
from apps.common.commands import LatticeCommand, Report
from apps.common.rooms import import_everywhere
from apps.ledger.switch import is_on


class Command(LatticeCommand):
    help = "Make the demo workspace with two who review and an agent, or say how to use it."
    writes = True

    def run(self, *, dry_run: bool, **_: Any) -> Report:
        if is_on():
            return Report("The kill switch is on: the demo was left as it is.")
        if dry_run:
            missing = missing_from_demo()
            made = f"Of the demo {', '.join(missing)} would be made" if missing else "It is there"
            text = f"{made}; passwords and keys that nobody kept would be made anew."
            return Report(text, {"missing": missing})
        known = _known()
        demo = seed_demo(
            known_password=known.get("reviewer", {}).get("password", ""),
            known_colleague=known.get("colleague", {}).get("password", ""),
            known_key=known.get("agent", {}).get("api_key", ""),
        )
        import_everywhere("demo")
        for furnish in furnishings:
            furnish(demo.workspace, demo.agent)
        facts = {
            "workspace": str(demo.workspace.id),
            "reviewer": {"email": demo.reviewer.email, "password": demo.password},
            "colleague": {"email": demo.colleague.email, "password": demo.colleague_password},
            "agent": {"email": demo.agent.email, "api_key": demo.api_key},
        }
        text = (
            f"Workspace {demo.workspace.name} ({demo.workspace.id})\n"
            f"Reviewer  {demo.reviewer.email}  {demo.password}\n"
            f"Colleague {demo.colleague.email}  {demo.colleague_password}\n"
            f"Agent     {demo.agent.email}  {demo.api_key}"
        )
        return Report(text, facts)


def _known() -> dict[str, Any]:
    """What `up` kept of the last time. Anything unreadable there is no reason to stop."""
    try:
        found = json.loads((settings.DATA_DIR / "demo.json").read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
