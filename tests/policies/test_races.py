"""What happens when two do the same at once."""

from contextlib import contextmanager
from threading import Thread

from django.db import connection, transaction

from apps.accounts.choices import Role
from apps.accounts.services.members import change_role
from apps.ledger.models import Event
from apps.policies.choices import ActKind, Effect, Verb
from apps.policies.errors import PolicyMoved
from apps.policies.models.policies import Policy, PolicyDraft, PolicyVersion
from apps.policies.ports import Act, Operation
from apps.policies.services.drafts import draft_policy
from apps.policies.services.following import reload_changed_files
from apps.policies.services.judging import judge_act
from apps.policies.services.versions import apply_policy, release_policy
from tests.factories import WorkspaceFactory, agent_of, member
from tests.policies.releasing import at_once
from tests.waiting import eventually


def test_two_acts_at_once_do_not_both_take_the_last_of_a_quota(committed_database):
    workspace = WorkspaceFactory.create()
    owner = member(workspace, Role.OWNER)
    agent = agent_of(owner, workspace)
    text = 'version: "1"\nallowed_dirs: [docs]\nquotas: {acts_per_hour: 1}\n'
    apply_policy(text=text, workspace=workspace.id, actor=owner)
    edit = Operation(verb=Verb.EDIT, paths=("docs/a",))
    act = Act(kind=ActKind.SPEC_CHANGE, operations=(edit,))
    effects = []

    def do_it():
        try:
            verdict = judge_act(act=act, actor=agent, workspace=workspace.id)
            effects.append(verdict.effect)
        finally:
            connection.close()

    threads = [Thread(target=do_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(effects) == [Effect.DENY] * 3 + [Effect.REQUIRE]


def test_of_two_drafts_released_at_once_one_holds_and_the_other_conflicts(committed_database):
    workspace = WorkspaceFactory.create()
    owner = member(workspace, Role.OWNER)
    texts = [f'version: "1"\nallowed_dirs: [docs]\nmax_diff_lines: {n}\n' for n in range(4)]
    drafts = [draft_policy(text=text, workspace=workspace.id, actor=owner) for text in texts]
    came = []

    def release(draft):
        try:
            came.append(at_once(release_policy(draft=draft, revision=1, actor=owner)).version.text)
        except PolicyMoved:
            came.append("moved")
        finally:
            connection.close()

    threads = [Thread(target=release, args=[draft]) for draft in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert came.count("moved") == 3
    version = PolicyVersion.objects.get()
    assert version.text in came
    assert Policy.objects.get().current == version
    assert PolicyDraft.objects.filter(state="open").count() == 3


def test_a_file_that_several_look_at_is_loaded_once(committed_database, settings, tmp_path):
    settings.POLICY_DIR = tmp_path
    workspace = WorkspaceFactory.create()
    (tmp_path / str(workspace.id)).mkdir()
    (tmp_path / str(workspace.id) / "policy.yaml").write_text('version: "1"\nallowed_dirs: [a]\n')

    def look():
        try:
            reload_changed_files()
        finally:
            connection.close()

    threads = [Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert PolicyVersion.objects.count() == 1
    assert Event.objects.filter(type="policy.reload").count() == 1


@contextmanager
def acts_held_up(workspace, agent):
    """Nobody counts this agent's acts meanwhile."""
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"policies.acts {workspace.id} {agent.id}"],
        )
        yield


def somebody_waits():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database"
            " WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted"
        )
        return cursor.fetchone() == (1,)


def in_a_thread(do, results):
    def run():
        try:
            results.append(do())
        finally:
            connection.close()

    thread = Thread(target=run)
    thread.start()
    return thread


def test_an_act_that_had_to_wait_is_judged_by_the_policy_that_holds_then(committed_database):
    workspace = WorkspaceFactory.create()
    owner = member(workspace, Role.OWNER)
    agent = agent_of(owner, workspace)
    free = 'version: "1"\nallowed_dirs: [docs]\ndefault: {then: {allow: true}}\n'
    apply_policy(text=free, workspace=workspace.id, actor=owner)
    edit = Operation(verb=Verb.EDIT, paths=("docs/a",))
    act = Act(kind=ActKind.SPEC_CHANGE, operations=(edit,))
    effects: list[Effect] = []
    released: list[object] = []
    with acts_held_up(workspace, agent):
        waiting = in_a_thread(
            lambda: judge_act(act=act, actor=agent, workspace=workspace.id).effect, effects
        )
        eventually(somebody_waits)
        in_a_thread(
            lambda: apply_policy(
                text=free.replace("docs", "plans"), workspace=workspace.id, actor=owner
            ),
            released,
        ).join()
    waiting.join()
    assert len(released) == 1
    assert effects == [Effect.DENY]


def test_an_act_that_had_to_wait_is_judged_by_the_role_that_its_performer_has_then(
    committed_database,
):
    workspace = WorkspaceFactory.create()
    owner, other = member(workspace, Role.OWNER), member(workspace, Role.OWNER)
    agent = agent_of(other, workspace, role=Role.OWNER)
    text = """\
version: "1"
allowed_dirs: [docs]
rules:
  - name: owners are free
    when: {role: [owner]}
    then: {allow: true}
"""
    apply_policy(text=text, workspace=workspace.id, actor=owner)
    edit = Operation(verb=Verb.EDIT, paths=("docs/a",))
    act = Act(kind=ActKind.SPEC_CHANGE, operations=(edit,))
    effects: list[Effect] = []
    with acts_held_up(workspace, agent):
        waiting = in_a_thread(
            lambda: judge_act(act=act, actor=agent, workspace=workspace.id).effect, effects
        )
        eventually(somebody_waits)
        in_a_thread(
            lambda: change_role(
                workspace_id=workspace.id, user_id=other.id, role=Role.REVIEWER, actor=owner
            ),
            [],
        ).join()
    waiting.join()
    assert effects == [Effect.REQUIRE]
