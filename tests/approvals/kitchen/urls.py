"""Where a server comes by when it starts: loaves are a subject from here on."""

from config.urls import handler400, handler403, handler404, handler500, urlpatterns
from tests.approvals import loaves

__all__ = ["handler400", "handler403", "handler404", "handler500", "loaves", "urlpatterns"]
