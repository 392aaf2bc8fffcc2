"""The house with loaves in it, as its servers run it in tests."""

from config.asgi import application
from tests.approvals import loaves

__all__ = ["application", "loaves"]
