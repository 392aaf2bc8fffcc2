"""Roles, permissions, scopes and the shape of keys: no database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts import rules
from apps.accounts.choices import Permission, Role, Scope
from apps.accounts.credentials import new_api_key, read_api_key

roles = st.sampled_from(rules.ROLE_ORDER)


@given(roles, roles)
def test_an_agent_is_never_more_than_its_owner(agent, owner):
    effective = rules.effective_role(agent, owner)
    assert rules.PERMISSIONS[effective] <= rules.PERMISSIONS[owner]
    assert rules.PERMISSIONS[effective] <= rules.PERMISSIONS[agent]


@given(roles)
def test_a_person_is_what_their_role_says(role):
    assert rules.effective_role(role, None) == role


@given(roles, roles, roles)
def test_nobody_lifts_anybody_above_themselves_or_touches_their_betters(actor, present, wanted):
    if rules.may_change(actor, present, wanted):
        assert rules.rank(wanted) <= rules.rank(actor)
        assert rules.rank(present) <= rules.rank(actor)


def test_each_role_permits_what_the_one_below_it_permits():
    for lower, higher in zip(rules.ROLE_ORDER, rules.ROLE_ORDER[1:], strict=False):
        assert rules.PERMISSIONS[lower] <= rules.PERMISSIONS[higher]


def test_every_permission_has_a_scope():
    assert set(rules.SCOPE_FOR) == set(Permission)


def test_agents_never_decide_or_manage():
    assert rules.allowed_scopes(agent=True) == {Scope.READ, Scope.WRITE}
    for role in rules.AGENT_ROLES:
        assert rules.PERMISSIONS[role] <= {Permission.READ, Permission.WRITE}


def test_member_is_an_older_name_of_contributor():
    assert rules.role_named("member") == Role.CONTRIBUTOR
    assert rules.role_named("admin") == Role.ADMIN
    with pytest.raises(ValueError, match="king"):
        rules.role_named("king")


def test_a_key_is_read_back():
    key = new_api_key()
    assert read_api_key(str(key)) == key


@given(st.text())
def test_text_is_no_key(text):
    assert read_api_key(text) is None


@given(st.integers(0, 63), st.sampled_from("0aZ_é"))
def test_a_key_with_one_letter_changed_is_no_key(position, letter):
    text = str(new_api_key())
    changed = text[:position] + letter + text[position + 1 :]
    assert (read_api_key(changed) is None) == (changed != text)
