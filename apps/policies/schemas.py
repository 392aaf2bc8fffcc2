"""The policy document: what stands in a policy's YAML. Unknown fields are refused.

What it means is decided in `engine`; how text becomes this, with line and column of each fault, in
`documents`.
"""

import unicodedata
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal, get_args
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    AwareDatetime,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
)

from apps.accounts.choices import Role
from apps.common.bodies import Described
from apps.policies.choices import ActKind, Effect, Finding, Reason, RiskLevel, Verb


def a_time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("This is no time zone. Use one like Europe/Berlin or UTC.") from error
    return name


def a_time_of_day(clock: time) -> time:
    if clock.tzinfo is not None:
        raise ValueError("Write the time alone, like 09:00: the zone is said in `zone`.")
    return clock


Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._/-]{0,99}$")]
Glob = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Directory = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=100)]
TimeZone = Annotated[str, AfterValidator(a_time_zone)]
Clock = Annotated[time, AfterValidator(a_time_of_day)]
Points = Annotated[int, Field(ge=0, le=100)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ActorKind = Literal["person", "agent", "system"]
Duration = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,4}(m|h|d)$")]
"""Like 30m, 4h or 2d. With `business_hours`, only these count."""


def minutes_of(duration: str, *, day: int = 24 * 60) -> int:
    """A day has as many minutes as are counted of it."""
    return int(duration[:-1]) * {"m": 1, "h": 60, "d": day}[duration[-1]]


class Strict(Described):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Llm(Strict):
    """What an agent's model may be asked with."""

    model: str = Field("llama-3.3-70b-versatile", min_length=1, max_length=200)
    temperature: float = Field(0, ge=0, le=1)
    max_tokens: int = Field(2048, ge=1, le=8192)


