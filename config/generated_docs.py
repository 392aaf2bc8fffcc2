"""The pages of docs/ that are made from the code, so that they cannot say anything else."""

import dataclasses
import json
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

from django.utils.module_loading import autodiscover_modules
from drf_spectacular.renderers import OpenApiYamlRenderer
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from apps.activity.rules import area_of, short_name
from apps.common.api.documents import describe_api
from apps.common.errors import DomainError
from apps.common.events import Event, registry
from apps.policies.documents import document_schema
from config.env import ROOT, Environment
from config.subscriptions import SUBSCRIPTIONS

MADE = "<!-- Made by `manage.py write_docs`. Do not edit. -->"


def openapi_page() -> str:
    page: bytes = OpenApiYamlRenderer().render(describe_api(), renderer_context={})  # type: ignore[no-untyped-call]
    return page.decode()


# --- settings


def variables(field: FieldInfo) -> list[str]:
    alias = field.validation_alias or field.alias
    choices = getattr(alias, "choices", [alias])
    return [str(choice) for choice in choices]


def _default(field: FieldInfo) -> str:
    match field.default:
        case bool():
            return str(field.default).lower()
        case list():
            return ",".join(field.default)
        case None:
            return ""
        case value if value is PydanticUndefined:
            return ""
    return str(field.default)


def settings_page() -> str:
    rows = []
    for field in Environment.model_fields.values():
        first, *others = (f"`{name}`" for name in variables(field))
        also = f" (also {', '.join(others)})" if others else ""
        default = _default(field)
        rows.append(
            f"| {first}{also} | {f'`{default}`' if default else ''} | {field.description or ''} |"
        )
    return "\n".join(
        [
            "# Settings",
            "",
            MADE,
            "",
            "Lattice is configured by environment variables, or by the same lines in a file `.env`",
            "beside `manage.py`. Lists are separated by commas. Nothing needs to be set to try it.",
            "In production it refuses to start without real secrets and hosts.",
            "",
            "| Variable | Default | What it is |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def env_example() -> str:
    lines = ["# Copy to .env and uncomment what you change. docs/settings.md says more.", ""]
    for field in Environment.model_fields.values():
        lines += [
            *(f"# {line}" for line in (field.description or "").splitlines()),
            f"# {variables(field)[0]}={_default(field)}",
            "",
        ]
    return "\n".join(lines)


# --- errors


def all_errors() -> list[type[DomainError]]:
    autodiscover_modules("errors")
    ours = (kind for kind in _below(DomainError) if kind.__module__.startswith("apps."))
    return sorted(set(ours), key=lambda kind: (kind.status, kind.code))


def _below(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    for inner in kind.__subclasses__():
        yield inner
        yield from _below(inner)


def errors_page() -> str:
    rows = [
        f"| `{kind.code}` | {kind.status} | {kind.message} | {kind.__module__.split('.')[1]} |"
        for kind in all_errors()
    ]
    return "\n".join(
        [
            "# Errors",
            "",
            MADE,
            "",
            "Every error has this shape, over HTTP and on sockets. Rely on `code`; `message` is",
            "for people and may say more than here.",
            "",
            "```json",
            '{"error": {"code": "conflict", "message": "…", "details": [{"field": "…", "message": '
            '"…"}], "request_id": "…"}}',
            "```",
            "",
            "| Code | Status | Meaning | From |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


# --- events


def events_page() -> str:
    for path in sorted((ROOT / "apps").rglob("events.py")):
        import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    ours = {
        name: kind for name, kind in sorted(registry.items()) if kind.__module__.startswith("apps.")
    }
    rows = [
        f"| `{name}` | {area_of(name)} | {short_name(name)} | {_quoted(_fields_of(kind))} "
        f"| {_quoted(SUBSCRIPTIONS.get(name, []))} |"
        for name, kind in ours.items()
        if dataclasses.is_dataclass(kind)
    ]
    return "\n".join(
        [
            "# Events",
            "",
            MADE,
            "",
            "What happens, as sockets, streams and the feed tell it: `type`, its `area` and",
            "`event_type` for filters, and the fields of its `payload`. Payloads hold ids, counts",
            "and labels; never texts, addresses or secrets. New fields may come; none changes its",
            "meaning. What Lattice itself does because of it is a task that it `starts`.",
            "",
            "| type | area | event_type | payload | starts |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _fields_of(kind: type[Event]) -> list[str]:
    return [field.name for field in dataclasses.fields(kind)]


def _quoted(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


# --- the policy document


def policy_schema() -> str:
    return json.dumps(document_schema(), indent=2, ensure_ascii=False) + "\n"


PAGES: dict[Path, Callable[[], str]] = {
    ROOT / "docs" / "settings.md": settings_page,
    ROOT / "docs" / "errors.md": errors_page,
    ROOT / ".env.example": env_example,
    ROOT / "docs" / "events.md": events_page,
    ROOT / "docs" / "openapi.yaml": openapi_page,
    ROOT / "docs" / "policy.schema.json": policy_schema,
}


def stale() -> list[Path]:
    return [
        path
        for path, make in PAGES.items()
        if not path.exists() or path.read_text(encoding="utf-8") != make()
    ]
