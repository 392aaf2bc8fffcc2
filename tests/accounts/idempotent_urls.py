"""A door that creates, for the tests of Idempotency-Key."""

import threading

from django.urls import path
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.access.idempotency import idempotent
from apps.accounts.access.permissions import caller
from apps.accounts.models import Workspace
from apps.accounts.services.workspaces import create_workspace

HOLD = threading.Event()


class Rooms(APIView):
    @idempotent(shown_once=["secret"])
    def post(self, request):
        if request.data.get("name") == "bad":
            raise ValidationError({"name": ["No."]})
        if request.data.get("wait"):
            HOLD.wait(60)
        me = caller(request)
        workspace = create_workspace(name=request.data["name"], owner=me, actor=me)
        if Workspace.objects.filter(name=workspace.name).count() > 1:
            raise AssertionError("made twice")
        shown = {"id": workspace.id, "secret": "s3cret", "at": workspace.created_at}
        return Response(shown, status=201, headers={"Location": f"/rooms/{workspace.id}"})


class Silent(APIView):
    @idempotent()
    def post(self, request):
        return Response(status=204)


urlpatterns = [path("rooms", Rooms.as_view()), path("silent", Silent.as_view())]
