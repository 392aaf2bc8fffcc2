"""As a workspace's export holds them: readable, since a deletion ends the keys."""

import base64
from typing import Any

from django.db.models import Model

from apps.accounts.errors import KeysErased, Undecipherable
from apps.accounts.keyring import decrypt
from apps.approvals.models.people import AfterReview, Attachment, Comment
from apps.approvals.models.requests import Vote


def exported_vote(row: Vote) -> dict[str, Any]:
    return {**_plain(row, "sealed"), "comment": _text(row, row.sealed, row.context)}


def exported_comment(row: Comment) -> dict[str, Any]:
    return {
        **_plain(row, "sealed", "sealed_place"),
        "text": _text(row, row.sealed, row.context),
        "place": _text(row, row.sealed_place, row.place_context),
    }


def exported_attachment(row: Attachment) -> dict[str, Any]:
    content = _opened(row, row.sealed, row.context)
    return {
        **_plain(row, "sealed", "sealed_name"),
        "name": _text(row, row.sealed_name, row.name_context),
        "content": base64.b64encode(content).decode() if content is not None else None,
    }


def exported_review(row: AfterReview) -> dict[str, Any]:
    return {
        **_plain(row, "sealed_reason", "sealed_note"),
        "reason": _text(row, row.sealed_reason, row.reason_context),
        "note": _text(row, row.sealed_note, row.note_context),
    }


def _plain(row: Model, *sealed: str) -> dict[str, Any]:
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.attname not in sealed
    }


def _text(row: Any, sealed: Any, context: str) -> str | None:
    opened = _opened(row, sealed, context)
    return opened.decode() if opened is not None else None


def _opened(row: Any, sealed: Any, context: str) -> bytes | None:
    """None: nothing was said, or its keys were destroyed."""
    if sealed is None:
        return None
    try:
        return decrypt(row.workspace_id, bytes(sealed), context=context)
    except (KeysErased, Undecipherable):
        return None
