"""What is sealed opens where it was sealed, and nowhere once its keys are gone."""

import base64
import json
import os
from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connections
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from apps.accounts.errors import KeysErased, Undecipherable
from apps.accounts.keyring import decrypt, encrypt
from apps.accounts.models import DataKey
from apps.ledger.models import Event
from tests.factories import WorkspaceFactory


def master_key():
    return base64.urlsafe_b64encode(os.urandom(32)).rstrip(b"=").decode()


class Sealing(TestCase):
    @given(st.binary(max_size=300), st.text(max_size=30))
    def test_what_is_sealed_is_read_back(self, text, context):
        workspace = WorkspaceFactory.create()
        sealed = encrypt(workspace.id, text, context=context)
        assert decrypt(workspace.id, sealed, context=context) == text

    @given(st.binary(max_size=60))
    def test_noise_is_no_text(self, noise):
        workspace = WorkspaceFactory.create()
        encrypt(workspace.id, b"there are keys", context="")
        with pytest.raises(Undecipherable):
            decrypt(workspace.id, noise, context="")


def test_the_text_cannot_be_seen(workspace):
    sealed = encrypt(workspace.id, b"plain words", context="note:1")
    assert b"plain" not in sealed
    assert sealed != encrypt(workspace.id, b"plain words", context="note:1")


def test_it_opens_in_no_other_context_and_no_other_workspace(workspace):
    sealed = encrypt(workspace.id, b"secret", context="note:1")
    with pytest.raises(Undecipherable):
        decrypt(workspace.id, sealed, context="note:2")
    other = WorkspaceFactory.create()
    encrypt(other.id, b"something", context="note:1")
    with pytest.raises(Undecipherable):
        decrypt(other.id, sealed, context="note:1")


def test_no_bit_of_it_may_change(workspace):
    sealed = encrypt(workspace.id, b"secret", context="note:1")
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(Undecipherable):
            decrypt(workspace.id, bytes(changed), context="note:1")


def test_data_keys_are_stored_wrapped_and_cannot_be_moved(workspace):
    sealed = encrypt(workspace.id, b"secret", context="note:1")
    other = WorkspaceFactory.create()
    DataKey.objects.update(workspace=other)
    with pytest.raises(KeysErased):
        decrypt(workspace.id, sealed, context="note:1")
    with pytest.raises(Undecipherable):
        decrypt(other.id, sealed, context="note:1")


def test_rotation_keeps_every_text_readable(workspace, settings):
    old, new = master_key(), master_key()
    settings.MASTER_KEYS = [old]
    first = encrypt(workspace.id, b"first", context="note")

    settings.MASTER_KEYS = [new, old]
    assert decrypt(workspace.id, first, context="note") == b"first"
    out = StringIO()
    call_command("rotate_keys", "--data-keys", "--json", stdout=out)
    assert json.loads(out.getvalue())["rewrapped"] == 1

    settings.MASTER_KEYS = [new]
    second = encrypt(workspace.id, b"second", context="note")
    assert decrypt(workspace.id, first, context="note") == b"first"
    assert decrypt(workspace.id, second, context="note") == b"second"
    assert (first[4], second[4]) == (1, 2)
    assert set(Event.objects.values_list("type", flat=True)) == {
        "accounts.data_keys.rewrapped",
        "accounts.data_keys.made",
    }


def test_a_dry_run_of_the_rotation_changes_nothing(workspace, settings):
    encrypt(workspace.id, b"text", context="note")
    before = DataKey.objects.values().get()
    settings.MASTER_KEYS = [master_key(), *settings.MASTER_KEYS]
    call_command("rotate_keys", "--data-keys", "--dry-run", stdout=StringIO())
    assert DataKey.objects.values().get() == before
    assert not Event.objects.exists()


def test_a_master_key_that_is_missing_is_named(workspace, settings):
    sealed = encrypt(workspace.id, b"text", context="note")
    settings.MASTER_KEYS = [master_key()]
    with pytest.raises(ImproperlyConfigured, match="LATTICE_MASTER_KEYS"):
        decrypt(workspace.id, sealed, context="note")


def test_erased_keys_are_not_made_again(workspace):
    sealed = encrypt(workspace.id, b"text", context="note")
    DataKey.objects.all().delete()
    workspace.deleted_at = timezone.now()
    workspace.save()
    with pytest.raises(KeysErased):
        decrypt(workspace.id, sealed, context="note")
    with pytest.raises(KeysErased):
        encrypt(workspace.id, b"more", context="note")
    assert not DataKey.objects.exists()


def test_many_first_texts_at_once_share_one_key(committed_database):
    workspace = WorkspaceFactory.create()

    def seal(number):
        try:
            return encrypt(workspace.id, str(number).encode(), context="note")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        sealed = list(pool.map(seal, range(8)))
    assert DataKey.objects.count() == 1
    texts = [decrypt(workspace.id, text, context="note") for text in sealed]
    assert texts == [str(number).encode() for number in range(8)]
