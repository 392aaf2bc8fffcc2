"""A production server does not start on what is only good enough for development."""

from base64 import urlsafe_b64decode
from collections.abc import Iterator

from django.core.checks import CheckMessage, Error, Warning

from apps.common.runtime.programs import MIRROR_OF_NOBODY
from config.env import Environment, environment

SHORTEST_SECRET = 32


def check_production(**_: object) -> list[CheckMessage]:
    """lattice.E010 to E014, lattice.W015."""
    return [] if environment.development else list(unsafe_in_production(environment))


def check_mirror(**_: object) -> list[CheckMessage]:
    """lattice.W021. `manage.py up` does not start with it."""
    return list(nobody_proposes(environment))


def nobody_proposes(given: Environment) -> Iterator[CheckMessage]:
    """What the files say needs somebody who says it."""
    has_demo = given.development and given.demo
    if given.spec_sync_on and not (given.spec_sync_as or given.init_email or has_demo):
        yield Warning(
            "SPEC_SYNC_DIR names a folder, and nothing says who proposes what its files say.",
            hint="Set SPEC_SYNC_AS to the e-mail address or id of a member, or "
            "SPEC_SYNC_ENABLED=0.",
            id=MIRROR_OF_NOBODY,
        )


def unsafe_in_production(given: Environment) -> Iterator[CheckMessage]:
    for name, value in (("SECRET_KEY", given.secret_key), ("JWT_SECRET", given.jwt_secret)):
        if len(value) < SHORTEST_SECRET or len(set(value)) < 5:
            yield Error(
                f"{name} is missing or too weak.",
                hint=f'Set it: python3 -c "import secrets; print(secrets.token_urlsafe(48))". '
                f"It needs {SHORTEST_SECRET} characters.",
                id="lattice.E010",
            )
    if not given.master_keys or not all(map(_is_key, given.master_keys)):
        yield Error(
            "LATTICE_MASTER_KEYS is missing or is not a list of 32-byte keys in base64url.",
            hint='Make one: python3 -c "import secrets; print(secrets.token_urlsafe(32))". '
            "Keep a copy elsewhere: without it encrypted texts are lost.",
            id="lattice.E011",
        )
    if not _is_key(given.checkpoint_key):
        yield Error(
            "LATTICE_CHECKPOINT_KEY is missing or is not 32 bytes in base64url.",
            hint="Make it like LATTICE_MASTER_KEYS, and keep it where the database's "
            "administrator cannot read it.",
            id="lattice.E012",
        )
    if not given.allowed_hosts or any("*" in host for host in given.allowed_hosts):
        yield Error(
            "ALLOWED_HOSTS is empty or holds a *.",
            hint="Name the hosts this server answers to: ALLOWED_HOSTS=lattice.example.org.",
            id="lattice.E013",
        )
    if given.fixed_keys:
        yield Error(
            "API_TOKENS, API_KEYS or API_KEY is set: fixed keys are for development.",
            hint="Unset it, and make keys that belong to somebody and can be revoked.",
            id="lattice.E014",
        )
    if not given.public_url.startswith("https://"):
        yield Warning(
            "PUBLIC_SERVER_URL is not https: sessions and keys travel in the clear.",
            hint="Put a proxy that speaks TLS in front, and set PUBLIC_SERVER_URL=https://….",
            id="lattice.W015",
        )


def _is_key(text: str) -> bool:
    try:
        return len(urlsafe_b64decode(text + "=" * (-len(text) % 4))) == 32
    except ValueError:
        return False
