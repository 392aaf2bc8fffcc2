"""The description of the API: a file, and two pages to read it on. Nothing comes from elsewhere."""

from functools import cache
from pathlib import Path
from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request
from rest_framework.response import Response

DEMO = {
    "approval_client.html": "text/html; charset=utf-8",
    "approval_client.css": "text/css; charset=utf-8",
    "approval_client.js": "text/javascript; charset=utf-8",
}
"""A page that can also be opened from elsewhere, and holds nothing."""
REMOTE_PICTURE = "https://cdn.redoc.ly/redoc/logo-mini.svg"


def describe_api() -> dict[str, Any]:
    made: dict[str, Any] = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    return made


_described = cache(describe_api)


class _MadeOnce(SchemaGenerator):
    """It is the same for everybody, and takes the better part of a second."""

    def get_schema(self, *_: Any, **__: Any) -> dict[str, Any]:
        return _described()


class Description(SpectacularAPIView):
    generator_class = _MadeOnce
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


class SwaggerPage(TemplateView):
    template_name = "documents/swagger.html"


@method_decorator(
    csp_update({"style-src": [UNSAFE_INLINE], "worker-src": [SELF, "blob:"]}), "dispatch"
)
class RedocPage(TemplateView):
    template_name = "documents/redoc.html"


@cache_control(max_age=86_400, public=True)
@require_safe
def redoc_script(_: HttpRequest) -> HttpResponse:
    """Redoc as it is, but for a picture it would fetch from its maker's server."""
    return HttpResponse(_redoc_without_remote_picture(), content_type="text/javascript")


@cache
def _redoc_without_remote_picture() -> str:
    script = finders.find("drf_spectacular_sidecar/redoc/bundles/redoc.standalone.js")
    if not isinstance(script, str):
        raise FileNotFoundError("redoc.standalone.js of drf-spectacular-sidecar")
    return Path(script).read_text().replace(REMOTE_PICTURE, static("lattice/mark.svg"))


@require_safe
def demo_file(_: HttpRequest, name: str) -> HttpResponse:
    return HttpResponse((settings.BASE_DIR / "demo" / name).read_bytes(), content_type=DEMO[name])
