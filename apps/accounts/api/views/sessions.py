"""Registering, logging in and out, and oneself."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.access.permissions import PeopleOnly, caller, signed_in
from apps.accounts.access.throttling import AddressRate, CallRate, PasswordRate
from apps.accounts.api import shapes
from apps.accounts.choices import Scope
from apps.accounts.errors import (
    EmailTaken,
    InvalidAccount,
    InvalidSecondStep,
    InvalidToken,
    LockedOut,
    SecondStepRequired,
    WrongPassword,
)
from apps.accounts.services import people, sessions
from apps.common.actors import SYSTEM
from apps.common.api.openapi import errors


class OpenDoor(APIView):
    """For callers who have no credential yet. One that is sent along is not even read."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = (AddressRate,)


@extend_schema(tags=["auth"])
class Register(OpenDoor):
    @extend_schema(
        summary="Register with an e-mail address and a password",
        request=shapes.RegisterInput,
        responses={201: shapes.AuthTokensOutput, **errors(EmailTaken, InvalidAccount)},
    )
    def post(self, request: Request) -> Response:
        given = shapes.RegisterInput(data=request.data)
        given.is_valid(raise_exception=True)
        person = people.register_person(**given.validated_data, actor=SYSTEM)
        tokens = sessions.open_session(person=person)
        return Response(shapes.AuthTokensOutput(tokens).data, status=201)


@extend_schema(tags=["auth"])
class Login(OpenDoor):
    stays_open = True

    @extend_schema(
        summary="Log in with an e-mail address and a password",
        description="Who has set up a second step sends `code` as well. Each code is good once.",
        request=shapes.LoginInput,
        responses={
            200: shapes.AuthTokensOutput,
            **errors(WrongPassword, SecondStepRequired, InvalidSecondStep, LockedOut),
        },
    )
    def post(self, request: Request) -> Response:
        given = shapes.LoginInput(data=request.data)
        given.is_valid(raise_exception=True)
        tokens = sessions.log_in(**given.validated_data, request=request._request)
        return Response(shapes.AuthTokensOutput(tokens).data)


@extend_schema(tags=["auth"])
class Refresh(OpenDoor):
    stays_open = True

    @extend_schema(
        summary="Spend a refresh token for a new pair of tokens",
        description="A refresh token is good for one use. If a spent one comes back, two hold it: "
        "every token of that login ends, and it is recorded.",
        request=shapes.RefreshInput,
        responses={200: shapes.AuthTokensOutput, **errors(InvalidToken)},
    )
    def post(self, request: Request) -> Response:
        given = shapes.RefreshInput(data=request.data)
        given.is_valid(raise_exception=True)
        tokens = sessions.refresh_session(**given.validated_data)
        return Response(shapes.AuthTokensOutput(tokens).data)


@extend_schema(tags=["auth"])
class Logout(OpenDoor):
    stays_open = True

    @extend_schema(
        summary="End the login that a refresh token belongs to",
        request=shapes.RefreshInput,
        responses={204: None, **errors(InvalidToken)},
    )
    def post(self, request: Request) -> Response:
        given = shapes.RefreshInput(data=request.data)
        given.is_valid(raise_exception=True)
        sessions.log_out(**given.validated_data)
        return Response(status=204)


@extend_schema(tags=["auth"])
class Me(APIView):
    permission_classes = (signed_in(Scope.MANAGE),)

    @extend_schema(summary="Who the credential says you are", responses=shapes.UserProfileOutput)
    def get(self, request: Request) -> Response:
        return Response(shapes.UserProfileOutput(caller(request)).data)

    @extend_schema(
        summary="Change your name, time zone or default workspace",
        description="Which mails you are sent, and when, /api/v1/attention changes.",
        request=shapes.ProfileInput,
        responses={200: shapes.UserProfileOutput, **errors(InvalidAccount)},
    )
    def patch(self, request: Request) -> Response:
        given = shapes.ProfileInput(data=request.data)
        given.is_valid(raise_exception=True)
        me = caller(request)
        changed = people.change_profile(person=me, actor=me, **given.validated_data)
        return Response(shapes.UserProfileOutput(changed).data)


@extend_schema(tags=["auth"])
class Password(APIView):
    permission_classes = (signed_in(Scope.MANAGE), PeopleOnly)
    throttle_classes = (CallRate, PasswordRate)

    @extend_schema(
        summary="Change your password",
        description="Every login of yours ends, this one included.",
        request=shapes.PasswordInput,
        responses={204: None, **errors(InvalidAccount)},
    )
    def post(self, request: Request) -> Response:
        given = shapes.PasswordInput(data=request.data)
        given.is_valid(raise_exception=True)
        me = caller(request)
        people.change_password(
            person=me,
            present=given.validated_data["password"],
            wanted=given.validated_data["new_password"],
            actor=me,
        )
        return Response(status=204)
