"""Passwords hash quickly here, but for the test that bcrypt is what is used."""

import pytest
from django.contrib.auth.hashers import BCryptSHA256PasswordHasher


@pytest.fixture(autouse=True)
def _quick_bcrypt(monkeypatch):
    monkeypatch.setattr(BCryptSHA256PasswordHasher, "rounds", 4)
