"""Django's settings, derived from the environment (config/env.py)."""

import gc
import os
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

from corsheaders.defaults import default_headers
from kombu import Exchange, Queue
from psycopg.conninfo import conninfo_to_dict
from redis.backoff import NoBackoff
from redis.retry import Retry

from apps.common import logs
from apps.common.mail import mail_settings
from apps.common.runtime import addresses
from config import api_description
from config.console import UNFOLD
from config.env import ROOT, environment
from config.subscriptions import SUBSCRIBED_TO_KIND, SUBSCRIPTIONS

__all__ = ["SUBSCRIBED_TO_KIND", "SUBSCRIPTIONS", "UNFOLD"]

# What starting a process makes stays for good, and is a million objects: to look at them again
# after every 700 takes a sixth of the start.
gc.set_threshold(50_000, 20, 100)

# --- where we are

BASE_DIR = ROOT
DATA_DIR = environment.data_path
HOST, PORT = environment.host, environment.port
ASGI_SERVER = environment.asgi
DEVELOPMENT = environment.development
DEBUG = False
DEMO = DEVELOPMENT and environment.demo
DEMO_AGENT = DEMO and environment.demo_agent
INIT_EMAIL = environment.init_email
INIT_PASSWORD = environment.init_password
INIT_WORKSPACE = environment.init_workspace
PUBLIC_URL = (environment.public_url or f"http://127.0.0.1:{environment.port}").rstrip("/")
ALLOWED_HOSTS = environment.allowed_hosts
TRUSTED_PROXIES = environment.trusted_proxies
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"

# --- secrets

SECRET_KEY = environment.secret_key or environment.generated["secret_key"]
JWT_SECRET = environment.jwt_secret or environment.generated["jwt_secret"]
JWT_ALGORITHM = environment.jwt_algorithm
MASTER_KEYS = environment.master_keys or [environment.generated["master_key"]]
CHECKPOINT_KEY = environment.checkpoint_key or environment.generated["checkpoint_key"]
CHECKPOINT_FORMER_KEYS = environment.checkpoint_former_keys
CHECKPOINT_DIR = environment.checkpoint_dir or DATA_DIR / "checkpoints"
BACKUP_KEY = environment.backup_key
DEVELOPMENT_API_KEYS = environment.fixed_keys if DEVELOPMENT else []

# --- the kill switch

KILL_SWITCH = environment.kill_switch

# --- Rego beside the policies

OPA_ENABLE = environment.opa_enable
OPA_URL = environment.opa_url
OPA_POLICY_DIR = environment.opa_policy_dir
OPA_TIMEOUT = environment.opa_timeout

# --- the folder that is kept alike

SPEC_SYNC_DIR = environment.spec_sync_dir
SPEC_SYNC_ENABLED = environment.spec_sync_on
SPEC_SYNC_AS = environment.spec_sync_as
SPEC_SYNC_WORKSPACE = environment.spec_sync_workspace
SPEC_SYNC_IN = environment.spec_sync_in
SPEC_SYNC_OUT = environment.spec_sync_out
SPEC_SYNC_DELETE_MANY = environment.spec_sync_delete_many

# --- the rooms

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "config.apps.Console",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "corsheaders",
    "csp",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "axes",
    "django_celery_beat",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "config.apps.House",
    "apps.common",
    "apps.ledger",
    "apps.accounts",
    "apps.activity",
    "apps.inference",
    "apps.policies",
    "apps.approvals",
    "apps.specs",
    "apps.plans",
    "apps.mirror",
]

MIDDLEWARE = [
    "apps.common.middleware.CallContext",
    "apps.common.middleware.AnswerHeaders",
    "apps.common.middleware.ContentSecurityPolicy",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
    "apps.common.middleware.ErrorAnswers",
    "apps.policies.api.door.KillSwitchDoor",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
    "apps.accounts.access.throttling.RateLimitHeaders",
    "apps.accounts.access.clock.OwnClock",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- PostgreSQL is the truth; Redis only wakes and counts


def _database(url: str) -> dict[str, Any]:
    parts = conninfo_to_dict(url)
    known = {
        "dbname": "NAME",
        "user": "USER",
        "password": "PASSWORD",
        "host": "HOST",
        "port": "PORT",
    }
    config: dict[str, Any] = {django: parts.pop(pg, "") for pg, django in known.items()}
    return config | {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            **parts,
            "prepare_threshold": 0 if environment.database_plans else None,
            "pool": {
                "min_size": 1,
                "max_size": environment.database_pool,
                "timeout": 5,
                # A pool that goes on trying waits ever longer in between, and meanwhile opens no
                # connection to a database that has come back. One that gave up tries when asked.
                "reconnect_timeout": 2,
            },
        },
    }


