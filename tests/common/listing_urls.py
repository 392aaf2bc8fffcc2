"""A list and a thing with a version, for tests."""

from django.urls import path
from rest_framework.generics import ListAPIView
from rest_framework.response import Response
from rest_framework.serializers import ModelSerializer
from rest_framework.views import APIView

from apps.accounts.models import Workspace
from apps.common.api.preconditions import answer_with_tag, etag, require_match
from config.urls import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500"]


class WorkspaceSerializer(ModelSerializer):
    class Meta:
        model = Workspace
        fields = ("id", "name")


class Workspaces(ListAPIView):
    permission_classes = []
    queryset = Workspace.objects.all()
    serializer_class = WorkspaceSerializer
    orderings = ("-id", "name", "created_at")


class Others(Workspaces):
    pass


class Versioned(APIView):
    permission_classes = []
    authentication_classes = []
    version = 1

    def get(self, request):
        return answer_with_tag(request, etag("thing", self.version), {"version": self.version})

    def put(self, request):
        require_match(request, etag("thing", self.version))
        return Response({})

    def patch(self, request):
        require_match(request, etag("thing", self.version), required=False)
        return Response({})


urlpatterns = [
    path("workspaces", Workspaces.as_view()),
    path("others", Others.as_view()),
    path("versioned", Versioned.as_view()),
]
