"""A document made ready to judge with: its globs and patterns compiled, its rules as conditions."""

from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import lru_cache
from threading import Lock

from apps.common.texts.patterns import Patterns
from apps.common.yaml.nodes import Place
from apps.policies.acts import digest_of
from apps.policies.choices import Considered, Effect
from apps.policies.documents import Parsed, Positions, fault_detail
from apps.policies.engine.conditions import WHY, Conditions, said_by
from apps.policies.engine.faults import faults_of
from apps.policies.engine.gate import Watch
from apps.policies.engine.globs import above_regex, path_regex
from apps.policies.engine.paths import resolve
from apps.policies.errors import PolicyInvalid
from apps.policies.ports import Step
from apps.policies.schemas import Deny, PolicyDocument, Require, Rule
from apps.policies.sentences import Path

KEPT = 256


NOWHERE = Positions(Place(0, 0, 0, 0, {}))
"""The positions of a document that stands in no text."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CompiledPolicy:
    document: PolicyDocument
    digest: str
    source: str
    file: str
    positions: Positions
    allowed: tuple[str, ...]
    conditions: Conditions
    watch: Watch
    denied_paths: tuple[str, ...]
    denied: Patterns
    denied_loosely: Patterns
    denied_beneath: Patterns
    passed: tuple[dict[str, Step], ...]
    """For each rule, what its trace says when a condition ruled it out."""

    def step(self, rule: int, considered: Considered, why: str) -> Step:
        return _step(self.document.rules[rule], rule, self.positions, self.file, considered, why)


_compiled: OrderedDict[tuple[str, str], CompiledPolicy] = OrderedDict()
_lock = Lock()


def compile_policy(parsed: Parsed, *, source: str) -> CompiledPolicy:
    """Kept by digest: a policy is compiled once in a process."""
    key = (parsed.digest, parsed.name)
    with _lock:
        policy = _compiled.get(key)
        if policy is not None:
            _compiled.move_to_end(key)
    if policy is None:
        policy = compile_document(
            parsed.document,
            source=source,
            positions=parsed.positions,
            digest=parsed.digest,
            file=parsed.name,
        )
        with _lock:
            _compiled[key] = policy
            while len(_compiled) > KEPT:
                _compiled.popitem(last=False)
    return policy if policy.source == source else replace(policy, source=source)


def compile_document(
    document: PolicyDocument,
    *,
    source: str,
    positions: Positions | None = None,
    digest: str = "",
    file: str = "",
) -> CompiledPolicy:
    places = positions or NOWHERE
    if faults := list(faults_of(document)):
        raise PolicyInvalid(details=[_told(place, message, places) for place, message in faults])
    rules = document.rules
    return CompiledPolicy(
        document=document,
        digest=digest or digest_of(document.model_dump_json().encode()),
        source=source,
        file=file,
        positions=places,
        allowed=tuple(resolve(folder).path for folder in document.allowed_dirs),
        conditions=Conditions(rules),
        watch=Watch(document.gate),
        denied_paths=tuple(document.deny_globs),
        denied=Patterns(
            [path_regex(glob, loose=False) for glob in document.deny_globs], whole=True
        ),
        denied_loosely=Patterns(
            [path_regex(glob, loose=True) for glob in document.deny_globs], whole=True
        ),
        denied_beneath=Patterns([above_regex(glob) for glob in document.deny_globs], whole=True),
        passed=tuple(
            {
                name: _step(rule, number, places, file, Considered.PASSED, WHY[name])
                for name in said_by(rule.when)
            }
            for number, rule in enumerate(rules)
        ),
    )


@lru_cache(maxsize=16)
def built_in_policy(allowed_dirs: tuple[str, ...] = ("api", "plans")) -> CompiledPolicy:
    """What holds where a workspace has no policy at all."""
    document = PolicyDocument(version="1", allowed_dirs=list(allowed_dirs))
    return compile_document(document, source="default")


def _told(place: Path, message: str, positions: Positions) -> dict[str, object]:
    line, column = positions.of(*place)
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return fault_detail(field.lstrip("."), line, column, message)


def effect_of(then: object) -> Effect:
    if isinstance(then, Deny):
        return Effect.DENY
    return Effect.REQUIRE if isinstance(then, Require) else Effect.ALLOW


def _step(
    rule: Rule, number: int, positions: Positions, file: str, considered: Considered, why: str
) -> Step:
    return Step(
        name=rule.name,
        considered=considered,
        why=why,
        line=positions.of("rules", number)[0],
        file=file,
        rule=True,
        effect=effect_of(rule.then),
    )
