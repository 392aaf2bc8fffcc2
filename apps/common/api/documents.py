"""The description of the API: a file, and two pages to read it on. Nothing comes from elsewhere."""

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.utils.decorators import method_decorator
from django.views.generic import TemplateView
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request
from rest_framework.response import Response


class Description(SpectacularAPIView):
    authentication_classes = []
    throttle_classes = []
    renderer_classes = [OpenApiJsonRenderer, OpenApiYamlRenderer]

    @extend_schema(
        summary="Read this description",
        description="OpenAPI 3.1, as JSON or YAML, whichever you accept.",
        tags=["documents"],
        responses={200: {"type": "object", "example": {"openapi": "3.1.1"}}},
    )
    def get(self, request: Request) -> Response:
        return super().get(request)  # type: ignore[no-any-return, no-untyped-call]


@method_decorator(csp_update({"style-src": [UNSAFE_INLINE]}), "dispatch")
class SwaggerPage(TemplateView):
    template_name = "documents/swagger.html"


@method_decorator(
    csp_update({"style-src": [UNSAFE_INLINE], "worker-src": [SELF, "blob:"]}), "dispatch"
)
class RedocPage(TemplateView):
    template_name = "documents/redoc.html"