EMBEDDED_POSTGRES = not environment.database_url
EMBEDDED_REDIS = not environment.redis_url
REDIS_URL = environment.redis_url or addresses.redis_url(DATA_DIR)
DATABASES = {
    "default": _database(environment.database_url or addresses.database_url(DATA_DIR)),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "apps.common.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "lattice",
        "OPTIONS": {
            "socket_connect_timeout": 1,
            "socket_timeout": 1,
            "retry": Retry(NoBackoff(), 0),
        },
    }
}

# --- who people are

AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}Validator"}
    for name in ("UserAttributeSimilarity", "MinimumLength", "CommonPassword")
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
ACCESS_TOKEN_LIFETIME = timedelta(minutes=environment.access_token_minutes)
REFRESH_TOKEN_LIFETIME = timedelta(days=environment.refresh_token_days)
SIMPLE_JWT = {
    "ALGORITHM": JWT_ALGORITHM,
    "SIGNING_KEY": JWT_SECRET,
    "ACCESS_TOKEN_LIFETIME": ACCESS_TOKEN_LIFETIME,
}
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "apps.accounts.access.lockout.name_tried"
AXES_CLIENT_IP_CALLABLE = "apps.accounts.access.lockout.address_of"
AXES_LOCKOUT_CALLABLE = "apps.accounts.access.lockout.locked_out"
AXES_DISABLE_ACCESS_LOG = True
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
RATE_LIMITS = {  # a minute; for an agent a second
    name: limit * environment.rate_limit_scale
    for name, limit in {
        "free": 20,
        "pro": 60,
        "power": 120,
        "team": 200,
        "agent": 5,
        "address": 20,
        "password": 5,
    }.items()
}
INVITATION_MAILS = 100 * environment.rate_limit_scale  # a day, for each who invites

# --- HTTP

