"""A judged act with everything its verdict depended on: what is sealed, replayed and explained."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter

from apps.policies.ports import Act, Circumstances, Performer, RegoVerdict, Verdict

LARGEST = 64_000_000
"""Nothing longer is unpacked: a body may have 5 MB."""


@dataclass(frozen=True, kw_only=True)
class Case:
    act: Act
    performer: Performer
    circumstances: Circumstances
    verdict: Verdict
    rego: RegoVerdict | None = None
    said: Mapping[str, Any] = field(default_factory=dict)
    """As the caller put it, and what it was answered, for those who look at it again."""

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = _FORM.dump_python(self, mode="json")
        return found


_FORM = TypeAdapter(Case)


def pack(case: Case) -> bytes:
    return zlib.compress(_FORM.dump_json(case), level=3)


def unpack(packed: bytes, *, longest: int = LARGEST) -> Case:
    """Raises ValueError where it is longer, or of an older form."""
    return _FORM.validate_json(zlib.decompressobj().decompress(packed, longest))
