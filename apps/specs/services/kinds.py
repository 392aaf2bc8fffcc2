"""Kinds of nodes that a workspace adds, and what it demands of the attributes of any kind."""

import hashlib
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.accounts.choices import Permission
from apps.accounts.selectors.standing import require
from apps.common.actors import Actor
from apps.ledger.services import record, unit
from apps.specs.attributes import faults_of, schema_faults
from apps.specs.errors import KindInvalid
from apps.specs.events import KindDefined
from apps.specs.kinds import BUILT_IN, Kind
from apps.specs.models.graph import Graph, KindOfNode, Node
from apps.specs.selectors.kinds import kinds_of

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_PREFIX = re.compile(r"[A-Z][A-Z0-9_]{0,11}")
MOST_TOLD = 100
"""Of the nodes that do not fit."""
MOST_SECONDS = 2.0
"""Of computing to find them: one node may take as long as half of that."""


@dataclass(frozen=True)
class Defined:
    name: str
    kind: Kind
    misfits: tuple[str, ...] = ()
    """Keys of nodes whose attributes the schema would not take. They stay as they are."""
    all_judged: bool = True
    """Whether there can be no others."""


def define_kind(
    *, name: str, prefix: str, schema: Mapping[str, Any], actor: Actor, workspace: UUID
) -> Defined:
    """A new one, or what an existing one demands from now on. Nodes that do not fit are told, and
    may be changed until they do."""
    with unit(actor=actor, workspace=workspace):
        require(actor=actor, workspace_id=workspace, permission=Permission.MANAGE_WORKSPACE)
        _lock(workspace)
        kinds = kinds_of(workspace)
        _require_valid(name, prefix, schema, kinds)
        wanted = Kind(prefix=prefix, schema=dict(schema))
        if kinds.get(name) != wanted:
            KindOfNode.objects.update_or_create(
                workspace_id=workspace,
                name=name,
                defaults={"prefix": prefix, "schema": dict(schema)},
            )
            record(KindDefined(kind=name, prefix=prefix, digest=_digest(schema)))
    return Defined(name, wanted, *_misfits(name, schema, workspace))


def _misfits(name: str, schema: Mapping[str, Any], workspace: UUID) -> tuple[tuple[str, ...], bool]:
    """As many as are found in time, and whether those are all."""
    if not schema:
        return (), True
    found: list[str] = []
    until = time.thread_time() + MOST_SECONDS
    nodes = Node.objects.live().filter(workspace_id=workspace, kind=name).order_by("key")
    for key, attributes in nodes.values_list("key", "attributes").iterator():
        if len(found) == MOST_TOLD or time.thread_time() > until:
            return tuple(found), False
        if faults_of(attributes, schema):
            found.append(key)
    return tuple(found), True


def _lock(workspace: UUID) -> None:
    """One at a time, or two kinds could take the same prefix."""
    Graph.objects.get_or_create(workspace_id=workspace)
    Graph.objects.select_for_update().get(workspace_id=workspace)


def _require_valid(
    name: str, prefix: str, schema: Mapping[str, Any], kinds: Mapping[str, Kind]
) -> None:
    faults = [{"field": "schema", "message": said} for said in schema_faults(schema)]
    if not _NAME.fullmatch(name):
        said = "A name has at most 40 small letters, digits and `_`, and begins with a letter."
        faults.append({"field": "name", "message": said})
    faults += [{"field": "prefix", "message": said} for said in _prefix_faults(name, prefix, kinds)]
    if faults:
        raise KindInvalid(details=faults)


def _prefix_faults(name: str, prefix: str, kinds: Mapping[str, Kind]) -> list[str]:
    own = BUILT_IN.get(name)
    if own is not None:
        called = f"begin with {own}" if own else "are made of those of their documents"
        return [] if prefix == own else [f"The keys of this kind {called}: say {own!r}."]
    if not _PREFIX.fullmatch(prefix):
        return ["A prefix has at most 12 capital letters, digits and `_`, a letter first."]
    holders = [other for other, kind in kinds.items() if kind.prefix == prefix and other != name]
    return [f"The kind {holder} has this prefix." for holder in holders]


def _digest(schema: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(schema, sort_keys=True).encode()).hexdigest()
