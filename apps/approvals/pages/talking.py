"""What is said on a request's page, of the whole or of a line, and whether it is resolved.
`threads` is what was said of places, by itself, for a page that is open already.
"""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.pages.entry import person
from apps.approvals.attachments import as_download
from apps.approvals.choices import Said, Side
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.pages.deciding import LONGEST, RequestAction
from apps.approvals.pages.parts import discussion
from apps.approvals.pages.reviewed import Reviewed
from apps.approvals.places import Place
from apps.approvals.selectors.discussion import the_attachment
from apps.approvals.selectors.requests import the_request
from apps.approvals.services.discussing import LARGEST_FILE, File, add_comment
from apps.approvals.services.threads import reopen_thread, resolve_thread
from apps.common.errors import Invalid, TooLarge


class CommentForm(forms.Form):
    text = forms.CharField(max_length=LONGEST)
    said = forms.ChoiceField(choices=Said.choices)
    reply_to = forms.UUIDField(required=False)
    file = forms.FileField(required=False)
    operation = forms.IntegerField(min_value=0, required=False)
    side = forms.ChoiceField(choices=[("", ""), *Side.choices], required=False)
    line = forms.IntegerField(min_value=1, required=False)
    content = forms.CharField(max_length=64, required=False)
    required = forms.BooleanField(required=False)


class ThreadForm(forms.Form):
    thread = forms.UUIDField()


class TalkAction(RequestAction):
    keeps = "unsaid"

    def back_to(self, row: ApprovalRequest) -> str:
        return f"{reverse('admin:review_request', args=[row.id])}?tab=discussion"


class CommentPage(TalkAction):
    form_class = CommentForm

    def act(self, row: ApprovalRequest, given: dict[str, Any], me: User) -> str:
        add_comment(
            request_id=row.id,
            text=given["text"],
            said=Said(given["said"]),
            reply_to=given["reply_to"],
            files=_files(given["file"]),
            place=_place(given),
            required=given["required"],
            actor=me,
        )
        return "You said it."


class ResolvePage(TalkAction):
    form_class = ThreadForm

    def act(self, row: ApprovalRequest, given: dict[str, Any], me: User) -> str:
        resolve_thread(request_id=row.id, comment_id=given["thread"], actor=me)
        return "The thread is resolved."


class ReopenPage(TalkAction):
    form_class = ThreadForm

    def act(self, row: ApprovalRequest, given: dict[str, Any], me: User) -> str:
        reopen_thread(request_id=row.id, comment_id=given["thread"], actor=me)
        return "The thread is open again."


def threads(request: HttpRequest, request_id: UUID) -> HttpResponse:
    row = the_request(request_id=request_id, actor=person(request))
    reviewed = Reviewed(row=row, me=person(request), asked=request.GET.dict())
    return TemplateResponse(
        request,
        "review/threads.html",
        {"row": row, "told": reviewed.told, "me": reviewed.me, "tab": discussion.shown(reviewed)},
    )


def attachment(request: HttpRequest, request_id: UUID, attachment_id: UUID) -> HttpResponse:
    me = person(request)
    row = the_request(request_id=request_id, actor=me)
    file, content = the_attachment(attachment_id=attachment_id, request=row, actor=me)
    return as_download(file, content)


def _files(sent: Any) -> list[File]:
    if not sent:
        return []
    if sent.size > LARGEST_FILE:
        raise TooLarge(f"A file has at most {LARGEST_FILE:,} bytes.")
    return [File(name=sent.name, media_type=sent.content_type, content=sent.read())]


def _place(given: dict[str, Any]) -> Place | None:
    operation, side, line = given["operation"], given["side"], given["line"]
    if operation is None:
        if line:
            raise Invalid(details=[{"field": "operation", "message": "A line is one of a change."}])
        return None
    return Place(
        operation=operation,
        side=Side(side) if line and side else None,
        line=line,
        content=given["content"],
    )
