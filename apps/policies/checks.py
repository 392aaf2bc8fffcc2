"""What a server says at its start of Rego that is not set up."""

from collections.abc import Iterator

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from apps.common.ports import SETTINGS


@register(SETTINGS)
def check_rego(**_: object) -> list[CheckMessage]:
    """lattice.E016."""
    return list(_unsafe())


def _unsafe() -> Iterator[CheckMessage]:
    if not settings.OPA_ENABLE:
        return
    url, folder = settings.OPA_URL, settings.OPA_POLICY_DIR
    if bool(url) == bool(folder):
        yield Error(
            "OPA_ENABLE is on, but not exactly one of OPA_URL and OPA_POLICY_DIR is set.",
            hint="Set the one that holds your Rego policies: until then every act is denied.",
            id="lattice.E016",
        )
    elif folder and not any(folder.rglob("*.rego")):
        yield Error(
            "OPA_POLICY_DIR holds no .rego file.",
            hint="Put a policy there that says `package agent` and `allow`: until then every act "
            "is denied.",
            id="lattice.E016",
        )
    elif url and not url.startswith(("http://", "https://")):
        yield Error(
            "OPA_URL does not begin with http:// or https://.",
            hint="Name the OPA server like http://127.0.0.1:8181.",
            id="lattice.E016",
        )
