"""The queue's view as it stands in the address: what it leaves out is as it is at first."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlencode
from uuid import UUID

from apps.approvals.choices import Order, View
from apps.approvals.ports import subjects
from apps.approvals.selectors.listing import Asked
from apps.policies.choices import RiskLevel


def read_asked(given: Mapping[str, str]) -> Asked:
    """What is not understood is as if it were not there: an address may be old."""
    view, order = given.get("view", ""), given.get("order", "")
    kind, risk = given.get("kind", ""), given.get("risk", "")
    return Asked(
        view=View(view) if view in View.values else View.WAITING,
        order=Order(order) if order in Order.values else Order.DUE,
        workspace=_id(given.get("workspace", "")),
        kind=kind if kind in subjects else "",
        risk=risk if risk in RiskLevel.values else "",
        proposer=_id(given.get("proposer", "")),
    )


def query_of(asked: Asked, **more: str) -> str:
    """With its question mark, or nothing."""
    query = urlencode(said_of(asked) | more)
    return f"?{query}" if query else ""


def said_of(asked: Asked) -> dict[str, str]:
    """What is not as it is at first."""
    usual = Asked()
    return {
        name: str(value)
        for name, value in vars(asked).items()
        if value and value != getattr(usual, name)
    }


def read_ids(texts: Iterable[str], *, most: int) -> list[UUID]:
    """Each once, in their order."""
    found = dict.fromkeys(one for one in map(_id, texts) if one)
    return list(found)[:most]


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
