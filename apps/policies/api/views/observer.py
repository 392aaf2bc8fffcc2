"""The observer's doors, as their clients know them: `/act`, `/turn`, `/state`, `/meta`."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from apps.accounts.access.idempotency import idempotent
from apps.accounts.access.permissions import caller, requires, standing
from apps.accounts.access.preparing import Prepared
from apps.accounts.choices import Permission
from apps.common.api.openapi import errors
from apps.common.version import VERSION
from apps.policies.api.shapes import observer as shapes
from apps.policies.api.shapes.verdicts import verdict_in_short
from apps.policies.errors import (
    PathForbidden,
    PolicyDenied,
    QuotaExceeded,
    RegoDenied,
    RiskPatternFound,
    TimedOut,
)
from apps.policies.ports import Act, Verdict
from apps.policies.selectors.acts import state_of, states
from apps.policies.selectors.policies import policies
from apps.policies.services import observing
from apps.policies.services.judging import Hearing, hear, require_allowed
from apps.policies.uptime import STARTED, uptime

DENIALS = (PathForbidden, RiskPatternFound, PolicyDenied, RegoDenied, QuotaExceeded)


class JudgedView(Prepared):
    permission_classes = (requires(Permission.WRITE),)
    reads: type[Serializer[Any]]
    given: dict[str, Any]
    hearing: Hearing

    def prepare(self, request: Request, **_: Any) -> None:
        sent = self.reads(data=request.data)
        sent.is_valid(raise_exception=True)
        self.given = sent.validated_data
        self.hearing = hear(
            act=self.as_act(self.given),
            actor=caller(request),
            workspace=standing(request).workspace_id,
        )

    def as_act(self, given: dict[str, Any]) -> Act:
        raise NotImplementedError


@extend_schema(tags=["observer"])
class TakeAct(JudgedView):
    reads = shapes.ActInput

    def as_act(self, given: dict[str, Any]) -> Act:
        return observing.action_as_act(**given)

    @extend_schema(
        summary="Say that an agent acts",
        description="It is judged, kept and told to whoever watches; a denial answers 403 or 422. "
        "`effect` says `require` where people would be asked first.",
        request=shapes.ActInput,
        responses={200: shapes.ActedOutput, **errors(*DENIALS)},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        verdict = observing.take_act(
            **self.given,
            actor=caller(request),
            workspace=standing(request).workspace_id,
            hearing=self.hearing,
        )
        require_allowed(verdict)
        return Response(_answer(self.given, verdict))


@extend_schema(tags=["observer"])
class TakeTurn(JudgedView):
    reads = shapes.TurnInput

    def as_act(self, given: dict[str, Any]) -> Act:
        return observing.input_as_act(agent_id=given["agent_id"], text=given["input"])

    @extend_schema(
        summary="Give an agent a turn",
        description="Judged, kept and told like an act. After five seconds it answers 504, and "
        "nothing was done.",
        request=shapes.TurnInput,
        responses={200: shapes.TurnedOutput, **errors(*DENIALS, TimedOut)},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        turn = observing.take_turn(
            agent_id=self.given["agent_id"],
            text=self.given["input"],
            actor=caller(request),
            workspace=standing(request).workspace_id,
            hearing=self.hearing,
        )
        require_allowed(turn.verdict)
        return Response({**_answer(self.given, turn.verdict), "response": turn.response})


@extend_schema(tags=["observer"])
class State(APIView):
    permission_classes = (requires(Permission.READ),)

    @extend_schema(
        summary="What an agent did and said",
        description="The latest 100 of each, as far as you may see them: your own and your "
        "agents', or all of them if you decide. What was said is left out where it was very long. "
        "An unknown agent has `{}`. Without `agent_id`, "
        "which agents there are.",
        parameters=[shapes.StateInput],
        responses={200: {"type": "object"}},
    )
    def get(self, request: Request) -> Response:
        asked = shapes.StateInput(data=request.query_params)
        asked.is_valid(raise_exception=True)
        workspace, me = standing(request).workspace_id, caller(request)
        if label := asked.validated_data.get("agent_id"):
            return Response(state_of(label=label, workspace_id=workspace, actor=me))
        return Response({"meta": _meta(), "agent": states(workspace_id=workspace, actor=me)})


@extend_schema(tags=["observer"])
class Meta(APIView):
    permission_classes = (requires(Permission.READ),)

    @extend_schema(
        summary="The server's version, since when it is up, and how many policies you have",
        responses={200: {"type": "object"}},
    )
    def get(self, request: Request) -> Response:
        return Response(
            {
                "meta": _meta(),
                "uptime": uptime(),
                "policies_loaded": policies(actor=caller(request)).count(),
            }
        )


def _meta() -> dict[str, Any]:
    return {"version": VERSION, "start": STARTED.isoformat()}


def _answer(given: dict[str, Any], verdict: Verdict) -> dict[str, Any]:
    return {
        "status": "ok",
        "echo": given,
        "verdict": verdict_in_short(verdict),
        "act": verdict.record,
    }
