"""What people say of a request, of an operation or a line of it: notes, questions to who proposed
it, answers, with a few files.

It stays open to notes and answers when the request is over: what is found out later belongs to it.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from apps.accounts.choices import Permission
from apps.accounts.keyring import encrypt
from apps.accounts.models import Membership
from apps.accounts.ports import Standing
from apps.accounts.selectors.standing import require
from apps.approvals import events
from apps.approvals.choices import OPEN, Said, State
from apps.approvals.errors import AttachmentRefused, NotOpen, PlaceMoved
from apps.approvals.models.people import Attachment, Comment
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.places import Place, quoted
from apps.approvals.selectors.discussion import answers
from apps.approvals.selectors.requests import the_request
from apps.approvals.selectors.subjects import change_of
from apps.approvals.services.opening import speaks_for
from apps.approvals.services.settling import named
from apps.approvals.services.threads import may_require
from apps.common.actors import Actor
from apps.common.errors import Invalid, NotAllowed, TooLarge
from apps.common.texts.hidden import needless
from apps.ledger.services import record, unit

LONGEST = 10_000
MOST_COMMENTS = 1_000
PROPOSERS_SHARE = 300
"""Of them, for who proposed it and whoever delegated: others are to have their say."""
MOST_FILES = 3
LARGEST_FILE = 1_000_000
MEDIA_TYPES = (
    *("text/plain", "text/markdown", "text/csv", "text/x-diff"),
    *("application/json", "application/pdf", "image/png", "image/jpeg", "image/webp"),
)
"""None of them runs when it is opened."""


@dataclass(frozen=True, kw_only=True)
class File:
    name: str
    media_type: str
    content: bytes


def add_comment(
    *,
    request_id: UUID,
    text: str,
    actor: Actor,
    said: Said = Said.NOTE,
    reply_to: UUID | None = None,
    mentions: Collection[UUID] = (),
    files: Sequence[File] = (),
    place: Place | None = None,
    required: bool = False,
) -> Comment:
    """By who may decide here, and by who proposed it or owns the agent that did. Members are told
    whose ids are given, or whom the text calls by @name or @address. Until what is `required` is
    resolved nobody approves: that is for those to say who may decide on it."""
    found = the_request(request_id=request_id, actor=actor)
    standing = require(actor=actor, workspace_id=found.workspace_id, permission=Permission.WRITE)
    _require_may_write(standing, found, actor)
    text = _sound_text(text)
    _require_sound_files(files)
    with unit(actor=actor, workspace=found.workspace_id):
        request = ApprovalRequest.objects.select_for_update(of=("self",)).get(id=found.id)
        before = _replied_to(request, reply_to)
        _require_fits(said, before, request, actor)
        _require_room(said, before, request, actor)
        if required:
            _require_may_require(standing, request, actor)
        comment = Comment(
            workspace_id=request.workspace_id,
            request=request,
            said=said,
            author_id=actor.actor_id,
            author_kind=actor.actor_kind,
            reply_to=before,
            mentions=_called(text, mentions, request.workspace_id),
            required=required,
        )
        if place or required:
            _require_on_top(before)
        if place:
            _put(comment, place, request)
        comment.sealed = encrypt(request.workspace_id, text.encode(), context=comment.context)
        comment.save(force_insert=True)
        Attachment.objects.bulk_create(_sealed(file, comment) for file in files)
        record(
            events.CommentAdded(
                **named(request),
                comment=comment.id,
                said=comment.said,
                reply_to=reply_to,
                mentions=comment.mentions,
                attachments=len(files),
                operation=comment.operation,
                side=comment.side,
                line=comment.line,
                required=comment.required,
            )
        )
    return comment


def may_write(standing: Standing, request: ApprovalRequest, actor: Actor) -> bool:
    """Whether a form would be of use; the service decides again."""
    return standing.permits(Permission.WRITE) and (
        standing.permits(Permission.DECIDE) or speaks_for(actor, request)
    )


def read_file(*, name: str, media_type: str, content: str) -> File:
    """As doors take it: `content` is base64."""
    try:
        plain = base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError) as error:
        raise AttachmentRefused(
            details=[{"field": "attachments", "message": "Send `content` as base64."}]
        ) from error
    return File(name=name, media_type=media_type, content=plain)


# --- before


def _require_may_write(standing: Standing, request: ApprovalRequest, actor: Actor) -> None:
    if not may_write(standing, request, actor):
        raise NotAllowed(
            "Those who may decide write here, and who proposed it or owns the agent that did."
        )


def _sound_text(text: str) -> str:
    text = text.strip()
    fault = ""
    if not text:
        fault = "Say something."
    elif len(text) > LONGEST:
        fault = f"Write at most {LONGEST:,} characters."
    elif "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        fault = "It holds characters that are none."
    if fault:
        raise Invalid(details=[{"field": "text", "message": fault}])
    return text


def _require_sound_files(files: Sequence[File]) -> None:
    if len(files) > MOST_FILES:
        raise AttachmentRefused(f"At most {MOST_FILES} files go with one comment.")
    for number, file in enumerate(files):
        if len(file.content) > LARGEST_FILE:
            raise TooLarge(f"A file has at most {LARGEST_FILE:,} bytes.")
        fault = _fault_of(file)
        if fault:
            raise AttachmentRefused(details=[{"field": f"attachments.{number}", "message": fault}])


def _fault_of(file: File) -> str:
    if not file.content:
        return "It is empty."
    if file.media_type not in MEDIA_TYPES:
        return f"Its media type is not among: {', '.join(MEDIA_TYPES)}."
    if not 0 < len(file.name) <= 200 or file.name.strip(". ") == "":
        return "Its name has 1 to 200 characters."
    if any(sign in file.name for sign in "/\\") or next(needless(file.name), None) is not None:
        return "Its name is one of a file, without folders and characters that nobody sees."
    if not file.name.isprintable():
        return "Its name stands on one line."
    return ""


def _replied_to(request: ApprovalRequest, reply_to: UUID | None) -> Comment | None:
    if reply_to is None:
        return None
    before: Comment | None = request.comments.filter(id=reply_to).first()
    if before is None:
        raise Invalid(details=[{"field": "reply_to", "message": "There is no such comment here."}])
    return before


def _require_fits(
    said: Said, before: Comment | None, request: ApprovalRequest, actor: Actor
) -> None:
    if said == Said.QUESTION:
        if request.state not in OPEN:
            raise NotOpen("It is over: write a note, nobody waits for an answer any more.")
        if actor.actor_id == request.proposer_id:
            raise Invalid("A question goes to who proposed it: that is you. Write a note.")
    if said != Said.ANSWER:
        return
    if before is None or before.said != Said.QUESTION:
        raise Invalid(
            details=[{"field": "reply_to", "message": "An answer names the question it is to."}]
        )
    if not speaks_for(actor, request) and actor.actor_id != before.author_id:
        raise NotAllowed("Whoever proposed it answers, or who asked and found out. Write a note.")


def _require_room(
    said: Said, before: Comment | None, request: ApprovalRequest, actor: Actor
) -> None:
    """A question that is open can always be answered: it would be the proposer's turn for ever."""
    if request.comments.count() >= MOST_COMMENTS:
        raise Invalid(f"At most {MOST_COMMENTS:,} comments stand below one request.")
    proposers = {request.proposer_id, *request.excluded}
    if actor.actor_id not in proposers:
        return
    if said == Said.ANSWER and before and not answers().filter(reply_to=before).exists():
        return
    if request.comments.filter(author_id__in=proposers).count() >= PROPOSERS_SHARE:
        raise Invalid(
            f"At most {PROPOSERS_SHARE} comments are by who proposed it and whoever delegated. "
            "Open questions can still be answered."
        )


