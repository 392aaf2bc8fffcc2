"""What a view does before its unit of work begins: reading, and asking elsewhere."""

from typing import Any

from rest_framework.request import Request
from rest_framework.views import APIView

from apps.accounts.access.idempotency import HEADER


class Prepared(APIView):
    """`prepare` reads what is posted, and asks what has to be asked elsewhere, before the unit of
    work that keeps an idempotency key begins."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method != "POST":
            return
        if HEADER in request.headers:
            _ = request.body  # kept, where it is read before it is parsed
        self.prepare(request, **kwargs)

    def prepare(self, request: Request, **kwargs: Any) -> None:
        raise NotImplementedError
