"""A production server does not start on what is only good enough for development."""

from base64 import urlsafe_b64decode
from collections.abc import Iterator
from importlib.util import find_spec

from django.core.checks import CheckMessage, Error, Warning

from config.env import Environment, environment

SHORTEST_SECRET = 32


def check_rego(**_: object) -> list[CheckMessage]:
    """lattice.E016."""
    return list(unsafe_rego(environment))


def unsafe_rego(given: Environment) -> Iterator[CheckMessage]:
    if not given.opa_enable:
        return
    if bool(given.opa_url) == bool(given.opa_policy_dir):
        yield Error(
            "OPA_ENABLE is on, but not exactly one of OPA_URL and OPA_POLICY_DIR is set.",
            hint="Set the one that holds your Rego policies: until then every act is denied.",
            id="lattice.E016",
        )
    elif given.opa_policy_dir and not any(given.opa_policy_dir.rglob("*.rego")):
        yield Error(
            "OPA_POLICY_DIR holds no .rego file.",
            hint="Put a policy there that says `package agent` and `allow`: until then every act "
            "is denied.",
            id="lattice.E016",
        )
    elif given.opa_url and not given.opa_url.startswith(("http://", "https://")):
        yield Error(
            "OPA_URL does not begin with http:// or https://.",
            hint="Name the OPA server like http://127.0.0.1:8181.",
            id="lattice.E016",
        )


def check_search(**_: object) -> list[CheckMessage]:
    """lattice.E017."""
    return list(unsearchable(environment, has_qdrant=find_spec("qdrant_client") is not None))


def unsearchable(given: Environment, *, has_qdrant: bool) -> Iterator[CheckMessage]:
    if given.embeddings_backend != "qdrant":
        return
    if not has_qdrant:
        yield Error(
            "EMBEDDINGS_BACKEND is qdrant, but qdrant-client is not installed.",
            hint="Install it beside Lattice: `.venv/bin/pip install qdrant-client`.",
            id="lattice.E017",
        )
    if not given.qdrant_url:
        yield Error(
            "EMBEDDINGS_BACKEND is qdrant, but QDRANT_URL is not set.",
            hint="Name the server, like http://127.0.0.1:6333.",
            id="lattice.E017",
        )


def check_embeddings(**_: object) -> list[CheckMessage]:
    """lattice.E018."""
    return list(of_no_length(environment))


def of_no_length(given: Environment) -> Iterator[CheckMessage]:
    if given.embedding_model != "local" and not given.embedding_dimensions:
        yield Error(
            "EMBEDDING_MODEL is not local, and EMBEDDING_DIMENSIONS is not set.",
            hint="Say how long its vectors are, as its provider tells: 1536, for example.",
            id="lattice.E018",
        )


def check_production(**_: object) -> list[CheckMessage]:
    """lattice.E010 to E014, lattice.W015."""
    return [] if environment.development else list(unsafe_in_production(environment))


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
    if given.api_keys:
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
