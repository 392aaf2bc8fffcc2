"""A webhook of a workspace, and somebody who listens."""

import pytest

from apps.activity.services.webhooks import MadeWebhook, create_webhook


@pytest.fixture
def webhook(workspace, admin, receiver) -> MadeWebhook:
    return create_webhook(
        workspace_id=workspace.id,
        url=receiver.url,
        event_types=["tests.tower.*"],
        description="",
        created_by=admin.id,
        actor=admin,
    )
