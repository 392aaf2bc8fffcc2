"""One row in one transaction, behind the same door as a decision: the same authentication, limits,
middleware and parsing.
"""

from django.db import connection, transaction
from django.urls import include, path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.access.permissions import PeopleOnly, caller, requires
from apps.accounts.choices import Permission


class InsertOne(APIView):
    permission_classes = (requires(Permission.DECIDE), PeopleOnly)

    def post(self, request: Request) -> Response:
        said = request.data["decision"]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO bench_row (voter, decision) VALUES (%s, %s)",
                [caller(request).id, said],
            )
        return Response({"decision": said}, status=201)


urlpatterns = [path("bench/row", InsertOne.as_view()), path("", include("config.urls"))]