class Hours(Strict):
    """Business hours, within one day: `start` is before `end`."""

    days: list[Weekday] = Field(["mon", "tue", "wed", "thu", "fri"], min_length=1)
    start: Clock = time(9)
    end: Clock = time(17)
    zone: TimeZone = "UTC"

    def moment_inside(self) -> datetime:
        """The middle of the first of their days, in the first week of 2026."""
        minute = (self.start.hour + self.end.hour) * 30 + (self.start.minute + self.end.minute) // 2
        return self._on_the_first_day(time(minute // 60, minute % 60))

    def moment_outside(self) -> datetime:
        """Half a minute after they end on that day."""
        return self._on_the_first_day(self.end.replace(second=30))

    def _on_the_first_day(self, clock: time) -> datetime:
        monday = date(2026, 1, 5)
        day = monday + timedelta(days=get_args(Weekday).index(self.days[0]))
        return datetime.combine(day, clock, ZoneInfo(self.zone))


class AtLeast(Strict):
    at_least: RiskLevel


class When(Strict):
    """All that is said must hold. A list holds when one of its items does; nothing said: always."""

    act: list[ActKind] | None = Field(None, min_length=1)
    actor: list[ActorKind] | None = Field(None, min_length=1)
    role: list[Role] | None = Field(None, min_length=1)
    agent: list[UUID] | None = Field(None, min_length=1)
    lineage: list[UUID] | None = Field(None, min_length=1)
    """Somebody of these delegated to the actor, directly or not."""
    operation: list[Verb] | None = Field(None, min_length=1)
    node_kind: list[Label] | None = Field(None, min_length=1)
    path: list[Glob] | None = Field(None, min_length=1)
    target: list[Glob] | None = Field(None, min_length=1)
    """A spec's key or the name of a tool or plugin, as a glob."""
    labels: list[Label] | None = Field(None, min_length=1)
    risk: AtLeast | None = None
    found: list[Finding] | None = Field(None, min_length=1)
    """The gate found one of these."""
    hours: Literal["inside", "outside"] | None = None
    """Inside or outside the document's business hours."""
    every: bool = False
    """True: each operation must match what is said of operations; else one of them is enough."""


class Escalation(Strict):
    after: Duration
    to: list[Name] = Field(min_length=1)
    """Roles, or people by their id."""


class ApprovalStage(Strict):
    name: Name = "review"
    quorum: int = Field(1, ge=1, le=20)
    roles: list[Role] = []
    people: list[UUID] = []
    due: Duration | None = None
    expires: Duration | None = None
    business_hours: bool = False
    escalation: list[Escalation] = Field([], max_length=5)


class Deny(Strict):
    deny: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    """The sentence that whoever is denied will read."""


class Allow(Strict):
    allow: Literal[True]
    over: list[Name] = []
    """The rules that ask for approval which this one exempts from."""


class Require(Strict):
    require: list[ApprovalStage] = Field(min_length=1, max_length=10)


def outcome_of(said: Any) -> str | None:
    """Which of its forms an outcome has: the first that it names."""
    if isinstance(said, Deny | Allow | Require):
        return type(said).__name__.lower()
    named = said if isinstance(said, dict) else ()
    return next((form for form in ("deny", "allow", "require") if form in named), None)


Outcome = Annotated[
    Annotated[Deny, Tag("deny")]
    | Annotated[Allow, Tag("allow")]
    | Annotated[Require, Tag("require")],
    Discriminator(outcome_of),
]
"""One of: deny, with the sentence for whoever is denied; allow; require, with its stages."""


class Rule(Strict):
    name: Name
    description: str = Field("", max_length=1000)
    when: When = When()
    then: Outcome


class RiskFactors(Strict):
    """Points for each thing that makes an act risky; 0 switches a factor off."""

    agent: int = Field(10, ge=0, le=100)
    delete: int = Field(25, ge=0, le=100)
    move: int = Field(10, ge=0, le=100)
    policy: int = Field(40, ge=0, le=100)
    """A change of the policy itself."""
    large: int = Field(20, ge=0, le=100)
    """In proportion: this many when `max_diff_lines` is reached."""
    many: int = Field(15, ge=0, le=100)
    """Ten operations or more; fewer in proportion."""
    impact: int = Field(20, ge=0, le=100)
    """Twenty dependents or more; fewer in proportion."""
    finding: int = Field(30, ge=0, le=100)
    """For each kind of thing the gate found."""
    outside_hours: int = Field(5, ge=0, le=100)
    labels: dict[Label, Points] = Field({}, max_length=200)
    """For each label of what it touches."""


class Thresholds(Strict):
    """From this score on."""

    medium: int = Field(20, ge=1, le=100)
    high: int = Field(45, ge=1, le=100)
    critical: int = Field(75, ge=1, le=100)


class RiskSettings(Strict):
    factors: RiskFactors = RiskFactors()
    thresholds: Thresholds = Thresholds()


class Pattern(Strict):
    """A regular expression of RE2: it has no backreferences or look-around, and cannot be slow."""

    name: Name
    regex: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    finding: Finding = Finding.CUSTOM

    @property
    def searched(self) -> str:
        """With each letter and its accents as one, as texts are read too."""
        return unicodedata.normalize("NFC", self.regex)


class Gate(Strict):
    """The risk gate: which acts a finding denies. In others it adds to the risk."""

    deny_in: list[ActKind] = [ActKind.PLAN, ActKind.PROMPT, ActKind.TOOL_CALL]
    patterns: list[Pattern] = Field([], max_length=100)
    off: list[Finding] = []
    """Built-in kinds that are not looked for; hidden Unicode always is."""


class Quotas(Strict):
    """For each agent. None: no limit."""

    acts_per_hour: int | None = Field(None, ge=0)
    acts_per_day: int | None = Field(None, ge=0)


class Budgets(Strict):
    """For each agent."""

    spend_per_day_cents: int | None = Field(None, ge=0)


class Duties(Strict):
    """Separation of duties. A workspace with one person may opt out, which is recorded."""

    exclude_proposer: Literal[True] = True
    exclude_lineage: Literal[True] = True
    solo_opt_out: bool = False


class BreakGlass(Strict):
    """Whether, in an emergency, somebody may act before others have decided."""

    enabled: bool = False
    roles: list[Role] = [Role.OWNER]
    """Who may, with those who stand above them."""
    review_within: Duration = "2d"
    """How long somebody else has to look at it, like 2d."""


class Undo(Strict):
    """How long an approval may be taken back before anybody acts on it."""

    seconds: int = Field(0, ge=0, le=3600)
    """0: not at all."""
    up_to: RiskLevel = RiskLevel.LOW
    """What is riskier takes effect at once, and then cannot be taken back."""

    def granted(self, risk: RiskLevel) -> int:
        levels = list(RiskLevel)
        return self.seconds if levels.index(risk) <= levels.index(self.up_to) else 0


class Sampling(Strict):
    """Of what passes without approval, a part is looked at afterwards."""

    percent: int = Field(0, ge=0, le=100)
    """How many of a hundred are drawn. Nobody knows before which."""
    review_within: Duration = "7d"
    """How long somebody has to look at what was drawn, like 7d."""


class Default(Strict):
    """What holds for an act that no rule speaks of."""

    then: Outcome = Require(require=[ApprovalStage(roles=[Role.REVIEWER])])


class ExampleActor(Strict):
    """Who would do it, in a test."""

    kind: ActorKind = "agent"
    role: Role | None = None
    id: UUID | None = None
    lineage: list[UUID] = []
    tier: str = Field("", max_length=100)


class ExampleCircumstances(Strict):
    at: AwareDatetime | None = None
    """Like 2026-01-07T12:00:00Z. Not said: in the middle of business hours."""
    acts_last_hour: int = Field(0, ge=0)
    acts_last_day: int = Field(0, ge=0)
    spent_today_cents: int = Field(0, ge=0)
    people: int = Field(2, ge=0)


class Expected(Strict):
    """What must come out. What is not said may be anything; something must be said."""

    effect: Effect | None = None
    risk: RiskLevel | None = None
    reason: Reason | None = None
    """One of the reasons for which it is denied."""
    stages: list[Name] | None = None
    """The names of all stages that are asked for, in any order."""
    matched: list[Name] | None = None
    """The names of all rules that matched, in any order."""


class Example(Strict):
    """A test that a policy carries: it runs whenever the policy changes."""

    name: Name
    act: dict[str, Any]
    """As `POST /policies/evaluate` takes it."""
    actor: ExampleActor = ExampleActor()
    circumstances: ExampleCircumstances = ExampleCircumstances()
    expect: Expected


class PolicyDocument(Strict):
    version: Literal["1"]
    description: str = Field("", max_length=2000)
    allowed_dirs: list[Directory] = Field(min_length=1, max_length=200)
    deny_globs: list[Glob] = Field([], max_length=500)
    max_diff_lines: int = Field(800, ge=0, le=5000)
    llm: Llm = Llm()
    hours: Hours = Hours()
    risk: RiskSettings = RiskSettings()
    gate: Gate = Gate()
    quotas: Quotas = Quotas()
    budgets: Budgets = Budgets()
    duties: Duties = Duties()
    break_glass: BreakGlass = BreakGlass()
    undo: Undo = Undo()
    sampling: Sampling = Sampling()
    rules: list[Rule] = Field([], max_length=1000)
    default: Default = Default()
    tests: list[Example] = Field([], max_length=500)


class TemplateValues(Strict):
    """What can be filled into a template. What is not said stays as the template has it."""

    allowed_dirs: list[Directory] | None = Field(None, min_length=1, max_length=200)
    """Where files may be touched; everything else is refused."""
    routine_dirs: list[Directory] | None = Field(None, max_length=200)
    """Where agents go ahead unasked, inside of the allowed ones. An empty list: nowhere."""
    max_diff_lines: int | None = Field(None, ge=1, le=5000)
    """How many lines one act may change."""
    approvals: int | None = Field(None, ge=1, le=20)
    """How many people must approve a change."""
    model: str | None = Field(None, min_length=1, max_length=200)
    """The model that agents are asked with."""
    days: list[Weekday] | None = Field(None, min_length=1, max_length=7)
    """Working days."""
    start: Clock | None = None
    """When work begins, like 09:00."""
    end: Clock | None = None
    """When work ends."""
    zone: TimeZone | None = None
    """The time zone of these hours, like Europe/Berlin."""
    acts_per_hour: int | None = Field(None, ge=1, le=10_000)
    """How often each agent may act in an hour."""
    acts_per_day: int | None = Field(None, ge=1, le=10_000)
    """How often each agent may act in a day."""
    spend_per_day_cents: int | None = Field(None, ge=1, le=100_000_000)
    """What each agent may spend in a day, in cents."""


class Answers(Strict):
    """What the wizard asks."""

    people: Literal["one", "few", "many"] = "few"
    """How many people decide."""
    agents: Literal["try", "ask", "routine"] = "routine"
    """What agents may do: be tried out apart, ask for everything, or do routine work unasked."""
    regulated: bool = False
    """Whether each change must be traceable to two people."""
    values: TemplateValues = TemplateValues()
    """What is known already."""
