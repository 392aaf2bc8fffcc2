"""The vocabulary of policies."""

from django.db import models


class Effect(models.TextChoices):
    """What a policy says to an act: do it, ask these people first, or do not."""

    ALLOW = "allow"
    REQUIRE = "require"
    DENY = "deny"


class ActKind(models.TextChoices):
    """What can be judged. One engine judges all of them."""

    SPEC_CHANGE = "spec.change"
    PLAN = "plan"
    TOOL_CALL = "tool.call"
    PLUGIN_RELEASE = "plugin.release"
    PROMPT = "prompt"
    POLICY_CHANGE = "policy.change"


class Verb(models.TextChoices):
    """What an operation of an act does to its target."""

    CREATE = "create"
    UPDATE = "update"
    EDIT = "edit"
    MOVE = "move"
    RENAME = "rename"
    DELETE = "delete"
    LINK = "link"
    UNLINK = "unlink"
    CALL = "call"
    RELEASE = "release"


class RiskLevel(models.TextChoices):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Reason(models.TextChoices):
    """Why an act was denied: the code of the error and the label of the metric."""

    PATH = "path_forbidden"
    RISK = "risk_pattern"
    SIZE = "diff_too_large"
    RULE = "policy_denied"
    QUOTA = "quota_exceeded"
    REGO = "opa_deny"
    ERROR = "policy_error"
    STOPPED = "kill_switch"


class Considered(models.TextChoices):
    """What became of a rule, as the trace of a verdict tells it."""

    MATCHED = "matched"
    PASSED = "passed"
    ERRED = "erred"
    EXEMPTED = "exempted"


class Finding(models.TextChoices):
    """What the gate looks for in texts."""

    COMMAND = "command"
    SECRET = "secret"  # noqa: S105
    URL = "url"
    TRAVERSAL = "traversal"
    INJECTION = "injection"
    HIDDEN = "hidden_unicode"
    CUSTOM = "custom"


class Origin(models.TextChoices):
    """Where a version or a draft of a policy came from."""

    WRITTEN = "written"
    APPLIED = "applied"
    FILE = "file"
    TEMPLATE = "template"
    WIZARD = "wizard"
    ALWAYS_ALLOW = "always_allow"
    COMMAND = "command"


class DraftState(models.TextChoices):
    OPEN = "open"
    RELEASED = "released"
    DISCARDED = "discarded"


class Door(models.TextChoices):
    """What was asked for when an act was judged."""

    ACT = "act"
    TURN = "turn"
    PLAN = "plan"
    POLICY = "policy"
    SERVICE = "service"
    """Another room asked, from within a service of its own."""
