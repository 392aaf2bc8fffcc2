"""Policies to begin with: the templates of `library`, filled in, and a wizard that picks one.

Values replace exactly what stands at their place in the template's text, so that remarks and order
stay, and are written so that no value can become anything but itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path as FilePath
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from apps.common.bodies import docstrings
from apps.common.errors import Invalid, NotFound
from apps.common.yaml.nodes import Place
from apps.common.yaml.writing import in_flow
from apps.policies.documents import Parsed, read_policy
from apps.policies.errors import PolicyInvalid
from apps.policies.schemas import Answers, PolicyDocument, TemplateValues
from apps.policies.sentences import Path, path_of, sentence, spelled

LIBRARY = FilePath(__file__).parent / "library"
ROUTINE = "routine work"
"""The rule that lets agents go ahead in some directories."""

PLACES: Mapping[str, Path] = {
    "allowed_dirs": ("allowed_dirs",),
    "routine_dirs": ("rules", ROUTINE, "when", "path"),
    "max_diff_lines": ("max_diff_lines",),
    "approvals": ("rules", "review", "then", "require", 0, "quorum"),
    "model": ("llm", "model"),
    "days": ("hours", "days"),
    "start": ("hours", "start"),
    "end": ("hours", "end"),
    "zone": ("hours", "zone"),
    "acts_per_hour": ("quotas", "acts_per_hour"),
    "acts_per_day": ("quotas", "acts_per_day"),
    "spend_per_day_cents": ("budgets", "spend_per_day_cents"),
}
"""Where each value stands in a template. Rules are called by name."""


@dataclass(frozen=True, kw_only=True)
class Parameter:
    name: str
    description: str
    default: Any


@dataclass(frozen=True, kw_only=True)
class Template:
    name: str
    description: str
    text: str
    """A valid policy as it stands."""
    parameters: tuple[Parameter, ...]


@dataclass(frozen=True, kw_only=True)
class Draft:
    template: str
    text: str
    because: tuple[str, ...]
    """A sentence for each thing that was decided."""


def templates() -> tuple[Template, ...]:
    return tuple(_template(path.stem) for path in sorted(LIBRARY.glob("*.yaml")))


def template_named(name: str) -> Template:
    known = {template.name: template for template in templates()}
    if name not in known:
        raise NotFound(f"There is no such template. There are: {', '.join(known)}.")
    return known[name]


def render_template(name: str, values: Mapping[str, Any]) -> str:
    """The template's text with these values in it. Raises Invalid about a value, with its name."""
    return _rendered(template_named(name), _checked(TemplateValues, values))


def wizard(answers: Mapping[str, Any]) -> Draft:
    """The template that fits the answers, filled in. Raises Invalid about an answer."""
    given = _checked(Answers, answers)
    name, why = _choice(given)
    because = [why]
    values = given.values
    if given.agents == "ask" and ROUTINE in _rules_of(name):
        values = values.model_copy(update={"routine_dirs": []})
        because.append("Agents ask before everything they do, so no directory is routine.")
    if given.people == "many" and name == "team" and values.approvals is None:
        values = values.model_copy(update={"approvals": 2})
        because.append("There are enough people for two to agree to each change.")
    offered = {parameter.name for parameter in template_named(name).parameters}
    meant = values.model_dump(exclude_none=True)
    because += [
        f"`{each}` has no place in this template and was left out."
        for each in sorted(meant.keys() - offered)
    ]
    kept = TemplateValues(**{key: value for key, value in meant.items() if key in offered})
    return Draft(template=name, text=_rendered(template_named(name), kept), because=tuple(because))


def _choice(answers: Answers) -> tuple[str, str]:
    if answers.regulated:
        return "regulated", "Every change must be traceable to two people."
    if answers.agents == "try":
        return "sandbox", "Agents are tried out: they are free in one directory and nowhere else."
    if answers.people == "one":
        return "solo_dev", "There is one person, who acts freely; agents ask them."
    return "team", "There are several people, who review each other's work and that of agents."


# --- templates as texts


@cache
def _parsed(name: str) -> tuple[str, Parsed]:
    path = LIBRARY / f"{name}.yaml"
    text = path.read_text(encoding="utf-8")
    return text, read_policy(text, name=path.name)


@cache
def _template(name: str) -> Template:
    text, parsed = _parsed(name)
    said = docstrings(TemplateValues)
    parameters = tuple(
        Parameter(
            name=each,
            description=said[each],
            default=_default(each, parsed.document),
        )
        for each, place in PLACES.items()
        if (path := _found(place, parsed.document)) and parsed.positions.says(*path)
    )
    return Template(
        name=name, description=parsed.document.description, text=text, parameters=parameters
    )


def _rules_of(name: str) -> list[str]:
    return [rule.name for rule in _parsed(name)[1].document.rules]


def _found(place: Path, document: PolicyDocument) -> Path | None:
    """With the rule's number for its name."""
    if place[0] != "rules":
        return place
    names = [rule.name for rule in document.rules]
    return ("rules", names.index(str(place[1])), *place[2:]) if place[1] in names else None


def _default(parameter: str, document: PolicyDocument) -> Any:
    plain: Any = orjson.loads(document.model_dump_json())
    for step in _found(PLACES[parameter], document) or ():
        plain = plain[step]
    return [_directory(glob) for glob in plain] if parameter == "routine_dirs" else plain


def _directory(glob: str) -> str:
    return glob.removesuffix("/**")


# --- values into them