CSRF_FAILURE_VIEW = "apps.common.api.errors.csrf_failure"
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.common.api.parsers.StrictJSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["apps.accounts.access.authentication.CredentialsChain"],
    "DEFAULT_THROTTLE_CLASSES": ["apps.accounts.access.throttling.CallRate"],
    "DEFAULT_PERMISSION_CLASSES": ["apps.accounts.access.permissions.SignedIn"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "apps.common.api.pagination.CursorPages",
    "DEFAULT_SCHEMA_CLASS": "apps.common.api.openapi.OperationSchema",
    "EXCEPTION_HANDLER": "apps.common.api.errors.exception_handler",
    "URL_FORMAT_OVERRIDE": None,
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

SPECTACULAR_SETTINGS = api_description.settings(server=PUBLIC_URL)

DATA_UPLOAD_MAX_MEMORY_SIZE = 5_000_000
LARGEST_BODY = 100_000_000

# --- what browsers may do

HTTPS = PUBLIC_URL.startswith("https://")
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^(livez|readyz|healthz?|metrics)$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
if environment.trusted_proxies:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "object-src": ["'none'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
# Alpine, which the admin's theme is made with, evaluates expressions and writes styles.
ADMIN_CONTENT_SECURITY_POLICY = {
    "script-src": ["'unsafe-eval'"],
    "style-src": ["'unsafe-inline'"],
}
CORS_ALLOWED_ORIGINS = environment.allowed_origins
CORS_ALLOWED_ORIGIN_REGEXES = (
    [r"^app://.*$", r"^http://(localhost|127\.0\.0\.1)(:\d+)?$"] if DEVELOPMENT else []
)
CORS_ALLOW_HEADERS = [
    *default_headers,
    "idempotency-key",
    "if-match",
    "if-none-match",
    "last-event-id",
    "traceparent",
    "x-api-key",
    "x-request-id",
    "x-workspace-id",
]
CORS_EXPOSE_HEADERS = ["etag", "ratelimit", "ratelimit-policy", "retry-after", "x-request-id"]

# --- pages of one's own account: sessions, passwords, the second step

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "account_home"
REQUIRE_TOTP = not DEVELOPMENT if environment.require_totp is None else environment.require_totp
SESSION_COOKIE_AGE = 14 * 24 * 3600
ACCOUNT_ADAPTER = "apps.accounts.pages.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_FORMS = {"add_email": "apps.accounts.pages.forms.AnotherAddressForm"}
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = PUBLIC_URL.partition(":")[0]
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ALLAUTH_TRUSTED_PROXY_COUNT = environment.trusted_proxies
MFA_ADAPTER = "apps.accounts.pages.adapters.SecondStepAdapter"
MFA_FORMS = {
    "authenticate": "apps.accounts.pages.forms.SecondStepForm",
    "reauthenticate": "apps.accounts.pages.forms.ProveAgainForm",
}
MFA_TOTP_ISSUER = "Lattice"
MFA_TOTP_TOLERANCE = 1  # a clock may be half a minute off
MFA_RECOVERY_CODES_SHOW_ONCE = True
USERSESSIONS_ADAPTER = "apps.accounts.pages.adapters.SessionsAdapter"

# --- mail

locals().update(mail_settings(environment.email_url, DATA_DIR / "mail"))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = environment.email_from

# --- language, time, files

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
FORMAT_MODULE_PATH = "config.formats"
USE_TZ = True
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = True

# --- Celery

CELERY_BROKER_URL = addresses.celery_url(REDIS_URL)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_TASK_QUEUES = [
    Queue(name, Exchange(name), routing_key=name) for name in ("celery", "mutations", "embeddings")
]  # a worker that is not told otherwise takes from all
_LAST = {"queue": "embeddings", "priority": 9}
"""Somebody waits for a change to stand, and nobody for its meaning to be found: what is last in
Redis comes when nothing else waits, in whatever queue."""
CELERY_TASK_ROUTES = {
    "specs.index_*": _LAST,
    "specs.find_likeness": _LAST,
    "specs.*": {"queue": "mutations"},
}
CELERY_WORKER_DIRECT = True  # a queue of its own, through which its watchdog feels its pulse
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 3,
    "socket_connect_timeout": 3,
    "socket_keepalive": True,
    "health_check_interval": 5,
}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_max": 0.2}
WORKER_SILENCE = environment.worker_silence
DELIVERY_LOG_DAYS = environment.delivery_log_days
WEBHOOKS_AT_ONCE = environment.webhooks_at_once or max(1, (os.cpu_count() or 1) // 2)
WEBHOOK_ALLOW_CIDRS = [ip_network(text) for text in environment.webhook_allow_cidrs]
EVERY = {
    "ledger.write_checkpoint": timedelta(minutes=1),
    "accounts.send_due_invitations": timedelta(seconds=10),
    "accounts.purge_expired": timedelta(hours=1),
    "ledger.forget_done_deliveries": timedelta(hours=1),
    "policies.reload_changed_files": timedelta(seconds=5),
    "policies.forget_old_acts": timedelta(hours=1),
    "specs.index_rest": timedelta(hours=1),
    "inference.keep_uses": timedelta(hours=1),
    "approvals.tell_overdue_reviews": timedelta(minutes=1),
    "activity.forget_old_messages": timedelta(hours=6),
}
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    task: {"task": task, "schedule": every, "options": {"expires": every.seconds}}
    for task, every in EVERY.items()
}

# --- searching specs

EMBEDDINGS_BACKEND = environment.embeddings_backend
QDRANT_URL = environment.qdrant_url
QDRANT_API_KEY = environment.qdrant_api_key

# --- policies

AGENT_WHITELIST_DIRS = environment.whitelist_dirs
POLICY_DIR = (environment.policy_dir or DATA_DIR / "policies").resolve()
POLICY_ACTS_KEPT = timedelta(days=environment.policy_act_days)

# --- models

EMBEDDING_MODEL = environment.embedding_model
EMBEDDING_DIMENSIONS = environment.embedding_dimensions
EMBEDDING_API_BASE = environment.embedding_api_base
EMBEDDING_API_KEY = environment.embedding_api_key
EMBEDDING_PRICE = environment.embedding_price
EMBEDDING_TIMEOUT = environment.embedding_timeout
INFERENCE_USE_MONTHS = environment.use_months

# --- logs

LOGGING = logs.configuration(level=environment.log_level, file=environment.log_file)
