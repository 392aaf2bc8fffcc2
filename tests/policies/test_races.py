"""What happens when two do the same at once."""

from threading import Thread

from django.db import connection

from apps.accounts.choices import Role
from apps.policies.choices import ActKind, Effect, Verb
from apps.policies.ports import Act, Operation
from apps.policies.services.judging import judge_act
from apps.policies.services.versions import apply_policy
from tests.factories import WorkspaceFactory, agent_of, member


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
