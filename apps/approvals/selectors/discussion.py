"""What was said of requests, as it is read back: what nobody would see stands there by its name."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from apps.accounts.errors import KeysErased, Undecipherable
from apps.accounts.keyring import decrypt, opener
from apps.accounts.selectors.names import Person, people_named
from apps.approvals.choices import Said
from apps.approvals.models.people import Attachment, Comment
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.places import Quote
from apps.common.actors import Actor
from apps.common.errors import NotFound
from apps.common.texts.hidden import spelled_out

UNREADABLE = "(cannot be read any more)"


@dataclass(frozen=True, kw_only=True)
class ReadAttachment:
    row: Attachment
    name: str


@dataclass(frozen=True, kw_only=True)
class ReadComment:
    row: Comment
    text: str
    author: Person
    mentioned: Sequence[Person]
    attachments: Sequence[ReadAttachment]
    quote: Quote | None
    """What stood where it was said."""
    is_current: bool
    """It was said of what is asked about now."""
    resolved_by: Person | None


@dataclass(frozen=True, kw_only=True)
class ReadThread:
    first: ReadComment
    replies: list[ReadComment]


@dataclass(frozen=True, kw_only=True)
class StillOpen:
    """How much of a discussion waits for somebody."""

    questions: int = 0
    threads: int = 0
    required: int = 0
    """Those threads that are to be resolved before anybody approves."""


NOTHING_OPEN = StillOpen()


def comments_on(request: ApprovalRequest) -> QuerySet[Comment]:
    """Of a request that the caller was shown."""
    found: QuerySet[Comment] = Comment.objects.filter(request=request).order_by("id")
    return found.select_related("request")


def the_thread(*, comment_id: UUID, request: ApprovalRequest) -> Comment:
    found = comments_on(request).filter(id=comment_id).first()
    if found is None:
        raise NotFound
    return found


def threads_of(comments: Sequence[ReadComment]) -> list[ReadThread]:
    """All that was said, put together: whatever answers something stands in the thread of that."""
    threads: dict[UUID, ReadThread] = {}
    for comment in comments:
        before = comment.row.reply_to_id
        if before in threads:
            threads[comment.row.id] = threads[before]
            threads[before].replies.append(comment)
        else:
            threads[comment.row.id] = ReadThread(first=comment, replies=[])
    return list({id(thread): thread for thread in threads.values()}.values())


def read_comments(rows: Iterable[Comment]) -> list[ReadComment]:
    """Of one workspace, in three queries."""
    comments = list(rows)
    if not comments:
        return []
    open_text = opener(comments[0].workspace_id)

    def read(sealed: bytes | memoryview, context: str) -> str:
        try:
            return spelled_out(open_text(bytes(sealed), context).decode())
        except (KeysErased, Undecipherable):
            return UNREADABLE

    def quote(comment: Comment) -> Quote | None:
        if comment.sealed_place is None:
            return None
        try:
            kept = json.loads(open_text(bytes(comment.sealed_place), comment.place_context))
        except (KeysErased, Undecipherable):
            return Quote(target=UNREADABLE)
        return Quote(target=spelled_out(kept["target"]), line=spelled_out(kept["line"]))

    files: dict[UUID, list[ReadAttachment]] = {}
    kept = Attachment.objects.filter(comment__in=comments).defer("sealed").order_by("id")
    for file in kept:
        name = read(file.sealed_name, file.name_context)
        files.setdefault(file.comment_id, []).append(ReadAttachment(row=file, name=name))
    names = people_named(
        one
        for comment in comments
        for one in (comment.author_id, comment.resolved_by, *comment.mentions)
    )
    return [
        ReadComment(
            row=comment,
            text=read(comment.sealed, comment.context),
            author=names[comment.author_id],
            mentioned=[names[one] for one in comment.mentions],
            attachments=files.get(comment.id, []),
            quote=quote(comment),
            is_current=comment.content_digest in ("", comment.request.content_digest),
            resolved_by=names[comment.resolved_by] if comment.resolved_by else None,
        )
        for comment in comments
    ]


def answers() -> QuerySet[Comment]:
    found: QuerySet[Comment] = Comment.objects.filter(said=Said.ANSWER)
    return found


def still_open(request_ids: Collection[UUID]) -> dict[UUID, StillOpen]:
    """Of those requests of which something was said."""
    answered = Exists(answers().filter(reply_to=OuterRef("id")))
    begun = Q(operation__isnull=False) | Q(required=True)
    unresolved = Q(resolved_at__isnull=True)
    found = (
        Comment.objects.filter(request__in=request_ids)
        .values_list("request_id")
        .annotate(
            questions=Count("id", filter=Q(~answered, said=Said.QUESTION)),
            threads=Count("id", filter=begun & unresolved),
            required=Count("id", filter=Q(required=True) & unresolved),
        )
    )
    return {
        request_id: StillOpen(questions=questions, threads=threads, required=required)
        for request_id, questions, threads, required in found
    }


def the_attachment(
    *, attachment_id: UUID, request: ApprovalRequest, actor: Actor
) -> tuple[ReadAttachment, bytes]:
    visible = Attachment.objects.visible_to(actor)
    file: Attachment | None = visible.filter(id=attachment_id, comment__request=request).first()
    if file is None:
        raise NotFound
    place = file.workspace_id
    content = decrypt(place, bytes(file.sealed), context=file.context)
    name = decrypt(place, bytes(file.sealed_name), context=file.name_context).decode()
    return ReadAttachment(row=file, name=name), content
