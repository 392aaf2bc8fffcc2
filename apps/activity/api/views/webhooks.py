"""A workspace's outgoing webhooks, below /api/v1/webhooks."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.access.idempotency import idempotent
from apps.accounts.access.permissions import caller, requires, standing
from apps.accounts.choices import Permission
from apps.activity.api import shapes
from apps.activity.choices import MessageState
from apps.activity.errors import InvalidWebhook, TooManyWebhooks, WebhookDisabled
from apps.activity.models import WebhookEndpoint, WebhookMessage
from apps.activity.selectors.webhooks import message, messages_of, webhook, webhooks_of
from apps.activity.services import webhooks
from apps.common.api.openapi import errors

MANAGERS = (requires(Permission.MANAGE_WORKSPACE, reading=Permission.MANAGE_WORKSPACE),)


def asked_for(request: Request, webhook_id: UUID) -> WebhookEndpoint:
    return webhook(
        webhook_id=webhook_id,
        workspace_id=standing(request).workspace_id,
        actor=caller(request),
    )


@extend_schema(tags=["webhooks"])
class Webhooks(GenericAPIView[WebhookEndpoint]):
    permission_classes = MANAGERS
    serializer_class = shapes.WebhookOutput
    queryset = WebhookEndpoint.objects.none()

    @extend_schema(
        summary="List the workspace's webhooks", responses=shapes.WebhookOutput(many=True)
    )
    def get(self, request: Request) -> Response:
        found = webhooks_of(workspace_id=standing(request).workspace_id, actor=caller(request))
        page = self.paginate_queryset(found)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        summary="Have events sent to an address",
        description="From now on. Keep the secret of the answer: it verifies what is sent, and is "
        "not shown again. How to receive is described in docs/webhooks.md.",
        request=shapes.WebhookInput,
        responses={201: shapes.MadeWebhookOutput, **errors(InvalidWebhook, TooManyWebhooks)},
    )
    @idempotent(shown_once=["secret"])
    def post(self, request: Request) -> Response:
        given = shapes.WebhookInput(data=request.data)
        given.is_valid(raise_exception=True)
        me = caller(request)
        made = webhooks.create_webhook(
            workspace_id=standing(request).workspace_id,
            created_by=me.id,
            actor=me,
            **given.validated_data,
        )
        place = f"/api/v1/webhooks/{made.endpoint.id}"
        return Response(_shown(made), status=201, headers={"Location": place})


@extend_schema(tags=["webhooks"])
class Webhook(APIView):
    permission_classes = MANAGERS

    @extend_schema(summary="Read a webhook", responses=shapes.WebhookOutput)
    def get(self, request: Request, webhook_id: UUID) -> Response:
        return Response(shapes.WebhookOutput(asked_for(request, webhook_id)).data)

    @extend_schema(
        summary="Change, disable or enable a webhook",
        description="Enabled again, it is sent what still waits, and what happens from then on.",
        request=shapes.WebhookChange,
        responses={200: shapes.WebhookOutput, **errors(InvalidWebhook)},
    )
    def patch(self, request: Request, webhook_id: UUID) -> Response:
        given = shapes.WebhookChange(data=request.data)
        given.is_valid(raise_exception=True)
        changed = webhooks.change_webhook(
            webhook=asked_for(request, webhook_id), actor=caller(request), **given.validated_data
        )
        return Response(shapes.WebhookOutput(changed).data)

    @extend_schema(summary="Delete a webhook and its log", responses={204: None})
    def delete(self, request: Request, webhook_id: UUID) -> Response:
        webhooks.delete_webhook(webhook=asked_for(request, webhook_id), actor=caller(request))
        return Response(status=204)


@extend_schema(tags=["webhooks"])
class Rotation(APIView):
    permission_classes = MANAGERS

    @extend_schema(
        summary="Give a webhook a new secret",
        description="Until the overlap is over, messages carry a signature of each secret.",
        request=shapes.WebhookRotationInput,
        responses={200: shapes.MadeWebhookOutput, **errors(InvalidWebhook)},
    )
    @idempotent(shown_once=["secret"])
    def post(self, request: Request, webhook_id: UUID) -> Response:
        given = shapes.WebhookRotationInput(data=request.data)
        given.is_valid(raise_exception=True)
        made = webhooks.rotate_secret(
            webhook=asked_for(request, webhook_id),
            overlap=timedelta(seconds=given.validated_data["overlap_seconds"]),
            actor=caller(request),
        )
        return Response(_shown(made))


@extend_schema(tags=["webhooks"])
class Test(APIView):
    permission_classes = MANAGERS

    @extend_schema(
        summary="Send a webhook an event of its own",
        description="`activity.webhook.tested`, whatever types it asked for. The log of deliveries "
        "shows what came of it.",
        request=None,
        responses={202: None, **errors(WebhookDisabled)},
    )
    @idempotent()
    def post(self, request: Request, webhook_id: UUID) -> Response:
        webhooks.send_test(webhook=asked_for(request, webhook_id), actor=caller(request))
        return Response(status=202)


class StateFilter(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=MessageState.choices, required=False)


@extend_schema(tags=["webhooks"])
class Deliveries(GenericAPIView[WebhookMessage]):
    permission_classes = MANAGERS
    serializer_class = shapes.WebhookMessageOutput
    queryset = WebhookMessage.objects.none()

    @extend_schema(
        summary="List what was and will be sent to a webhook",
        parameters=[OpenApiParameter("state", enum=MessageState.values)],
        responses=shapes.WebhookMessageOutput(many=True),
    )
    def get(self, request: Request, webhook_id: UUID) -> Response:
        asked = StateFilter(data=request.query_params)
        asked.is_valid(raise_exception=True)
        found = messages_of(
            asked_for(request, webhook_id), actor=caller(request), **asked.validated_data
        )
        page = self.paginate_queryset(found)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


@extend_schema(tags=["webhooks"])
class Delivery(APIView):
    permission_classes = MANAGERS

    @extend_schema(
        summary="Read a delivery with all its attempts",
        responses=shapes.WebhookMessageWithAttemptsOutput,
    )
    def get(self, request: Request, webhook_id: UUID, message_id: UUID) -> Response:
        found = message(
            message_id=message_id, endpoint=asked_for(request, webhook_id), actor=caller(request)
        )
        return Response(shapes.WebhookMessageWithAttemptsOutput(found).data)


@extend_schema(tags=["webhooks"])
class Replay(APIView):
    permission_classes = MANAGERS

    @extend_schema(
        summary="Send a delivery again",
        description="Under the same `webhook-id`, whether it had arrived or not.",
        request=None,
        responses={202: None, **errors(WebhookDisabled)},
    )
    @idempotent()
    def post(self, request: Request, webhook_id: UUID, message_id: UUID) -> Response:
        endpoint, me = asked_for(request, webhook_id), caller(request)
        found = message(message_id=message_id, endpoint=endpoint, actor=me)
        webhooks.replay_message(message=found, actor=me)
        return Response(status=202)


def _shown(made: webhooks.MadeWebhook) -> dict[str, Any]:
    shape = shapes.MadeWebhookOutput(made.endpoint, context={"secret": made.secret})
    return dict(shape.data)
