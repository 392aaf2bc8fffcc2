"""What was said of requests, as it is read back: what nobody would see stands there by its name."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, QuerySet

from apps.accounts.errors import KeysErased, Undecipherable
from apps.accounts.keyring import decrypt, opener
from apps.approvals.choices import Said
from apps.approvals.models.people import Attachment, Comment
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.selectors.names import Person, people_named
from apps.common.actors import Actor
from apps.common.errors import NotFound
from apps.policies.engine.hidden import spelled_out

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


def comments_on(request: ApprovalRequest) -> QuerySet[Comment]:
    """Of a request that the caller was shown."""
    found: QuerySet[Comment] = Comment.objects.filter(request=request).order_by("id")
    return found


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

    files: dict[UUID, list[ReadAttachment]] = {}
    kept = Attachment.objects.filter(comment__in=comments).defer("sealed").order_by("id")
    for file in kept:
        name = read(file.sealed_name, file.name_context)
        files.setdefault(file.comment_id, []).append(ReadAttachment(row=file, name=name))
    names = people_named(
        one for comment in comments for one in (comment.author_id, *comment.mentions)
    )
    return [
        ReadComment(
            row=comment,
            text=read(comment.sealed, comment.context),
            author=names[comment.author_id],
            mentioned=[names[one] for one in comment.mentions],
            attachments=files.get(comment.id, []),
        )
        for comment in comments
    ]


def open_questions(request_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many wait for an answer, of those requests where some do."""
    answers = Comment.objects.filter(reply_to=OuterRef("id"), said=Said.ANSWER)
    found = (
        Comment.objects.filter(request__in=request_ids, said=Said.QUESTION)
        .exclude(Exists(answers))
        .values_list("request_id")
        .annotate(count=Count("id"))
    )
    return dict(found)


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
