"""Handing out a file that came with a comment: always to be saved, never opened in place."""

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from apps.approvals.selectors.discussion import ReadAttachment


def as_download(file: ReadAttachment, content: bytes) -> HttpResponse:
    return HttpResponse(
        content,
        content_type=file.row.media_type,
        headers={
            "Content-Disposition": content_disposition_header(True, file.name) or "attachment",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        },
    )
