"""The demo workspace of a development server: a shop, three who review, two agents that propose.

The agents belong to somebody else, because whoever owns an agent cannot approve what it proposes.
"""

from dataclasses import dataclass
from secrets import token_urlsafe

from allauth.account.models import EmailAddress
from django.conf import settings

from apps.accounts import events
from apps.accounts.choices import ActorKind, Role, Scope, WorkspaceKind
from apps.accounts.errors import InvalidApiKey
from apps.accounts.models import ApiKey, Membership, User, Workspace
from apps.accounts.rules import DEMO_DOMAIN, DEMO_REVIEWER
from apps.accounts.services.agents import create_agent
from apps.accounts.services.authentication import read_key
from apps.accounts.services.keys import issue_key, revoke_key
from apps.accounts.services.members import add_member
from apps.accounts.services.people import register_person
from apps.accounts.services.workspaces import create_workspace
from apps.common.actors import SYSTEM
from apps.common.errors import NotAllowed
from apps.ledger.services import record, unit

WORKSPACE = "Northwind Shop"
REVIEWER = (DEMO_REVIEWER, "Rita Reviewer")
DEVELOPER = (f"developer@{DEMO_DOMAIN}", "Dan Developer")
COLLEAGUE = (f"colleague@{DEMO_DOMAIN}", "Nora Nilsson")
THIRD = (f"third@{DEMO_DOMAIN}", "Sam Okafor")
AGENT = (f"agent@{DEMO_DOMAIN}", "Northwind Agent")
SCRIBE = (f"scribe@{DEMO_DOMAIN}", "Northwind Scribe")
KEY_NAME = "Demo"


@dataclass(frozen=True)
class Demo:
    workspace: Workspace
    reviewer: User
    password: str
    colleague: User
    """Who agrees where it takes two."""
    colleague_password: str
    agent: User
    api_key: str


def seed_demo(*, known_password: str = "", known_colleague: str = "", known_key: str = "") -> Demo:
    """What is there is kept, what is missing is made. Known secrets go on if they still work."""
    _require_development()
    with unit(actor=SYSTEM):
        reviewer, password = _person(*REVIEWER, known_password)
        _prove_address(reviewer)
        colleague, colleague_password = _person(*COLLEAGUE, known_colleague)
        _prove_address(colleague)
        developer, _ = _person(*DEVELOPER, "", login=False)
        third, _ = _person(*THIRD, "", login=False)
        workspace = _workspace(reviewer)
        _membership(workspace, developer, Role.CONTRIBUTOR)
        _membership(workspace, colleague, Role.OWNER)
        _membership(workspace, third, Role.REVIEWER)
        agent = _agent(workspace, developer, *AGENT)
        _agent(workspace, developer, *SCRIBE)
        api_key = _key(workspace, agent, known_key)
    return Demo(workspace, reviewer, password, colleague, colleague_password, agent, api_key)


def missing_from_demo() -> list[str]:
    """Who of the demo's people and agents is not there yet."""
    _require_development()
    emails = [email for email, _ in (REVIEWER, COLLEAGUE, DEVELOPER, THIRD, AGENT, SCRIBE)]
    there = set(
        User.objects.get_queryset().filter(email__in=emails).values_list("email", flat=True)
    )
    return [email for email in emails if email not in there]


def _require_development() -> None:
    if not settings.DEVELOPMENT:
        raise NotAllowed("Demo credentials are for development alone.")


def _person(email: str, name: str, known: str, *, login: bool = True) -> tuple[User, str]:
    person = User.objects.get_queryset().filter(email=email).first()
    if person is None:
        password = known or token_urlsafe(12)
        return register_person(email=email, password=password, name=name, actor=SYSTEM), password
    if not login or (known and person.check_password(known)):
        return person, known
    password = token_urlsafe(12)
    person.set_password(password)
    person.save(update_fields=["password", "updated_at"])
    record(events.PersonChanged(person=person.id, fields=["password"]))
    return person, password


def _prove_address(person: User) -> None:
    """So that mails go out to it, which a development server keeps in a folder."""
    EmailAddress.objects.update_or_create(
        user=person, email=person.email, defaults={"primary": True, "verified": True}
    )


def _workspace(owner: User) -> Workspace:
    owned = Membership.objects.standing().filter(
        user=owner, role=Role.OWNER, workspace__kind=WorkspaceKind.ORGANIZATION
    )
    membership = owned.select_related("workspace").order_by("workspace__created_at").first()
    if membership:
        return membership.workspace
    workspace = create_workspace(name=WORKSPACE, owner=owner, actor=SYSTEM)
    User.objects.filter(id=owner.id).update(default_workspace=workspace)
    return workspace


def _membership(workspace: Workspace, person: User, role: Role) -> None:
    if not Membership.objects.filter(workspace=workspace, user=person).exists():
        add_member(workspace_id=workspace.id, user=person, role=role, actor=SYSTEM)


def _agent(workspace: Workspace, owner: User, email: str, name: str) -> User:
    agent = User.objects.get_queryset().filter(email=email, kind=ActorKind.AGENT).first()
    if agent is None:
        return create_agent(
            workspace_id=workspace.id, name=name, owner=owner, actor=SYSTEM, email=email
        )
    _membership(workspace, agent, Role.CONTRIBUTOR)
    return agent


def _key(workspace: Workspace, agent: User, known: str) -> str:
    try:
        holder, _ = read_key(known)
        if holder == agent and holder.confined_to == workspace.id:
            return known
    except InvalidApiKey:
        pass
    for key in ApiKey.objects.usable().filter(user=agent, demo=True):
        revoke_key(key_id=key.id, actor=SYSTEM)
    issued = issue_key(
        holder=agent,
        workspace_id=workspace.id,
        name=KEY_NAME,
        scopes=[Scope.READ, Scope.WRITE],
        actor=SYSTEM,
        demo=True,
    )
    return issued.text