# --- threads


def _require_may_require(standing: Standing, request: ApprovalRequest, actor: Actor) -> None:
    if not may_require(standing, request, actor):
        raise NotAllowed("Only who may decide on it says what has to be resolved first.")
    if request.state != State.PENDING:
        raise NotOpen("It is decided: nothing comes before that any more.")


def _require_on_top(before: Comment | None) -> None:
    if before is not None:
        raise Invalid(
            details=[
                {
                    "field": "reply_to",
                    "message": "An answer stands where its thread does, and is required with it.",
                }
            ]
        )


def _put(comment: Comment, place: Place, request: ApprovalRequest) -> None:
    """There, with what stands there now."""
    change = change_of(request)
    if change and place.content and place.content != change.digest:
        raise PlaceMoved
    quote = quoted(change, place) if change else None
    if change is None or quote is None:
        raise Invalid(
            details=[{"field": "place", "message": "There is no such place in what would change."}]
        )
    comment.operation, comment.line = place.operation, place.line
    comment.side = place.side or ""
    comment.content_digest = change.digest
    kept = json.dumps(asdict(quote)).encode()
    comment.sealed_place = encrypt(comment.workspace_id, kept, context=comment.place_context)


# --- who is told


def _called(text: str, given: Collection[UUID], workspace_id: UUID) -> list[UUID]:
    here = Membership.objects.standing().filter(workspace_id=workspace_id)
    people = dict.fromkeys(given)
    if people:
        members = set(here.filter(user_id__in=people).values_list("user_id", flat=True))
        strangers = [one for one in people if one not in members]
        if strangers:
            raise Invalid(
                details=[
                    {"field": "mentions", "message": f"{one} is not a member here."}
                    for one in strangers
                ]
            )
    if "@" in text:
        rows = here.values_list("user_id", "user__name", "user__email").order_by("user_id")
        people |= dict.fromkeys(_named_in(text, list(rows)))
    return list(people)


def _named_in(text: str, members: Sequence[tuple[UUID, str, str]]) -> list[UUID]:
    """The longest name that fits is meant, and by a name that several have, all of them."""
    by_name: dict[str, list[UUID]] = {}
    for member, name, address in members:
        for called in filter(None, (name.casefold(), address.casefold())):
            by_name.setdefault(called, []).append(member)
    names = "|".join(map(re.escape, sorted(by_name, key=len, reverse=True)))
    found = re.findall(rf"(?<![\w.])@({names})(?![\w@])", text.casefold()) if names else []
    return [member for name in found for member in by_name[name]]


def _sealed(file: File, comment: Comment) -> Attachment:
    kept = Attachment(
        workspace_id=comment.workspace_id,
        comment=comment,
        media_type=file.media_type,
        size=len(file.content),
        digest=hashlib.sha256(file.content).hexdigest(),
    )
    kept.sealed = encrypt(comment.workspace_id, file.content, context=kept.context)
    name = file.name.encode()
    kept.sealed_name = encrypt(comment.workspace_id, name, context=kept.name_context)
    return kept
