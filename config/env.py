"""Every setting an operator may give, typed, with its default. docs/settings.md is made from it."""

import json
import os
import secrets
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AliasChoices, BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


def _words(value: Any) -> Any:
    """A comma-separated variable as a list."""
    if isinstance(value, str):
        return [word.strip() for word in value.split(",") if word.strip()]
    return value


Words = Annotated[list[str], NoDecode, BeforeValidator(_words)]


class Environment(BaseSettings):
    model_config = SettingsConfigDict(
        env_file=ROOT / ".env", extra="ignore", populate_by_name=True, env_ignore_empty=True
    )

    env: Literal["development", "production"] = Field(
        "development",
        validation_alias=AliasChoices("LATTICE_ENV", "ENV"),
        description="`production` demands real secrets and hosts, and refuses demo credentials.",
    )
    data_dir: Path = Field(
        Path("var"),
        alias="LATTICE_DATA_DIR",
        description="Where embedded services, logs, generated secrets and checkpoints are kept.",
    )
    host: str = Field("127.0.0.1", alias="HOST", description="The address the web server binds.")
    port: int = Field(8000, alias="PORT", description="The port the web server binds.")
    asgi: Literal["uvicorn", "daphne"] = Field(
        "uvicorn", alias="LATTICE_ASGI", description="The ASGI server that `manage.py up` starts."
    )
    public_url: str = Field(
        "",
        validation_alias=AliasChoices("PUBLIC_SERVER_URL", "LATTICE_PUBLIC_URL"),
        description="How users reach this server; stands in links, e-mails and the OpenAPI file.",
    )

    database_url: str = Field(
        "",
        alias="DATABASE_URL",
        description="`postgresql://…` of a server with pgvector. Unset: an embedded PostgreSQL.",
    )
    database_pool: int = Field(
        10, ge=1, alias="DATABASE_POOL", description="Connections each process keeps at most."
    )
    database_plans: bool = Field(
        True,
        alias="DATABASE_PLANS",
        description="Whether connections keep the plans of queries that are asked in every call. "
        "Off: for a pooler that hands connections on and knows no prepared statements.",
    )
    redis_url: str = Field(
        "", alias="REDIS_URL", description="`redis://…` or `unix://…`. Unset: an embedded Redis."
    )

    worker_silence: int = Field(
        60,
        ge=1,
        alias="WORKER_SILENCE",
        description="Seconds after which a worker that consumes nothing, though the broker answers "
        "and it has room, ends itself to be started anew.",
    )

    secret_key: str = Field(
        "",
        alias="SECRET_KEY",
        description="Signs sessions and links. Unset: made once and kept in the data folder.",
    )
    jwt_secret: str = Field(
        "", alias="JWT_SECRET", description="Signs access tokens. Unset: made once, as above."
    )
    jwt_algorithm: Literal["HS256", "HS384", "HS512"] = Field(
        "HS256", alias="JWT_ALGORITHM", description="How access tokens are signed."
    )
    access_token_minutes: int = Field(
        15, ge=1, alias="ACCESS_TOKEN_MINUTES", description="How long an access token is good for."
    )
    refresh_token_days: int = Field(
        30, ge=1, alias="REFRESH_TOKEN_DAYS", description="How long a refresh token is good for."
    )
    master_keys: Words = Field(
        [],
        alias="LATTICE_MASTER_KEYS",
        description="Keys (32 bytes, base64url) that wrap the workspaces' data keys, newest first. "
        "Unset: made once, as above.",
    )
    api_tokens: Words = Field(
        [],
        alias="API_TOKENS",
        description="Fixed keys for scripts in development; refused in production.",
    )
    api_keys: Words = Field([], alias="API_KEYS", description="Further ones.")
    api_key: Words = Field([], alias="API_KEY", description="Further ones.")

    allowed_hosts: Words = Field(
        ["localhost", "127.0.0.1", "[::1]"],
        alias="ALLOWED_HOSTS",
        description="Host names this server answers to.",
    )
    allowed_origins: Words = Field(
        [],
        validation_alias=AliasChoices("CORS_ORIGINS", "ALLOWED_ORIGINS"),
        description="Origins that browsers may call from. In development also `app://` and "
        "`http://localhost:*` and `http://127.0.0.1:*`.",
    )
    trusted_proxies: int = Field(
        0,
        ge=0,
        alias="TRUSTED_PROXIES",
        description="How many proxies in front may be believed about the client's address.",
    )

    rate_limit_scale: int = Field(
        1,
        ge=1,
        alias="RATE_LIMIT_SCALE",
        description="Multiplies every rate limit: for load tests, or behind a limiting gateway.",
    )

    delivery_log_days: int = Field(
        30,
        ge=1,
        alias="DELIVERY_LOG_DAYS",
        description="How long deliveries, to subscribers of events and to webhooks, are kept in "
        "the log once they are done. Events stay for good.",
    )
    webhook_allow_cidrs: Words = Field(
        [],
        alias="WEBHOOK_ALLOW_CIDRS",
        description="Networks (`10.1.0.0/16`) that webhooks may be sent to although they are not "
        "public. Leave it empty unless the receivers stand inside.",
    )

    embeddings_backend: Literal["none", "pgvector", "qdrant"] = Field(
        "pgvector",
        alias="EMBEDDINGS_BACKEND",
        description="Where the meanings of specs are kept for searching. `none`: specs are "
        "searched by their words alone, and no model is asked.",
    )
    qdrant_url: str = Field(
        "",
        alias="QDRANT_URL",
        description="`http://host:6333` of the Qdrant server, for `EMBEDDINGS_BACKEND=qdrant`.",
    )
    qdrant_api_key: str = Field(
        "", alias="QDRANT_API_KEY", description="Its key. It is neither stored nor logged."
    )

    kill_switch: bool = Field(
        False,
        alias="KILL_SWITCH",
        description="`on` stops every effect until it is unset and Lattice is started anew: "
        "nothing inside can release it. Reading, logging in, `/healthz` and `/metrics` go on.",
    )

    opa_enable: bool = Field(
        False,
        alias="OPA_ENABLE",
        description="Also ask Rego, `data.agent.allow`, about every act. It denies what it does "
        "not plainly allow, and when it fails or is slow.",
    )
    opa_url: str = Field(
        "",
        alias="OPA_URL",
        description="`http://host:8181` of the OPA server to ask. Set this or OPA_POLICY_DIR.",
    )
    opa_policy_dir: Path | None = Field(
        None,
        alias="OPA_POLICY_DIR",
        description="A folder of `.rego` files that Lattice evaluates by itself, and reads anew "
        "when they change.",
    )
    opa_timeout: float = Field(
        2.0, gt=0, le=60, alias="OPA_TIMEOUT", description="Seconds that Rego may take to answer."
    )

    webhooks_at_once: int = Field(
        0,
        ge=0,
        alias="WEBHOOKS_AT_ONCE",
        description="Endpoints that are sent webhooks at the same time, by all workers together; "
        "each keeps a worker's child busy for up to 35 seconds before the next one, of another "
        "workspace if one waits, has its turn. 0: half as many as the machine has cores. As many "
        "mails about approvals are sent at the same time. Keep it below "
        "the children of all workers: the rest is for what may not wait for slow receivers.",
    )
    whitelist_dirs: Words = Field(
        ["api", "plans"],
        min_length=1,
        alias="AGENT_WHITELIST_DIRS",
        description="The folders that acts may touch in a workspace without a policy of its own.",
    )
    policy_dir: Path | None = Field(
        None,
        alias="LATTICE_POLICY_DIR",
        description="Policies that are loaded from files stand here, in a folder for each "
        "workspace that is called by its id. Unset: `policies` in the data folder.",
    )
    policy_act_days: int = Field(
        90,
        ge=1,
        alias="POLICY_ACT_DAYS",
        description="How long judged acts are kept, sealed, to be explained and replayed.",
    )

    embedding_model: str = Field(
        "local",
        min_length=1,
        alias="EMBEDDING_MODEL",
        description="What turns texts into vectors. `local`: the model that comes with Lattice, "
        "on this machine. Any other name is litellm's: `text-embedding-3-small`, "
        "`ollama/nomic-embed-text`. Texts of the workspaces are then sent there.",
    )
    embedding_dimensions: int | None = Field(
        None,
        ge=1,
        le=4000,
        alias="EMBEDDING_DIMENSIONS",
        description="How long the vectors of a model that is not `local` are.",
    )
    embedding_api_base: str = Field(
        "",
        alias="EMBEDDING_API_BASE",
        description="Where that model is asked, if not at its provider's usual address.",
    )
    embedding_api_key: str = Field(
        "",
        alias="EMBEDDING_API_KEY",
        description="Its key. Unset: the variable that litellm reads for the provider, like "
        "OPENAI_API_KEY. It is neither stored nor logged.",
    )
    embedding_price: Decimal | None = Field(
        None,
        ge=0,
        alias="EMBEDDING_PRICE",
        description="US dollars for a million tokens. Unset: what litellm's table says, and "
        "nothing for a model that does not stand there.",
    )
    embedding_timeout: float = Field(
        30.0,
        gt=0,
        le=600,
        alias="EMBEDDING_TIMEOUT",
        description="Seconds that it may take to answer, further attempts included.",
    )
    use_months: int = Field(
        3,
        ge=1,
        alias="INFERENCE_USE_MONTHS",
        description="How many months each use of a model is kept, beside the present one. Older "
        "ones are summed up by the day.",
    )

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", alias="LOG_LEVEL", description="The least important lines that are still logged."
    )
    metrics_dir: str = Field(
        "",
        alias="PROMETHEUS_MULTIPROC_DIR",
        description="An empty folder through which several processes sum what `/metrics` shows. "
        "Unset: each process shows its own.",
    )
    log_file: str = Field(
        "",
        alias="LOG_FILE",
        description="Also write JSON lines here, rotated at 1 MB, three kept. Unset: stderr only.",
    )

    email_url: str = Field(
        "",
        alias="EMAIL_URL",
        description="`smtp://user:password@host:587?tls=1`. Unset: e-mails are written to files "
        "in the data folder.",
    )
    email_from: str = Field(
        "Lattice <lattice@localhost>", alias="EMAIL_FROM", description="Whom e-mails come from."
    )

    require_totp: bool | None = Field(
        None,
        alias="REQUIRE_TOTP",
        description="Whether the console asks everybody for a second step (TOTP), and an API login "
        "without one may read and write but neither decide nor manage. Unset: only in production.",
    )

    checkpoint_dir: Path | None = Field(
        None,
        alias="LATTICE_CHECKPOINT_DIR",
        description="Where signed checkpoints of the audit are written. Put it on another disk or "
        "machine. Unset: `checkpoints` in the data folder.",
    )
    checkpoint_key: str = Field(
        "",
        alias="LATTICE_CHECKPOINT_KEY",
        description="Ed25519 private key (32 bytes, base64url) that signs checkpoints. Unset: made "
        "once, as above.",
    )
    checkpoint_former_keys: Words = Field(
        [],
        alias="LATTICE_CHECKPOINT_FORMER_KEYS",
        description="Public keys (base64url) of earlier checkpoint keys, still believed.",
    )

    backup_key: str = Field(
        "",
        alias="LATTICE_BACKUP_KEY",
        description="Key or passphrase (16 characters at least) that `backup` seals with and "
        "`restore` opens. Keep a copy elsewhere: without it a backup is noise.",
    )

    init_email: str = Field(
        "", alias="LATTICE_INIT_EMAIL", description="The first owner, made when there is nobody."
    )
    init_password: str = Field(
        "", alias="LATTICE_INIT_PASSWORD", description="The first owner's password."
    )
    init_workspace: str = Field(
        "Main", alias="LATTICE_INIT_WORKSPACE", description="The first workspace's name."
    )
    demo: bool = Field(
        True,
        alias="DEMO",
        description="In development, seed the demo workspace and run its agent.",
    )
    demo_agent: bool = Field(
        True, alias="DEMO_AGENT", description="Run the demo's agent, where there is a demo."
    )

    spec_sync_dir: Path | None = Field(
        None,
        alias="SPEC_SYNC_DIR",
        description="A folder of Markdown that is kept alike with a workspace's specs, in both "
        "directions.",
    )
    spec_sync_enabled: bool | None = Field(
        None,
        alias="SPEC_SYNC_ENABLED",
        description="Whether `manage.py up` keeps that folder. Unset: if one is named.",
    )
    spec_sync_as: str = Field(
        "",
        alias="SPEC_SYNC_AS",
        description="The e-mail address or id of the member, a person or an agent, in whose name "
        "edits of the files are proposed. Unset: LATTICE_INIT_EMAIL, else the demo's reviewer.",
    )
    spec_sync_workspace: UUID | None = Field(
        None,
        alias="SPEC_SYNC_WORKSPACE",
        description="The id of the workspace. Unset: the one that the folder is kept alike with "
        "already, else the first one of SPEC_SYNC_AS.",
    )
    spec_sync_in: Literal["policy", "propose", "off"] = Field(
        "policy",
        alias="SPEC_SYNC_IN",
        description="What becomes of an edit on the disk: `policy` proposes it, and people are "
        "asked where the policy says so; `propose` asks them always; `off` leaves it alone.",
    )
    spec_sync_out: Literal["write", "propose", "off"] = Field(
        "write",
        alias="SPEC_SYNC_OUT",
        description="What becomes of a change of the workspace: `write` puts it into its file; "
        "`propose` writes a patch to `.lattice/proposed/` until `sync_specs --accept`; `off` "
        "leaves the files alone.",
    )
    spec_sync_delete_many: bool = Field(
        False,
        alias="SPEC_SYNC_DELETE_MANY",
        description="Believe it when more than half of the files are gone at once.",
    )

    @property
    def fixed_keys(self) -> list[str]:
        return [*dict.fromkeys([*self.api_tokens, *self.api_keys, *self.api_key])]

    @property
    def spec_sync_on(self) -> bool:
        return bool(self.spec_sync_dir) and self.spec_sync_enabled is not False

    @property
    def development(self) -> bool:
        return self.env == "development"

    @cached_property
    def data_path(self) -> Path:
        return (ROOT / self.data_dir).resolve()

    @cached_property
    def generated(self) -> dict[str, str]:
        """Secrets nobody gave: made once, in a file only the owner can read."""
        return _generated_secrets(self.data_path / "secrets.json")


def _generated_secrets(path: Path) -> dict[str, str]:
    names = ("secret_key", "jwt_secret", "master_key", "checkpoint_key")
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = {name: secrets.token_urlsafe(32) for name in names}
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(made, indent=2))
        try:
            os.link(draft, path)  # the first process to get here wins
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    found: dict[str, str] = json.loads(path.read_text())
    return found


environment = Environment()
