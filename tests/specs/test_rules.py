"""How a proposal moves, and that the database knows it too."""

import pytest
from django.db import connection

from apps.specs.choices import ProposalState
from apps.specs.rules import LEGAL, OPEN, PASSED_THROUGH, may_move

STORED = frozenset(ProposalState) - PASSED_THROUGH
STORED_MOVES = {(one, other) for one in STORED for other in STORED if may_move(one, other)}


def test_every_state_can_be_come_to():
    reached = {state for onward in LEGAL.values() for state in onward}
    assert reached | {ProposalState.DRAFT} == set(ProposalState)


def test_nothing_moves_on_from_where_it_ends():
    ended = set(ProposalState) - set(LEGAL)
    assert not ended & OPEN
    assert all(not may_move(state, other) for state in ended for other in ProposalState)


@pytest.mark.django_db
def test_the_trigger_lets_pass_what_the_rules_do():
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'specs_move'")
        (source,) = cursor.fetchone()
    for one in ProposalState:
        for other in ProposalState:
            assert (f"('{one}', '{other}')" in source) == ((one, other) in STORED_MOVES)