def _rendered(template: Template, values: TemplateValues) -> str:
    text, parsed = _parsed(template.name)
    wanted = values.model_dump(exclude_none=True)
    offered = {parameter.name: parameter.default for parameter in template.parameters}
    unknown = [
        {"field": name, "message": f"This template offers only: {', '.join(offered)}."}
        for name in sorted(wanted.keys() - offered.keys())
    ]
    if unknown:
        raise Invalid(details=unknown)
    folders = _Folders(offered, wanted)
    if "routine_dirs" in offered:
        wanted["routine_dirs"] = folders.routine
    changes = list(_changes(wanted, parsed, folders))
    dropped = _dropped(text, parsed) if "routine_dirs" in offered and not folders.routine else []
    rendered = _changed(text, changes, dropped)
    try:
        read_policy(rendered)
    except PolicyInvalid as error:  # its lines are of a text that nobody has seen
        details = [{key: each[key] for key in ("field", "message")} for each in error.details]
        raise Invalid(details=details) from None
    return rendered


class _Folders:
    """Where the template's example paths go when its directories are others."""

    def __init__(self, offered: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
        self._allowed_before: list[str] = offered["allowed_dirs"]
        self._routine_before: list[str] = offered.get("routine_dirs", [])
        self.routine: list[str] = []
        allowed = wanted.get("allowed_dirs", self._allowed_before)
        self.allowed: list[str] = [each.removesuffix("/") for each in allowed]
        if not self._routine_before:
            return
        said = wanted.get("routine_dirs")
        if said is None:
            said = [each for each in self._routine_before if self._leaves_something(each)]
            said = said or [f"{self.allowed[0]}/docs"]
        self.routine = [each.removesuffix("/") for each in said]
        if not all(_within(each, self.allowed) for each in self.routine):
            raise Invalid(
                details=[
                    {"field": "routine_dirs", "message": "Name directories inside `allowed_dirs`."}
                ]
            )
        if all(_within(each, self.routine) for each in self.allowed):
            raise Invalid(
                details=[
                    {
                        "field": "routine_dirs",
                        "message": "All of `allowed_dirs` would be routine. Leave one that is not, "
                        "or take the template `sandbox`.",
                    }
                ]
            )

    def _leaves_something(self, routine: str) -> bool:
        return _within(routine, self.allowed) and not all(
            _within(each, [routine]) for each in self.allowed
        )

    def moved(self, path: str) -> str:
        """An example's path, to where it means the same."""
        for before in self._routine_before:
            if self.routine and _within(path, [before]):
                return self.routine[0] + path.removeprefix(before)
        for before in self._allowed_before:
            if _within(path, [before]) and not _within(path, self.allowed):
                rest = next(each for each in self.allowed if not _within(each, self.routine))
                return rest + path.removeprefix(before)
        return path


def _within(path: str, folders: Sequence[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)


def _changes(
    wanted: Mapping[str, Any], parsed: Parsed, folders: _Folders
) -> Iterator[tuple[Place, str]]:
    """What is said elsewhere, and the examples so that they still mean the same."""
    document, positions = parsed.document, parsed.positions
    for name, value in wanted.items():
        path = _found(PLACES[name], document)
        if path is not None and value != []:
            said = [f"{each}/**" for each in value] if name == "routine_dirs" else value
            yield positions.place(*path), in_flow(said)
    hours = document.hours.model_copy(
        update={key: wanted[key] for key in ("days", "start", "end", "zone") if key in wanted}
    )
    for index, example in enumerate(document.tests):
        here: Path = ("tests", index)
        if example.circumstances.at and hours != document.hours:
            outside = in_flow(hours.moment_outside().isoformat())
            yield positions.place(*here, "circumstances", "at"), outside
        for at, operation in enumerate(example.act.get("operations", [])):
            for number, path_said in enumerate(operation.get("paths", [])):
                moved = folders.moved(path_said)
                if moved != path_said:
                    spot = (*here, "act", "operations", at, "paths", number)
                    yield positions.place(*spot), in_flow(moved)


def _dropped(text: str, parsed: Parsed) -> list[tuple[int, int]]:
    """The lines, from and up to, of the routine rule and of the tests that speak of it."""
    positions, document = parsed.positions, parsed.document
    paths: list[Path] = [
        ("rules", index) for index, rule in enumerate(document.rules) if rule.name == ROUTINE
    ]
    paths += [
        ("tests", index)
        for index, example in enumerate(document.tests)
        if ROUTINE in (example.expect.matched or ()) or ROUTINE in example.name
    ]
    lines = text.split("\n")
    found = []
    for path in paths:
        first = positions.of(*path)[0] - 1
        after = first + 1
        while after < len(lines) and (lines[after].startswith("    ") or not lines[after]):
            after += 1
        found.append((first, after))
    return found


def _changed(
    text: str, changes: Sequence[tuple[Place, str]], dropped: list[tuple[int, int]]
) -> str:
    gone = {line for first, after in dropped for line in range(first, after)}
    for place, said in sorted(changes, key=lambda change: change[0].start, reverse=True):
        text = text[: place.start] + said + text[place.end :]
    return "\n".join(line for number, line in enumerate(text.split("\n")) if number not in gone)


# --- what comes from outside

Form = TypeVar("Form", bound=BaseModel)


def _checked(form: type[Form], given: Mapping[str, Any]) -> Form:
    try:
        return form.model_validate_json(orjson.dumps(given), strict=True)
    except orjson.JSONEncodeError:
        raise Invalid("This holds something that is no JSON.") from None
    except ValidationError as error:
        details = []
        for problem in error.errors(include_url=False, include_input=False):
            path = path_of(problem["loc"])
            told = path[:-1] if problem["type"] == "extra_forbidden" else path
            message = sentence(problem, path, given, form)
            details.append({"field": spelled(told, form), "message": message})
        raise Invalid(details=details) from None
